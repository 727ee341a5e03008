/**
 * Which lines and branches of scripts ran: a watcher that counts, over as many programs and runs as it is given.
 * The same file loaded again, with other defines too, is the same file: places are one where they stand at one position.
 */

import type { Place, Watch, Watcher } from "../compile/watch.ts";
import type { Core } from "../declare/core.ts";

/** What ran of one place, over all runs. */
export interface CoveredPlace {
  readonly place: Place;
  hits: number;
  /** How often each way was taken; empty for a plain statement. */
  readonly ways: number[];
}

export interface CoveredLine {
  readonly line: number;
  /** How often the statement on it ran; of several statements the one that ran most. */
  readonly hits: number;
}

export interface CoveredBranch {
  readonly line: number;
  readonly column: number;
  readonly kind: Place["kind"];
  readonly hits: number;
  readonly ways: readonly { readonly name: string; readonly taken: number }[];
}

export interface CoveredRoute {
  /** As the script heads it: `route[RELAY]`. */
  readonly name: string;
  /** Line of its first statement. */
  readonly line: number;
  /** How often that statement ran. */
  readonly hits: number;
}

export interface CoveredFile {
  readonly file: string;
  readonly lines: readonly CoveredLine[];
  readonly branches: readonly CoveredBranch[];
  readonly routes: readonly CoveredRoute[];
}

export class Coverage implements Watcher {
  readonly #places = new Map<string, CoveredPlace>();

  watch(_core: Core, places: readonly Place[]): Watch {
    const counts = places.map((it) => this.#place(it));
    return {
      step(_call, place) {
        counts[place]!.hits++;
      },
      branch(_call, place, way) {
        const { ways } = counts[place]!;
        ways[way] = (ways[way] ?? 0) + 1;
      },
      value() {},
    };
  }

  /** Every place so far, as data that another process can be handed. */
  places(): readonly CoveredPlace[] {
    return [...this.#places.values()];
  }

  /** Adds what was counted elsewhere. */
  add(places: readonly CoveredPlace[]): void {
    for (const { place, hits, ways } of places) {
      const mine = this.#place(place);
      mine.hits += hits;
      ways.forEach((taken, way) => {
        mine.ways[way] = (mine.ways[way] ?? 0) + taken;
      });
    }
  }

  /** What was counted, by file; files in the order of their names, lines and branches in that of the file. */
  files(): CoveredFile[] {
    const files = new Map<string, CoveredPlace[]>();
    for (const it of this.#places.values()) {
      const { file } = it.place.span;
      const known = files.get(file);
      if (known) known.push(it);
      else files.set(file, [it]);
    }
    return [...files]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([file, places]) => {
        places.sort(inOrder);
        return { file, lines: linesOf(places), branches: branchesOf(places), routes: routesOf(places) };
      });
  }

  #place(place: Place): CoveredPlace {
    const { file, line, column, endLine, endColumn } = place.span;
    const key = `${line}:${column}:${endLine}:${endColumn}:${place.kind}:${file}`;
    let known = this.#places.get(key);
    if (!known) this.#places.set(key, (known = { place, hits: 0, ways: new Array<number>(place.ways).fill(0) }));
    return known;
  }
}

const inOrder = ({ place: { span: a } }: CoveredPlace, { place: { span: b } }: CoveredPlace): number =>
  a.line - b.line || a.column - b.column;

function linesOf(places: readonly CoveredPlace[]): CoveredLine[] {
  const lines = new Map<number, number>();
  for (const { place, hits } of places) {
    const { line } = place.span;
    lines.set(line, Math.max(lines.get(line) ?? 0, hits));
  }
  return [...lines].map(([line, hits]) => ({ line, hits }));
}

const branchesOf = (places: readonly CoveredPlace[]): CoveredBranch[] =>
  places
    .filter((it) => it.place.ways > 0)
    .map(({ place, hits, ways }) => ({
      line: place.span.line,
      column: place.span.column,
      kind: place.kind,
      hits,
      ways: place.names.map((name, way) => ({ name, taken: ways[way] ?? 0 })),
    }));

function routesOf(places: readonly CoveredPlace[]): CoveredRoute[] {
  const routes = new Map<string, CoveredRoute>();
  for (const { place, hits } of places)
    if (!routes.has(place.route)) routes.set(place.route, { name: place.route, line: place.span.line, hits });
  return [...routes.values()];
}

/** How much of something was reached. */
export interface Share {
  readonly reached: number;
  readonly of: number;
}

export const lineShare = ({ lines }: CoveredFile): Share => ({
  reached: lines.filter((it) => it.hits > 0).length,
  of: lines.length,
});

export function branchShare({ branches }: CoveredFile): Share {
  const ways = branches.flatMap((it) => it.ways);
  return { reached: ways.filter((it) => it.taken > 0).length, of: ways.length };
}

export const sum = (shares: readonly Share[]): Share => ({
  reached: shares.reduce((total, it) => total + it.reached, 0),
  of: shares.reduce((total, it) => total + it.of, 0),
});

/** Per cent, rounded down to a tenth so that only all of it is 100; 100 of nothing. */
export const percent = ({ reached, of }: Share): number => (of === 0 ? 100 : Math.floor((reached * 1000) / of) / 10);
