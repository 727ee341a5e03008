/** The header of the PROXY protocol, in both versions. */
import { expect, test } from "vitest";
import { parseProxyHeader } from "../../src/transport/proxy-protocol.ts";

const signature = "\r\n\r\n\0\r\nQUIT\n";
const block = (command: number, family: number, rest: string): string =>
  signature + String.fromCharCode(command, family, rest.length >> 8, rest.length & 255) + rest;
const four = "\xc0\x00\x02\x01\xc6\x33\x64\x07\x9c\x40\x13\xc4";
const six = `\x20\x01\x0d\xb8${"\0".repeat(11)}\x01${"\0".repeat(15)}\x01\x9c\x40\x13\xc4`;

test.each([
  ["TCP4", "PROXY TCP4 192.0.2.1 198.51.100.7 40000 5060\r\n", "192.0.2.1", "198.51.100.7"],
  ["TCP6", "PROXY TCP6 2001:db8::1 ::1 40000 5060\r\n", "2001:db8::1", "::1"],
  ["version 2, IPv4", block(0x21, 0x11, four), "192.0.2.1", "198.51.100.7"],
  ["version 2, IPv4 with an extension", block(0x21, 0x11, `${four}\x04\0\x01x`), "192.0.2.1", "198.51.100.7"],
  ["version 2, IPv6", block(0x21, 0x21, six), "2001:db8::1", "::1"],
])("%s", (_, header, remote, local) => {
  expect(parseProxyHeader(`${header}OPTIONS`)).toEqual({
    kind: "header",
    length: header.length,
    ends: { remote: { address: remote, port: 40000 }, local: { address: local, port: 5060 } },
  });
  // However it is cut, it is waited for.
  for (let i = 0; i < header.length; i++) expect(parseProxyHeader(header.slice(0, i))).toEqual({ kind: "more" });
});

test.each([
  ["UNKNOWN", "PROXY UNKNOWN\r\n"],
  ["UNKNOWN with addresses", "PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n"],
  ["LOCAL", block(0x20, 0, "")],
])("%s leaves the ends as they are", (_, header) => {
  expect(parseProxyHeader(header)).toEqual({ kind: "header", length: header.length, ends: undefined });
});

test.each([
  ["no address", "PROXY TCP4 here there 1 2\r\n"],
  ["an address of the other family", "PROXY TCP4 ::1 ::1 1 2\r\n"],
  ["no port", "PROXY TCP4 192.0.2.1 192.0.2.2 0 2\r\n"],
  ["a port too large", "PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n"],
  ["a word too many", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n"],
  ["another protocol", "PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n"],
  ["a line without end", `PROXY ${"x".repeat(200)}`],
  ["another version", block(0x31, 0x11, four)],
  ["another command", block(0x22, 0x11, four)],
  ["a socket of files", block(0x21, 0x31, "\0".repeat(216))],
  ["addresses that are cut", block(0x21, 0x11, four.slice(0, 8))],
  ["a length beyond measure", `${signature}\x21\x11\xff\xff`],
])("wrong: %s", (_, header) => {
  expect(parseProxyHeader(header)).toEqual({ kind: "wrong" });
});

test.each(["OPTIONS sip:a SIP/2.0\r\n", "\r\n\r\nOPTIONS", "\x16\x03\x01"])("none: %j", (bytes) => {
  expect(parseProxyHeader(bytes)).toEqual({ kind: "none" });
});
