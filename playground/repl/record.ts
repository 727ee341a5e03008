/** What was done in a session and what came of it, as the lines of a ladder. */
import type { Arrow } from "../../src/simulate/ladder/ladder.ts";
import type { Peer } from "../../src/simulate/ladder/peer.ts";
import { readLadder } from "../../src/simulate/ladder/read.ts";
import { peersOf } from "../../src/simulate/ladder/wires.ts";

/** One step, with the lines indented below it. */
export interface Entry {
  text: string;
  /** A message that went where nobody was then: a step only when a peer came there later. */
  readonly lost?: string;
}

export class SessionRecord {
  readonly #entries: Entry[] = [];
  /** What a ladder cannot repeat, in words. */
  readonly unrepeatable: string[] = [];

  add(text: string): Entry {
    const entry = { text };
    this.#entries.push(entry);
    return entry;
  }

  /** A message went to a place (`10.0.0.1:5060`) where nobody is. */
  lost(place: string, start: string): void {
    this.#entries.push({ text: start, lost: place });
  }

  /** Time passes; pauses without anything between them are one. */
  pause(ms: number): void {
    const last = this.#entries.at(-1);
    const before = last && /^after (\d+(?:\.\d+)?)ms$/.exec(last.text);
    if (before) last.text = `after ${Number(before[1]) + ms}ms`;
    else if (ms > 0) this.add(`after ${ms}ms`);
  }

  /** How many steps there are. */
  get size(): number {
    return this.#entries.length;
  }

  #mark = 0;
  /** Remembers where the next step will stand. */
  mark(): void {
    this.#mark = this.#entries.length;
  }
  /** Time has passed before what was added since the mark. */
  pauseAtMark(ms: number): void {
    const later = this.#entries.splice(this.#mark);
    this.pause(ms);
    this.#entries.push(...later);
  }

  cannotRepeat(what: string): void {
    this.unrepeatable.push(what);
    this.add(`# not repeated: ${what.replace(/\s+/g, " ")}`);
  }

  /** Behind `head`, which ends with a line end. Peers that are not where a ladder would put them get lines of their own. */
  text(head: string, peers: ReadonlyMap<string, Peer>): string {
    const lines = this.#entries.flatMap(({ text, lost }) => {
      if (lost === undefined) return [readableTime(text)];
      const to = [...peers.values()].find((it) => placeOf(it.behind ?? it) === lost);
      return to ? [`${`proxy -> ${to.name}`.padEnd(16)} ${text}`] : [];
    });
    const steps = `${lines.join("\n")}\n`;
    const natural = peersOf(readLadder(`use "x"\n${steps}`).scenes[0]!.steps);
    const same = peers.size === natural.size && [...peers.values()].every((it) => isSame(it, natural.get(it.name)));
    const where = same ? "" : [...peers.values()].map((it) => `${peerLine(it)}\n`).join("");
    return `${head}${where}${steps}`;
  }
}

const readableTime = (text: string): string =>
  text.replace(/^after (\d+)000ms$/, "after $1s").replace(/^after (\d+)\.\d+ms$/, "after $1ms");

/** As it stands in an address and port of a message. */
export const placeOf = ({ address, port }: { readonly address: string; readonly port: number }): string =>
  `${address.includes(":") ? `[${address}]` : address}:${port}`;

const isSame = (a: Peer, b: Peer | undefined): boolean => b !== undefined && peerLine(a) === peerLine(b);

function peerLine({ name, protocols, host, port, behind }: Peer): string {
  const outer = behind ? ` behind ${placeOf(behind)}` : "";
  return `peer ${name} ${protocols.join(" ")} ${host}:${port}${outer}`;
}

/** An arrow with what stands below it. */
export const arrowText = ({ from, to, port, start, details, body }: Arrow): string => {
  const [left, right] =
    port === undefined ? [from, to] : from === "proxy" ? [`proxy:${port}`, to] : [from, `proxy:${port}`];
  return [
    `${`${left} -> ${right}`.padEnd(16)} ${start}`,
    ...details.map((it) => `    ${it.name}: ${it.value}`),
    ...body.map((it) => `    | ${it}`.trimEnd()),
  ].join("\n");
};
