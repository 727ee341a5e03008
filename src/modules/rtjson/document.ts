/** JSON documents as rtjson reads them: names in any case, text as bytes. */

export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json;
}

/** Text of the engine (a char is a byte) to Unicode and back; what is no UTF-8 stays as it is. */
const decode = (text: string): string => {
  const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
  return new TextDecoder().decode(bytes);
};
const encode = (text: string): string => {
  let out = "";
  for (const byte of new TextEncoder().encode(text)) out += String.fromCharCode(byte);
  return out;
};

/** The document, when it is valid JSON and an object at its root. */
export function parseDocument(text: string): JsonObject | undefined {
  try {
    const root = JSON.parse(decode(text)) as Json;
    return typeof root === "object" && root !== null && !Array.isArray(root) ? (root as JsonObject) : {};
  } catch {
    return undefined;
  }
}

export function item(object: JsonObject, name: string): Json | undefined {
  if (Object.hasOwn(object, name)) return object[name];
  const found = Object.keys(object).find((it) => it.toLowerCase() === name);
  return found === undefined ? undefined : object[found];
}

export function object(parent: JsonObject, name: string): JsonObject | undefined {
  const value = item(parent, name);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

export function string(object: JsonObject, name: string): string | undefined {
  const value = item(object, name);
  return typeof value === "string" ? encode(value) : undefined;
}

/** 0 when it is no number. */
export function number(object: JsonObject, name: string): number {
  const value = item(object, name);
  return typeof value === "number" && value > 0 ? Math.trunc(value) : 0;
}
