/**
 * Patterns that JavaScript's engine may run: those in which the next byte always says how to go on. There is only one
 * way to match, so leftmost-first and leftmost-longest are the same, and nothing is ever tried twice.
 */
import type { ByteSet, Node } from "./syntax.ts";

/** Without an anchor every position is tried, so a match must be short for the whole to stay linear. */
const LONGEST_UNANCHORED = 200;

/** The same pattern for JavaScript, without flags but `g`, or null when it is not safe. */
export function toJavaScript(root: Node, newline: boolean): string | null {
  // For JavaScript a carriage return ends a line, too.
  if (newline && hasAssertion(root)) return null;
  const shape = measure(root, NONE);
  if (!shape) return null;
  const anchored = startsAnchored(root);
  if (!anchored && shape.longest > LONGEST_UNANCHORED) return null;
  return print(root);
}

interface Shape {
  /** Bytes that a match can begin with. */
  readonly first: ByteSet;
  readonly nullable: boolean;
  readonly longest: number;
}

/** What a node is, given the bytes that may follow it; null when a byte does not decide how to go on. */
function measure(node: Node, follow: ByteSet): Shape | null {
  switch (node.kind) {
    case "empty":
      return { first: NONE, nullable: true, longest: 0 };
    case "bytes":
      return { first: node.set, nullable: false, longest: 1 };
    case "assert":
      return node.assertion === "begin" || node.assertion === "end"
        ? { first: NONE, nullable: true, longest: 0 }
        : null;
    case "group":
      return measure(node.child, follow);
    case "concat":
      return measureParts(node.children, follow);
    case "either": {
      let first = NONE;
      let longest = 0;
      for (const child of node.children) {
        const shape = measure(child, follow);
        if (!shape || shape.nullable || overlap(first, shape.first)) return null;
        first = union(first, shape.first);
        longest = Math.max(longest, shape.longest);
      }
      return { first, nullable: false, longest };
    }
    case "repeat": {
      const alone = measure(node.child, follow);
      if (!alone || alone.nullable || overlap(alone.first, follow)) return null;
      const again = node.max > 1 ? measure(node.child, union(follow, alone.first)) : alone;
      if (!again || (node.max > 1 && hasLoop(node.child))) return null;
      return { first: alone.first, nullable: node.min === 0, longest: alone.longest * node.max };
    }
    case "back-reference":
      return null;
  }
}

function measureParts(parts: readonly Node[], follow: ByteSet): Shape | null {
  let shape: Shape = { first: NONE, nullable: true, longest: 0 };
  let after = follow;
  for (let index = parts.length - 1; index >= 0; index--) {
    const part = measure(parts[index]!, after);
    if (!part) return null;
    const first = part.nullable ? union(part.first, shape.first) : part.first;
    shape = { first, nullable: part.nullable && shape.nullable, longest: part.longest + shape.longest };
    after = part.nullable ? union(part.first, after) : part.first;
  }
  return shape;
}

function hasLoop(node: Node): boolean {
  switch (node.kind) {
    case "repeat":
      return true;
    case "group":
      return hasLoop(node.child);
    case "concat":
    case "either":
      return node.children.some(hasLoop);
    default:
      return false;
  }
}

function hasAssertion(node: Node): boolean {
  switch (node.kind) {
    case "assert":
      return true;
    case "group":
    case "repeat":
      return hasAssertion(node.child);
    case "concat":
    case "either":
      return node.children.some(hasAssertion);
    default:
      return false;
  }
}

function startsAnchored(node: Node): boolean {
  if (node.kind === "assert") return node.assertion === "begin";
  if (node.kind === "group") return startsAnchored(node.child);
  if (node.kind === "concat") return startsAnchored(node.children[0]!);
  return node.kind === "either" && node.children.every(startsAnchored);
}

function print(node: Node): string {
  switch (node.kind) {
    case "empty":
      return "(?:)";
    case "bytes":
      return printSet(node.set);
    case "assert":
      return node.assertion === "begin" ? "^" : "$";
    case "group":
      return `(${print(node.child)})`;
    case "concat":
      return node.children.map(print).join("");
    case "either":
      return `(?:${node.children.map(print).join("|")})`;
    case "repeat":
      return `(?:${print(node.child)}){${node.min},${Number.isFinite(node.max) ? node.max : ""}}`;
    case "back-reference":
      return "";
  }
}

function printSet(set: ByteSet): string {
  let text = "";
  for (let byte = 0; byte < 256; byte++) {
    if (!set[byte]) continue;
    let last = byte;
    while (last < 255 && set[last + 1]) last++;
    text += last > byte ? `${hex(byte)}-${hex(last)}` : hex(byte);
    byte = last;
  }
  return `[${text}]`;
}

const hex = (byte: number): string => `\\x${byte.toString(16).padStart(2, "0")}`;
const NONE: ByteSet = new Uint8Array(256);
const overlap = (a: ByteSet, b: ByteSet): boolean => a.some((member, byte) => member === 1 && b[byte] === 1);
const union = (a: ByteSet, b: ByteSet): ByteSet => a.map((member, byte) => member | b[byte]!);
