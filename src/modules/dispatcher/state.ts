/** What module dispatcher keeps for a generation. */
import type { Call } from "../../declare/call.ts";
import { type Core, LogLevel } from "../../declare/core.ts";
import { declare } from "../../declare/module.ts";
import { type Answer, after } from "../../declare/value.ts";
import type { Format, VariableRef } from "../../declare/variable.ts";
import type { LocalSocket } from "../../sip/address.ts";
import type { Ruids } from "../usrloc/ruid.ts";
import { readTable, type Source } from "./database.ts";
import { type Destination, destinationOf, Flag, type Line, parseLine } from "./destination.ts";
import type { Loads } from "./loads.ts";
import { DestinationSet } from "./set.ts";

/** Which destinations are pinged (parameter ds_probing_mode). */
export const Probing = { flagged: 0, all: 1, inactive: 2, onlyFlagged: 3 } as const;

export interface Settings {
  readonly file: string;
  /** Where destinations are in place of the file. */
  readonly source: Source | undefined;
  readonly forceDst: boolean;
  readonly userOnly: boolean;
  readonly failover: boolean;
  /** The last destination of a set is tried when all others are down. */
  readonly useDefault: boolean;
  readonly xavpDst: string;
  readonly xavpDstMode: number;
  readonly xavpCtx: string;
  readonly xavpCtxMode: number;
  readonly hashFormat: Format | undefined;
  readonly setIdVariable: VariableRef | undefined;
  readonly attributesVariable: VariableRef | undefined;
  probingThreshold: number;
  inactiveThreshold: number;
  readonly pingMethod: string;
  readonly pingFrom: string;
  /** Seconds; 0 for no pings. */
  readonly pingInterval: number;
  /** Milliseconds; 0 for tm's own. */
  readonly pingTimer: number;
  readonly pingSocket: LocalSocket | undefined;
  /** Codes, and classes from 1 to 6, that count as success. */
  readonly pingCodes: readonly number[];
  readonly probing: number;
  readonly latencyStats: boolean;
  readonly retainLatency: boolean;
  readonly latencyAlpha: number;
  readonly outboundProxy: string;
  readonly defaultSocket: LocalSocket | undefined;
  readonly none: boolean;
  /** A destination that cannot be used makes the whole list fail. */
  readonly strict: boolean;
  /** Seconds between two reloads. */
  readonly reloadDelta: number;
  readonly loadInterval: number;
  readonly showsLoad: boolean;
  /** When event routes run: 0 at each change, 1 at those that pings have made, 2 also at the first state. */
  readonly eventMode: number;
}

/** What an event route reads in `$dsv`. */
export interface Change {
  readonly code: number;
  readonly reason: string;
  /** 1: there was a reply. */
  readonly flags: number;
  readonly uri: string;
  readonly set: number;
}

export class Dispatcher {
  readonly core: Core;
  readonly settings: Settings;
  readonly ids: Ruids;
  readonly loads: Loads | undefined;
  /** What every generation uses once one serves: calls of an earlier one mark and choose among the same destinations. */
  readonly #live: { sets: ReadonlyMap<number, DestinationSet> };
  /** Until this generation serves, it has its own. */
  #own: ReadonlyMap<number, DestinationSet> | undefined;
  pings: boolean;
  /** Seconds since 1970. */
  reloadedAt = 0;
  readonly changes = new WeakMap<Call, Change>();
  timers: { cancel(): void }[] = [];

  constructor(core: Core, settings: Settings, loads: Loads | undefined, ids: Ruids, old: Dispatcher | undefined) {
    this.core = core;
    this.settings = settings;
    this.loads = loads;
    this.ids = ids;
    this.#live = old ? old.#live : { sets: new Map() };
    this.#own = this.#live.sets;
    this.pings = old?.pings ?? true;
  }

  get sets(): ReadonlyMap<number, DestinationSet> {
    return this.#own ?? this.#live.sets;
  }
  set sets(sets: ReadonlyMap<number, DestinationSet>) {
    if (this.#own) this.#own = sets;
    else this.#live.sets = sets;
  }

  /** What is known of the destinations goes over: states, failures, loads, latencies, whose turn it is. */
  serve(): void {
    const before = this.#live.sets;
    this.#live.sets = this.sets;
    this.#own = undefined;
    for (const [id, set] of this.sets) {
      const old = before.get(id);
      if (!old || old === set) continue;
      set.next = old.next % set.list.length;
      for (const it of set.list) {
        const known = old.find(it.uri);
        if (!known) continue;
        // A list that was edited says how it is from now on.
        if (known.listed === it.listed) it.flags = known.flags;
        it.probes = known.probes;
        it.load = known.load;
        it.latency = known.latency;
      }
      set.stateChanged();
    }
  }

  cool(): void {
    for (const timer of this.timers) timer.cancel();
    this.timers = [];
  }

  /** Reads the list file or the table: the destinations by set, or the problem. */
  read(): Answer<readonly (readonly [number, Destination])[] | string> {
    const { source } = this.settings;
    if (!source) return this.readFile();
    return readTable(source).then((lines) =>
      typeof lines === "string" ? lines : this.#destinations(lines, source.table),
    );
  }

  readFile(): readonly (readonly [number, Destination])[] | string {
    const { file } = this.settings;
    const { files, process } = this.core.host;
    // As a shell would: from the working directory, or where the script lies when there is none.
    const folder = process.cwd?.() ?? files.dirname(this.core.file);
    const text = files.read(file.startsWith("/") ? file : files.resolve(folder, file));
    if (text === null) return `the list file \`${file}\` cannot be read`;
    const lines: Line[] = [];
    for (const [i, row] of text.split("\n").entries()) {
      const line = parseLine(row);
      if (line === null) return `${file}:${i + 1}: a set needs a URI`;
      if (line !== undefined) lines.push(line);
    }
    return this.#destinations(lines, file);
  }

  /** A string is the problem: a destination that cannot be used, where that matters. */
  #destinations(lines: readonly Line[], place: string): readonly (readonly [number, Destination])[] | string {
    const found: (readonly [number, Destination])[] = [];
    for (const line of lines) {
      const destination = this.#make(line);
      if (destination !== undefined) found.push([line.set, destination]);
      else if (this.settings.strict) return `${place}: the destination \`${line.uri}\` cannot be used`;
    }
    return found;
  }

  #make(line: Line): Destination | undefined {
    const { defaultSocket, none, latencyStats, retainLatency } = this.settings;
    const nextId = (set: number): string => `${this.ids.next()}-${set}`;
    const made = destinationOf(line, this.core, { socket: defaultSocket, none, nextId });
    const known = latencyStats && retainLatency ? this.sets.get(line.set)?.find(line.uri) : undefined;
    return made && known ? { ...made, latency: known.latency } : made;
  }

  /** Puts destinations in place of those that there were. */
  replace(destinations: readonly (readonly [number, Destination])[]): void {
    const bySet = new Map<number, Destination[]>();
    for (const [set, destination] of destinations) bySet.set(set, [...(bySet.get(set) ?? []), destination]);
    const random = (): number => this.core.host.random.next();
    this.sets = new Map(
      [...bySet].sort(([a], [b]) => a - b).map(([id, list]) => [id, new DestinationSet(id, list, random)]),
    );
  }

  /** Every destination, each set as the file has it. */
  get all(): (readonly [number, Destination])[] {
    return [...this.sets.values()].flatMap(({ id, list }) => list.toReversed().map((it) => [id, it] as const));
  }

  /** Looks up host names, and leaves out destinations whose name does not exist. */
  async resolve(
    destinations: readonly (readonly [number, Destination])[],
  ): Promise<(readonly [number, Destination])[]> {
    const known = await Promise.all(
      destinations.map(async ([, it]) => {
        if (it.ip !== "" || (it.flags & Flag.noDns) !== 0) return true;
        it.ip = (await this.core.resolve(it.uri))?.ip ?? "";
        return it.ip !== "";
      }),
    );
    return destinations.filter((_, i) => known[i]);
  }

  /** Reads the destinations anew. False: they cannot be read, or were read too short a time ago. */
  reload(): Answer<boolean> {
    if (!this.mayReload()) return false;
    return after(this.read(), (read) => {
      if (typeof read === "string") {
        this.core.log.write(LogLevel.err, `dispatcher: ${read}\n`);
        return false;
      }
      if (read.every(([, it]) => it.ip !== "" || (it.flags & Flag.noDns) !== 0)) {
        this.replace(read);
        return true;
      }
      return this.resolve(read).then((destinations) => {
        this.replace(destinations);
        return true;
      });
    });
  }

  /** Notes the time of a reload; false when the one before is not long enough ago. */
  mayReload(): boolean {
    const now = Math.floor(this.core.host.clock.wall() / 1000);
    const { reloadDelta } = this.settings;
    if (reloadDelta > 0 && this.reloadedAt > now - reloadDelta) return false;
    this.reloadedAt = now;
    return true;
  }

  /** Adds a destination. False when it cannot be used. */
  add(line: Line): boolean {
    const made = this.#make(line);
    if (made === undefined) return !this.settings.strict;
    this.replace([...this.all, [line.set, made]]);
    return true;
  }

  remove(set: number, uri: string): void {
    this.replace(this.all.filter(([id, it]) => id !== set || it.uri !== uri));
  }
}

export const { fn, pv, rpc, module } = declare<Dispatcher>();
