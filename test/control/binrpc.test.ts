/** The protocol of kamcmd: packets recorded from Kamailio 5.6.3 and its kamcmd, and bytes that are no packets. */
import { expect, test } from "vitest";
import { RpcArray, RpcDouble, RpcStruct } from "../../src/declare/module.ts";
import { decodeRequest, encodeFault, encodeReply } from "../../src/modules/ctl/binrpc.ts";

const bytes = (hex: string): string => Buffer.from(hex, "hex").toString("latin1");
const hex = (text: string): string => Buffer.from(text, "latin1").toString("hex");

test.each([
  ["a103117546ae0a910a636f72652e6563686f002161001001", "core.echo", ["a", 1], 0x7546ae0a],
  ["a1031351a0ebcd910a636f72652e6563686f002209c430011170", "core.echo", ["2.5", 70000], 0x51a0ebcd],
  [
    "a10324663b41ee91106366672e7365745f6e6f775f696e740071736861726564004174776f004161626300",
    "cfg.set_now_int",
    ["shared", "two", "abc"],
    0x663b41ee,
  ],
  [
    "a103152 0ed3ce910c636f72652e7072696e74690020012c".replace("152 0ed3ce", "11520ed3ce"),
    "core.printi",
    [300],
    0x520ed3ce,
  ],
] as const)("request %s", (packet, method, args, cookie) => {
  expect(decodeRequest(bytes(packet))).toEqual({
    kind: "request",
    length: packet.length / 2,
    request: { method, args, cookie },
  });
});

test("replies, as Kamailio writes them", () => {
  expect(hex(encodeReply(0x7546ae0a, ["a", "1"]))).toBe("a113067546ae0a216100213100");
  expect(hex(encodeReply(0x520ed3ce, 300))).toBe("a11303520ed3ce20012c");
  expect(hex(encodeReply(0x2daade5e, { two: 2, txt: "abc" }))).toBe(
    "a113132daade5e034574776f0010024574787400416162630083",
  );
  expect(hex(encodeReply(1, undefined))).toBe("a1100001");
  expect(hex(encodeFault(0x08df94e0, 500, "command nope not found"))).toBe(
    "a1331c08df94e02001f49117636f6d6d616e64206e6f7065206e6f7420666f756e6400",
  );
  // A nested array of objects with one member is a struct whose names repeat.
  const aliases = {
    myself_callbacks: "no",
    aliases: [
      { alias: { proto: "tcp", address: "localhost", port: 15060 } },
      { alias: { proto: "udp", address: "localhost", port: 15060 } },
      { alias: { proto: "*", address: "example.org", port: "*" } },
    ],
  };
  expect(hex(encodeReply(0x25f3dc57, aliases))).toMatch(
    /^a113c125f3dc570395116d7973656c665f63616c6c6261636b7300316e6f009508616c6961736573000365616c69617300036570726f746f0041746370/,
  );
});

test("sockets_list of two sockets", () => {
  const socket = (proto: string) => ({
    socket: { proto, address: "127.0.0.1", port: "15060", mcast: "no", mhomed: "no", virtual: "no" },
  });
  const one =
    "75736f636b657400036570726f746f0041PROTO0095086164647265737300910a3132372e302e302e310055706f72740061313530363000656d6361737400316e6f00756d686f6d656400316e6f0095087669727475616c00316e6f0083";
  expect(hex(encodeReply(0x5ad7061d, new RpcArray([socket("udp"), socket("tcp")])))).toBe(
    `a113be5ad7061d03${one.replace("PROTO", "756470")}${one.replace("PROTO", "746370")}83`,
  );
});

test("values that BINRPC has no room for", () => {
  const body = (value: unknown): string => hex(encodeReply(1, [value])).slice(8);
  expect(body(-1)).toBe("40ffffffff");
  expect(body(0)).toBe("00");
  // Thousandths in eight bytes: doubles, and integers beyond 32 bits.
  expect(body(2.5)).toBe("2209c4");
  expect(body(new RpcDouble(1))).toBe("2203e8");
  expect(body(4_294_967_295)).toBe("6203e7fffffc18");
  expect(body(-0.5)).toBe("82fffffffffffffe0c");
  expect(body(true)).toBe("1001");
  expect(body(null)).toBe(`910e${hex("<null string>")}00`);
  expect(hex(encodeReply(1, "x".repeat(300)))).toBe(`a114013001a1012d${"78".repeat(300)}00`);
  expect(
    body(
      new RpcStruct([
        ["a", 1],
        ["a", 2],
      ]),
    ),
  ).toBe("0325610010012561001002" + "83");
});

test("bytes that are not a whole request", () => {
  const packet = bytes("a103117546ae0a910a636f72652e6563686f002161001001");
  for (let length = 1; length < packet.length; length++)
    expect(decodeRequest(packet.slice(0, length)).kind).toBe("more");
  expect(decodeRequest(packet + packet)).toMatchObject({ kind: "request", length: packet.length });
  expect(decodeRequest("GET / HTTP/1.1").kind).toBe("garbage");
  expect(decodeRequest("x").kind).toBe("garbage");
  expect(decodeRequest(bytes("a10c7fffffff01")).kind).toBe("garbage");
  for (const bad of ["a1000001", "a1000201" + "1001", "a1000201" + "0383", "a1000301" + "510061", "a1100101" + "1001"])
    expect(decodeRequest(bytes(bad)).kind).toBe("bad");
});
