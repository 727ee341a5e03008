/** Paths into JSON, `a.b[1].c`, as the module jansson walks them: for reading, and for setting and appending. */
import type { Json } from "../json/tree.ts";

/** The value at a path; undefined when there is none or the path is wrong. An empty path is the whole. */
export function getPath(root: Json, path: string): Json | undefined {
  let value: Json | undefined = root;
  let rest = path;
  let inIndex = path.startsWith("[");
  if (inIndex) rest = path.slice(1);
  /** A name is due; not so behind an index. */
  let named = true;
  while (rest !== "") {
    if (inIndex) {
      const close = rest.indexOf("]");
      const index = close < 0 ? undefined : strtol(rest.slice(0, close));
      if (index === undefined || !Array.isArray(value)) return undefined;
      value = value[index];
      rest = rest.slice(close + 1);
      inIndex = named = false;
    } else {
      const end = rest.search(/[.[]/);
      const name = end < 0 ? rest : rest.slice(0, end);
      if (named) value = value instanceof Map ? value.get(name) : undefined;
      else if (name !== "") return undefined;
      if (end < 0) return value;
      inIndex = rest[end] === "[";
      rest = rest.slice(end + 1);
      named = true;
    }
    if (value === undefined) return undefined;
  }
  return value;
}

/** A member of that very name, whatever characters are in it. */
export const getField = (root: Json, name: string): Json | undefined =>
  name === "" ? root : !name.startsWith("[") && root instanceof Map ? root.get(name) : undefined;

/** Puts a value at a path, or appends it to the array or object there. A string is the problem. */
export function setPath(root: Json, path: string, value: Json, append: boolean): string | undefined {
  let cursor: Json = root;
  let rest = path;
  let inIndex = path.startsWith("[");
  if (inIndex) rest = path.slice(1);
  /** The name in which the path ends; undefined behind an index. */
  let name: string | undefined = inIndex ? undefined : path;
  let last: { readonly array: Json[]; readonly index: number } | undefined;
  while (rest !== "") {
    if (inIndex) {
      const close = rest.indexOf("]");
      if (close < 0) return "a `]` is missing";
      const index = strtol(rest.slice(0, close));
      if (!Array.isArray(cursor)) return "there is no array to index";
      if (index === undefined || cursor[index] === undefined) return `there is no item \`${rest.slice(0, close)}\``;
      last = { array: cursor, index };
      cursor = cursor[index]!;
      rest = rest.slice(close + 1);
      inIndex = false;
      name = undefined;
      continue;
    }
    const end = rest.search(/[.[]/);
    if (end < 0) {
      if (name === undefined) return "something else than `.` or `[` follows an index";
      break;
    }
    if (name === undefined) {
      if (end > 0) return "something else than `.` or `[` follows an index";
    } else {
      const step = rest.slice(0, end);
      if (step === "") return "a name is empty";
      if (!(cursor instanceof Map)) return `there is no object for \`${step}\``;
      let next: Json | undefined = cursor.get(step);
      if (next === undefined) {
        if (rest[end] !== ".") return `there is no array \`${step}\``;
        next = new Map();
        cursor.set(step, next);
      }
      cursor = next;
    }
    inIndex = rest[end] === "[";
    rest = rest.slice(end + 1);
    name = rest;
  }
  if (name === undefined) {
    if (!last) return "the path is wrong";
    last.array[last.index] = value;
    return undefined;
  }
  if (append) return appendTo(name === "" ? cursor : cursor instanceof Map ? cursor.get(name) : undefined, value);
  if (name === "") {
    if (!last) return "the path is wrong";
    last.array[last.index] = value;
    return undefined;
  }
  if (!(cursor instanceof Map)) return `there is no object for \`${name}\``;
  cursor.set(name, value);
  return undefined;
}

function appendTo(target: Json | undefined, value: Json): string | undefined {
  if (Array.isArray(target)) target.push(value);
  else if (target instanceof Map && value instanceof Map) for (const [name, member] of value) target.set(name, member);
  else return "there is neither an array nor an object to append to";
  return undefined;
}

/** C's strtol of any base, of the whole text; nothing at all is 0. */
function strtol(text: string): number | undefined {
  const [, sign, digits] = /^[ \t-\r]*([-+]?)(0[xX][0-9A-Fa-f]+|0[0-7]*|[1-9][0-9]*)$/.exec(text) ?? [];
  if (digits === undefined) return text === "" ? 0 : undefined;
  const size = /^0[0-7]/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
  return sign === "-" ? -size : size;
}
