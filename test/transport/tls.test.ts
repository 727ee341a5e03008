/** TLS streams on Node, over loopback, with certificates of our own. */
import { readFileSync } from "node:fs";
import { connect as tcp } from "node:net";
import { expect, test } from "vitest";
import { createSockets } from "../../src/node/sockets.ts";
import type { TlsProfile, TlsProfiles } from "../../src/sip/secure.ts";
import type { Stream, StreamHandlers } from "../../src/transport/socket.ts";

const net = createSockets();
const tuning = { noDelay: true, keepAlive: { idle: 0, interval: 0, count: 0 } };
const pem = (name: string): string => readFileSync(new URL(`certificates/${name}.pem`, import.meta.url), "latin1");

const profile = (name: string, more: Partial<TlsProfile> = {}): TlsProfile => ({
  name,
  credentials: [{ certificate: pem(name), key: pem(`${name}.key`) }],
  authorities: [pem("server"), pem("other")],
  ask: false,
  demand: false,
  verify: false,
  depth: 9,
  ...more,
});
const profiles = (server: TlsProfile, other: TlsProfile = server): TlsProfiles => ({
  server: (_, __, name) => (name === "other.example.org" ? other : server),
  client: () => profile("server"),
  asks: server.ask || other.ask,
});

/** A server that answers what it gets with it, and a client of it. */
const pair = async (server: TlsProfiles, client: TlsProfile, address = "127.0.0.1") => {
  const accepted = Promise.withResolvers<Stream>();
  const ended = Promise.withResolvers<string | undefined>();
  const listener = await net.listen(
    { address, port: 0, family: address.includes(":") ? 6 : 4, ...tuning, tls: () => server },
    (stream) => {
      accepted.resolve(stream);
      return { data: (text) => stream.write(text), closed: ended.resolve };
    },
  );
  const got = Promise.withResolvers<string>();
  const closed = Promise.withResolvers<string | undefined>();
  const handlers: StreamHandlers = { data: got.resolve, closed: closed.resolve };
  const stream = net.connect({ address, port: listener.local.port, ...tuning, tls: client }, handlers);
  return {
    listener,
    accepted: accepted.promise,
    ended: ended.promise,
    got: got.promise,
    closed: closed.promise,
    stream,
  };
};

test.each(["127.0.0.1", "::1"])("what is written before the handshake arrives behind it (%s)", async (address) => {
  const it = await pair(profiles(profile("server")), profile("other", { credentials: [], verify: true }), address);
  it.stream.write("hello\u00ff");
  expect(it.stream.queued).toBe(6);
  expect(await it.got).toBe("hello\u00ff");
  expect(it.stream.secure).toMatchObject({
    verdict: "",
    peer: { version: 2, subject: { line: "/C=DE/O=Viaduct/CN=server.example.org" } },
  });
  expect((await it.accepted).secure).toMatchObject({
    version: "TLSv1.3",
    bits: 256,
    serverName: undefined,
    profile: "server",
  });
  it.stream.end();
  await it.ended;
  await it.listener.close();
});

test("the server name chooses the certificate", async () => {
  const it = await pair(
    profiles(profile("server"), profile("other")),
    profile("server", { serverName: "other.example.org" }),
  );
  it.stream.write("x");
  await it.got;
  expect(it.stream.secure?.peer?.alternatives).toEqual([{ kind: "dns", value: "other.example.org" }]);
  expect((await it.accepted).secure).toMatchObject({ serverName: "other.example.org", profile: "other" });
  it.stream.end();
  await it.listener.close();
});

test("a server whose certificate is not trusted is left", async () => {
  const it = await pair(profiles(profile("server")), profile("other", { authorities: [pem("other")], verify: true }));
  it.stream.write("secret");
  expect(await it.closed).toMatch(/SELF_SIGNED/);
  await it.listener.close();
});

test("clients that must have a certificate are asked for it", async () => {
  const server = profiles(profile("server", { ask: true, demand: true, verify: true }));
  const known = await pair(server, profile("other"));
  known.stream.write("x");
  await known.got;
  expect((await known.accepted).secure).toMatchObject({
    verdict: "",
    peer: { subject: { parts: { CN: "other.example.org" } } },
  });
  known.stream.end();
  await known.listener.close();
  const nobody = await pair(server, profile("other", { credentials: [] }));
  expect(await nobody.ended).toBe("peer has no certificate");
  await nobody.listener.close();
});

test("who speaks no TLS is closed, and the next one served", async () => {
  const it = await pair(profiles(profile("server")), profile("other"));
  it.stream.write("x");
  await it.got;
  const socket = tcp(it.listener.local.port, "127.0.0.1", () => socket.write("OPTIONS sip:a SIP/2.0\r\n\r\n"));
  await new Promise<void>((resolve) => {
    socket.on("error", () => {});
    socket.on("close", () => resolve());
    socket.resume();
  });
  it.stream.end();
  await it.listener.close();
});
