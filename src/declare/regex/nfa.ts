/** Trees to state machines, and running those over text in time proportional to text and machine. */
import { type Assertion, type ByteSet, isWord, type Node } from "./syntax.ts";

/** More states than this are refused, as glibc refuses what needs too much memory. */
const MOST_STATES = 20_000;

type State =
  | { op: "bytes"; set: ByteSet; next: number }
  /** `again`: of a repetition that has gone one round already. */
  | { op: "split"; next: number; other: number; again?: boolean }
  | { op: "assert"; assertion: Assertion; next: number }
  | { op: "save"; slot: number; next: number }
  | { op: "accept" };

export interface Machine {
  /** The first accepts. A split prefers `next`. */
  readonly states: readonly State[];
  readonly start: number;
}

/** Null when the machine would be too large. The tree must have no back-references. */
export function build(root: Node): Machine | null {
  const states: State[] = [{ op: "accept" }];
  const start = add(states, root, 0);
  return start < 0 ? null : { states, start };
}

/** Adds states that match `node` and go on to `next`; the first of them, or -1 when there are too many. */
function add(states: State[], node: Node, next: number): number {
  if (next < 0 || states.length > MOST_STATES) return -1;
  switch (node.kind) {
    case "empty":
      return next;
    case "bytes":
      return states.push({ op: "bytes", set: node.set, next }) - 1;
    case "assert":
      return states.push({ op: "assert", assertion: node.assertion, next }) - 1;
    case "group":
      return addGroup(states, node, next);
    case "concat":
      return node.children.reduceRight((after, child) => add(states, child, after), next);
    case "either":
      return node.children
        .map((child) => add(states, child, next))
        .reduceRight((other, first) =>
          other < 0 || first < 0 ? -1 : states.push({ op: "split", next: first, other }) - 1,
        );
    case "repeat":
      return addRepeat(states, node, next);
    case "back-reference":
      return -1;
  }
}

function addGroup(states: State[], node: Node & { kind: "group" }, next: number): number {
  const end = states.push({ op: "save", slot: 2 * node.index + 1, next }) - 1;
  const child = add(states, node.child, end);
  return child < 0 ? -1 : states.push({ op: "save", slot: 2 * node.index, next: child }) - 1;
}

function addRepeat(states: State[], node: Node & { kind: "repeat" }, next: number): number {
  let after = next;
  if (node.max === Number.POSITIVE_INFINITY) {
    const loop = states.push({ op: "split", next: 0, other: next, again: node.min > 0 }) - 1;
    const body = add(states, node.child, loop);
    if (body < 0) return -1;
    (states[loop] as { next: number }).next = body;
    after = loop;
  } else {
    for (let count = node.max; count > node.min; count--) {
      const body = add(states, node.child, after);
      if (body < 0) return -1;
      after = states.push({ op: "split", next: body, other: next, again: count > 1 }) - 1;
    }
  }
  for (let count = 0; count < node.min; count++) after = add(states, node.child, after);
  return after;
}

/** Whether an assertion holds between the characters before and at `at`. */
export function holds(assertion: Assertion, text: string, at: number, newline: boolean): boolean {
  switch (assertion) {
    case "text-begin":
      return at === 0;
    case "text-end":
      return at === text.length;
    case "begin":
      return at === 0 || (newline && text.charCodeAt(at - 1) === 0x0a);
    case "end":
      return at === text.length || (newline && text.charCodeAt(at) === 0x0a);
  }
  const before = at > 0 && isWord(text.charCodeAt(at - 1));
  const after = at < text.length && isWord(text.charCodeAt(at));
  if (assertion === "word-begin") return !before && after;
  if (assertion === "word-end") return before && !after;
  return (assertion === "word-edge") === (before !== after);
}

/** A set of states in the order in which they were added, each with the position where its match began. */
class Threads {
  readonly list: Int32Array;
  readonly began: Int32Array;
  readonly #mark: Int32Array;
  #generation = 0;
  count = 0;

  constructor(size: number) {
    this.list = new Int32Array(size);
    this.began = new Int32Array(size);
    this.#mark = new Int32Array(size);
  }

  clear(): void {
    this.count = 0;
    this.#generation++;
  }

  /** False when the state is in the set already. */
  add(state: number, began: number): boolean {
    if (this.#mark[state] === this.#generation) return false;
    this.#mark[state] = this.#generation;
    this.list[this.count] = state;
    this.began[this.count++] = began;
    return true;
  }
}

/** Runs a machine; keeps its working memory between runs. */
export class Runner {
  readonly machine: Machine;
  readonly #newline: boolean;
  #current: Threads;
  #next: Threads;
  readonly #stack: Int32Array;
  /** Bytes that a match can begin with; undefined when it may be empty or begin with an assertion. */
  readonly #first: ByteSet | undefined;

  constructor(machine: Machine, newline: boolean) {
    this.machine = machine;
    this.#newline = newline;
    const size = machine.states.length;
    this.#current = new Threads(size);
    this.#next = new Threads(size);
    this.#stack = new Int32Array(size + 1);
    this.#first = firstBytes(machine);
  }

  /** The leftmost match from `from` on, and of those the longest; with `any`, whichever ends first. */
  search(text: string, from: number, any: boolean): { index: number; end: number } | null {
    const { states, start } = this.machine;
    let index = -1;
    let end = -1;
    this.#current.clear();
    for (let at = from; ; at++) {
      if (index < 0) {
        if (this.#current.count === 0 && this.#first) {
          while (at < text.length && !this.#first[text.charCodeAt(at)]) at++;
          if (at >= text.length) return null;
        }
        this.#follow(this.#current, start, at, text, at);
      }
      const { list, began, count } = this.#current;
      this.#next.clear();
      const code = at < text.length ? text.charCodeAt(at) : -1;
      // Threads stand in the order of their beginnings, so the first to accept has the leftmost.
      for (let position = 0; position < count; position++) {
        const state = states[list[position]!]!;
        if (index >= 0 && began[position]! > index) break;
        if (state.op === "accept") {
          if (any) return { index: began[position]!, end: at };
          index = began[position]!;
          end = at;
        } else if (state.op === "bytes" && code >= 0 && state.set[code] === 1) {
          this.#follow(this.#next, state.next, began[position]!, text, at + 1);
        }
      }
      [this.#current, this.#next] = [this.#next, this.#current];
      if (code < 0 || (index >= 0 && this.#current.count === 0)) break;
    }
    return index < 0 ? null : { index, end };
  }

  /** Adds a state and all that it leads to without reading. */
  #follow(threads: Threads, state: number, began: number, text: string, at: number): void {
    const { states } = this.machine;
    const stack = this.#stack;
    let height = 0;
    stack[height++] = state;
    while (height > 0) {
      const index = stack[--height]!;
      if (!threads.add(index, began)) continue;
      const entry = states[index]!;
      if (entry.op === "split") {
        stack[height++] = entry.other;
        if (height >= stack.length) this.#follow(threads, entry.next, began, text, at);
        else stack[height++] = entry.next;
      } else if (entry.op === "save") stack[height++] = entry.next;
      else if (entry.op === "assert" && holds(entry.assertion, text, at, this.#newline)) stack[height++] = entry.next;
    }
  }
}

function firstBytes(machine: Machine): ByteSet | undefined {
  const set = new Uint8Array(256);
  const seen = new Set<number>();
  const waiting = [machine.start];
  for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
    if (seen.has(index)) continue;
    seen.add(index);
    const state = machine.states[index]!;
    if (state.op === "accept" || state.op === "assert") return undefined;
    if (state.op === "split") waiting.push(state.next, state.other);
    else if (state.op === "save") waiting.push(state.next);
    else for (let byte = 0; byte < 256; byte++) if (state.set[byte]) set[byte] = 1;
  }
  return set;
}
