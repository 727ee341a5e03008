/** Limits of connections on real sockets: load balancers, peers that are slow, silent, greedy or liars. */
import { createServer, type Socket, connect as tcp } from "node:net";
import { connect as tls } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../../free-port.ts";
import { pem, request, start } from "./rig.ts";

const loads = ["pv", "xlog", "sl", "tm", "textops", "tcpops"].map((it) => `loadmodule "${it}"`).join("\n");
const secure = `enable_tls=yes
loadmodule "tls"
modparam("tls", "tls_method", "TLSv1.2+")
modparam("tls", "certificate", "${pem("server")}")
modparam("tls", "private_key", "${pem("server.key")}")
`;
const echo = `request_route { xlog("> $pr $si:$sp $Ri $tcp(c_si) $rb\\n"); sl_send_reply("200", "OK"); }`;

/** What a connection gets, and its end. */
function watch(socket: Socket) {
  onTestFinished(() => void socket.destroy());
  let text = "";
  const waiting: (() => void)[] = [];
  socket.on("data", (data) => {
    text += data.toString("latin1");
    for (const wake of waiting.splice(0)) wake();
  });
  const closed = new Promise<void>((resolve) => {
    socket.on("error", () => {});
    socket.on("close", () => resolve());
  });
  const got = async (pattern: RegExp): Promise<string> => {
    while (!pattern.test(text)) await new Promise<void>((resolve) => waiting.push(resolve));
    return text;
  };
  return { socket, closed, got };
}
const open = (port: number) => watch(tcp({ port, host: "127.0.0.1", noDelay: true }));
const openSecurely = (port: number) => watch(tls({ port, host: "127.0.0.1", rejectUnauthorized: false }));

test("tcp_accept_haproxy: connections begin with a PROXY header, or are closed", async () => {
  const port = await freePort();
  const rig = await start(`listen=tcp:127.0.0.1:${port}\ntcp_accept_haproxy=yes\n${loads}\n${echo}`);
  expect(rig.problems).toEqual([]);
  const one = open(port);
  one.socket.write("PROXY TCP4 192.0.2.1 198.51.1");
  one.socket.write(`00.7 40000 5060\r\n${request("x", "TCP 192.0.2.1:5060;rport")}`);
  expect(await one.got(/^SIP\/2.0 200 [\s\S]*\r\n\r\n$/)).toContain("rport=40000;received=192.0.2.1");
  const six = open(port);
  six.socket.write(
    Buffer.from(
      `\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x24\x20\x01\x0d\xb8${"\0".repeat(11)}\x01${"\0".repeat(15)}\x01\x9c\x40\x13\xc4${request("x", "TCP [2001:db8::1]")}`,
      "latin1",
    ),
  );
  await six.got(/^SIP\/2.0 200 /);
  const without = open(port);
  without.socket.write(request("x", "TCP 192.0.2.1"));
  await without.closed;
  expect(rig.log()).toEqual(["tcp 192.0.2.1:40000 127.0.0.1 127.0.0.1", "tcp 2001:db8::1:40000 127.0.0.1 127.0.0.1"]);
});

test("a PROXY header before TLS; where it is only allowed, peers without one are served, too", async () => {
  const port = await freePort();
  const rig = await start(
    `listen=tls:127.0.0.1:${port}\ntcp_accept_protocols="http,haproxy"\n${loads}\n${secure}\n${echo}`,
  );
  expect(rig.problems).toEqual([]);
  const raw = tcp({ port, host: "127.0.0.1" });
  raw.write("PROXY TCP4 192.0.2.1 198.51.100.7 40000 5060\r\n");
  const one = watch(tls({ socket: raw, rejectUnauthorized: false }));
  one.socket.write(request("x", "TLS 192.0.2.1"));
  await one.got(/^SIP\/2.0 200 /);
  const two = openSecurely(port);
  two.socket.write(request("x", "TLS 127.0.0.1"));
  await two.got(/^SIP\/2.0 200 /);
  expect(rig.log()[0]).toBe("tls 192.0.2.1:40000 127.0.0.1 127.0.0.1");
  expect(rig.log()[1]).toMatch(/^tls 127.0.0.1:\d+ 127.0.0.1 127.0.0.1$/);
});

test("who never speaks, never ends a handshake or a message, or a PROXY header is closed in time", async () => {
  const [plain, encrypted, proxied] = [await freePort(), await freePort(), await freePort()];
  const limits = "tcp_msg_data_timeout=1\ntcp_msg_read_timeout=1\ntcp_wait_data=500\n";
  await start(
    `listen=tcp:127.0.0.1:${plain}\nlisten=tls:127.0.0.1:${encrypted}\n${limits}${loads}\n${secure}\n${echo}`,
  );
  await start(`listen=tcp:127.0.0.1:${proxied}\ntcp_accept_haproxy=yes\n${limits}${loads}\n${echo}`);
  const hello = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
  const lie = request("x", "TCP 127.0.0.1").replace("Content-Length: 0", "Content-Length: 500");
  const peers = [
    [plain, ""],
    [plain, "OPTIONS sip:x SIP/2.0\r\nVia: SIP"],
    [plain, lie],
    [encrypted, ""],
    [encrypted, hello],
    [proxied, "PROXY TCP4 192."],
  ] as const;
  const began = Date.now();
  await Promise.all(
    peers.map(async ([port, bytes]) => {
      const it = open(port);
      if (bytes !== "") it.socket.write(Buffer.from(bytes, "latin1"));
      await it.closed;
    }),
  );
  expect(Date.now() - began).toBeLessThan(15_000);
});

test("a message byte by byte over TLS", async () => {
  const port = await freePort();
  const rig = await start(`listen=tls:127.0.0.1:${port}\n${loads}\n${secure}\n${echo}`);
  const it = openSecurely(port);
  for (const byte of request("x", "TLS 127.0.0.1", ["Content-Type: text/plain"], "body")) it.socket.write(byte);
  await it.got(/^SIP\/2.0 200 /);
  expect(rig.log()[0]).toMatch(/ body$/);
});

test.each(["tcp", "tls"])(
  "64 KB and 1 MB over %s: taken where they may be, else the connection is closed",
  async (protocol) => {
    const [small, large] = [await freePort(), await freePort()];
    const script = (port: number, limits: string): string =>
      `listen=${protocol}:127.0.0.1:${port}\n${limits}\n${loads}\n${protocol === "tls" ? secure : ""}
request_route { xlog("> $(rb{s.len})\\n"); sl_send_reply("200", "OK"); }`;
    const strict = await start(script(small, ""));
    const wide = await start(script(large, "tcp_rd_buf_size=2000000\nmsg_recv_max_size=2000000"));
    const peer = protocol === "tls" ? openSecurely : open;
    for (const size of [65_536, 1_048_576]) {
      const message = request(
        "x",
        `${protocol.toUpperCase()} 127.0.0.1`,
        ["Content-Type: text/plain"],
        "x".repeat(size),
      );
      const refused = peer(small);
      refused.socket.write(message);
      await refused.closed;
      const taken = peer(large);
      taken.socket.write(message);
      await taken.got(/^SIP\/2.0 200 /);
    }
    expect(strict.log()).toEqual([]);
    expect(wide.log()).toEqual(["65536", "1048576"]);
  },
);

test.each(["tcp", "tls"])("a peer over %s that never reads is closed when too much waits for it", async (protocol) => {
  const port = await freePort();
  const rig = await start(`listen=${protocol}:127.0.0.1:${port}\n${loads}\n${protocol === "tls" ? secure : ""}
request_route { append_to_reply("X-Long: $(rb{s.len})$rb\\r\\n"); sl_send_reply("200", "OK"); }
event_route[tcp:closed] { xlog("> closed $pr\\n"); }`);
  const it = (protocol === "tls" ? openSecurely : open)(port);
  it.socket.pause();
  const message = request("x", `${protocol.toUpperCase()} 127.0.0.1`, ["Content-Type: text/plain"], "x".repeat(10_000));
  const fill = (): void => {
    while (it.socket.writable && it.socket.write(message));
  };
  it.socket.on("drain", fill);
  fill();
  expect(await rig.logged(1)).toEqual([`closed ${protocol}`]);
  expect(rig.server.transports!.streams.open).toBe(0);
  expect(rig.server.transports!.tcp.queueFull).toBe(1);
  it.socket.destroy();
});

test("tls_max_connections and tcp_accept_iplimit", async () => {
  const port = await freePort();
  const rig = await start(`listen=tls:127.0.0.1:${port}\ntls_max_connections=2\n${loads}\n${secure}\n${echo}`);
  const peers = [openSecurely(port), openSecurely(port)];
  for (const it of peers) {
    it.socket.write(request("x", "TLS 127.0.0.1"));
    await it.got(/^SIP\/2.0 200 /);
  }
  await openSecurely(port).closed;
  peers[0]!.socket.destroy();
  while (rig.server.transports!.streams.open > 1) await new Promise((resolve) => setTimeout(resolve, 5));
  const it = openSecurely(port);
  it.socket.write(request("x", "TLS 127.0.0.1"));
  await it.got(/^SIP\/2.0 200 /);
  expect(rig.server.transports!.tcp.rejected).toBe(1);
});

test("where connections are opened from: tcp_source_ipv4, and the socket that the script forces", async () => {
  const [port, other] = [await freePort(), await freePort("127.0.0.3")];
  const peer = createServer();
  const from: string[] = [];
  peer.on("connection", (socket) => {
    from.push(socket.remoteAddress ?? "");
    socket.on("error", () => {});
    socket.destroy();
  });
  await new Promise<void>((resolve) => peer.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void peer.close());
  const to = (peer.address() as { port: number }).port;
  await start(`listen=tcp:127.0.0.1:${port}\nlisten=tcp:127.0.0.3:${other}\ntcp_source_ipv4=127.0.0.2\n${loads}
request_route {
  if ($rU == "forced") $fs = "tcp:127.0.0.3:${other}";
  $du = "sip:127.0.0.1:${to};transport=tcp";
  if ($rU == "stateless") forward(); else t_relay();
}`);
  for (const [i, user] of ["plain", "forced", "stateless"].entries()) {
    const it = open(port);
    it.socket.write(request(user, "TCP 127.0.0.1"));
    while (from.length <= i) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(from).toEqual(["127.0.0.2", "127.0.0.3", "127.0.0.2"]);
});
