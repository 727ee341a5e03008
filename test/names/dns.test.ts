/** The resolver against a name server on loopback: what it asks, and what it makes of answers, torn and long ones too. */
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDns } from "../../src/node/dns/index.ts";
import { readHosts, readResolvConf } from "../../src/node/dns/system.ts";
import { decodeAnswer, encodeQuestion } from "../../src/node/dns/wire.ts";

/** Records by `type name`: fields as they stand in the record. */
const zone: Record<string, readonly { readonly type: number; readonly ttl: number; readonly data: Buffer }[]> = {
  "1 one.example": [record(1, 30, [192, 0, 2, 1]), record(1, 20, [192, 0, 2, 2])],
  "28 six.example": [record(28, 60, [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])],
  "33 _sip._udp.example": [record(33, 40, [...words(10, 60, 5070), ...name("one.example")])],
  "35 example": [
    record(35, 50, [...words(5, 7), ...text("s"), ...text("SIP+D2U"), ...text(""), ...name("_sip._udp.example")]),
  ],
  "16 text.example": [record(16, 5, [...text("v=1; "), ...text("more")])],
  "12 1.2.0.192.in-addr.arpa": [record(12, 9, name("one.example"))],
  "1 alias.example": [record(5, 10, name("one.example"))],
  "1 loop.example": [record(5, 10, name("loop.example"))],
  "1 short.home.example": [record(1, 30, [192, 0, 2, 7])],
  "1 long.example": Array.from({ length: 90 }, (_, i) => record(1, 30, [10, 0, 0, i])),
};
const asked: string[] = [];
let dropped = 0;

function record(type: number, ttl: number, data: readonly number[]) {
  return { type, ttl, data: Buffer.from(data) };
}
function words(...values: number[]): number[] {
  return values.flatMap((it) => [it >> 8, it & 255]);
}
function text(it: string): number[] {
  return [it.length, ...Buffer.from(it, "latin1")];
}
function name(it: string): number[] {
  return [...it.split(".").flatMap(text), 0];
}

function answer(question: Buffer, longest: number): Buffer | undefined {
  let at = 12;
  const labels: string[] = [];
  for (let length = question[at]!; length > 0; length = question[at]!) {
    labels.push(question.toString("latin1", at + 1, at + 1 + length));
    at += length + 1;
  }
  const key = `${question.readUInt16BE(at + 1)} ${labels.join(".")}`;
  asked.push(key);
  if (labels[0] === "silent" || (labels[0] === "late" && dropped++ === 0)) return undefined;
  const found = zone[key] ?? [];
  const head = Buffer.from(question.subarray(0, 12));
  const code = labels[0] === "broken" ? 2 : found.length > 0 ? 0 : 3;
  head.writeUInt16BE(0x8180 | code, 2);
  const records = found.map(({ type, ttl, data }) => {
    const start = Buffer.from([0xc0, 0x0c, ...words(type, 1, 0, ttl, data.length)]);
    return Buffer.concat([start, data]);
  });
  head.writeUInt16BE(records.length, 6);
  const all = Buffer.concat([head, question.subarray(12, at + 5), ...records]);
  if (all.length <= longest) return all;
  head.writeUInt16BE(0x8380, 2);
  return Buffer.concat([head, question.subarray(12, at + 5)]);
}

const udp = createSocket("udp4");
const tcp = createServer((socket) => {
  socket.on("error", () => {});
  socket.on("data", (bytes) => {
    const reply = answer(bytes.subarray(2), 65_535)!;
    // In two pieces: a stream may cut anywhere.
    const whole = Buffer.concat([Buffer.from(words(reply.length)), reply]);
    socket.write(whole.subarray(0, 1));
    setImmediate(() => socket.write(whole.subarray(1)));
  });
});
let port = 0;

beforeAll(async () => {
  udp.on("message", (question, from) => {
    const reply = answer(question, 512);
    if (reply) udp.send(reply, from.port, from.address);
  });
  await new Promise<void>((done) => udp.bind(0, "127.0.0.1", done));
  port = udp.address().port;
  await new Promise<void>((done) => tcp.listen(port, "127.0.0.1", done));
});
afterAll(() => {
  udp.close();
  tcp.close();
});

function resolver(search: readonly string[] = []) {
  const dns = createDns({ servers: [{ address: "127.0.0.1", port }], search });
  dns.configure!({ timeout: 100, tries: 2 });
  return dns;
}

test("records of every kind, with the time they hold", async () => {
  const dns = resolver();
  expect(await dns.a("One.Example")).toEqual({ records: ["192.0.2.1", "192.0.2.2"], ttl: 20 });
  expect(await dns.aaaa("six.example")).toEqual({ records: ["2001:db8::1"], ttl: 60 });
  expect(await dns.srv("_sip._udp.example")).toEqual({
    records: [{ priority: 10, weight: 60, port: 5070, target: "one.example" }],
    ttl: 40,
  });
  const service = { order: 5, preference: 7, flags: "s", service: "SIP+D2U", regexp: "" };
  expect(await dns.naptr("example")).toEqual({ records: [{ ...service, replacement: "_sip._udp.example" }], ttl: 50 });
  expect(await dns.txt("text.example")).toEqual({ records: ["v=1; more"], ttl: 5 });
  expect(await dns.ptr("192.0.2.1")).toEqual({ records: ["one.example"], ttl: 9 });
});

test("an alias is followed, and holds no longer than itself; a circle of aliases ends", async () => {
  expect(await resolver().a("alias.example")).toEqual({ records: ["192.0.2.1", "192.0.2.2"], ttl: 10 });
  expect((await resolver().a("loop.example")).records).toEqual([]);
});

test("no such name is an answer; a server that fails or is silent is none", async () => {
  expect((await resolver().a("nothing.example")).records).toEqual([]);
  expect((await resolver().a("not..a.name")).records).toEqual([]);
  await expect(resolver().a("broken.example")).rejects.toThrow("answers 2");
  await expect(resolver().a("silent.example")).rejects.toThrow("does not answer");
  asked.length = 0;
  expect((await resolver().a("late.example")).records).toEqual([]);
  expect(asked).toEqual(["1 late.example", "1 late.example"]);
});

test("what is too long for a datagram is asked for over TCP", async () => {
  expect((await resolver().a("long.example")).records).toHaveLength(90);
});

test("the search list completes a short name first, and a long one last", async () => {
  const dns = resolver(["home.example"]);
  expect((await dns.a("short", true)).records).toEqual(["192.0.2.7"]);
  expect((await dns.a("short", false)).records).toEqual([]);
  asked.length = 0;
  await dns.a("some.thing", true);
  expect(asked).toEqual(["1 some.thing", "1 some.thing.home.example"]);
});

test("resolv.conf and the hosts file", () => {
  expect(
    readResolvConf("# a\nnameserver 192.0.2.1\nsearch a.example b.example.\noptions ndots:2 timeout:1 rotate\n"),
  ).toEqual({
    servers: ["192.0.2.1"],
    search: ["a.example", "b.example"],
    ndots: 2,
    timeout: 1,
    attempts: 2,
  });
  const hosts = readHosts("127.0.0.1 localhost Local # here\n::1 localhost\n\n");
  expect(hosts.get("localhost")).toEqual(["127.0.0.1", "::1"]);
  expect(hosts.get("local")).toEqual(["127.0.0.1"]);
});

test("bytes that are no answer, at any length, are no answer", () => {
  const question = Buffer.from(encodeQuestion(7, "one.example", 1)!);
  const whole = answer(question, 512)!;
  expect(decodeAnswer(whole)?.records).toHaveLength(2);
  for (let length = 0; length < whole.length; length++) expect(decodeAnswer(whole.subarray(0, length))).toBeUndefined();
  expect(decodeAnswer(question)).toBeUndefined();
  // A name that points at itself.
  const circle = Buffer.concat([whole.subarray(0, 12), Buffer.from([0xc0, 12, 0, 1, 0, 1])]);
  expect(decodeAnswer(circle)).toBeUndefined();
});

test("a server that no route leads to is passed over at once", async () => {
  const nowhere = createDns({ servers: [{ address: "255.255.255.255", port: 1 }] });
  nowhere.configure!({ timeout: 30_000, tries: 2 });
  await expect(nowhere.a("one.example")).rejects.toThrow("does not answer");
});
