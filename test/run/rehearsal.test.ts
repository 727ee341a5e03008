/** Recordings are read whatever form they have, and tell what another script would answer differently. */
import { expect, test } from "vitest";
import { modules } from "../../src/modules/index.ts";
import { type Recorded, readPcap } from "../../src/simulate/pcap.ts";
import { rehearse } from "../../src/simulate/rehearsal.ts";

const request = (user: string, n: number): string =>
  [
    `OPTIONS sip:${user}@10.0.0.1 SIP/2.0`,
    `Via: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK${n}`,
    "From: <sip:a@x>;tag=a",
    "To: <sip:b@x>",
    `Call-ID: call-${n}`,
    "CSeq: 1 OPTIONS",
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");

const u16 = (n: number): number[] => [n >> 8, n & 255];
const u32 = (n: number): number[] => [...u16(Math.floor(n / 65536)), ...u16(n % 65536)];
const le32 = (n: number): number[] => u32(n).reverse();
const le16 = (n: number): number[] => u16(n).reverse();
const latin1 = (text: string): number[] => [...text].map((it) => it.charCodeAt(0));

/** An IP packet with a UDP datagram from 10.0.0.2:5060 to 10.0.0.1:5060, or the same over IPv6. */
function packet(text: string, version: 4 | 6 = 4, fragment = 0): number[] {
  const udp = [...u16(5060), ...u16(5060), ...u16(8 + text.length), 0, 0, ...latin1(text)];
  if (version === 6) {
    const host = (n: number): number[] => [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, n];
    return [0x60, 0, 0, 0, ...u16(udp.length), 17, 64, ...host(2), ...host(1), ...udp];
  }
  return [0x45, 0, ...u16(20 + udp.length), 0, 0, ...u16(fragment), 64, 17, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1, ...udp];
}
const MACS = new Array<number>(12).fill(1);

function pcap(packets: readonly number[][], link = 101): Uint8Array {
  const records = packets.flatMap((it, n) => [
    ...le32(100 + n),
    ...le32(500_000),
    ...le32(it.length),
    ...le32(it.length),
    ...it,
  ]);
  return Uint8Array.from([
    ...le32(0xa1b2c3d4),
    2,
    0,
    4,
    0,
    ...le32(0),
    ...le32(0),
    ...le32(65535),
    ...le32(link),
    ...records,
  ]);
}

function pcapng(packets: readonly number[][]): Uint8Array {
  const block = (type: number, body: number[]): number[] => {
    const padded = [...body, ...new Array<number>((4 - (body.length % 4)) % 4).fill(0)];
    const size = le32(padded.length + 12);
    return [...le32(type), ...size, ...padded, ...size];
  };
  const section = block(0x0a0d0d0a, [...le32(0x1a2b3c4d), 1, 0, 0, 0, ...new Array<number>(8).fill(255)]);
  // Nanoseconds, by option if_tsresol.
  const interfaces = block(1, [
    ...le16(1),
    0,
    0,
    ...le32(0),
    ...le16(9),
    ...le16(1),
    9,
    0,
    0,
    0,
    ...le16(0),
    ...le16(0),
  ]);
  const frames = packets.flatMap((it) =>
    block(6, [...le32(0), ...le32(1), ...le32(0), ...le32(it.length), ...le32(it.length), ...it]),
  );
  return Uint8Array.from([...section, ...interfaces, ...frames]);
}

const read = (bytes: Uint8Array): string[] => {
  const found = readPcap(bytes);
  if (typeof found === "string") return [found];
  return found.map(
    (it) => `${it.time.toFixed(1)} ${it.srcIp}:${it.srcPort} ${it.dstIp}:${it.dstPort} ${it.text.slice(0, 7)}`,
  );
};

test("recordings of several kinds of links, and what is no SIP in them", () => {
  const sip = packet(request("a", 1));
  const line = "10.0.0.2:5060 10.0.0.1:5060 OPTIONS";
  expect(read(pcap([sip, packet("hello"), packet(request("b", 2), 4, 0x2000)]))).toEqual([`100.5 ${line}`]);
  expect(
    read(
      pcap(
        [
          [...MACS, 8, 0, ...sip],
          [...MACS, 0x81, 0, 0, 5, 8, 0, ...sip],
          [...MACS, 8, 6, ...sip],
        ],
        1,
      ),
    ),
  ).toEqual([`100.5 ${line}`, `101.5 ${line}`]);
  expect(read(pcap([[...new Array<number>(14).fill(0), 8, 0, ...sip]], 113))).toEqual([`100.5 ${line}`]);
  expect(read(pcap([packet(request("a", 1), 6)]))).toEqual(["100.5 2001:db8::2:5060 2001:db8::1:5060 OPTIONS"]);
  expect(read(pcapng([[...MACS, 8, 0, ...sip]]))).toEqual([`4.3 ${line}`]);
});

test("what is cut off or no recording at all", () => {
  const whole = pcap([packet(request("a", 1)), packet(request("b", 2))]);
  for (let end = 24; end < whole.length; end++) expect(read(whole.slice(0, end)).length).toBeLessThan(2);
  const ng = pcapng([[...MACS, 8, 0, ...packet(request("a", 1))]]);
  for (let end = 24; end < ng.length; end++) expect(read(ng.slice(0, end))).toEqual([]);
  // Blocks of an interface and of a packet that have no room for what they are about.
  for (const type of [1, 6])
    expect(read(Uint8Array.from([...pcapng([]), ...le32(type), ...le32(12), ...le32(12)]))).toEqual([]);
  expect(read(new Uint8Array(30))).toEqual(["this is neither pcap nor pcapng"]);
  expect(read(new Uint8Array(3))).toEqual(["the file is too short for a recording"]);
});

test("the calls that another script answers differently, and only these", async () => {
  const script = (status: number): string =>
    `listen=udp:10.0.0.1:5060
loadmodule "pv.so"
loadmodule "sl.so"
loadmodule "textops.so"
request_route {
    if ($rU == "b") sl_send_reply("${status}", "Here");
    else { append_to_reply("X-Who: $rU\\r\\n"); sl_send_reply("200", "Same"); }
}`;
  const options = (status: number) => ({ modules, files: { "/s.cfg": script(status) }, script: "/s.cfg" });
  const recorded = readPcap(pcap(["a", "b", "c"].map((user, n) => packet(request(user, n))))) as readonly Recorded[];
  expect(await rehearse(options(200), options(404), recorded)).toEqual([
    {
      call: "OPTIONS sip:b@10.0.0.1 from 10.0.0.2:5060 (Call-ID call-1)",
      before: ["200 Here to 10.0.0.2:5060"],
      after: ["404 Here to 10.0.0.2:5060"],
    },
  ]);
  expect(await rehearse(options(200), options(200), recorded)).toEqual([]);
  const elsewhere = recorded.map((it) => ({ ...it, dstIp: "10.0.0.9" }));
  expect(await rehearse(options(200), options(404), elsewhere)).toBe(
    "the recording has no request to an address that the script listens on (10.0.0.1:5060)",
  );
});
