/**
 * BINRPC, the protocol of kamcmd: packets of records over latin1 strings (one char, one byte). A packet is
 *
 *     1010 vvvv | ffff LL CC | length (LL + 1 bytes) | cookie (CC + 1 bytes) | records
 *
 * with version 1 and the flags of PacketType; a record is `ssss tttt` with its type and size, or, with the highest bit
 * set, the size of the length that follows. Facts from Kamailio's ctl/binrpc.h.
 */
import { RpcArray, RpcDouble, RpcStruct } from "../../declare/module.ts";
import { IntText, type Value } from "../../declare/value.ts";

const PacketType = { request: 0, reply: 1, fault: 3 } as const;
const RecordType = { int: 0, string: 1, double: 2, struct: 3, array: 4, name: 5, bytes: 6 } as const;

/** First byte of every packet: magic 0xa, version 1. */
const magic = 0xa1;
/** Longest request that is read, in bytes. */
const longest = 65_536;

export interface Request {
  readonly method: string;
  readonly args: readonly Value[];
  readonly cookie: number;
}

export type Decoded =
  | { readonly kind: "request"; readonly request: Request; readonly length: number }
  /** A packet that is no request that we serve; it has been read whole and can be answered. */
  | { readonly kind: "bad"; readonly problem: string; readonly cookie: number; readonly length: number }
  | { readonly kind: "more" }
  /** These bytes are no packet: the connection is of no further use. */
  | { readonly kind: "garbage" };

/** The first packet of `bytes`. */
export function decodeRequest(bytes: string): Decoded {
  if (bytes.length < 4) return bytes !== "" && bytes.charCodeAt(0) !== magic ? { kind: "garbage" } : { kind: "more" };
  if (bytes.charCodeAt(0) !== magic) return { kind: "garbage" };
  const flags = bytes.charCodeAt(1);
  const lengthSize = ((flags >> 2) & 3) + 1;
  const cookieSize = (flags & 3) + 1;
  const start = 2 + lengthSize + cookieSize;
  if (bytes.length < start) return { kind: "more" };
  const length = integer(bytes, 2, lengthSize);
  const cookie = integer(bytes, 2 + lengthSize, cookieSize);
  if (length > longest) return { kind: "garbage" };
  const end = start + length;
  if (bytes.length < end) return { kind: "more" };
  const bad = (problem: string): Decoded => ({ kind: "bad", problem, cookie, length: end });
  if (flags >> 4 !== PacketType.request) return bad("not a request");
  const values: Value[] = [];
  for (let at = start; at < end; ) {
    const record = decodeRecord(bytes, at, end);
    if (typeof record === "string") return bad(record);
    values.push(record.value);
    at = record.end;
  }
  const [method, ...args] = values;
  if (typeof method !== "string") return bad("the method's name is missing");
  return { kind: "request", request: { method, args, cookie }, length: end };
}

/** Big-endian, unsigned. */
function integer(bytes: string, at: number, size: number): number {
  let value = 0;
  for (let i = 0; i < size; i++) value = value * 256 + bytes.charCodeAt(at + i);
  return value;
}

/** A string is the problem. */
function decodeRecord(bytes: string, start: number, end: number): { value: Value; end: number } | string {
  const head = bytes.charCodeAt(start);
  let at = start + 1;
  let size = (head >> 4) & 7;
  if ((head & 0x80) !== 0) {
    if (at + size > end) return "a record is cut off";
    const length = integer(bytes, at, size);
    at += size;
    size = length;
  }
  if (at + size > end) return "a record is cut off";
  const done = at + size;
  switch (head & 15) {
    case RecordType.int: {
      if (size > 4) return "an integer has more than four bytes";
      return { value: integer(bytes, at, size) | 0, end: done };
    }
    case RecordType.string:
      if (size === 0) return { value: "", end: done };
      return { value: bytes.slice(at, done - 1), end: done };
    case RecordType.bytes:
      return { value: bytes.slice(at, done), end: done };
    case RecordType.double: {
      if (size > 8) return "a double has more than eight bytes";
      // Thousandths, in as many bytes as are needed; a number that is not whole goes on as its text.
      let thousandths = 0n;
      for (let i = 0; i < size; i++) thousandths = thousandths * 256n + BigInt(bytes.charCodeAt(at + i));
      const number = Number(BigInt.asIntN(64, thousandths)) / 1000;
      return { value: Number.isInteger(number) ? number : String(number), end: done };
    }
    default:
      return "structs and arrays are not taken as parameters";
  }
}

function packet(type: number, cookie: number, body: string): string {
  const length = fewest(body.length) || "\0";
  const tag = fewest(cookie) || "\0";
  return String.fromCharCode(magic, (type << 4) | ((length.length - 1) << 2) | (tag.length - 1)) + length + tag + body;
}

/** The fewest bytes that hold the number, none for 0. */
function minimal(value: bigint): string {
  let bytes = "";
  for (let rest = value; rest > 0n; rest >>= 8n) bytes = String.fromCharCode(Number(rest & 255n)) + bytes;
  return bytes;
}

/** The same of a length, which is never large. */
function fewest(value: number): string {
  if (value < 0x100) return value === 0 ? "" : String.fromCharCode(value);
  return fewest(Math.floor(value / 0x100)) + String.fromCharCode(value & 0xff);
}

/** A record's head and content. */
function record(type: number, content: string): string {
  if (content.length < 8) return String.fromCharCode((content.length << 4) | type) + content;
  const length = fewest(content.length);
  return String.fromCharCode(0x80 | (length.length << 4) | type) + length + content;
}

/** Integers and doubles always have room for their bytes in the head's size. */
const int = (value: number): string => record(RecordType.int, fewest(value >>> 0));
function double(value: number | bigint): string {
  const thousandths = typeof value === "bigint" ? value * 1000n : BigInt(Math.trunc(value * 1000));
  const bytes = minimal(BigInt.asUintN(64, thousandths));
  return String.fromCharCode((bytes.length << 4) | RecordType.double) + bytes;
}
const string = (text: string, type: number = RecordType.string): string => record(type, `${text}\0`);

const tag = (type: number, end: boolean): string => String.fromCharCode(end ? 0x80 | type : type);

/** One value of an answer. BINRPC has no arrays inside structs: Kamailio sends them as structs, and so does this. */
function encodeValue(value: unknown): string {
  switch (typeof value) {
    case "string":
      return string(value);
    case "boolean":
      return int(value ? 1 : 0);
    case "bigint":
      return double(value);
    case "number":
      // What does not fit 32 bits travels as a double, as Kamailio's longs do.
      return Number.isInteger(value) && value >= -0x8000_0000 && value <= 0x7fff_ffff ? int(value) : double(value);
  }
  if (value === null || value === undefined) return string("<null string>");
  if (value instanceof IntText) return string(value.text);
  if (value instanceof RpcDouble) return double(value.value);
  if (value instanceof RpcArray) return struct(value.items.map(member).join(""));
  if (Array.isArray(value)) return struct(value.map(member).join(""));
  const fields = value instanceof RpcStruct ? value.fields : Object.entries(value);
  return struct(fields.map(([name, it]) => string(name, RecordType.name) + encodeValue(it)).join(""));
}

const struct = (body: string): string => tag(RecordType.struct, false) + body + tag(RecordType.struct, true);

/**
 * An element of an array. Kamailio writes an object of one member into an array as that member, by name:
 * `[{"socket":{…}},{"socket":{…}}]` is `{socket: {…} socket: {…}}`.
 */
function member(value: unknown): string {
  const fields =
    value instanceof RpcStruct
      ? value.fields
      : value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype
        ? Object.entries(value)
        : [];
  if (fields.length !== 1) return encodeValue(value);
  const [name, only] = fields[0]!;
  return string(name, RecordType.name) + encodeValue(only);
}

/** The reply to a command: an array is several values, anything else is one, undefined is none. */
export function encodeReply(cookie: number, answer: unknown): string {
  const values = answer === undefined || answer === null ? [] : Array.isArray(answer) ? answer : [answer];
  return packet(PacketType.reply, cookie, values.map(encodeValue).join(""));
}

export const encodeFault = (cookie: number, code: number, reason: string): string =>
  packet(PacketType.fault, cookie, int(code) + string(reason));
