/**
 * SIP messages in recordings of network traffic: pcap (tcpdump's classic format, both byte orders, micro- and nanoseconds)
 * and pcapng. Only whole UDP datagrams are read, over Ethernet (VLAN tags too), Linux cooked capture and raw IP.
 */

export interface Recorded {
  /** Seconds since 1970. */
  readonly time: number;
  readonly srcIp: string;
  readonly srcPort: number;
  readonly dstIp: string;
  readonly dstPort: number;
  /** latin1: one char, one byte. */
  readonly text: string;
}

interface Frame {
  readonly time: number;
  readonly link: number;
  readonly from: number;
  readonly to: number;
}

/** A string says why this is no recording. */
export function readPcap(bytes: Uint8Array): readonly Recorded[] | string {
  if (bytes.length < 24) return "the file is too short for a recording";
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0, true);
  const frames = magic === 0x0a0d0d0a ? blocks(view) : packets(view, magic);
  if (typeof frames === "string") return frames;
  return frames.flatMap((frame) => {
    const at = ipOffset(view, frame);
    const message = at === undefined ? undefined : datagram(view, bytes, at, frame);
    return message ? [message] : [];
  });
}

/** Fractions of a second in a unit of the timestamps, and the byte order, by the first number of the file. */
const CLASSIC: Readonly<Record<number, readonly [little: boolean, unit: number]>> = {
  2712847316: [true, 1e-6],
  2712812621: [true, 1e-9],
  3569595041: [false, 1e-6],
  1295823521: [false, 1e-9],
};

function packets(view: DataView, magic: number): Frame[] | string {
  const form = CLASSIC[magic];
  if (!form) return "this is neither pcap nor pcapng";
  const [little, unit] = form;
  const link = view.getUint32(20, little) & 0xffff;
  const found: Frame[] = [];
  for (let at = 24; at + 16 <= view.byteLength; ) {
    const size = view.getUint32(at + 8, little);
    const to = at + 16 + size;
    if (to > view.byteLength) break;
    found.push({ time: view.getUint32(at, little) + view.getUint32(at + 4, little) * unit, link, from: at + 16, to });
    at = to;
  }
  return found;
}

interface Interface {
  readonly link: number;
  /** Seconds in a unit of its timestamps. */
  readonly unit: number;
}

/** Bytes of a block of an interface without options, and of one with an empty packet. */
const SHORTEST_INTERFACE = 20;
const SHORTEST_PACKET = 32;

function blocks(view: DataView): Frame[] | string {
  const found: Frame[] = [];
  let interfaces: Interface[] = [];
  let little = true;
  for (let at = 0; at + 12 <= view.byteLength; ) {
    const type = view.getUint32(at, little);
    if (type === 0x0a0d0d0a) {
      little = view.getUint32(at + 8, true) === 0x1a2b3c4d;
      interfaces = [];
    }
    const size = view.getUint32(at + 4, little);
    if (size < 12 || at + size > view.byteLength) break;
    if (type === 1 && size >= SHORTEST_INTERFACE)
      interfaces.push({ link: view.getUint16(at + 8, little), unit: unitOf(view, at + 16, at + size - 4, little) });
    else if (type === 6 && size >= SHORTEST_PACKET) {
      const { link, unit } = interfaces[view.getUint32(at + 8, little)] ?? { link: 1, unit: 1e-6 };
      const time = (view.getUint32(at + 12, little) * 2 ** 32 + view.getUint32(at + 16, little)) * unit;
      const to = at + 28 + view.getUint32(at + 20, little);
      if (to <= at + size) found.push({ time, link, from: at + 28, to });
    }
    at += size;
  }
  return found;
}

/** Option if_tsresol: a power of 10, or of 2 when the highest bit is set. */
function unitOf(view: DataView, from: number, to: number, little: boolean): number {
  for (let at = from; at + 4 <= to; ) {
    const [code, length] = [view.getUint16(at, little), view.getUint16(at + 2, little)];
    if (code === 0) break;
    if (code === 9 && at + 4 < to) {
      const value = view.getUint8(at + 4);
      return value & 0x80 ? 2 ** -(value & 0x7f) : 10 ** -value;
    }
    at += 4 + ((length + 3) & ~3);
  }
  return 1e-6;
}

/** Where the IP packet begins; undefined when the frame has none. */
function ipOffset(view: DataView, { link, from, to }: Frame): number | undefined {
  const isIp = (type: number): boolean => type === 0x0800 || type === 0x86dd;
  if (link === 101 || link === 228 || link === 229 || link === 12 || link === 14) return from;
  if (link === 0 || link === 108) return from + 4;
  if (link === 113) return to - from >= 16 && isIp(view.getUint16(from + 14)) ? from + 16 : undefined;
  if (link === 276) return to - from >= 20 && isIp(view.getUint16(from)) ? from + 20 : undefined;
  if (link !== 1) return undefined;
  let at = from + 12;
  while (at + 2 <= to && (view.getUint16(at) === 0x8100 || view.getUint16(at) === 0x88a8)) at += 4;
  return at + 2 <= to && isIp(view.getUint16(at)) ? at + 2 : undefined;
}

const UDP = 17;

function datagram(view: DataView, bytes: Uint8Array, at: number, { time, to }: Frame): Recorded | undefined {
  if (at + 28 > to) return undefined;
  const version = view.getUint8(at) >> 4;
  let udp: number;
  if (version === 4) {
    // A fragment is no whole datagram.
    if (view.getUint8(at + 9) !== UDP || (view.getUint16(at + 6) & 0x3fff) !== 0) return undefined;
    udp = at + (view.getUint8(at) & 15) * 4;
  } else if (version === 6) {
    if (view.getUint8(at + 6) !== UDP) return undefined;
    udp = at + 40;
  } else return undefined;
  if (udp + 8 > to) return undefined;
  const end = udp + view.getUint16(udp + 4);
  if (end > to || end < udp + 8) return undefined;
  let text = "";
  for (let i = udp + 8; i < end; i++) text += String.fromCharCode(bytes[i]!);
  if (!/^(SIP\/2\.0 \d|[A-Z]+ \S+ SIP\/2\.0\r?\n)/.test(text)) return undefined;
  const address = version === 4 ? ipv4 : ipv6;
  const [src, dst] = version === 4 ? [at + 12, at + 16] : [at + 8, at + 24];
  return {
    time,
    srcIp: address(view, src),
    srcPort: view.getUint16(udp),
    dstIp: address(view, dst),
    dstPort: view.getUint16(udp + 2),
    text,
  };
}

const ipv4 = (view: DataView, at: number): string => [0, 1, 2, 3].map((i) => view.getUint8(at + i)).join(".");

function ipv6(view: DataView, at: number): string {
  const groups = [0, 2, 4, 6, 8, 10, 12, 14].map((i) => view.getUint16(at + i).toString(16)).join(":");
  // RFC 5952: the longest run of zeros, the first of equal ones, is left out.
  let longest = "";
  for (const [run] of groups.matchAll(/(?:^|(?<=:))0(?::0)+(?=:|$)/g)) if (run.length > longest.length) longest = run;
  if (longest === "") return groups;
  const start = groups.search(new RegExp(`(?:^|(?<=:))${longest}(?=:|$)`));
  return `${groups.slice(0, start).replace(/:$/, "")}::${groups.slice(start + longest.length).replace(/^:/, "")}`;
}
