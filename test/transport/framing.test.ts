/** Byte streams cut into messages, whatever the pieces are that they arrive in. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Framer } from "../../src/transport/framing.ts";

const limits = { longest: 1000, acceptNoLength: false };

/** What a framer makes of pieces: messages as they are, pings as `ping`, a problem as `! …`. */
const read = (pieces: readonly string[], options = limits): string[] => {
  const framer = new Framer(options);
  const out: string[] = [];
  for (const piece of pieces) {
    framer.push(piece);
    for (let frame = framer.next(); frame; frame = framer.next()) {
      out.push(frame.kind === "message" ? frame.text : frame.kind === "ping" ? "ping" : `! ${frame.message}`);
      if (frame.kind === "problem") return out;
    }
  }
  return out;
};

const options = "OPTIONS sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n";
const message = (body: string, field = "Content-Length") =>
  `MESSAGE sip:a SIP/2.0\r\n${field}: ${body.length}\r\nX: y\r\n\r\n${body}`;

test("a message ends where Content-Length says", () => {
  const text = message("hello\r\n\r\n");
  expect(read([text + options])).toEqual([text, options]);
});

test.each(["l", "L", "content-length", "CONTENT-LENGTH", "Content-Length ", "l\t"])(
  "the field may be written `%s`",
  (field) => {
    expect(read([message("body", field)])).toEqual([message("body", field)]);
  },
);

test("the first readable length counts", () => {
  const text = "A b c\r\nContent-Length: x\r\nContent-Length: 2\r\nContent-Length: 900\r\n\r\nab";
  expect(read([text])).toEqual([text]);
});

test("a folded line is no field of its own", () => {
  expect(read(["A b c\r\nX: y\r\n Content-Length: 2\r\n\r\nab"])).toEqual([
    "! content length not present or unparsable",
  ]);
});

test("lines may end with a bare line feed", () => {
  expect(read(["A b c\nl: 2\n\nab", "A b c\nl:0\n\r\n"])).toEqual(["A b c\nl: 2\n\nab", "A b c\nl:0\n\r\n"]);
});

test.each([
  ["without a length", "A b c\r\nX: y\r\n\r\n"],
  ["with a negative length", "A b c\r\nContent-Length: -1\r\n\r\n"],
  ["with letters after the length", "A b c\r\nContent-Length: 12abc\r\n\r\n"],
  ["with an empty length", "A b c\r\nContent-Length:\r\n\r\n"],
])("a message %s cannot be cut off", (_, text) => {
  expect(read([text])).toEqual(["! content length not present or unparsable"]);
});

test("without a length the message ends with its fields where that is allowed", () => {
  const text = "A b c\r\nX: y\r\n\r\n";
  expect(read([text + options], { ...limits, acceptNoLength: true })).toEqual([text, options]);
});

test.each([
  ["fields without an end", "A".repeat(1001)],
  ["a body announced", "A b c\r\nContent-Length: 990\r\n\r\n"],
  ["a length beyond all numbers", "A b c\r\nContent-Length: 99999999999999999999\r\n\r\n"],
])("too long: %s", (_, text) => {
  expect(read([text])).toEqual(["! message longer than 1000 bytes"]);
});

test("CR LF CR LF is a ping, other line ends and blanks between messages are nothing", () => {
  expect(read(["\r\n\r\n"])).toEqual(["ping"]);
  expect(read(["\r\n", "\r\n"])).toEqual(["ping"]);
  expect(read([`\r\n${options}`])).toEqual([options]);
  expect(read([`\n \t\r\n\r\n${options}\r\n\r\n\r\n${options}`])).toEqual(["ping", options, "ping", options]);
});

test("half a ping is no message that is late", () => {
  const framer = new Framer(limits);
  framer.push("\r\n");
  expect(framer.next()).toBeUndefined();
  expect(framer.pending).toBe(false);
  framer.push("OPT");
  expect(framer.next()).toBeUndefined();
  expect(framer.pending).toBe(true);
});

test("the pieces make no difference", () => {
  const stream = `${options}\r\n\r\n${message("a\r\n\r\nb", "l")}\r\n${options}\n\n${message("")}`;
  const whole = read([stream]);
  expect(whole).toHaveLength(5);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: stream.length }), { maxLength: 20 }), (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), stream.length];
      expect(read(at.slice(1).map((end, i) => stream.slice(at[i], end)))).toEqual(whole);
    }),
  );
});
