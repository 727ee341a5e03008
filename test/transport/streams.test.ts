/** Connections over a network in memory, in virtual time. */
import { beforeEach, expect, test } from "vitest";
import { VirtualClock } from "../../src/simulate/clock.ts";
import { SimulatedNetwork } from "../../src/simulate/network.ts";
import type { Destination, ReceiveInfo } from "../../src/sip/address.ts";
import type { TlsProfile } from "../../src/sip/secure.ts";
import type { ListenSocket } from "../../src/transport/listen.ts";
import { defaultSettings, type TransportSettings } from "../../src/transport/settings.ts";
import type { Stream } from "../../src/transport/socket.ts";
import { Sockets } from "../../src/transport/sockets.ts";
import { Transports } from "../../src/transport/transports.ts";

const options = "OPTIONS sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n";
const socket: ListenSocket = {
  protocol: "tcp",
  address: "127.0.0.1",
  port: 5060,
  family: 4,
  virtual: false,
  host: "127.0.0.1",
};
const udp: ListenSocket = { ...socket, protocol: "udp" };

let clock: VirtualClock;
let net: SimulatedNetwork;
let settings: TransportSettings;
let transports: Transports;
let received: { text: string; info: ReceiveInfo }[];
let closed: string[];
let accept: boolean;

beforeEach(async () => {
  clock = new VirtualClock();
  net = new SimulatedNetwork(clock);
  settings = defaultSettings();
  received = [];
  closed = [];
  accept = true;
  transports = new Transports({
    net,
    clock,
    settings,
    sockets: new Sockets([udp, socket], [], net),
    onMessage(text, info) {
      received.push({ text, info });
      return accept;
    },
    log: () => {},
  });
  transports.streams.closed = ({ id }, reason) => closed.push(`${id} ${reason}`);
  expect(await transports.open()).toBeUndefined();
  transports.serve();
});

/** A peer that connected to us: what it got, and its stream. */
const peer = async (port = 40001) => {
  const got: string[] = [];
  let open = true;
  const stream: Stream = net.connect(
    { address: "127.0.0.1", port: 5060, localAddress: "127.0.0.2", localPort: port, noDelay: true } as never,
    { data: (text) => got.push(text), closed: () => (open = false) },
  );
  await run(0);
  return { stream, got, isOpen: () => open };
};
/** A peer that listens: what each of its connections got. */
const listener = (port = 5070) => {
  const streams: Stream[] = [];
  const got: string[] = [];
  net.listenNow({ address: "127.0.0.2", port, family: 4, noDelay: true }, (stream) => {
    streams.push(stream);
    return { data: (text) => got.push(text), closed: () => {} };
  });
  return { streams, got };
};
const run = (ms: number) => clock.runUntil(clock.now() + ms);
const to = (more: Partial<Destination> = {}): Destination => ({
  socket: undefined,
  protocol: "tcp",
  ip: "127.0.0.2",
  port: 5070,
  connection: 0,
  ...more,
});

test("a message comes with where it came from, and its answer goes back on its connection", async () => {
  const it = await peer();
  it.stream.write(options + options.slice(0, 10));
  await run(0);
  expect(received).toHaveLength(1);
  const { info } = received[0]!;
  expect(info).toMatchObject({ protocol: "tcp", srcIp: "127.0.0.2", srcPort: 40001, dstPort: 5060, socket });
  expect(transports.send("reply", to({ connection: info.connection, port: 5060 }))).toBe(true);
  await run(0);
  expect(it.got).toEqual(["reply"]);
});

test("without its connection a reply opens one to the address given", async () => {
  const it = listener();
  expect(await finish(transports.send("reply", to({ connection: 77 })))).toBe(true);
  expect(it.got).toEqual(["reply"]);
});

test("requests wait in order while the connection is made, and share it", async () => {
  const it = listener();
  const sent = [transports.send("one", to()), transports.send("two", to())];
  await run(60);
  expect(await Promise.all(sent)).toEqual([true, true]);
  expect(transports.send("three", to())).toBe(true);
  await run(0);
  expect(it.got).toEqual(["one", "two", "three"]);
  expect(it.streams).toHaveLength(1);
  expect(transports.tcp.connected).toBe(1);
});

test("a refused connection fails the sends that wait for it", async () => {
  const sent = [transports.send("one", to()), transports.send("two", to())];
  await run(60);
  expect(await Promise.all(sent)).toEqual([false, false]);
  expect(transports.tcp.connectFailed).toBe(1);
  expect(transports.streams.open).toBe(0);
});

test("a connection that is given up when it is secured fails the sends that wait for it", async () => {
  listener();
  const profile = { name: "TLSc<default>" } as TlsProfile;
  transports.streams.tls = { server: () => profile, client: () => profile, asks: false, opened: () => false };
  const sent = transports.send("one", to({ protocol: "tls", socket }));
  await run(0);
  expect(await sent).toBe(false);
  expect(transports.tcp.connected).toBe(1);
  expect(transports.streams.open).toBe(0);
});

test("a connection that takes long counts as sent and is given up after tcp_connect_timeout", async () => {
  const silent = { local: socket, remote: socket, queued: 0, write() {}, end() {}, destroy() {} };
  net.connect = () => silent;
  expect(await finish(transports.send("one", to()))).toBe(true);
  await run(11_000);
  expect(closed).toEqual(["1 timeout"]);
});

test("noConnect and tcp_no_connect forbid new connections", () => {
  listener();
  expect(transports.send("one", to({ noConnect: true }))).toBe(false);
  settings.noConnect = true;
  expect(transports.send("one", to())).toBe(false);
});

test("closeAfter closes when the message is out", async () => {
  const it = listener();
  transports.send("one", to({ closeAfter: true }));
  await run(60);
  expect(it.got).toEqual(["one"]);
  expect(transports.streams.open).toBe(0);
});

test("messages from a peer we connected to come with our listening socket", async () => {
  const it = listener();
  transports.send("one", to());
  await run(60);
  it.streams[0]!.write(options);
  await run(0);
  expect(received[0]!.info).toMatchObject({ socket, srcIp: "127.0.0.2", srcPort: 5070 });
  expect(received[0]!.info.dstPort).not.toBe(5060);
});

test("an alias leads requests for another port over the connection", async () => {
  const it = await peer();
  it.stream.write(options);
  await run(0);
  const { connection } = received[0]!.info;
  expect(transports.streams.addAlias(connection, 5070)).toBe(true);
  expect(transports.send("request", to())).toBe(true);
  await run(0);
  expect(it.got).toEqual(["request"]);
  expect(transports.streams.info(connection)).toMatchObject({ passive: true, aliases: [5070], state: "open" });
});

test("a newer connection from the same address and port takes over", async () => {
  const old = await peer();
  const young = await peer();
  transports.send("request", to({ port: 40001 }));
  await run(0);
  expect([old.got, young.got]).toEqual([[], ["request"]]);
});

test("pings are answered, unless tcp_crlf_ping is off", async () => {
  const it = await peer();
  it.stream.write("\r\n\r\n");
  await run(0);
  expect(it.got).toEqual(["\r\n"]);
  settings.crlfPing = false;
  it.stream.write("\r\n\r\n");
  await run(0);
  expect(it.got).toEqual(["\r\n"]);
  expect(received).toEqual([]);
});

test.each([
  ["no SIP message (the server said so)", options],
  ["no Content-Length", "OPTIONS sip:a SIP/2.0\r\n\r\n"],
  ["more than tcp_rd_buf_size", `OPTIONS sip:a SIP/2.0\r\nContent-Length: 20000\r\n\r\n`],
])("the connection is closed: %s", async (_, text) => {
  accept = false;
  const it = await peer();
  it.stream.write(text + options);
  await run(0);
  expect(it.isOpen()).toBe(false);
  expect(closed).toEqual(["1 closed"]);
  expect(received.length).toBeLessThan(2);
});

test("silent, slow and idle peers are let go", async () => {
  const silent = await peer(40001);
  const slow = await peer(40002);
  const idle = await peer(40003);
  idle.stream.write(options);
  slow.stream.write(`${options}OPT`);
  await run(15_000);
  slow.stream.write("IONS");
  expect([silent.isOpen(), slow.isOpen(), idle.isOpen()]).toEqual([true, true, true]);
  await run(7_000);
  expect([silent.isOpen(), slow.isOpen(), idle.isOpen()]).toEqual([false, false, true]);
  await run(100_000);
  expect(idle.isOpen()).toBe(false);
  expect(transports.tcp.timeouts).toBe(3);
  // With the last connection the clock is left alone.
  expect(clock.pending).toBe(0);
});

test("traffic in either direction keeps a connection, and its lifetime can be set", async () => {
  const it = await peer();
  it.stream.write(options);
  await run(100_000);
  transports.send("x", to({ connection: received[0]!.info.connection }));
  await run(100_000);
  expect(it.isOpen()).toBe(true);
  transports.streams.setLifetime(received[0]!.info.connection, 200);
  await run(60_000);
  expect(it.isOpen()).toBe(true);
  await run(60_000);
  expect(it.isOpen()).toBe(false);
});

test("tcp_max_connections and tcp_accept_iplimit refuse further connections", async () => {
  settings.perAddress = 2;
  const peers = [await peer(1), await peer(2), await peer(3)];
  expect(peers.map((it) => it.isOpen())).toEqual([true, true, false]);
  settings.maxConnections = 2;
  listener();
  expect(transports.send("x", to())).toBe(false);
  expect(transports.tcp.rejected).toBe(1);
});

test("a peer that reads nothing is let go when too much waits for it", async () => {
  let queued = 0;
  const stuck: Stream = {
    local: socket,
    remote: socket,
    get queued() {
      return queued;
    },
    write: (text) => (queued += text.length),
    end() {},
    destroy() {},
  };
  net.connect = (_, handlers) => {
    clock.after(0, () => handlers.connected?.());
    return stuck;
  };
  transports.send("x".repeat(20_000), to());
  await run(60);
  expect(transports.send("y".repeat(10_000), to())).toBe(true);
  expect(transports.send("z".repeat(10_000), to())).toBe(false);
  expect(transports.tcp.queueFull).toBe(1);
  expect(closed).toEqual(["1 closed"]);
});

test("bytes that do not move are given up after tcp_send_timeout", async () => {
  const it = { local: socket, remote: socket, queued: 10, write() {}, end() {}, destroy() {} };
  net.connect = (_, handlers) => {
    clock.after(0, () => handlers.connected?.());
    return it;
  };
  transports.send("x", to());
  await run(60);
  transports.send("x", to());
  await run(8_000);
  it.queued = 5;
  await run(8_000);
  expect(closed).toEqual([]);
  await run(4_000);
  expect(closed).toEqual(["1 timeout"]);
  expect(transports.tcp.sendTimeouts).toBe(1);
});

test("datagrams: short ones and those without a port are keep-alives, long ones are dropped", async () => {
  const from = net.bindNow({ address: "127.0.0.2", port: 5070 }, { message() {}, failed() {} });
  const message = `OPTIONS sip:a SIP/2.0\r\n\r\n`;
  for (const text of ["\r\n\r\n", "\0\0\0\0", "x".repeat(19), "x".repeat(32767), message])
    from.send(text, "127.0.0.1", 5060);
  await run(0);
  expect(received.map((it) => it.text)).toEqual([message]);
  expect(received[0]!.info).toMatchObject({ protocol: "udp", srcPort: 5070, connection: 0, socket: udp });
  expect(transports.udp.received).toBe(1);
});

test("a datagram that the system refuses is a failed send", () => {
  net.reachable = () => false;
  expect(transports.send("x", to({ protocol: "udp" }))).toBe(false);
  expect(transports.send("x", to({ protocol: "udp", ip: "::1" }))).toBe(false);
});

test("opening fails as a whole, except for virtual sockets, which are tried again", async () => {
  const other = (virtual: boolean) =>
    new Transports({
      net,
      clock,
      settings,
      sockets: new Sockets(
        [
          { ...udp, port: 5080 },
          { ...udp, virtual },
        ],
        [],
        net,
      ),
      onMessage: () => true,
      log: () => {},
    });
  expect(await other(false).open()).toMatch(/^cannot listen on udp:127.0.0.1:5060: /);
  const patient = other(true);
  expect(await patient.open()).toBeUndefined();
  await transports.close();
  await run(5_000);
  expect(patient.send("x", to({ protocol: "udp", socket: patient.sockets.all.find((s) => s.port === 5060) }))).toBe(
    true,
  );
  await patient.close();
});

test("messages that come before `serve` wait for it", async () => {
  const at: ListenSocket = { ...udp, port: 5080 };
  const got: string[] = [];
  const early = new Transports({
    net,
    clock,
    settings,
    sockets: new Sockets([at], [], net),
    onMessage: (text) => got.push(text) > 0,
    log: () => {},
  });
  await early.open();
  const from = net.bindNow({ address: "127.0.0.2", port: 5070 }, { message() {}, failed() {} });
  from.send("first message, long enough", "127.0.0.1", 5080);
  await run(0);
  expect(got).toEqual([]);
  early.serve();
  from.send("second message, long enough", "127.0.0.1", 5080);
  await run(0);
  expect(got).toEqual(["first message, long enough", "second message, long enough"]);
  await early.close();
});

test("another table: what both have stays open, and connections with it", async () => {
  const it = await peer();
  it.stream.write(options);
  await run(0);
  const renamed: ListenSocket = { ...socket, name: "new" };
  const added: ListenSocket = { ...udp, port: 5081 };
  expect(await transports.use(new Sockets([renamed, added], [], net))).toBeUndefined();
  it.stream.write(options);
  await run(0);
  expect(received.map(({ info }) => info.socket)).toEqual([socket, socket]);
  await peer(40002).then((young) => young.stream.write(options));
  await run(0);
  expect(received[2]!.info.socket).toBe(renamed);
  // The socket that is gone sends nothing any more, also for transactions that began on it.
  expect(transports.send("x", to({ protocol: "udp", socket: udp }))).toBe(false);
  expect(transports.send("x", to({ protocol: "udp", socket: { ...added } }))).toBe(true);
});

test("another table that cannot be opened changes nothing", async () => {
  net.bindNow({ address: "127.0.0.1", port: 5082 }, { message() {}, failed() {} });
  const next = new Sockets(
    [
      { ...udp, port: 5081 },
      { ...udp, port: 5082 },
    ],
    [],
    net,
  );
  expect(await transports.use(next)).toMatch(/^cannot listen on udp:127.0.0.1:5082/);
  expect(transports.send("x", to({ protocol: "udp" }))).toBe(true);
  expect(transports.send("x", to({ protocol: "udp", socket: next.all[0] }))).toBe(false);
  expect(transports.sockets.all).toEqual([udp, socket]);
});

const finish = async (sent: boolean | Promise<boolean>): Promise<boolean> => {
  await run(60);
  return sent;
};
