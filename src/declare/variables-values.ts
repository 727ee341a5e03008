/** Conversions between what variables give and what arithmetic, printing and functions need (Kamailio's pv_value_t). */
import { type Int, IntText, type Read, type Value } from "./value.ts";

/** The text of a value: null and a failed read are "", an integer its decimal digits or the text it came with. */
export function toText(value: Read): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return `${value}`;
  if (value === null || value === undefined) return "";
  return typeof value === "bigint" ? value.toString() : value.text;
}

/** As formats print it: null is `<null>`, a failed read is nothing (Kamailio's pv_printf). */
export const printed = (value: Read): string => (value === null ? "<null>" : toText(value));

/** The integer of a value that is one, whatever it prints as; undefined for text, null and a failed read. */
export function intOf(value: Read): Int | undefined {
  if (typeof value === "number" || typeof value === "bigint") return value;
  return value instanceof IntText ? value.int : undefined;
}

/** True for an integer, also one that prints as something else (PV_TYPE_INT). */
export const isInt = (value: Read): boolean =>
  typeof value === "number" || typeof value === "bigint" || value instanceof IntText;

/** A value that is the integer `int` and prints as `text`. */
export const intWithText = (int: Int, text: string): Value => (String(int) === text ? int : new IntText(int, text));

const MAX = 9223372036854775807n;
const MIN = -9223372036854775808n;

/**
 * Kamailio's str2slong: an optional sign and decimal digits, nothing else, within 64 bits. Undefined when it is not
 * that. An empty text and a lone sign are 0.
 */
export function strictInt(text: string): Int | undefined {
  const first = text.charCodeAt(0);
  const start = first === 43 || first === 45 ? 1 : 0;
  let n = 0;
  for (let i = start; i < text.length; i++) {
    const c = text.charCodeAt(i) - 48;
    if (c < 0 || c > 9) return undefined;
    n = n * 10 + c;
  }
  if (n <= Number.MAX_SAFE_INTEGER) return first === 45 && n !== 0 ? -n : n;
  const big = first === 45 ? -BigInt(text.slice(1)) : BigInt(text.slice(start));
  return big > MAX || big < MIN ? undefined : big;
}
