/**
 * Arithmetic of script integers: exactly what 64-bit two's complement gives, with wrapping. An Int is a number while
 * it is a safe integer and a bigint beyond, never the other way round, so 0 is always the number 0.
 *
 * NaN stands for "no result" (division by zero): every operation that meets it hands it on.
 */
import type { Int } from "./value.ts";

const MAX = Number.MAX_SAFE_INTEGER;

/** The Int of a bigint: wrapped to 64 bits, a number when it is safe. */
export function fromBig(value: bigint): Int {
  const wrapped = BigInt.asIntN(64, value);
  return wrapped <= 9007199254740991n && wrapped >= -9007199254740991n ? Number(wrapped) : wrapped;
}

/** Wraps to the 32 bits of a C `int`, as return codes and case labels are kept. */
export const wrap32 = (value: Int): number =>
  typeof value === "number" && (value | 0) === value ? value : Number(BigInt.asIntN(32, big(value)));

/** NaN counts as 0 here; callers sort it out before. */
const big = (value: Int): bigint => (typeof value === "bigint" ? value : BigInt(value || 0));

const failed = (a: Int, b: Int): boolean => Number.isNaN(a) || Number.isNaN(b);

export function add(a: Int, b: Int): Int {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (sum <= MAX && sum >= -MAX) return sum;
  }
  return failed(a, b) ? Number.NaN : fromBig(big(a) + big(b));
}

export function sub(a: Int, b: Int): Int {
  if (typeof a === "number" && typeof b === "number") {
    const difference = a - b;
    if (difference <= MAX && difference >= -MAX) return difference;
  }
  return failed(a, b) ? Number.NaN : fromBig(big(a) - big(b));
}

export function mul(a: Int, b: Int): Int {
  if (typeof a === "number" && typeof b === "number") {
    const product = a * b;
    // `+ 0` turns -0 into 0.
    if (product <= MAX && product >= -MAX) return product + 0;
  }
  return failed(a, b) ? Number.NaN : fromBig(big(a) * big(b));
}

/** Truncates toward zero; NaN when `b` is 0. */
export function div(a: Int, b: Int): Int {
  if (b === 0) return Number.NaN;
  // Exact: a quotient of safe integers is nearer to another double than to the next integer, so it never rounds up to it.
  if (typeof a === "number" && typeof b === "number") return Math.trunc(a / b) + 0;
  return failed(a, b) ? Number.NaN : fromBig(big(a) / big(b));
}

/** Takes the sign of `a`; NaN when `b` is 0. */
export function mod(a: Int, b: Int): Int {
  if (b === 0) return Number.NaN;
  if (typeof a === "number" && typeof b === "number") return (a % b) + 0;
  return failed(a, b) ? Number.NaN : fromBig(big(a) % big(b));
}

export const negate = (a: Int): Int => sub(0, a);

export function and(a: Int, b: Int): Int {
  if (small(a) && small(b)) return (a as number) & (b as number);
  return failed(a, b) ? Number.NaN : fromBig(big(a) & big(b));
}

export function or(a: Int, b: Int): Int {
  if (small(a) && small(b)) return (a as number) | (b as number);
  return failed(a, b) ? Number.NaN : fromBig(big(a) | big(b));
}

export function xor(a: Int, b: Int): Int {
  if (small(a) && small(b)) return (a as number) ^ (b as number);
  return failed(a, b) ? Number.NaN : fromBig(big(a) ^ big(b));
}

export function not(a: Int): Int {
  if (small(a)) return ~(a as number);
  return Number.isNaN(a) ? a : fromBig(~big(a));
}

/** The count is taken modulo 64, as the processor does. */
export function shiftLeft(a: Int, count: Int): Int {
  if (failed(a, count)) return Number.NaN;
  return fromBig(big(a) << (big(count) & 63n));
}

export function shiftRight(a: Int, count: Int): Int {
  if (failed(a, count)) return Number.NaN;
  const by = Number(big(count) & 63n);
  return small(a) ? (a as number) >> Math.min(by, 31) : fromBig(big(a) >> BigInt(by));
}

const small = (a: Int): boolean => typeof a === "number" && a === (a | 0);
