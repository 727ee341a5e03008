/** What `viaduct test` prints: for people, or as JSON. */
import { type Failure, indented, type RanLine, type Row, sideBySide } from "../../simulate/ladder/failure.ts";
import { shownPath } from "./shown-path.ts";
import type { FileResult, SceneResult } from "./test-run.ts";

export interface Counts {
  readonly files: number;
  readonly passed: number;
  readonly failed: number;
}

export const countsOf = (files: readonly FileResult[]): Counts => {
  const scenes = files.flatMap((it) => it.scenes);
  const failed = scenes.filter((it) => it.failures.length > 0).length;
  return { files: files.length, passed: scenes.length - failed, failed };
};

/** Bytes as the engine holds them, one a character, as the UTF-8 that they most likely are. */
export const readable = (bytes: string): string => Buffer.from(bytes, "latin1").toString("utf8");

/** Where a failure is: `calls/nat.ladder:14`. */
export const placeOf = ({ path }: FileResult, { file, line }: Failure): string => `${shownPath(file ?? path)}:${line}`;

export interface Paint {
  good(text: string): string;
  bad(text: string): string;
  faint(text: string): string;
}

const sgr =
  (code: number) =>
  (text: string): string =>
    `\x1b[${code}m${text}\x1b[0m`;
const same = (text: string): string => text;
export const paint = (colours: boolean): Paint =>
  colours ? { good: sgr(32), bad: sgr(31), faint: sgr(2) } : { good: same, bad: same, faint: same };

/** Reads the text of a source file, for the lines of the script that ran. */
export type SourceOf = (path: string) => string | null;

/** A line for the file, and below it what failed. */
export function fileText(file: FileResult, sourceOf: SourceOf, { good, bad, faint }: Paint): string {
  const failed = file.scenes.filter((it) => it.failures.length > 0);
  const count = `${file.scenes.length} ${file.scenes.length === 1 ? "scene" : "scenes"}`;
  const name = shownPath(file.path);
  const rewritten = file.rewritten ? ", rewritten" : "";
  if (failed.length === 0) return `${good("ok  ")}  ${name} ${faint(`(${count}${rewritten})`)}\n`;
  const head = `${bad("FAIL")}  ${name} ${faint(`(${failed.length} of ${count}${rewritten})`)}\n`;
  return head + failed.map((it) => sceneText(file, it, sourceOf, { good, bad, faint })).join("");
}

function sceneText(file: FileResult, { title, failures }: SceneResult, sourceOf: SourceOf, colours: Paint): string {
  let text = title === "" ? "" : `  ${readable(title)}\n`;
  for (const it of failures) {
    text += `  ${placeOf(file, it)}: ${indented(readable(it.message), "  ").trimStart()}\n`;
    if (it.rows) text += indented(rowsText(it.rows, colours));
    if (it.came !== undefined)
      text += `    what came:\n${indented(`${readable(it.came).replaceAll("\r\n", "\n").trimEnd()}\n`, "      ")}`;
    if (it.logged) text += `    what was logged:\n${indented(readable(it.logged.join("\n")), "      ")}\n`;
    if (it.ran) text += ranText(it.ran, sourceOf);
  }
  return text;
}

function rowsText(rows: readonly Row[], { bad }: Paint): string {
  const lines = sideBySide(rows.map((it) => ({ ...it, expected: readable(it.expected), came: readable(it.came) })));
  return `${lines
    .split("\n")
    .map((it) => (it.startsWith("  !") ? bad(it) : it))
    .join("\n")}\n`;
}

/** Statements that are shown; of more the last ones. */
const SHOWN = 30;

/** The lines of the script that ran, under the block that each stands in. */
function ranText(ran: readonly RanLine[], sourceOf: SourceOf): string {
  if (ran.length === 0) return "    the script ran nothing for it\n";
  let text = "    the script ran:\n";
  if (ran.length > SHOWN) text += `      … ${ran.length - SHOWN} lines before\n`;
  let block = "";
  for (const { file, line, route } of ran.slice(-SHOWN)) {
    if (route !== block) text += `      ${readable((block = route))}\n`;
    const source = sourceOf(file)?.split("\n")[line - 1]?.trim() ?? "";
    text += `        ${`${shownPath(file)}:${line}`.padEnd(24)} ${readable(source)}`.trimEnd();
    text += "\n";
  }
  return text;
}

/** `2 files, 7 scenes: 6 passed, 1 failed in 0.31 s`. */
export function summaryText({ files, passed, failed }: Counts, ms: number, { good, bad }: Paint): string {
  const scenes = passed + failed;
  const many = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
  const results = failed === 0 ? good(`${passed} passed`) : `${passed} passed, ${bad(`${failed} failed`)}`;
  return `\n${many(files, "file")}, ${many(scenes, "scene")}: ${results} in ${(ms / 1000).toFixed(2)} s\n`;
}

/** Everything as one JSON text. */
export function jsonText(files: readonly FileResult[], ms: number): string {
  const out = {
    ...countsOf(files),
    ms: Math.round(ms),
    results: files.map((file) => ({
      file: shownPath(file.path),
      ...(file.rewritten !== undefined && { rewritten: file.rewritten }),
      scenes: file.scenes.map(({ title, line, failures, took }) => ({
        title: readable(title),
        line,
        ok: failures.length === 0,
        ms: Math.round(took),
        failures: failures.map((it) => ({
          file: shownPath(it.file ?? file.path),
          line: it.line,
          message: readable(it.message),
          ...(it.rows && {
            compared: it.rows.map((row) => ({
              expected: readable(row.expected),
              came: readable(row.came),
              same: row.same,
            })),
          }),
          ...(it.came !== undefined && { came: readable(it.came) }),
          ...(it.logged && { logged: it.logged.map(readable) }),
          ...(it.ran && { ran: it.ran.map((ran) => ({ ...ran, file: shownPath(ran.file) })) }),
        })),
      })),
    })),
  };
  return `${JSON.stringify(out, null, 2)}\n`;
}
