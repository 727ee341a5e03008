/** WebSocket frames, RFC 6455. */
import { expect, test } from "vitest";
import { closeFrame, frameOf, messageFrame, opcode, WebSocketFramer } from "../../src/transport/websocket.ts";

const mask = "\x37\xfa\x21\x3d";
/** A frame as a client sends it: `first` is its first byte. */
const masked = (first: number, payload: string): string => {
  const plain = frameOf(first & 15, payload);
  const header = plain.length - payload.length;
  const body = [...payload].map((c, i) => String.fromCharCode(c.charCodeAt(0) ^ mask.charCodeAt(i & 3))).join("");
  return String.fromCharCode(first, plain.charCodeAt(1) | 128) + plain.slice(2, header) + mask + body;
};
const read = (bytes: string, longest = 70_000) => {
  const framer = new WebSocketFramer(longest);
  framer.push(bytes);
  return framer.next();
};

test("the masked message of section 5.7", () => {
  expect(read("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58")).toEqual({ kind: "message", text: "Hello" });
});

test.each([0, 125, 126, 65_535, 65_536])("a message of %i bytes, byte by byte at its ends", (length) => {
  const framer = new WebSocketFramer(70_000);
  const text = "é".repeat(length);
  const bytes = masked(0x82, text);
  for (const byte of bytes.slice(0, 16)) framer.push(byte);
  framer.push(bytes.slice(16));
  expect(framer.next()).toEqual({ kind: "message", text });
  expect(framer.pending).toBe(false);
});

test("fragments are joined, with a ping between them", () => {
  const framer = new WebSocketFramer(10);
  framer.push(masked(0x01, "Hel") + masked(0x89, "?") + masked(0x80, "lo"));
  expect(framer.next()).toEqual({ kind: "control", opcode: opcode.ping, payload: "?" });
  expect(framer.pending).toBe(true);
  expect(framer.next()).toEqual({ kind: "message", text: "Hello" });
});

test.each([
  ["reserved bits", masked(0xc1, "x"), 1002],
  ["no mask", frameOf(1, "x"), 1002],
  ["opcode 3", masked(0x83, "x"), 1008],
  ["opcode 11", masked(0x8b, "x"), 1008],
  ["a continuation of nothing", masked(0x80, "x"), 1002],
  ["a message within a message", masked(0x01, "x") + masked(0x81, "y"), 1002],
  ["a ping in fragments", masked(0x09, "x"), 1002],
  ["a long ping", masked(0x89, "x".repeat(126)), 1002],
  ["a message too long", masked(0x81, "x".repeat(101)), 1009],
  ["fragments too long together", masked(0x01, "x".repeat(60)) + masked(0x80, "x".repeat(60)), 1009],
  ["a length that is a lie", `\x81\xff${"\xff".repeat(12)}`, 1009],
])("%s is a problem", (_, bytes, code) => {
  expect(read(bytes, 100)).toMatchObject({ kind: "problem", code });
});

test("frames of the server", () => {
  expect(messageFrame("Hello")).toBe("\x81\x05Hello");
  expect(messageFrame("\xc3\xa9").charCodeAt(0)).toBe(0x81);
  expect(messageFrame("\xe9").charCodeAt(0)).toBe(0x82);
  expect(frameOf(1, "x".repeat(300)).slice(0, 4)).toBe("\x81\x7e\x01\x2c");
  expect(closeFrame(1000, "bye")).toBe("\x88\x05\x03\xe8bye");
});
