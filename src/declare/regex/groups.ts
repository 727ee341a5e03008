/**
 * Which part of a match each group has. glibc takes, among the ways that lead to the end of the longest match, the
 * first branch of an alternative and one more round of a repetition before none (regexec.c: set_regs). That is a walk
 * through the machine on which every choice is known to lead to the end, so it takes time proportional to the match.
 */
import { holds, type Machine } from "./nfa.ts";

/** Bits for positions times states. A match that needs more has no groups. */
const MOST_BITS = 400_000_000;

export class Groups {
  readonly #machine: Machine;
  readonly #newline: boolean;
  /** For every state, those that lead to it without reading. */
  readonly #sources: readonly number[][];
  /** The states that read a byte. */
  readonly #readers: readonly number[];

  constructor(machine: Machine, newline: boolean) {
    this.#machine = machine;
    this.#newline = newline;
    const sources: number[][] = machine.states.map(() => []);
    const readers: number[] = [];
    machine.states.forEach((state, index) => {
      if (state.op === "bytes") readers.push(index);
      else if (state.op !== "accept") {
        sources[state.next]!.push(index);
        if (state.op === "split") sources[state.other]!.push(index);
      }
    });
    this.#sources = sources;
    this.#readers = readers;
  }

  /** Begin and end of every group in pairs, -1 where it took no part; `from`..`to` is a match of the whole. */
  find(text: string, from: number, to: number, count: number): Int32Array {
    const spans = new Int32Array(2 * (count + 1)).fill(-1);
    const { states, start } = this.#machine;
    if ((to - from + 1) * states.length > MOST_BITS) return spans;
    const leads = this.#leadsToEnd(text, from, to);
    // A round of a repetition that reads nothing is not gone twice.
    const passed = new Int32Array(states.length).fill(-1);
    let index = start;
    for (let at = from; ; ) {
      const state = states[index]!;
      switch (state.op) {
        case "accept":
          return spans;
        case "bytes":
          at++;
          index = state.next;
          break;
        case "save":
          spans[state.slot] = at;
          index = state.next;
          break;
        case "split": {
          // At the end of the match a further round would only empty the groups.
          const idle = at === to && (state.again || passed[index]! >= 0) && leads(state.other, at);
          const round = !idle && passed[index] !== at && leads(state.next, at);
          if (round) passed[index] = at;
          index = round ? state.next : state.other;
          break;
        }
        case "assert":
          index = state.next;
      }
    }
  }

  /** Tells whether the end of the match can be reached from a state at a position. */
  #leadsToEnd(text: string, from: number, to: number): (state: number, at: number) => boolean {
    const { states } = this.#machine;
    const width = (states.length + 7) >> 3;
    const bits = new Uint8Array((to - from + 1) * width);
    const has = (state: number, at: number) => (bits[(at - from) * width + (state >> 3)]! & (1 << (state & 7))) !== 0;
    const waiting: number[] = [];
    const mark = (state: number, at: number) => {
      if (has(state, at)) return;
      bits[(at - from) * width + (state >> 3)]! |= 1 << (state & 7);
      waiting.push(state);
    };
    for (let at = to; at >= from; at--) {
      if (at === to) mark(ACCEPT, at);
      else {
        const code = text.charCodeAt(at);
        for (const index of this.#readers) {
          const state = states[index] as { set: Uint8Array; next: number };
          if (state.set[code] === 1 && has(state.next, at + 1)) mark(index, at);
        }
      }
      for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
        for (const source of this.#sources[index]!) {
          const state = states[source]!;
          if (state.op !== "assert" || holds(state.assertion, text, at, this.#newline)) mark(source, at);
        }
      }
    }
    return has;
  }
}

/** The state that `build` adds first. */
const ACCEPT = 0;
