/** DNS messages (RFC 1035 4; SRV RFC 2782, NAPTR RFC 3403, AAAA RFC 3596): questions to bytes, answers from bytes. */
import type { NaptrRecord, SrvRecord } from "../../declare/host.ts";

export const RecordNumber = { a: 1, cname: 5, ptr: 12, txt: 16, aaaa: 28, srv: 33, naptr: 35 } as const;

export interface WireRecord {
  /** Lower case, without the final dot. */
  readonly name: string;
  readonly type: number;
  readonly ttl: number;
  /** An address, a name, a text, or the fields of SRV and NAPTR. */
  readonly data: string | SrvRecord | NaptrRecord;
}
export interface WireAnswer {
  readonly id: number;
  /** RFC 1035 4.1.1: 0 no error, 3 there is no such name. */
  readonly code: number;
  readonly truncated: boolean;
  readonly question: string;
  readonly questionType: number;
  readonly records: readonly WireRecord[];
}

/** The question of one name. Undefined when it is no name: empty labels, or labels or all of it too long. */
export function encodeQuestion(id: number, name: string, type: number): Uint8Array | undefined {
  const labels = name.replace(/\.$/, "").split(".");
  const length = labels.reduce((sum, it) => sum + it.length + 1, 1);
  if (length > 255 || labels.some((it) => it.length === 0 || it.length > 63)) return undefined;
  const bytes = new Uint8Array(12 + length + 4);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, id);
  // Recursion is desired; one question.
  view.setUint16(2, 0x0100);
  view.setUint16(4, 1);
  let at = 12;
  for (const label of labels) {
    bytes[at++] = label.length;
    for (let i = 0; i < label.length; i++) bytes[at++] = label.charCodeAt(i);
  }
  view.setUint16(at + 1, type);
  view.setUint16(at + 3, 1);
  return bytes;
}

/** Undefined for what is no answer, or a torn one. */
export function decodeAnswer(bytes: Uint8Array): WireAnswer | undefined {
  const reader = new Reader(bytes);
  const id = reader.u16();
  const flags = reader.u16();
  const questions = reader.u16();
  const answers = reader.u16();
  reader.at = 12;
  if (questions !== 1 || (flags & 0x8000) === 0) return undefined;
  const question = reader.name();
  const questionType = reader.u16();
  reader.at += 2;
  const truncated = (flags & 0x0200) !== 0;
  const records: WireRecord[] = [];
  for (let i = 0; i < answers && !reader.torn; i++) {
    const name = reader.name();
    const type = reader.u16();
    reader.at += 2;
    const ttl = reader.u32();
    const length = reader.u16();
    const end = reader.at + length;
    const data = end <= bytes.length ? dataOf(reader, type, end) : undefined;
    if (data !== undefined && !reader.torn) records.push({ name, type, ttl: ttl > 0x7fffffff ? 0 : ttl, data });
    if (end > bytes.length) reader.torn = true;
    reader.at = end;
  }
  // What a datagram has no room for is cut off, which its flag says.
  return reader.torn && !truncated ? undefined : { id, code: flags & 15, truncated, question, questionType, records };
}

function dataOf(reader: Reader, type: number, end: number): WireRecord["data"] | undefined {
  switch (type) {
    case RecordNumber.a:
      return end - reader.at === 4 ? reader.take(4).join(".") : undefined;
    case RecordNumber.aaaa:
      return end - reader.at === 16 ? ipv6(reader.take(16)) : undefined;
    case RecordNumber.cname:
    case RecordNumber.ptr:
      return reader.name();
    case RecordNumber.txt: {
      let text = "";
      while (reader.at < end && !reader.torn) text += reader.text();
      return text;
    }
    case RecordNumber.srv:
      return { priority: reader.u16(), weight: reader.u16(), port: reader.u16(), target: reader.name() };
    case RecordNumber.naptr:
      return {
        order: reader.u16(),
        preference: reader.u16(),
        flags: reader.text(),
        service: reader.text(),
        regexp: reader.text(),
        replacement: reader.name(),
      };
    default:
      return undefined;
  }
}

/** The longest run of zero groups as `::` (RFC 5952). */
function ipv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16));
  let best = { at: -1, length: 1 };
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (groups[i + length] === "0") length++;
    if (length > best.length) best = { at: i, length };
  }
  if (best.at < 0) return groups.join(":");
  return `${groups.slice(0, best.at).join(":")}::${groups.slice(best.at + best.length).join(":")}`;
}

class Reader {
  readonly #bytes: Uint8Array;
  at = 0;
  /** Something was asked for that is not there. */
  torn = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  u8(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) this.torn = true;
    return byte ?? 0;
  }
  u16(): number {
    return this.u8() * 256 + this.u8();
  }
  u32(): number {
    return this.u16() * 65_536 + this.u16();
  }
  take(length: number): Uint8Array {
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }
  /** A length and so many bytes, as latin1. */
  text(): string {
    const length = this.u8();
    if (this.at + length > this.#bytes.length) this.torn = true;
    return String.fromCharCode(...this.take(length));
  }
  /** RFC 1035 4.1.4: labels, and pointers to labels that came before. */
  name(): string {
    const labels: string[] = [];
    let back = -1;
    for (let steps = 0; steps < 128; steps++) {
      const length = this.u8();
      if (length === 0 || this.torn) break;
      if ((length & 0xc0) === 0xc0) {
        const to = ((length & 0x3f) << 8) | this.u8();
        if (back < 0) back = this.at;
        this.at = to;
      } else {
        this.at--;
        labels.push(this.text());
      }
    }
    if (back >= 0) this.at = back;
    return labels.join(".").toLowerCase();
  }
}
