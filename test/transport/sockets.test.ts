/** The socket table: which socket is meant, which one sends, and who we are. */
import { expect, test } from "vitest";
import type { Protocol } from "../../src/sip/address.ts";
import { parseListen, resolveListens } from "../../src/transport/listen.ts";
import type { Family } from "../../src/transport/socket.ts";
import { Sockets } from "../../src/transport/sockets.ts";

const net = {
  interfaces: () => [{ name: "lo", address: "127.0.0.1", family: 4 as Family, internal: true }],
  lookup: async () => [{ address: "127.0.0.1", family: 4 as Family }],
  reverse: async () => undefined,
  routeTo: (ip: string) =>
    ip.startsWith("fd00:")
      ? "fd00::5"
      : ip.startsWith("10.")
        ? "10.0.0.5"
        : ip.startsWith("127.")
          ? "127.0.0.1"
          : undefined,
};

const table = async (...lines: string[]): Promise<Sockets> => {
  const { sockets } = await resolveListens(
    {
      lines: lines.map((it) => ({ ...parseListen(it)!, virtual: it.includes("10.9.9.9") })),
      port: 5060,
      tlsPort: 5061,
      tcp: true,
      tls: true,
      autoAliases: false,
      autoBindIpv6: false,
      aliases: [],
    },
    net,
  );
  return new Sockets(
    sockets.map((s) => ({ ...s, name: `S${s.port}` })),
    [
      { protocol: undefined, host: "Any.Example", port: 0 },
      { protocol: "tcp", host: "tcp.example", port: 5062 },
    ],
    net,
  );
};
const show = (s?: { protocol: Protocol; address: string; port: number }) => s && `${s.protocol}:${s.address}:${s.port}`;

test("find: by address, name, advertised address; port 0 fits any", async () => {
  const it = await table("udp:127.0.0.1:5060/pub.example:7000", "tcp:localhost:5070", "udp:[2001:db8::1]:5060");
  expect(show(it.find("udp", "127.0.0.1", 5060))).toBe("udp:127.0.0.1:5060");
  expect(show(it.find(undefined, "127.0.0.1", 5070))).toBe("tcp:127.0.0.1:5070");
  expect(show(it.find(undefined, "LOCALHOST"))).toBe("tcp:127.0.0.1:5070");
  expect(show(it.find("udp", "pub.example", 7000))).toBe("udp:127.0.0.1:5060");
  expect(show(it.find("udp", "[2001:DB8:0::1]"))).toBe("udp:2001:db8::1:5060");
  expect(it.find("udp", "127.0.0.1", 5061)).toBeUndefined();
  expect(it.find("tls", "127.0.0.1")).toBeUndefined();
});

test("parse: protocol, host and port, else a name", async () => {
  const it = await table("udp:127.0.0.1:5060", "tcp:127.0.0.1:5070");
  expect(show(it.parse("tcp:127.0.0.1"))).toBe("tcp:127.0.0.1:5070");
  expect(show(it.parse("127.0.0.1:5070"))).toBe("tcp:127.0.0.1:5070");
  expect(show(it.parse("s5070"))).toBe("tcp:127.0.0.1:5070");
  expect(it.parse("nix:127.0.0.1:5060")).toBeUndefined();
});

test("toward: UDP prefers the socket that the message came in on", async () => {
  const it = await table("udp:127.0.0.1:5060", "udp:127.0.0.11:5080", "tcp:127.0.0.1:5060");
  const near = it.find("udp", "127.0.0.11")!;
  expect(show(it.toward("udp", "127.0.0.9", near))).toBe("udp:127.0.0.11:5080");
  expect(show(it.toward("tcp", "127.0.0.9", near))).toBe("tcp:127.0.0.1:5060");
});

test("toward: otherwise the first of the family, but not a loopback one when there is another", async () => {
  expect(show((await table("udp:127.0.0.1", "udp:10.0.0.5", "udp:10.0.0.6")).toward("udp", "10.1.1.1"))).toBe(
    "udp:10.0.0.5:5060",
  );
  const v6 = await table("udp:10.0.0.5", "udp:[::1]", "udp:[2001:db8::1]");
  expect(show(v6.toward("udp", "2001:db8::9", v6.all[0]))).toBe("udp:2001:db8::1:5060");
  expect(v6.toward("tcp", "10.1.1.1")).toBeUndefined();
});

test("toward: what the script forced, if it fits, or its twin of the right protocol", async () => {
  const it = await table("udp:127.0.0.1:5060", "udp:127.0.0.1:5080", "tcp:127.0.0.1:5090", "tcp:127.0.0.1:5080");
  const forced = it.find("udp", "127.0.0.1", 5080)!;
  expect(show(it.toward("udp", "127.0.0.9", it.all[0], forced))).toBe("udp:127.0.0.1:5080");
  expect(show(it.toward("tcp", "127.0.0.9", it.all[0], forced))).toBe("tcp:127.0.0.1:5080");
  expect(show(it.toward("udp", "127.0.0.9", it.all[0], it.find("tcp", "127.0.0.1", 5090)))).toBe("udp:127.0.0.1:5060");
  expect(it.toward("udp", "::1", it.all[0], forced)).toBeUndefined();
});

test("toward: with mhomed the system's route decides for UDP", async () => {
  const it = await table("udp:127.0.0.1", "udp:10.0.0.5", "udp:[::1]", "udp:[fd00::5]", "tcp:127.0.0.1");
  it.mhomed = true;
  expect(show(it.toward("udp", "fd00::9", it.all[0]))).toBe("udp:fd00::5:5060");
  expect(show(it.toward("udp", "127.0.0.9", it.all[1]))).toBe("udp:127.0.0.1:5060");
  expect(show(it.toward("udp", "10.3.3.3", it.all[0]))).toBe("udp:10.0.0.5:5060");
  expect(it.toward("udp", "8.8.8.8")).toBeUndefined();
  expect(show(it.toward("tcp", "10.3.3.3"))).toBe("tcp:127.0.0.1:5060");
});

test("myself: sockets and aliases, where no port and no protocol fit all", async () => {
  const it = await table("udp:127.0.0.1:5060", "udp:10.9.9.9:5060");
  expect(it.isMyself("127.0.0.1", 0)).toBe(true);
  expect(it.isMyself("127.0.0.1", 5061)).toBe(false);
  expect(it.isMyself("127.0.0.1", 5060, "tcp")).toBe(false);
  expect(it.isMyself("any.example", 1234, "tcp")).toBe(true);
  expect(it.isMyself("tcp.example", 5062, "tcp")).toBe(true);
  expect(it.isMyself("tcp.example", 0)).toBe(true);
  expect(it.isMyself("tcp.example", 5062, "udp")).toBe(false);
  expect(it.isMyself("tcp.example", 5060)).toBe(false);
  expect(it.isMyself("", 0)).toBe(false);
  // A virtual socket counts only while this machine has its address.
  expect(it.isMyself("10.9.9.9", 5060)).toBe(false);
});
