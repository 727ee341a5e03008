/** `viaduct send` against a peer that answers as it is told. */
import { createSocket, type Socket } from "node:dgram";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { main } from "../../src/node/cli/send.ts";

let peer: Socket;
let port: number;
/** Start lines, and the Route of those that have one, of what came. */
let came: string[];
/** Status lines and further fields that a method is answered with. */
let answers: Readonly<Record<string, readonly string[]>>;
let printed: string;
let complained: string;

beforeEach(async () => {
  came = [];
  printed = "";
  complained = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    complained += String(text);
    return true;
  });
  peer = createSocket("udp4");
  peer.on("message", (data, from) => {
    const request = data.toString("latin1");
    const [start = "", ...fields] = request.split("\r\n");
    came.push([start, ...fields.filter((it) => it.startsWith("Route:"))].join(" | "));
    const copied = fields.filter((it) => /^(Via|From|To|Call-ID|CSeq):/.test(it));
    for (const answer of answers[start.split(" ")[0]!] ?? []) {
      const [status, ...more] = answer.split(" | ");
      peer.send([`SIP/2.0 ${status}`, ...copied, ...more, "Content-Length: 0", "", ""].join("\r\n"), from.port);
    }
  });
  port = await new Promise((resolve) => peer.bind(0, "127.0.0.1", () => resolve(peer.address().port)));
});

afterEach(() => {
  vi.restoreAllMocks();
  peer.close();
});

const shown = (): string[] =>
  printed
    .replace(/\d+ ms/g, "N ms")
    .trim()
    .split("\n");

test("OPTIONS is answered", async () => {
  answers = { OPTIONS: ["200 Alive"] };
  expect(await main([`sip:127.0.0.1:${port}`])).toBe(0);
  expect(shown()).toEqual(["200 Alive  (N ms)"]);
  expect(came).toEqual([`OPTIONS sip:127.0.0.1:${port} SIP/2.0`]);
});

test("an INVITE that is refused is acknowledged", async () => {
  answers = { INVITE: ["100 Trying", "486 Busy Here"] };
  expect(await main([`bob@127.0.0.1:${port}`, "--method", "invite"])).toBe(0);
  expect(shown()).toEqual(["100 Trying  (N ms)", "486 Busy Here  (N ms)"]);
  await vi.waitFor(() => expect(came.at(-1)).toBe(`ACK sip:bob@127.0.0.1:${port} SIP/2.0`));
});

test("an INVITE that is taken is acknowledged and ended along its route", async () => {
  const taken = `200 OK | Contact: <sip:bob@127.0.0.9:5099> | Record-Route: <sip:b;lr> | Record-Route: <sip:a;lr>`;
  answers = { INVITE: [taken], BYE: ["200 Bye"] };
  expect(await main([`sip:bob@127.0.0.1:${port}`, "--method", "INVITE"])).toBe(0);
  expect(came.slice(1)).toEqual([
    "ACK sip:bob@127.0.0.9:5099 SIP/2.0 | Route: <sip:a;lr> | Route: <sip:b;lr>",
    "BYE sip:bob@127.0.0.9:5099 SIP/2.0 | Route: <sip:a;lr> | Route: <sip:b;lr>",
  ]);
});

test("silence has a status of its own", async () => {
  answers = {};
  expect(await main([`sip:127.0.0.1:${port}`, "--timeout", "0.05"])).toBe(1);
  expect(complained).toBe("no final answer after 0.05 s\n");
});

test.each([
  [["tel:123"], "not a SIP URI: tel:123"],
  [["sip:127.0.0.1;transport=tcp"], "only UDP can be sent here"],
  [["sip:127.0.0.1", "--timeout", "soon"], "bad timeout: soon"],
])("%j is refused", async (argv, problem) => {
  expect(await main(argv)).toBe(2);
  expect(complained).toBe(`${problem}\n`);
});
