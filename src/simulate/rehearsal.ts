/** Recorded requests, given to two scripts on a simulated network: what would be sent differently. */
import { SipMessage } from "../sip/message.ts";
import type { Recorded } from "./pcap.ts";
import { Simulation, type SimulationOptions } from "./simulation.ts";

/** A message that left, as far as it is compared. */
export interface Sent {
  readonly to: string;
  /** Start line and fields, with what differs from run to run put in words. */
  readonly lines: readonly string[];
}

export interface Changed {
  /** The first request of the call. */
  readonly call: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** Milliseconds of virtual time that the servers get when the last request was sent. */
const AFTERWARDS = 5000;

/** What a script sends, by Call-ID, in order. */
export type Transcript = ReadonlyMap<string, readonly Sent[]>;

/** Writes down what a simulation's server sends. `addresses` are its own. */
export class Listening {
  readonly #calls = new Map<string, Sent[]>();
  /** When it differs from run to run: ids, and fields that count time. */
  readonly #simulation: Simulation;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    simulation.network.faults = ({ from, to, text }) => {
      if (this.#isOwn(from.address, from.port)) this.#note(`${to.address}:${to.port}`, text);
      return [0];
    };
  }

  get transcript(): Transcript {
    return this.#calls;
  }

  #isOwn(address: string, port: number): boolean {
    return this.#simulation.server.sockets.all.some((it) => it.address === address && it.port === port);
  }

  #note(to: string, text: string): void {
    const callId = /^(?:Call-ID|i)[ \t]*:[ \t]*(\S+)/im.exec(text)?.[1] ?? "";
    const known = this.#calls.get(callId) ?? [];
    const [head = ""] = text.split("\r\n\r\n", 1);
    known.push({ to, lines: head.split("\r\n").map(steady) });
    this.#calls.set(callId, known);
  }
}

/** Branches, tags and cookies are drawn anew in each run. */
const steady = (line: string): string =>
  line
    .replace(/;branch=[^;,\s]+/g, ";branch=…")
    .replace(/;tag=[^;,>\s]+/g, ";tag=…")
    .replace(/nonce="[^"]*"/g, 'nonce="…"')
    .replace(/^Server:.*$/i, "Server: …");

/** A string says why nothing could be compared. */
export async function rehearse(
  before: SimulationOptions,
  after: SimulationOptions,
  recorded: readonly Recorded[],
): Promise<readonly Changed[] | string> {
  const old = await replay(before, recorded);
  if (typeof old === "string") return old;
  const now = await replay(after, recorded);
  if (typeof now === "string") return now;
  return compare(old, now, recorded);
}

async function replay(options: SimulationOptions, recorded: readonly Recorded[]): Promise<Transcript | string> {
  const simulation = new Simulation(options);
  const problems = await simulation.start();
  const [problem] = problems;
  if (problem) return `${problem.span.file}:${problem.span.line}: ${problem.message}`;
  const own = simulation.server.sockets.all;
  const requests = recorded.filter(
    ({ text, dstIp, dstPort }) =>
      !text.startsWith("SIP/") && own.some((it) => it.address === dstIp && it.port === dstPort),
  );
  const [first] = requests;
  if (!first) {
    await simulation.stop();
    const listens = own.map((it) => `${it.address}:${it.port}`).join(", ");
    return `the recording has no request to an address that the script listens on (${listens})`;
  }
  const listening = new Listening(simulation);
  const peers = new Map<string, ReturnType<typeof simulation.network.bindNow>>();
  for (const { time, srcIp, srcPort, dstIp, dstPort, text } of requests) {
    const due = (time - first.time) * 1000 - simulation.host.clock.now();
    if (due > 0) await simulation.advance(due);
    const key = `${srcIp} ${srcPort}`;
    const peer =
      peers.get(key) ?? simulation.network.bindNow({ address: srcIp, port: srcPort }, { message() {}, failed() {} });
    peers.set(key, peer);
    peer.send(text, dstIp, dstPort);
  }
  await simulation.advance(AFTERWARDS);
  await simulation.stop();
  return listening.transcript;
}

/** The calls for which something else was sent, or to somebody else. */
export function compare(before: Transcript, after: Transcript, recorded: readonly Recorded[] = []): readonly Changed[] {
  const changed: Changed[] = [];
  for (const callId of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(callId) ?? [], after.get(callId) ?? []];
    const [a, b] = [old.map(textOf), now.map(textOf)];
    if (a.join("\n\n") === b.join("\n\n")) continue;
    const request = recorded.find((it) => !it.text.startsWith("SIP/") && it.text.includes(callId));
    changed.push({
      call: request ? `${nameOf(request)} (Call-ID ${callId})` : `Call-ID ${callId}`,
      before: shown(old, b),
      after: shown(now, a),
    });
  }
  return changed;
}

const textOf = ({ to, lines }: Sent): string => `${to}\n${lines.join("\n")}`;

/** The messages of one side that the other side does not have: to whom, and the start line, or the lines that differ. */
function shown(sent: readonly Sent[], other: readonly string[]): string[] {
  const out: string[] = [];
  sent.forEach((it, i) => {
    const twin = other[i];
    if (twin === textOf(it)) return;
    const twins = new Set(twin?.split("\n"));
    const start = it.lines[0]!.replace(/ SIP\/2\.0$/, "").replace(/^SIP\/2\.0 /, "");
    const own = twins.has(it.lines[0]!) && twins.has(it.to) ? it.lines.filter((line) => !twins.has(line)) : [];
    out.push([`${start} to ${it.to}`, ...own.map((line) => `    ${line}`)].join("\n"));
  });
  return out;
}

function nameOf({ text, srcIp, srcPort, time, dstIp, dstPort }: Recorded): string {
  const socket = { protocol: "udp", address: dstIp, port: dstPort, family: 4, virtual: false } as const;
  const received = { socket, protocol: "udp", srcIp, srcPort, dstIp, dstPort, connection: 0, time } as const;
  const msg = new SipMessage(text, received);
  return `${msg.method} ${msg.requestUri} from ${srcIp}:${srcPort}`;
}
