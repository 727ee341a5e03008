/**
 * Reads the text of a ladder: a head (`use`, `define`, `file`), a script, a line `---`, then what happens, one step a
 * line. An indented line adds to the step above it. A line `=== title` begins a scene: the script is started anew for
 * it, and what stands before the first such line is done at the beginning of every scene. `#` begins a comment line.
 */
import { patternOf } from "./compare.ts";
import { type Define, type Detail, type FileLine, isSetting, type Ladder, type Mistake, type Step } from "./ladder.ts";
import { readStep } from "./read-step.ts";

export type * from "./ladder.ts";

export function readLadder(text: string): Ladder {
  // Some editors put a byte order mark before the first line.
  const lines = text
    .replace(/^\xef\xbb\xbf/, "")
    .split("\n")
    .map((it) => it.replace(/\r$/, ""));
  const mistakes: Mistake[] = [];
  const head = readHead(lines, mistakes);
  const cut = lines.findIndex((it, i) => i >= head.end && /^---[ \t]*$/.test(it));
  // A ladder that only uses a script needs no line to end it.
  const first = cut >= 0 ? cut + 1 : head.uses.length > 0 ? head.end : lines.length;
  const own = lines.slice(0, cut >= 0 ? cut : head.uses.length > 0 ? 0 : lines.length);
  const script = own.map((it, i) => (head.taken.has(i) ? "" : it)).join("\n");
  const { uses, settings } = head;
  const scenes = readScenes(lines, first, mistakes);
  for (const { steps } of scenes) checkSteps(steps, mistakes);
  const [common, ...named] = scenes;
  const all = named.map((it) => ({ ...it, steps: [...common!.steps, ...it.steps] }));
  const written = own.some((it, i) => !head.taken.has(i) && it.trim() !== "" && (it.startsWith("#!") || it[0] !== "#"));
  if (uses.length === 0 && !written && all.length === 0 && common!.steps.length === 0)
    mistakes.push({ line: 1, message: "there is nothing in this ladder" });
  return {
    uses,
    settings,
    script: written || uses.length === 0 ? script + (script === "" ? "" : "\n") : "",
    scenes: all.length > 0 ? all : [common!],
    mistakes: mistakes.toSorted((a, b) => a.line - b.line),
  };
}

interface Head {
  readonly uses: { readonly line: number; readonly path: string }[];
  readonly settings: (Define | FileLine)[];
  /** Indexes of its lines. */
  readonly taken: Set<number>;
  /** Index of the first line behind it. */
  readonly end: number;
}

/** The lines at the top that are neither script nor steps. */
function readHead(lines: readonly string[], mistakes: Mistake[]): Head {
  const uses: Head["uses"] = [];
  const settings: Head["settings"] = [];
  const taken = new Set<number>();
  let i = 0;
  let last: Step | undefined;
  for (; i < lines.length; i++) {
    const raw = lines[i]!.trimEnd();
    const line = i + 1;
    if (raw === "" || raw.startsWith("#")) continue;
    const use = /^use\s+"([^"]+)"$/.exec(raw);
    if (use) {
      uses.push({ line, path: use[1]! });
      last = undefined;
    } else if (/^(?:define|file)\s/.test(raw)) {
      const step = readStep(raw, line);
      if (typeof step === "string") mistakes.push({ line, message: step });
      else settings.push((last = step) as Define);
    } else if (last?.kind === "file" && /^\s*\|/.test(raw)) addTo(last, lines[i]!, line);
    else break;
    taken.add(i);
  }
  return { uses, settings, taken, end: i };
}

interface Part {
  readonly title: string;
  readonly line: number;
  readonly steps: Step[];
}

function readScenes(lines: readonly string[], first: number, mistakes: Mistake[]): Part[] {
  const scenes: Part[] = [{ title: "", line: first, steps: [] }];
  for (let i = first; i < lines.length; i++) {
    const raw = lines[i]!;
    const line = i + 1;
    if (raw.trim() === "" || raw.startsWith("#")) continue;
    const title = /^===\s+(\S.*)$/.exec(raw);
    if (title) {
      scenes.push({ title: title[1]!.trim(), line, steps: [] });
      continue;
    }
    const { steps } = scenes.at(-1)!;
    if (/^[\s|]/.test(raw)) {
      const wrong = addTo(steps.at(-1), raw, line);
      if (wrong) mistakes.push({ line, message: wrong });
      continue;
    }
    const step = readStep(raw.trimEnd(), line);
    if (typeof step === "string") mistakes.push({ line, message: step });
    else steps.push(step);
  }
  return scenes;
}

/** Adds an indented line to the step above it. The text is what is wrong with it. */
function addTo(step: Step | undefined, raw: string, line: number): string | undefined {
  const text = raw.trimStart();
  const takesBody = step && "body" in step;
  if (text.startsWith("|")) {
    if (!takesBody) return "there is no step above that this line could belong to";
    (step.body as string[]).push(text.slice(1).replace(/^ /, ""));
    return undefined;
  }
  if (!takesBody || !("details" in step)) return "there is no message above that this field could belong to";
  const field = /^(json(?:\.[\w-]+|\[\d+\])*|[\w.!%*+~'-]+(?:\[-?\d+\])?)\s*:\s*(.*)$/.exec(text.trimEnd());
  if (!field) return `neither a header field nor a line of the body: ${text}`;
  (step.details as Detail[]).push({ line, name: field[1]!, value: field[2]! });
  return undefined;
}

/** What only several lines together can have wrong, and patterns that are none. */
function checkSteps(steps: readonly Step[], mistakes: Mistake[]): void {
  let begun = false;
  const pattern = (line: number, value: string): void => {
    const found = patternOf(value);
    if (typeof found === "string") mistakes.push({ line, message: found });
  };
  for (const step of steps) {
    const { line } = step;
    if (!isSetting(step)) begun = true;
    if (begun && (step.kind === "define" || step.kind === "peer" || step.kind === "interface"))
      mistakes.push({ line, message: `${step.kind} lines stand before what happens` });
    if (step.kind === "arrow" && step.from !== "proxy") {
      for (const it of step.details)
        if (/^(?:json.*|body|order|over)$|\]$/.test(it.name))
          mistakes.push({ line: it.line, message: `${it.name} says something of a message that the proxy sends` });
    } else if (step.kind === "arrow" || step.kind === "http-sent")
      for (const it of step.details) pattern(it.line, it.value.replace(/^not\s+/, ""));
    if (step.kind === "arrow") pattern(line, step.start.replace(/^\S+\s+/, ""));
    else if (step.kind === "http-sent") pattern(line, step.url);
    else if (step.kind === "log") pattern(line, step.text);
    else if (step.kind === "expect") pattern(line, step.value);
    else if (step.kind === "rpc" && step.answer !== undefined) pattern(line, step.answer);
  }
}
