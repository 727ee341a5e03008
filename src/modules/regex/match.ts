/** Matches by trying and going back, as PCRE does, within a bound on the work: no pattern can stop the server. */
import { type Program, program, type Step } from "./program.ts";
import { isWord, type Pattern, type Place } from "./tree.ts";

/** Steps of one match. PCRE2 gives up as well (its match limit is 10,000,000). */
const MOST_STEPS = 1_000_000;

export interface Compiled {
  /** Undefined when the bound was reached. */
  test(text: string): boolean | undefined;
  /** The whole match and what each group holds, "" where it took no part; null when nothing matches, or the bound was reached. */
  exec(text: string): readonly string[] | null;
}

export function compile(pattern: Pattern): Compiled {
  const compiled = program(pattern);
  return {
    test: (text) => new Match(compiled, text).search(),
    exec: (text) => new Match(compiled, text).find(),
  };
}

/** What stands on the stack: a place to go on from, or what a register held before. */
const CHOICE = 0;
const REGISTER = 1;
/** A run of bytes that can be shorter (greedy) or longer (lazy) by one each time. */
const SHORTER = 2;
const LONGER = 3;

class Match {
  readonly #steps: readonly Step[];
  readonly #text: string;
  /** Begin and end of each group, where each open group began, count and place of each loop. */
  readonly #registers: number[];
  readonly #opened: number;
  readonly #counts: number;
  /** Four numbers an entry: kind and three that depend on it. */
  readonly #stack: number[] = [];
  #left = MOST_STEPS;
  #begin = 0;
  #end = -1;

  constructor({ steps, groups, loops }: Program, text: string) {
    this.#steps = steps;
    this.#text = text;
    this.#opened = 2 * (groups + 1);
    this.#counts = 3 * (groups + 1);
    this.#registers = new Array<number>(this.#counts + 2 * loops).fill(-1);
  }

  find(): readonly string[] | null {
    if (this.search() !== true) return null;
    const groups: string[] = [this.#text.slice(this.#begin, this.#end)];
    for (let i = 2; i < this.#opened; i += 2)
      groups.push(this.#text.slice(Math.max(this.#registers[i]!, 0), Math.max(this.#registers[i + 1]!, 0)));
    return groups;
  }

  search(): boolean | undefined {
    for (let at = 0; at <= this.#text.length; at++) {
      this.#registers.fill(-1);
      this.#stack.length = 0;
      this.#begin = at;
      this.#end = this.#run(0, at, -1);
      if (this.#end >= 0) return true;
      if (this.#left <= 0) return undefined;
    }
    return false;
  }

  /** Runs from a step to its `end`, which must be reached at `goal` unless that is -1. Gives the place, -1 for none. */
  #run(from: number, start: number, goal: number): number {
    const steps = this.#steps;
    const text = this.#text;
    const base = this.#stack.length;
    let pc = from;
    let at = start;
    for (;;) {
      if (this.#left-- <= 0) return -1;
      const step = steps[pc]!;
      let ok = true;
      switch (step.op) {
        case "set":
          ok = at < text.length && step.set[text.charCodeAt(at) & 255] !== 0;
          at++;
          pc++;
          break;
        case "split":
          this.#stack.push(CHOICE, step.other, at, 0);
          pc++;
          break;
        case "jump":
          pc = step.to;
          break;
        case "open":
          this.#set(this.#opened + step.group, at);
          pc++;
          break;
        case "close":
          this.#set(2 * step.group, this.#registers[this.#opened + step.group]!);
          this.#set(2 * step.group + 1, at);
          pc++;
          break;
        case "many": {
          const end = this.#many(step, pc, at);
          ok = end >= 0;
          at = end;
          pc++;
          break;
        }
        case "loop-begin":
          this.#set(this.#counts + 2 * step.loop, 0);
          this.#set(this.#counts + 2 * step.loop + 1, -1);
          pc++;
          break;
        case "loop": {
          const count = this.#registers[this.#counts + 2 * step.loop]!;
          const idle = count > 0 && this.#registers[this.#counts + 2 * step.loop + 1] === at;
          if (count < step.least && !idle) pc++;
          else if (count >= step.most || idle) pc = step.exit;
          else if (step.lazy) {
            this.#stack.push(CHOICE, pc + 1, at, 0);
            pc = step.exit;
          } else {
            this.#stack.push(CHOICE, step.exit, at, 0);
            pc++;
          }
          break;
        }
        case "enter": {
          const count = this.#counts + 2 * step.loop;
          this.#set(count, this.#registers[count]! + 1);
          this.#set(count + 1, at);
          pc++;
          break;
        }
        case "place":
          ok = holds(step.place, text, at);
          pc++;
          break;
        case "look":
          ok = this.#look(pc + 1, at, step.behind) !== step.negated;
          pc = step.next;
          break;
        case "atomic": {
          const end = this.#apart(pc + 1, at, -1);
          ok = end >= 0;
          at = end;
          pc = step.next;
          break;
        }
        case "back": {
          const begin = this.#registers[2 * step.group] ?? -1;
          const wanted = begin < 0 ? "" : text.slice(begin, this.#registers[2 * step.group + 1]);
          const found = text.slice(at, at + wanted.length);
          ok = begin >= 0 && (step.ignoreCase ? found.toLowerCase() === wanted.toLowerCase() : found === wanted);
          at += wanted.length;
          pc++;
          break;
        }
        case "end":
          if (goal < 0 || at === goal) return at;
          ok = false;
          break;
      }
      if (ok) continue;
      const back = this.#back(base);
      if (back === undefined) return -1;
      [pc, at] = back;
    }
  }

  /** Sets a register so that going back restores it. */
  #set(register: number, value: number): void {
    this.#stack.push(REGISTER, register, this.#registers[register]!, 0);
    this.#registers[register] = value;
  }

  /** The last choice since `base`, with the registers as they were then. */
  #back(base: number): [pc: number, at: number] | undefined {
    const stack = this.#stack;
    while (stack.length > base) {
      const d = stack.pop()!;
      const c = stack.pop()!;
      const b = stack.pop()!;
      const kind = stack.pop()!;
      if (kind === REGISTER) this.#registers[b] = c;
      else if (kind === CHOICE) return [b, c];
      else if (kind === SHORTER) {
        if (c > d) stack.push(SHORTER, b, c - 1, d);
        return [b + 1, c];
      } else {
        const step = this.#steps[b] as Step & { op: "many" };
        if (c >= d || step.set[this.#text.charCodeAt(c) & 255] === 0) continue;
        stack.push(LONGER, b, c + 1, d);
        return [b + 1, c + 1];
      }
    }
    return undefined;
  }

  /** A repeated byte: the place behind it, and on the stack the other lengths it may have. */
  #many({ set, least, most, mode }: Step & { op: "many" }, pc: number, at: number): number {
    const text = this.#text;
    const limit = Math.min(text.length, at + most);
    const needed = mode === "lazy" ? Math.min(limit, at + least) : limit;
    let end = at;
    while (end < needed && set[text.charCodeAt(end) & 255] !== 0) end++;
    if (end - at < least) return -1;
    if (mode === "lazy") this.#stack.push(LONGER, pc, end, limit);
    else if (mode === "greedy" && end - at > least) this.#stack.push(SHORTER, pc, end - 1, at + least);
    return end;
  }

  /** Runs steps by themselves: of what they put on the stack only the old registers stay. */
  #apart(pc: number, at: number, goal: number): number {
    const stack = this.#stack;
    const base = stack.length;
    const end = this.#run(pc, at, goal);
    let keep = base;
    for (let i = base; i < stack.length; i += 4)
      if (stack[i] === REGISTER) for (let k = 0; k < 4; k++) stack[keep++] = stack[i + k]!;
    stack.length = keep;
    return end;
  }

  #look(pc: number, at: number, behind: boolean): boolean {
    if (!behind) return this.#apart(pc, at, -1) >= 0;
    for (let start = at; start >= 0 && this.#left > 0; start--) if (this.#apart(pc, start, at) >= 0) return true;
    return false;
  }
}

function holds(place: Place, text: string, at: number): boolean {
  switch (place) {
    case "begin":
      return at === 0;
    case "line-begin":
      return at === 0 || (text[at - 1] === "\n" && at < text.length);
    case "end":
      return at === text.length;
    case "end-or-last-line":
      return at === text.length || (at === text.length - 1 && text[at] === "\n");
    case "line-end":
      return at === text.length || text[at] === "\n";
    default: {
      const before = at > 0 && isWord(text.charCodeAt(at - 1));
      const after = at < text.length && isWord(text.charCodeAt(at));
      return (before !== after) === (place === "word");
    }
  }
}
