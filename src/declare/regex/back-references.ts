/**
 * Patterns with `\1`…`\9`, which no state machine can match. All ways are tried, greedy ones first, within a bound on
 * the work; the longest match that was found counts.
 */
import { holds } from "./nfa.ts";
import type { ByteSet, Node } from "./syntax.ts";

/** Steps for one search. Patterns that need more find less than glibc would, instead of stopping the server. */
const MOST_STEPS = 200_000;
/** How deep the ways may be nested, well within the stack that a script can count on. */
const DEEPEST = 1_000;

type Then = (at: number) => void;

export interface Found {
  readonly index: number;
  readonly end: number;
  readonly spans: Int32Array;
}

export class BackReferenceSearch {
  readonly #root: Node;
  readonly #groups: number;
  readonly #icase: boolean;
  readonly #newline: boolean;

  constructor(root: Node, groups: number, icase: boolean, newline: boolean) {
    this.#root = root;
    this.#groups = groups;
    this.#icase = icase;
    this.#newline = newline;
  }

  search(text: string, from: number): Found | null {
    const run = { text, steps: 0, depth: 0, spans: new Int32Array(2 * (this.#groups + 1)).fill(-1) };
    for (let index = from; index <= text.length && run.steps < MOST_STEPS; index++) {
      let best: Found | null = null;
      run.spans.fill(-1);
      this.#match(run, this.#root, index, (end) => {
        if (best === null || end > best.end) best = { index, end, spans: run.spans.slice() };
      });
      if (best) return best;
    }
    return null;
  }

  /** Calls `then` for every way in which `node` matches at `at`. */
  #match(run: Run, node: Node, at: number, then: Then): void {
    if (++run.steps > MOST_STEPS || run.depth > DEEPEST) return;
    run.depth++;
    this.#alternatives(run, node, at, then);
    run.depth--;
  }

  #alternatives(run: Run, node: Node, at: number, then: Then): void {
    const { text, spans } = run;
    switch (node.kind) {
      case "empty":
        return then(at);
      case "bytes":
        if (at < text.length && node.set[text.charCodeAt(at)] === 1) then(at + 1);
        return;
      case "assert":
        if (holds(node.assertion, text, at, this.#newline)) then(at);
        return;
      case "group": {
        const [begin, end] = [spans[2 * node.index]!, spans[2 * node.index + 1]!];
        this.#match(run, node.child, at, (after) => {
          spans[2 * node.index] = at;
          spans[2 * node.index + 1] = after;
          then(after);
        });
        spans[2 * node.index] = begin;
        spans[2 * node.index + 1] = end;
        return;
      }
      case "concat":
        return this.#sequence(run, node.children, 0, at, then);
      case "either":
        for (const child of node.children) this.#match(run, child, at, then);
        return;
      case "repeat":
        return this.#repeat(run, node, 0, at, then);
      case "back-reference": {
        const begin = spans[2 * node.index]!;
        if (begin < 0) return;
        const wanted = text.slice(begin, spans[2 * node.index + 1]);
        const here = text.slice(at, at + wanted.length);
        if (here === wanted || (this.#icase && fold(here) === fold(wanted))) then(at + wanted.length);
      }
    }
  }

  #sequence(run: Run, parts: readonly Node[], index: number, at: number, then: Then): void {
    if (index === parts.length) return then(at);
    this.#match(run, parts[index]!, at, (after) => this.#sequence(run, parts, index + 1, after, then));
  }

  #repeat(run: Run, node: Node & { kind: "repeat" }, count: number, at: number, then: Then): void {
    if (node.child.kind === "bytes") return this.#bytes(run, node, node.child.set, at, then);
    if (count < node.max) {
      this.#match(run, node.child, at, (after) => {
        if (after > at || count < node.min) this.#repeat(run, node, count + 1, after, then);
      });
    }
    if (count >= node.min) then(at);
  }

  /** A repeated byte: the most there are, then one fewer each time. */
  #bytes(run: Run, { min, max }: Node & { kind: "repeat" }, set: ByteSet, at: number, then: Then): void {
    let count = 0;
    while (count < max && at + count < run.text.length && set[run.text.charCodeAt(at + count)] === 1) count++;
    run.steps += count;
    for (; count >= min && run.steps <= MOST_STEPS; count--) then(at + count);
  }
}

interface Run {
  readonly text: string;
  steps: number;
  depth: number;
  readonly spans: Int32Array;
}

const fold = (text: string): string => text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
