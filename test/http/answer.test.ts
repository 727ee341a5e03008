/** The reader of HTTP/1.1 answers: where they end, however they are cut, and what is none. */
import { expect, test } from "vitest";
import { AnswerReader } from "../../src/node/http/answer.ts";

/** Reads `text` in pieces of `size` bytes; tells what came of it in a line. */
function read(text: string, size: number, bodiless = false): string {
  let seen = "";
  let body = "";
  const sink = {
    head: (status: number, reason: string, headers: readonly (readonly [string, string])[]) => {
      seen += `${status} ${reason} ${headers.map(([name, value]) => `${name}=${value}`).join(" ")} `;
    },
    body: (piece: string) => {
      body += piece;
      return body.length <= 100_000;
    },
  };
  const reader = new AnswerReader(sink, bodiless);
  for (let at = 0; at < text.length; at += size) {
    const progress = reader.read(text.slice(at, at + size));
    if (progress === "more") continue;
    if (progress !== "end") return `${seen}[${body}] ${typeof progress === "string" ? progress : "protocol"}`;
    return `${seen}[${body}] end ${reader.keepAlive ? `kept ${reader.keptFor ?? ""}` : "closed"}`.trimEnd();
  }
  return `${seen}[${body}] ${reader.close() ? "closed" : "cut"}`;
}

const head = "HTTP/1.1 200 OK\r\n";

test.each<[string, string, string, boolean?]>([
  ["length", `${head}Content-Length: 3\r\nX:  a b \t\r\n\r\nabc`, "200 OK Content-Length=3 X=a b [abc] end kept"],
  ["no body", `${head}Content-Length: 0\r\n\r\n`, "200 OK Content-Length=0 [] end kept"],
  ["to HEAD", `${head}Content-Length: 3\r\n\r\n`, "200 OK Content-Length=3 [] end kept", true],
  ["204", "HTTP/1.1 204 \r\nX: y\r\n\r\n", "204  X=y [] end kept"],
  ["304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n", "304 Not Modified Content-Length=3 [] end kept"],
  ["no reason", "HTTP/1.1 204\r\n\r\n", "204   [] end kept"],
  [
    "bytes of UTF-8",
    `${head}X: \xc3\xa0\r\nContent-Length: 2\r\n\r\n\xc3\xa0`,
    "200 OK X=\xc3\xa0 Content-Length=2 [\xc3\xa0] end kept",
  ],
  [
    "chunks",
    `${head}Transfer-Encoding: gzip, chunked\r\n\r\n3;x="y"\r\nabc\r\n0A \r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n`,
    "200 OK Transfer-Encoding=gzip, chunked [abc0123456789] end kept",
  ],
  ["until the end", `${head}X: y\r\n\r\nabc`, "200 OK X=y [abc] closed"],
  ["coded until the end", `${head}Transfer-Encoding: gzip\r\n\r\nabc`, "200 OK Transfer-Encoding=gzip [abc] closed"],
  ["HTTP/1.0", "HTTP/1.0 204 No\r\n\r\n", "204 No  [] end closed"],
  ["HTTP/1.0 kept", "HTTP/1.0 204 No\r\nConnection: Keep-Alive\r\n\r\n", "204 No Connection=Keep-Alive [] end kept"],
  ["closing", "HTTP/1.1 204 No\r\nConnection: x, close\r\n\r\n", "204 No Connection=x, close [] end closed"],
  [
    "time",
    "HTTP/1.1 204 No\r\nKeep-Alive: max=2, timeout=5\r\n\r\n",
    "204 No Keep-Alive=max=2, timeout=5 [] end kept 5",
  ],
  [
    "interim answers",
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nContent-Length: 9\r\n\r\n${head}Content-Length: 1\r\n\r\na`,
    "200 OK Content-Length=1 [a] end kept",
  ],
  ["cut in the head", `${head}X: y\r\n`, "[] cut"],
  ["cut in the body", `${head}Content-Length: 3\r\n\r\nab`, "200 OK Content-Length=3 [ab] cut"],
  [
    "cut in a chunk",
    `${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`,
    "200 OK Transfer-Encoding=chunked [abc] cut",
  ],
])("%s", (_, text, expected, bodiless) => {
  for (const size of [1, 2, 7, text.length]) expect(read(text, size, bodiless)).toBe(expected);
});

test("bytes behind the end keep the connection from being used again", () => {
  const text = `${head}Content-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\n`;
  expect(read(text, text.length)).toBe("200 OK Content-Length=1 [a] end closed");
});

test.each([
  ["another protocol", "220 smtp ready\r\n"],
  ["HTTP/2", "HTTP/2 200 OK\r\n"],
  ["a status of two digits", "HTTP/1.1 20 OK\r\n"],
  ["another protocol from now on", "HTTP/1.1 101 Switching\r\n\r\n"],
  ["a line without CR", "HTTP/1.1 200 OK\n"],
  ["an empty first line", "\n"],
  ["a control character in a value", `${head}X: a\0b\r\n`],
  ["a CR in a value", `${head}X: a\rb\r\n`],
  ["a field without a name", `${head}: x\r\n`],
  ["a space before the colon", `${head}Content-Length : 3\r\n`],
  ["a folded line", `${head}X: a\r\n b\r\n`],
  ["a length that is no number", `${head}Content-Length: +3\r\n`],
  ["two lengths", `${head}Content-Length: 3\r\nContent-Length: 3\r\n`],
  ["a length and chunks", `${head}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n`],
])("no answer: %s", (_, text) => {
  for (const size of [1, text.length]) expect(read(text, size)).toBe("[] protocol");
});

test.each([
  ["a chunk's size is no number", "xyz\r\n"],
  ["a chunk's size has a sign", "-1\r\n"],
  ["a chunk is longer than its size", "1\r\nab\r\n"],
])("no answer: %s", (_, chunks) => {
  expect(read(`${head}Transfer-Encoding: chunked\r\n\r\n${chunks}`, 1000)).toMatch(/protocol/);
});

test("header fields, trailers and sizes of chunks are bounded", () => {
  const long = `X: ${"a".repeat(20_000)}`;
  const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n`;
  for (const size of [100, 50_000]) {
    expect(read(`${head}${long}`, size)).toBe("[] too-large");
    expect(read(`${head}${"X: y\r\n".repeat(4000)}`, size)).toBe("[] too-large");
    expect(read(`${chunked}0\r\n${long}`, size)).toMatch(/too-large/);
    expect(read(`${chunked}1;${long}`, size)).toMatch(/too-large/);
  }
  // Bodies are not.
  expect(read(`${head}Content-Length: 50000\r\n\r\n${"a".repeat(50_000)}`, 100)).toMatch(/a\] end kept/);
  expect(read(`${head}Content-Length: 200000\r\n\r\n${"a".repeat(200_000)}`, 1000)).toMatch(/stopped$/);
});
