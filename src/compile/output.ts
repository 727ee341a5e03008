/** The JavaScript being written: lines with the script position they come from, and the values they refer to. */
import type { Span } from "../../grammar/tree.ts";

/** Lines that `new Function` puts before its body. */
const PRELUDE_LINES = 2;

export class Output {
  readonly #lines: string[] = [];
  readonly #spans: (Span | undefined)[] = [];
  /** Values that the code refers to as `k0`, `k1`, … */
  readonly constants: unknown[] = [];
  readonly #known = new Map<unknown, string>();

  line(text: string, span?: Span): void {
    this.#lines.push(text);
    this.#spans.push(span);
  }

  /** The name of a value in the code; one value has one name. */
  constant(value: unknown): string {
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    const name = `k${this.constants.length}`;
    this.constants.push(value);
    this.#known.set(value, name);
    return name;
  }

  /** The whole text, with a source map that leads debuggers and stack traces to the script. */
  text(name: string): string {
    const map = JSON.stringify(sourceMap(this.#spans));
    return [
      ...this.#lines,
      `//# sourceURL=viaduct:${ascii(name)}.js`,
      `//# sourceMappingURL=data:application/json;base64,${btoa(map)}`,
    ].join("\n");
  }
}

interface SourceMap {
  readonly version: 3;
  readonly sources: readonly string[];
  readonly names: readonly string[];
  readonly mappings: string;
}

/** Source map revision 3: one segment for each line that has a position. */
function sourceMap(spans: readonly (Span | undefined)[]): SourceMap {
  const sources: string[] = [];
  let mappings = ";".repeat(PRELUDE_LINES);
  let [source, line, column] = [0, 0, 0];
  for (const span of spans) {
    if (span) {
      let index = sources.indexOf(span.file);
      if (index < 0) index = sources.push(span.file) - 1;
      mappings += vlq(0) + vlq(index - source) + vlq(span.line - 1 - line) + vlq(span.column - 1 - column);
      [source, line, column] = [index, span.line - 1, span.column - 1];
    }
    mappings += ";";
  }
  return { version: 3, sources: sources.map(ascii), names: [], mappings };
}

/** File names reach base64, which takes bytes only. */
const ascii = (text: string): string => encodeURI(text);

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** A number in base 64, five bits a digit, the sign in the lowest bit of the first. */
function vlq(value: number): string {
  let rest = value < 0 ? (-value << 1) | 1 : value << 1;
  let text = "";
  do {
    const digit = rest & 31;
    rest >>>= 5;
    text += DIGITS[rest > 0 ? digit | 32 : digit];
  } while (rest > 0);
  return text;
}

/** A JavaScript literal of a script value. */
export function literal(value: string | number | bigint): string {
  if (typeof value === "string") return JSON.stringify(value);
  return typeof value === "bigint" ? `${value}n` : value < 0 ? `(${value})` : String(value);
}
