/** Collects what is wrong with a script while it is read. */
import type { SyntaxCode } from "./codes.ts";
import type { Source } from "./source.ts";
import type { Problem, Severity, Span } from "./tree.ts";

export class Problems {
  readonly list: Problem[] = [];

  error(code: SyntaxCode, message: string, span: Span, hint?: string): void {
    this.#add("error", code, message, span, hint);
  }

  warning(code: SyntaxCode, message: string, span: Span, hint?: string): void {
    this.#add("warning", code, message, span, hint);
  }

  /** The same for characters `from`..`to` of a source. */
  errorAt(code: SyntaxCode, message: string, source: Source, from: number, to: number, hint?: string): void {
    this.error(code, message, source.span(from, to), hint);
  }

  warningAt(code: SyntaxCode, message: string, source: Source, from: number, to: number, hint?: string): void {
    this.warning(code, message, source.span(from, to), hint);
  }

  #add(severity: Severity, code: SyntaxCode, message: string, span: Span, hint: string | undefined): void {
    this.list.push({ code, severity, message, span, ...(hint !== undefined && { hint }) });
  }
}

/** The name among `known` that `name` was probably meant to be: at most a third of its letters differ. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.floor(name.length / 3) + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= least) continue;
    const distance = editDistance(name, candidate, least);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours that part two words; `limit` when it is that or more. */
function editDistance(a: string, b: string, limit: number): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, before[j - 2]! + 1);
      row.push(cost);
      least = Math.min(least, cost);
    }
    if (least >= limit) return limit;
    before = above;
    above = row;
  }
  return above[b.length]!;
}
