/** JSON as json-c prints it: with spaces, and a backslash before each slash. */
import { type Json, JsonNumber, quoted } from "./tree.ts";

export function printSpaced(value: Json): string {
  if (value === null) return "null";
  if (typeof value === "string") return quoted(value, true);
  if (typeof value === "boolean") return value ? "true" : "false";
  if (value instanceof JsonNumber) return value.text;
  if (Array.isArray(value)) return value.length === 0 ? "[ ]" : `[ ${value.map(printSpaced).join(", ")} ]`;
  if (value.size === 0) return "{ }";
  const members = [...value].map(([name, member]) => `${quoted(name, true)}: ${printSpaced(member)}`);
  return `{ ${members.join(", ")} }`;
}
