/** Comments that silence rules. */
import type { Span } from "../../../grammar/tree.ts";

const COMMENT = /(?:#|\/\/|\/\*)\s*lint:\s*ignore(-file)?\b([^\n*]*)/;

interface Silenced {
  readonly lines: ReadonlyMap<number, ReadonlySet<string>>;
  readonly file: ReadonlySet<string>;
}

/**
 * `# lint: ignore RULE, RULE` holds for its line, or for the next one when it stands alone; `# lint: ignore-file RULE`
 * holds for the file. Without a name they silence all rules.
 */
export function silencer(sources: ReadonlyMap<string, string>): (rule: string, at: Span) => boolean {
  const files = new Map<string, Silenced>([...sources].map(([file, text]) => [file, read(text)]));
  const has = (names: ReadonlySet<string> | undefined, rule: string): boolean =>
    names !== undefined && (names.has(rule) || names.has("*"));
  return (rule, { file, line }) => {
    const silenced = files.get(file);
    return silenced !== undefined && (has(silenced.file, rule) || has(silenced.lines.get(line), rule));
  };
}

function read(text: string): Silenced {
  const lines = new Map<number, ReadonlySet<string>>();
  const whole = new Set<string>();
  text.split("\n").forEach((line, index) => {
    const found = COMMENT.exec(line);
    if (!found) return;
    const written = found[2]!.split(/[\s,]+/).filter((name) => name !== "");
    const names = written.length === 0 ? ["*"] : written;
    const alone = line.slice(0, found.index).trim() === "";
    if (found[1] !== undefined) for (const it of names) whole.add(it);
    else lines.set(index + (alone ? 2 : 1), new Set(names));
  });
  return { lines, file: whole };
}
