/** The table `trusted`: peers by address, protocol and patterns for From and Request-URI. Follows Kamailio's trusted.c. */
import type { Call } from "../../declare/call.ts";
import { type Core, LogLevel } from "../../declare/core.ts";
import { RpcStruct } from "../../declare/module.ts";
import type { VariableRef } from "../../declare/variable.ts";
import { coreHash } from "../core-hash.ts";
import { type Cell, type Row, type Tables, textOf } from "../db/tables.ts";
import { extended } from "./basic-regex.ts";

/** Protocols as the table writes them, with Kamailio's numbers for them; `any` fits every one. */
export const PROTOCOLS: Readonly<Record<string, number>> = { any: 0, udp: 1, tcp: 2, tls: 3, sctp: 4, ws: 5, wss: 6 };
/** Slots of the table in memory, as commands show them. */
const SLOTS = 128;
/** Longest URI that is looked at. */
const LONGEST = 1024;

export interface Peer {
  readonly address: string;
  /** In lower case. */
  readonly protocol: string;
  readonly from: string | null;
  readonly uri: string | null;
  readonly tag: string | null;
  readonly priority: number;
}

export interface TrustedSettings {
  readonly table: string;
  readonly columns: {
    readonly source: string;
    readonly protocol: string;
    readonly from: string;
    readonly uri: string;
    readonly tag: string;
    readonly priority: string;
  };
  /** Peers are kept in memory. */
  readonly cached: boolean;
  /** Variable for the tags of peers, and whether all that fit count, not just the first. */
  readonly tag: VariableRef | undefined;
  readonly allTags: boolean;
}

export class Trusted {
  readonly settings: TrustedSettings;
  readonly #core: Core;
  readonly #tables: Tables;
  /** By address, the highest priority first. */
  #peers: ReadonlyMap<string, readonly Peer[]> = new Map();

  constructor(core: Core, tables: Tables, settings: TrustedSettings) {
    this.#core = core;
    this.#tables = tables;
    this.settings = settings;
  }

  /** Reads the table. A string says why it stays as it was. */
  async load(): Promise<string | undefined> {
    const { table, columns } = this.settings;
    const { source, protocol, from, uri, tag, priority } = columns;
    const rows = await this.#tables.query(table, [], [source, protocol, from, uri, tag, priority]);
    if (!rows) return `the table ${table} cannot be read`;
    const peers = new Map<string, Peer[]>();
    for (const row of rows) {
      const peer = peerOf(row);
      if (typeof peer === "string") return `the table ${table}: ${peer}`;
      if (peer.protocol === "none") continue;
      if (!Object.hasOwn(PROTOCOLS, peer.protocol)) return `the table ${table}: there is no protocol ${peer.protocol}`;
      const same = peers.get(peer.address) ?? [];
      const at = same.findIndex((it) => it.priority < peer.priority);
      same.splice(at < 0 ? same.length : at, 0, peer);
      peers.set(peer.address, same);
    }
    this.#peers = peers;
    return undefined;
  }

  /** -1: no peer fits; else how many do, which is 1 unless all tags are wanted. `protocol` "any" fits every one. */
  async match(call: Call, address: string, protocol: string, from: string): Promise<number> {
    const { msg } = call;
    const uri = msg.isRequest ? msg.requestUri : "";
    if (from.length > LONGEST || uri.length > LONGEST) return -1;
    const peers = this.settings.cached ? this.#peers.get(address) : await this.#ask(address);
    let found = 0;
    for (const it of peers ?? []) {
      if (protocol !== "any" && it.protocol !== "any" && it.protocol !== protocol) continue;
      if (!this.#fits(it.from, from) || !this.#fits(it.uri, uri)) continue;
      if (it.tag !== null) this.settings.tag?.set?.(call, it.tag);
      found++;
      if (!this.settings.allTags) break;
    }
    return found || -1;
  }

  /** The peers as the command shows them, slot by slot. */
  dump(): RpcStruct {
    const slots = [...this.#peers.entries()].map(([address, peers]) => ({
      slot: coreHash(address, "", SLOTS),
      peers,
    }));
    slots.sort((a, b) => a.slot - b.slot);
    return new RpcStruct(
      slots.flatMap(({ slot, peers }) =>
        peers.flatMap((it): [string, unknown][] => [
          ["table", slot],
          ["item", describe(it)],
        ]),
      ),
    );
  }

  /** From the database the lowest priority comes first. */
  async #ask(address: string): Promise<readonly Peer[] | undefined> {
    const { table, columns } = this.settings;
    const { source, protocol, from, uri, tag, priority } = columns;
    const wanted = [source, protocol, from, uri, tag, priority];
    const rows = await this.#tables.query(table, [[source, address]], wanted, priority);
    return rows?.map(peerOf).filter((it) => typeof it === "object");
  }

  #fits(pattern: string | null, text: string): boolean {
    if (pattern === null) return true;
    const regex = this.#core.regex(extended(pattern), { icase: false });
    if (!regex) this.#core.log.write(LogLevel.err, `permissions: not a valid expression: ${pattern}\n`);
    return regex?.test(text) ?? false;
  }
}

/** A string says what is wrong with the row. */
function peerOf([source, protocol, from, uri, tag, priority]: Row): Peer | string {
  if (source === null || protocol === null) return "there is a row without an address or a protocol";
  const orNull = (cell: Cell | undefined): string | null => (cell === null || cell === undefined ? null : String(cell));
  return {
    address: textOf(source),
    protocol: textOf(protocol).toLowerCase(),
    from: orNull(from),
    uri: orNull(uri),
    tag: orNull(tag),
    priority: Number(priority ?? 0),
  };
}

const describe = (it: Peer): RpcStruct =>
  new RpcStruct([
    ["ip", it.address],
    ["proto", PROTOCOLS[it.protocol]],
    ["pattern", it.from ?? "NULL"],
    ["ruri_pattern", it.uri ?? "NULL"],
    ["tag", it.tag || "NULL"],
    ["priority", it.priority],
  ]);
