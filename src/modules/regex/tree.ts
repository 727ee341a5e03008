/** What a Perl-compatible regular expression means: the tree between the parser and the matcher. */

/** A set of bytes: one entry for each of the 256, 1 when it is in the set. */
export type ByteSet = Uint8Array;

export type Node =
  | { readonly kind: "set"; readonly set: ByteSet }
  | { readonly kind: "sequence"; readonly items: readonly Node[] }
  | { readonly kind: "choice"; readonly items: readonly Node[] }
  | { readonly kind: "group"; readonly number: number; readonly item: Node }
  | {
      readonly kind: "repeat";
      readonly item: Node;
      readonly least: number;
      readonly most: number;
      readonly mode: "greedy" | "lazy" | "possessive";
    }
  | { readonly kind: "place"; readonly place: Place }
  | { readonly kind: "look"; readonly behind: boolean; readonly negated: boolean; readonly item: Node }
  | { readonly kind: "atomic"; readonly item: Node }
  | { readonly kind: "back"; readonly group: number; readonly ignoreCase: boolean };

/** Assertions on a place in the text, named as they are written. */
export type Place = "begin" | "line-begin" | "end" | "end-or-last-line" | "line-end" | "word" | "no-word";

export interface Options {
  readonly ignoreCase: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
  readonly extended: boolean;
}

/** How many groups there are, the whole match not among them. */
export interface Pattern {
  readonly tree: Node;
  readonly groups: number;
}

export const isWord = (c: number): boolean =>
  (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95;

export function byteSet(has: (c: number) => boolean): ByteSet {
  const set = new Uint8Array(256);
  for (let c = 0; c < 256; c++) if (has(c)) set[c] = 1;
  return set;
}

/** Adds the other case of the ASCII letters in the set. */
export function bothCases(set: ByteSet): ByteSet {
  return byteSet((c) => {
    const letter = (c >= 65 && c <= 90) || (c >= 97 && c <= 122);
    return set[c] === 1 || (letter && set[c ^ 32] === 1);
  });
}
