/** The sockets on Node, over loopback. */
import { expect, test } from "vitest";
import { createSockets } from "../../src/node/sockets.ts";
import type { StreamHandlers } from "../../src/transport/socket.ts";

const net = createSockets();
const tuning = { noDelay: true, keepAlive: { idle: 0, interval: 0, count: 0 } };
const bytes = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join("");

/** A promise and what settles it. */
const later = <T>() => Promise.withResolvers<T>();

test("datagrams carry every byte and tell where they came from", async () => {
  const got = later<[string, string, number]>();
  const a = await net.bind(
    { address: "127.0.0.1", port: 0, family: 4, receiveBuffer: 200_000 },
    { message: (...it) => got.resolve(it), failed: got.reject },
  );
  const b = await net.bind({ address: "127.0.0.1", port: 0, family: 4 }, { message() {}, failed() {} });
  expect(b.send(bytes, "127.0.0.1", a.local.port)).toBe(true);
  expect(await got.promise).toEqual([bytes, "127.0.0.1", b.local.port]);
  await Promise.all([a.close(), b.close()]);
  expect(b.send("x", "127.0.0.1", a.local.port)).toBe(false);
});

test("a refused datagram is told at once, with the reason", async () => {
  const a = await net.bind({ address: "127.0.0.1", port: 0, family: 4 }, { message() {}, failed() {} });
  expect(a.send("x".repeat(70_000), "127.0.0.1", 9)).toBe(false);
  expect(a.refused).toMatch(/EMSGSIZE/);
  expect(a.send("x", "127.0.0.1", 9)).toBe(true);
  await a.close();
});

test("a port is shared among ours, and with nobody else", async () => {
  const nothing = { message() {}, failed() {} };
  const a = await net.bind({ address: "0.0.0.0", port: 0, family: 4 }, nothing);
  const place = { address: "127.0.0.1", port: a.local.port, family: 4 } as const;
  const b = await net.bind(place, nothing);
  const others = createSockets();
  await expect(others.bind(place, nothing)).rejects.toThrow(/EADDRINUSE/);
  await Promise.all([a.close(), b.close()]);
  const c = await others.bind(place, nothing);
  await expect(net.bind(place, nothing)).rejects.toThrow(/EADDRINUSE/);
  await c.close();
});

test("an address that is not ours cannot be bound", async () => {
  const bind = net.bind({ address: "192.0.2.1", port: 0, family: 4 }, { message() {}, failed() {} });
  await expect(bind).rejects.toThrow(/EADDRNOTAVAIL/);
  const listen = net.listen({ address: "192.0.2.1", port: 0, family: 4, ...tuning }, () => undefined);
  await expect(listen).rejects.toThrow(/EADDRNOTAVAIL/);
});

/** Handlers that keep what they are told. */
const listening = () => {
  const it = { text: "", connected: later<void>(), closed: later<string | undefined>(), whole: later<string>() };
  const handlers: StreamHandlers = {
    connected: () => it.connected.resolve(),
    data(text) {
      it.text += text;
      if (it.text.endsWith("$")) it.whole.resolve(it.text);
    },
    closed: (reason) => it.closed.resolve(reason),
  };
  return { ...it, handlers };
};

test("streams carry every byte, also what was written before they were connected", async () => {
  const far = listening();
  const listener = await net.listen({ address: "127.0.0.1", port: 0, family: 4, ...tuning }, (stream) => {
    expect(stream.remote.address).toBe("127.0.0.1");
    stream.write(`${bytes}$`);
    return far.handlers;
  });
  const near = listening();
  const stream = net.connect({ address: "127.0.0.1", port: listener.local.port, ...tuning }, near.handlers);
  stream.write(`${bytes}$`);
  expect(stream.queued).toBeGreaterThan(0);
  await near.connected.promise;
  expect(await far.whole.promise).toBe(`${bytes}$`);
  expect(await near.whole.promise).toBe(`${bytes}$`);
  expect(stream.queued).toBe(0);
  stream.end();
  expect(await far.closed.promise).toBeUndefined();
  expect(await near.closed.promise).toBeUndefined();
  await listener.close();
});

test("a refused connection is closed with the reason, a refused stream without one", async () => {
  const listener = await net.listen({ address: "127.0.0.1", port: 0, family: 4, ...tuning }, () => undefined);
  const turned = listening();
  net.connect({ address: "127.0.0.1", port: listener.local.port, ...tuning }, turned.handlers);
  expect(await turned.closed.promise).toBeUndefined();
  await listener.close();
  const refused = listening();
  net.connect({ address: "127.0.0.1", port: listener.local.port, ...tuning }, refused.handlers);
  expect(await refused.closed.promise).toMatch(/ECONNREFUSED/);
});

test("closing a listener ends its streams", async () => {
  const far = listening();
  const listener = await net.listen({ address: "127.0.0.1", port: 0, family: 4, ...tuning }, () => far.handlers);
  const near = listening();
  net.connect({ address: "127.0.0.1", port: listener.local.port, ...tuning }, near.handlers);
  await near.connected.promise;
  await listener.close();
  await near.closed.promise;
});

test("names, interfaces and routes of this machine", async () => {
  expect(await net.lookup("localhost")).toContainEqual({ address: "127.0.0.1", family: 4 });
  expect(await net.lookup("does-not-exist.invalid")).toEqual([]);
  expect(net.interfaces()).toContainEqual({ name: "lo", address: "127.0.0.1", family: 4, internal: true });
  expect(net.routeTo("127.0.0.5", 4)).toBe("127.0.0.1");
});
