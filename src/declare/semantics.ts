/**
 * What operators of the script language do with values whose type is only known at run time (Kamailio's rvalue.c).
 * Compiled code calls these where it cannot do with less; the checker folds constants with them.
 */
import { add } from "./int.ts";
import { type Int, IntText, type Read } from "./value.ts";
import { strictInt, toText } from "./variables-values.ts";

const HEX = /^0[xX][0-9a-fA-F]+$/;

/**
 * The integer that a text stands for where a number is wanted: decimal digits with an optional sign, or `0x` and hex
 * digits of which 32 bits are kept; 0 for the empty text. NaN for anything else: the operation then has no result
 * (Kamailio 5.6 went on with 0 where that told the same as having none).
 */
export function textToInt(text: string): Int {
  if (text === "") return 0;
  const int = strictInt(text);
  if (int !== undefined) return int;
  return HEX.test(text) ? Number(BigInt.asUintN(32, BigInt(text.toLowerCase()))) : Number.NaN;
}

/** The integer that a value stands for: 0 when undefined, NaN when it is text that is no number. */
export function toInt(value: Read): Int {
  if (typeof value === "number" || typeof value === "bigint") return value;
  if (typeof value === "string") return textToInt(value);
  return value instanceof IntText ? value.int : 0;
}

/** `+` follows the type of its left operand: integers add (NaN when the right one is none), everything else is joined as text. */
export function plus(left: Read, right: Read): Int | string {
  if (typeof left === "number" || typeof left === "bigint") return add(left, toInt(right));
  if (left instanceof IntText) return add(left.int, toInt(right));
  return toText(left) + toText(right);
}

/**
 * `==` compares in the type of its left operand; an undefined left operand takes the type of the right one.
 * Gives 1 or 0, NaN when the left operand is a number and the right one text that is none.
 */
export function equal(left: Read, right: Read): number {
  if (typeof left === "string") return left === toText(right) ? 1 : 0;
  if (typeof left === "number" || typeof left === "bigint") return sameInt(left, toInt(right));
  if (left instanceof IntText) return sameInt(left.int, toInt(right));
  if (typeof right === "number" || typeof right === "bigint") return right === 0 ? 1 : 0;
  if (right instanceof IntText) return right.int === 0 ? 1 : 0;
  return toText(right) === "" ? 1 : 0;
}

const sameInt = (a: Int, b: Int): number => (a === b ? 1 : Number.isNaN(b) ? Number.NaN : 0);

/** `defined`: an undefined value and a failed read are not. */
export const defined = (value: Read): number => (value === null || value === undefined ? 0 : 1);

/** True for values that take part in operations as integers. */
export const integer = (value: Read): value is Int | IntText =>
  typeof value === "number" || typeof value === "bigint" || value instanceof IntText;

/** What `$var` keeps: an undefined value becomes 0, an integer loses the text that it came with. */
export function stored(value: Read): Int | string {
  if (typeof value === "number" || typeof value === "string" || typeof value === "bigint") return value;
  return value instanceof IntText ? value.int : 0;
}
