/** CSeq (RFC 3261, 20.16). */
import { isDigit, skipLws } from "./lex.ts";
import { methodAt } from "./methods.ts";

export interface CSeq {
  /** As written; may hold anything but white space. */
  readonly numberText: string;
  /** 0 when the text is no number; values above 2^32 - 1 are not capped. */
  readonly number: number;
  readonly method: string;
}

/** Null when there is no number or no method, or when something follows them. */
export function parseCSeq(text: string, at: number, end: number): CSeq | null {
  let p = at;
  while (p < end && text.charCodeAt(p) > 32) p++;
  const numberText = text.slice(at, p);
  const method = skipLws(text, p, end);
  let methodEnd = method;
  while (methodEnd < end && text.charCodeAt(methodEnd) > 32) methodEnd++;
  if (numberText === "" || method === p || methodEnd === method) return null;
  if (skipLws(text, methodEnd, end) < end) return null;
  let number = 0;
  for (let i = 0; i < numberText.length; i++) {
    const c = numberText.charCodeAt(i);
    if (!isDigit(c)) {
      number = 0;
      break;
    }
    number = number * 10 + (c - 48);
  }
  return { numberText, number, method: methodAt(text, method, methodEnd) };
}
