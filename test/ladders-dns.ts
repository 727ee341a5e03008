/** A name server for ladders that are played against a real proxy: it answers from their `dns` lines. */
import { createSocket, type Socket } from "node:dgram";
import type { NaptrRecord, SrvRecord } from "../src/declare/host.ts";
import type { SimulatedDns } from "../src/simulate/names.ts";

const TYPES: Readonly<Record<number, "a" | "aaaa" | "srv" | "naptr">> = { 1: "a", 28: "aaaa", 33: "srv", 35: "naptr" };
const TTL = 300;

export class NameServer {
  readonly #socket: Socket = createSocket("udp4");
  /** What it answers from. Empty at first. */
  records: SimulatedDns | undefined;

  async open(address: string): Promise<void> {
    this.#socket.on("message", (question, from) => {
      if (this.records?.dead) return;
      this.#socket.send(this.#answer(question), from.port, from.address);
    });
    await new Promise<void>((done) => this.#socket.bind(53, address, done));
  }

  async close(): Promise<void> {
    await new Promise<void>((done) => this.#socket.close(() => done()));
  }

  #answer(question: Buffer): Buffer {
    const labels: string[] = [];
    let at = 12;
    for (let length = question[at]!; length > 0; length = question[at]!) {
      labels.push(question.toString("latin1", at + 1, at + 1 + length));
      at += length + 1;
    }
    const type = TYPES[question.readUInt16BE(at + 1)];
    const found = type ? (this.records?.records[type].get(labels.join(".").toLowerCase()) ?? []) : [];
    const answers = found.map((it) => record(question.readUInt16BE(at + 1), dataOf(it)));
    const head = Buffer.from(question.subarray(0, 12));
    // An authoritative answer; 3: there is no such name.
    head.writeUInt16BE(found.length > 0 ? 0x8580 : 0x8583, 2);
    head.writeUInt16BE(found.length, 6);
    head.writeUInt32BE(0, 8);
    return Buffer.concat([head, question.subarray(12, at + 5), ...answers]);
  }
}

/** A record of the name that was asked for: the pointer 0xc00c. */
function record(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(TTL, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

const text = (it: string): Buffer => Buffer.from(`${String.fromCharCode(it.length)}${it}`, "latin1");
const name = (it: string): Buffer => Buffer.concat([...it.split(".").map(text), Buffer.from([0])]);
const words = (...values: number[]): Buffer => Buffer.from(values.flatMap((it) => [it >> 8, it & 255]));

function dataOf(it: string | SrvRecord | NaptrRecord): Buffer {
  if (typeof it === "string") return it.includes(":") ? ipv6(it) : Buffer.from(it.split(".").map(Number));
  if ("target" in it) return Buffer.concat([words(it.priority, it.weight, it.port), name(it.target)]);
  const { order, preference, flags, service, regexp, replacement } = it;
  return Buffer.concat([words(order, preference), text(flags), text(service), text(regexp), name(replacement)]);
}

function ipv6(address: string): Buffer {
  const [head = "", tail = ""] = address.split("::");
  const groups = (it: string): string[] => (it === "" ? [] : it.split(":"));
  const zeros = new Array(8 - groups(head).length - groups(tail).length).fill("0");
  return words(...[...groups(head), ...zeros, ...groups(tail)].map((it) => Number.parseInt(it, 16)));
}
