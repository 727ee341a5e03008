/**
 * Look-ups by questions to the system's name servers, over UDP, and over TCP for answers that are too long (RFC 1035,
 * RFC 7766). Node's own resolver tells no times to live but those of addresses. Nothing here blocks.
 */
import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { connect, isIP } from "node:net";
import type { Dns, DnsAnswer, DnsTiming, NaptrRecord, SrvRecord } from "../../declare/host.ts";
import { delay } from "../longest-delay.ts";
import { type ResolvConf, readHosts, readResolvConf, Watched } from "./system.ts";
import { decodeAnswer, encodeQuestion, RecordNumber, type WireAnswer, type WireRecord } from "./wire.ts";

export interface DnsOptions {
  /** Where name servers listen, when not on port 53 of those in resolv.conf. */
  readonly servers?: readonly { readonly address: string; readonly port: number }[];
  readonly search?: readonly string[];
  readonly hostsFile?: string;
}

/** How many names an alias may lead through. */
const LONGEST_CHAIN = 8;

/** RFC 1035 4.1.1. */
const Code = { none: 0, noSuchName: 3 } as const;

export function createDns(options: DnsOptions = {}): Dns {
  const system = new Watched("/etc/resolv.conf", readResolvConf);
  const hosts = new Watched(options.hostsFile ?? "/etc/hosts", readHosts);
  let timing: DnsTiming = {};

  const setup = (): Setup => {
    const conf = { ...system.get(), ...(options.search && { search: options.search }) };
    const all = options.servers ?? conf.servers.map((address) => ({ address, port: 53 }));
    return {
      conf,
      servers: all.slice(0, timing.servers),
      timeout: timing.timeout ?? conf.timeout * 1000,
      tries: timing.tries ?? conf.attempts,
    };
  };
  const find = <T>(type: keyof typeof RecordNumber) => {
    const number = RecordNumber[type];
    return async (name: string, complete = false): Promise<DnsAnswer<T>> => {
      const given = setup();
      for (const candidate of complete ? completions(name, given.conf) : [name]) {
        const found = await follow(given, candidate, number);
        if (found.records.length > 0) return found as DnsAnswer<T>;
      }
      return { records: [], ttl: 0 };
    };
  };
  const ptr = find<string>("ptr");
  return {
    a: find<string>("a"),
    aaaa: find<string>("aaaa"),
    srv: find<SrvRecord>("srv"),
    naptr: find<NaptrRecord>("naptr"),
    txt: find<string>("txt"),
    ptr: (address) => ptr(reverseName(address)),
    hosts: (name) => hosts.get().get(name.toLowerCase()) ?? [],
    configure(wanted) {
      timing = wanted;
    },
  };
}

interface Setup {
  readonly conf: ResolvConf;
  readonly servers: readonly { readonly address: string; readonly port: number }[];
  readonly timeout: number;
  readonly tries: number;
}

/** The names that a name may stand for, in order (resolv.conf's search and ndots). */
function completions(name: string, { search, ndots }: ResolvConf): string[] {
  if (name.endsWith(".")) return [name];
  const longer = search.map((domain) => `${name}.${domain}`);
  return name.split(".").length > ndots ? [name, ...longer] : [...longer, name];
}

/** The records of a name, behind its aliases. An answer holds for as long as the shortest of its parts. */
async function follow(setup: Setup, start: string, type: number): Promise<DnsAnswer<WireRecord["data"]>> {
  let name = start.toLowerCase().replace(/\.$/, "");
  let ttl = Number.MAX_SAFE_INTEGER;
  let known: readonly WireRecord[] = [];
  for (let steps = 0; steps < LONGEST_CHAIN; steps++) {
    let records = known.filter((it) => it.name === name);
    if (records.length === 0) {
      known = (await ask(setup, name, type)).records;
      records = known.filter((it) => it.name === name);
    }
    const wanted = records.filter((it) => it.type === type);
    if (wanted.length > 0) {
      for (const it of wanted) ttl = Math.min(ttl, it.ttl);
      return { records: wanted.map((it) => it.data), ttl };
    }
    const alias = records.find((it) => it.type === RecordNumber.cname);
    if (alias === undefined) break;
    ttl = Math.min(ttl, alias.ttl);
    name = alias.data as string;
  }
  return { records: [], ttl: 0 };
}

/** Asks one server after the other, each as often as it may be. Rejects when none gives an answer. */
async function ask({ servers, timeout, tries }: Setup, name: string, type: number): Promise<WireAnswer> {
  const id = randomInt(0x10000);
  const question = encodeQuestion(id, name, type);
  if (question === undefined)
    return { id, code: Code.noSuchName, truncated: false, question: name, questionType: type, records: [] };
  const fits = (it: WireAnswer | undefined): it is WireAnswer =>
    it !== undefined && it.id === id && it.question === name && it.questionType === type;
  let problem = "no name server";
  for (let i = 0; i < tries; i++)
    for (const server of servers) {
      let answer = await overUdp(server, question, timeout, fits);
      if (answer?.truncated) answer = await overTcp(server, question, timeout, fits);
      if (answer && (answer.code === Code.none || answer.code === Code.noSuchName)) return answer;
      problem = answer ? `answers ${answer.code}` : "does not answer";
    }
  throw new Error(`${name}: ${problem}`);
}

type Fits = (it: WireAnswer | undefined) => it is WireAnswer;
interface Server {
  readonly address: string;
  readonly port: number;
}

/** A socket of its own for each question: its port is as hard to guess as the id (RFC 5452). Undefined: no answer. */
function overUdp({ address, port }: Server, question: Uint8Array, timeout: number, fits: Fits) {
  return new Promise<WireAnswer | undefined>((done) => {
    const socket = createSocket(isIP(address) === 6 ? "udp6" : "udp4");
    let ended = false;
    const end = (answer?: WireAnswer): void => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      socket.on("error", () => {});
      socket.close();
      done(answer);
    };
    const timer = setTimeout(end, delay(timeout));
    socket.once("error", () => end());
    socket.on("message", (bytes) => {
      const answer = decodeAnswer(bytes);
      if (fits(answer)) end(answer);
    });
    // Its type knows no argument, but a server that no route leads to is told here.
    socket.connect(port, address, (problem?: Error) => {
      if (problem) end();
      else
        socket.send(question, (unsent) => {
          if (unsent) end();
        });
    });
  });
}

/** RFC 1035 4.2.2: two bytes of length go before each message. */
function overTcp({ address, port }: Server, question: Uint8Array, timeout: number, fits: Fits) {
  return new Promise<WireAnswer | undefined>((done) => {
    const socket = connect({ host: address, port });
    let got = Buffer.alloc(0);
    const end = (answer?: WireAnswer): void => {
      clearTimeout(timer);
      socket.destroy();
      done(answer);
    };
    const timer = setTimeout(end, delay(timeout));
    socket.on("error", () => end());
    socket.on("close", () => end());
    socket.on("connect", () =>
      socket.write(Buffer.concat([Buffer.from([question.length >> 8, question.length & 255]), question])),
    );
    socket.on("data", (bytes) => {
      got = Buffer.concat([got, bytes]);
      if (got.length < 2 || got.length < 2 + got.readUInt16BE(0)) return;
      const answer = decodeAnswer(got.subarray(2, 2 + got.readUInt16BE(0)));
      end(fits(answer) ? answer : undefined);
    });
  });
}

/** RFC 1035 3.5, RFC 3596 2.5. */
function reverseName(address: string): string {
  if (isIP(address) !== 6) return `${address.split(".").reverse().join(".")}.in-addr.arpa`;
  const [head = "", tail] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const groups = [...left, ...new Array(8 - left.length - right.length).fill("0"), ...right];
  const digits = groups.map((it) => it.padStart(4, "0")).join("");
  return `${[...digits].reverse().join(".")}.ip6.arpa`;
}
