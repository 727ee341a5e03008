/** From the engine's bytes to what people read: texts as UTF-8, columns counted in characters. */
import type { Problem, Span } from "../../grammar/tree.ts";

export interface Readable {
  readonly problems: readonly Problem[];
  readonly sources: ReadonlyMap<string, string>;
}

/** `sources` hold a character a byte. Texts that are not UTF-8 stay as they are. */
export function readable(problems: readonly Problem[], sources: ReadonlyMap<string, string>): Readable {
  const texts = new Map([...sources].map(([file, bytes]) => [file, decoded(bytes)]));
  const lines = new Map<string, readonly string[]>();
  const column = ({ file }: Span, line: number, at: number): number => {
    const bytes = sources.get(file);
    if (bytes === undefined || texts.get(file) === bytes) return at;
    let all = lines.get(file);
    if (!all) lines.set(file, (all = bytes.split("\n")));
    return decoded((all[line - 1] ?? "").slice(0, at - 1)).length + 1;
  };
  return {
    sources: texts,
    problems: problems.map(({ message, hint, span, ...rest }) => ({
      ...rest,
      message: decoded(message),
      ...(hint !== undefined && { hint: decoded(hint) }),
      span: {
        ...span,
        column: column(span, span.line, span.column),
        endColumn: column(span, span.endLine, span.endColumn),
      },
    })),
  };
}

function decoded(bytes: string): string {
  if (!/[\x80-\xff]/.test(bytes)) return bytes;
  // Messages may hold characters of their own, which are no bytes.
  if (/[^\0-\xff]/.test(bytes)) return bytes;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(bytes, (it) => it.charCodeAt(0)));
  } catch {
    return bytes;
  }
}
