/** SDP bodies (RFC 4566), read as leniently as Kamailio reads them. Offsets are into the message's text. */
import { mimeType, nextLine, partsOf, type Range } from "./body.ts";
import type { Header, SipMessage } from "./message.ts";

export interface SdpStream extends Range {
  readonly media: string;
  readonly port: string;
  readonly transport: string;
  /** The formats behind the transport, as written. */
  readonly payloads: string;
  readonly payloadsStart: number;
  /** Address of the stream's own `c=`; "" when it has none. */
  readonly ip: string;
  readonly family: 4 | 6;
  /** `sendrecv`, `sendonly`, `recvonly` or `inactive` as written; "" when none is. */
  readonly mode: string;
  /** The value of `a=rtcp`; "" without. */
  readonly rtcp: string;
  /** Formats that an `a=rtpmap` names. */
  readonly codecs: ReadonlyMap<string, string>;
}

export interface SdpSession {
  /** The session version of `o=`. */
  readonly version: string;
  readonly versionStart: number;
  readonly originIp: string;
  /** Address of the session's `c=`; "" when it has none. */
  readonly ip: string;
  readonly family: 4 | 6;
  readonly streams: readonly SdpStream[];
}

export interface Sdp extends Range {
  readonly sessions: readonly SdpSession[];
}

/** Shared by the copies of a message. */
const parsed = new WeakMap<readonly Header[], Sdp | null | undefined>();

/** The SDP of a message, also within a multipart body. Undefined without body, null when there is no SDP or it is malformed. */
export function sdpOf(msg: SipMessage): Sdp | null | undefined {
  if (msg.text.length <= msg.bodyStart) return undefined;
  if (!parsed.has(msg.headers)) parsed.set(msg.headers, parse(msg));
  return parsed.get(msg.headers);
}

/** Every stream of every session. */
export function streamsOf(sdp: Sdp | undefined): SdpStream[] {
  return sdp === undefined ? [] : sdp.sessions.flatMap((session) => session.streams);
}

function parse(msg: SipMessage): Sdp | null {
  const type = mimeType(msg);
  let parts: readonly Range[] | null = null;
  if (type === "application/sdp") parts = [{ start: msg.bodyStart, end: msg.text.length }];
  else if (type === "multipart/mixed") parts = partsOf(msg, "application/sdp");
  if (parts === null) return null;
  const sessions: SdpSession[] = [];
  for (const part of parts) {
    const session = parseSession(msg.text, part.start, part.end);
    if (session === null) return null;
    sessions.push(session);
  }
  const last = parts[parts.length - 1] ?? { start: msg.text.length, end: msg.text.length };
  return { sessions, start: last.start, end: last.end };
}

/** Where the first line `letter=` at or behind `from` begins; -1 when there is none. */
export function findLine(text: string, from: number, end: number, letter: string): number {
  const head = `${letter}=`;
  for (let at = text.indexOf(head, from); at >= 0 && at + 2 <= end; at = text.indexOf(head, at + 2))
    if (at === 0 || text[at - 1] === "\n" || text[at - 1] === "\r") return at;
  return -1;
}

/** The line behind its letter, without white space at its end. */
const lineValue = (text: string, at: number, end: number): string =>
  text.slice(at + 2, nextLine(text, at, end)).trimEnd();

function parseSession(text: string, start: number, end: number): SdpSession | null {
  const v = findLine(text, start, end, "v");
  const o = v < 0 ? -1 : findLine(text, v, end, "o");
  const firstMedia = o < 0 ? -1 : findLine(text, o, end, "m");
  if (firstMedia < 0) return null;
  const origin = text.slice(o, nextLine(text, o, firstMedia));
  const fields = origin.split(" ");
  const originIp = address(lineValue(text, o, end));
  if (origin.length < 15 || fields.length < 4 || originIp === null) return null;
  const c = findLine(text, o, firstMedia, "c");
  const common = c < 0 ? undefined : address(lineValue(text, c, end));
  if (common === null) return null;

  const streams: SdpStream[] = [];
  for (let at = firstMedia; at >= 0; ) {
    const following = findLine(text, at + 2, end, "m");
    const stream = parseStream(text, at, following < 0 ? end : following, common !== undefined);
    if (stream === null) return null;
    streams.push(stream);
    at = following;
  }
  return {
    version: fields[2]!,
    versionStart: o + fields[0]!.length + fields[1]!.length + 2,
    originIp: originIp.ip,
    ip: common?.ip ?? "",
    family: common?.family ?? 4,
    streams,
  };
}

/** The address of a `c=` or `o=` line; null when it has none. */
function address(value: string): { ip: string; family: 4 | 6 } | null {
  const at = value.lastIndexOf(" IP");
  const kind = value[at + 3];
  if (at < 0 || at + 6 > value.length || value[at + 4] !== " " || (kind !== "4" && kind !== "6")) return null;
  const ip = value
    .slice(at + 5)
    .trimStart()
    .split(/\s/, 1)[0]!;
  return ip === "" ? null : { ip, family: kind === "4" ? 4 : 6 };
}

function parseStream(text: string, start: number, end: number, commonAddress: boolean): SdpStream | null {
  const c = findLine(text, start, end, "c");
  const own = c < 0 ? undefined : address(lineValue(text, c, end));
  if (own === null || (own === undefined && !commonAddress)) return null;
  const found = /^m=(\S+)\s+(\S+)\s+(\S+)[ \t]*/.exec(text.slice(start, nextLine(text, start, end)));
  if (found === null) return null;
  const payloadsStart = start + found[0].length;
  const payloads = lineValue(text, start, end).slice(found[0].length - 2);

  let mode = "";
  let rtcp = "";
  const codecs = new Map<string, string>();
  const ids = payloads.split(/\s+/);
  for (let a = findLine(text, start, end, "a"); a >= 0; a = findLine(text, a + 2, end, "a")) {
    const value = lineValue(text, a, end);
    if (value.startsWith("rtcp:")) rtcp = value.slice(5).trim();
    else if (payloads === "") continue;
    else if (/^(?:sendrecv|recvonly|sendonly|inactive)/i.test(value)) mode = value.slice(0, 8);
    else {
      const map = /^rtpmap:\s*(\S+)\s+([^/]*)\//i.exec(value);
      if (map !== null && ids.includes(map[1]!)) codecs.set(map[1]!, map[2]!);
    }
  }
  return {
    start,
    end,
    media: found[1]!,
    port: found[2]!,
    transport: found[3]!,
    payloads,
    payloadsStart,
    ip: own?.ip ?? "",
    family: own?.family ?? 4,
    mode,
    rtcp,
    codecs,
  };
}
