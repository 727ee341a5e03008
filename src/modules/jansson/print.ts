/** JSON as jansson prints it, and C's `%g`. */
import { type Json, JsonNumber, quoted } from "../json/tree.ts";

/** `compact`: no spaces (JSON_COMPACT). */
export function print(value: Json, compact: boolean): string {
  if (value === null) return "null";
  if (typeof value === "string") return quoted(value, false);
  if (typeof value === "boolean") return value ? "true" : "false";
  if (value instanceof JsonNumber) return value.real ? real(Number(value.text)) : BigInt(value.text).toString();
  const comma = compact ? "," : ", ";
  if (Array.isArray(value)) return `[${value.map((it) => print(it, compact)).join(comma)}]`;
  const colon = compact ? ":" : ": ";
  const members = [...value].map(([name, member]) => quoted(name, false) + colon + print(member, compact));
  return `{${members.join(comma)}}`;
}

/** Always with a fraction or an exponent; the exponent without plus and zeros. */
function real(value: number): string {
  const text = formatG(value, 17).replace(/e\+?(-?)0*/, "e$1");
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** C's `%.{precision}g`. */
export function formatG(value: number, precision: number): string {
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const [mantissa, exponent] = value.toExponential(precision - 1).split("e") as [string, string];
  const power = Number(exponent);
  const stripped = (digits: string): string => (digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits);
  if (power >= -4 && power < precision) return stripped(value.toFixed(precision - 1 - power));
  const size = String(Math.abs(power)).padStart(2, "0");
  return `${stripped(mantissa)}e${power < 0 ? "-" : "+"}${size}`;
}
