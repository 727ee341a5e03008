/** The module websocket: with the client of the package ws on real sockets, and with hand-made frames in virtual time. */
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { modules } from "../../../src/modules/index.ts";
import { Simulation } from "../../../src/simulate/simulation.ts";
import { freePort } from "../../free-port.ts";
import { pem, request, start } from "./rig.ts";

const loads = ["pv", "xlog", "sl", "tm", "rr", "textops", "xhttp", "nathelper", "tcpops", "websocket"]
  .map((it) => `loadmodule "${it}"`)
  .join("\n");
const upgrade = `event_route[xhttp:request] {
  set_reply_close();
  set_reply_no_connect();
  if ($hdr(Upgrade) =~ "websocket" && $rm =~ "GET") { ws_handle_handshake(); exit; }
  xhttp_reply(404, "Not Found", "", "");
}`;

/** A client that is open, with what it gets. */
async function open(url: string, options: Record<string, unknown> = {}) {
  const socket = new WebSocket(url, "sip", { rejectUnauthorized: false, ...options });
  onTestFinished(() => socket.terminate());
  const got: string[] = [];
  const waiting: (() => void)[] = [];
  socket.on("message", (data, binary) => {
    got.push(`${binary ? "binary " : ""}${(data as Buffer).toString("latin1")}`);
    for (const wake of waiting.splice(0)) wake();
  });
  const closed = new Promise<string>((resolve) =>
    socket.on("close", (code, reason) => resolve(`${code} ${reason.toString()}`)),
  );
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  return {
    socket,
    got,
    closed,
    next: async (count: number) => {
      while (got.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
      return got[count - 1]!;
    },
  };
}

test.each([
  ["ws", "127.0.0.1"],
  ["ws", "[::1]"],
  ["wss", "127.0.0.1"],
])("%s over %s: requests and answers, and two clients through the proxy", async (scheme, host) => {
  const port = await freePort(host.replace(/[[\]]/g, ""));
  const secure = scheme === "wss";
  const rig = await start(`tcp_accept_no_cl=yes
${secure ? "enable_tls=yes" : ""}
listen=${secure ? "tls" : "tcp"}:${host}:${port}
${loads}
${secure ? 'loadmodule "tls"' : ""}
${secure ? `modparam("tls", "tls_method", "TLSv1.2+")` : ""}
${secure ? `modparam("tls", "certificate", "${pem("server")}")\nmodparam("tls", "private_key", "${pem("server.key")}")` : ""}
request_route {
  xlog("> $pr $rU $(si{s.len}) $ws_conid $conid\\n");
  force_rport();
  if ($rU == "options") { sl_send_reply("200", "OK"); exit; }
  if ($rm != "ACK" && nat_uac_test(64)) add_contact_alias();
  record_route();
  t_on_reply("R");
  if ($rU == "bob") { $du = $shv(bob); t_relay(); exit; }
  if ($rU == "register") { $shv(bob) = $(sut{s.replace,wss,ws}); sl_send_reply("200", "OK"); exit; }
  if (!handle_ruri_alias()) xlog("> no alias\\n");
  t_relay();
}
onreply_route[R] { if (nat_uac_test(64)) add_contact_alias(); }
${upgrade}`);
  expect(rig.problems).toEqual([]);
  const url = `${scheme}://${host}:${port}`;
  const [alice, bob] = [await open(url), await open(url)];
  expect(alice.socket.protocol).toBe("sip");
  const via = `${scheme.toUpperCase()} invalid.test`;
  alice.socket.send(request("options", via));
  expect(await alice.next(1)).toMatch(
    /^SIP\/2.0 200 OK\r\nVia: SIP\/2.0\/WSS? invalid.test;branch=\w+;rport=\d+;received=/,
  );
  bob.socket.send(request("register", via));
  await bob.next(1);
  alice.socket.send(request("bob", via, ["Contact: <sip:alice@invalid.test;transport=ws>"]));
  const came = await bob.next(2);
  expect(came).toContain(`\r\nVia: SIP/2.0/${scheme.toUpperCase()} ${host}:${port};branch=`);
  expect(came).toMatch(/^Record-Route: <sip:\S+;transport=ws;lr/m);
  const alias = /^Contact: <(sip:alice@invalid.test;\S*alias=\S+)>/m.exec(came)?.[1];
  expect(alias).toMatch(/~[56];|~[56]$/);
  const answer = (text: string, contact: string): string =>
    [
      "SIP/2.0 200 OK",
      ...text.split("\r\n").filter((it) => /^(Via|From|To|Call-ID|CSeq|Record-Route):/.test(it)),
      contact,
      "Content-Length: 0",
      "",
      "",
    ].join("\r\n");
  bob.socket.send(answer(came, "Contact: <sip:bob@elsewhere.invalid;transport=ws>"));
  expect(await alice.next(2)).toMatch(/^SIP\/2.0 200 OK[\s\S]*^Contact: <sip:bob@elsewhere.invalid;\S*alias=/m);
  // A request of Bob's for Alice's contact finds her connection by the alias.
  bob.socket.send(request("back", via).replace("sip:back@viaduct.test", alias!));
  expect(await alice.next(3)).toMatch(/^OPTIONS sip:alice@invalid.test;transport=ws SIP/);
  expect(rig.log()).not.toContain("no alias");
});

test("binary when it is no UTF-8, fragments, closing from either side, and figures", async () => {
  const port = await freePort();
  const rig = await start(`tcp_accept_no_cl=yes
listen=tcp:127.0.0.1:${port}
${loads}
modparam("websocket", "rm_delay_interval", 1)
request_route {
  if ($rU == "close") { ws_close(4000, "enough"); exit; }
  if ($rU == "close2") { ws_close(4001, "enough", 1); exit; }
  if ($rU == "close3") { ws_close(4001, "enough", 99); xlog("> $rc\\n"); exit; }
  append_to_reply("X-Body: $rb\\r\\n");
  sl_send_reply("200", "OK");
}
event_route[websocket:closed] { xlog("> gone $proto $conid $si $Rp\\n"); }
${upgrade}`);
  expect(rig.problems).toEqual([]);
  const one = await open(`ws://127.0.0.1:${port}`);
  one.socket.send(Buffer.from(request("x", "WS invalid.test", ["Content-Type: text/plain"], "caf\u00e9"), "latin1"));
  expect(await one.next(1)).toMatch(/^binary SIP\/2.0 200 OK[\s\S]*X-Body: caf\u00e9\r$/m);
  const text = request("x", "WS invalid.test");
  one.socket.send(text.slice(0, 40), { fin: false });
  one.socket.ping();
  one.socket.send(text.slice(40, 80), { fin: false });
  one.socket.send(text.slice(80), { fin: true });
  expect(await one.next(2)).toMatch(/^SIP\/2.0 200 OK/);
  one.socket.send("\r\n\r\n");
  expect(await one.next(3)).toBe("\r\n");
  const two = await open(`ws://127.0.0.1:${port}`);
  expect(rig.command("ws.dump", "used_desc")).toMatchObject({
    connections: {
      items: [expect.stringMatching(/^1: ws:127.0.0.1:\d+ -> ws:.*state: OPEN, {2}last used 0s ago/), /^2:/]
        .slice(0, 1)
        .concat([expect.stringMatching(/^2: ws:/)]),
    },
    info: { wscounter: 2, truncated: "no" },
  });
  two.socket.send(request("close", "WS invalid.test"));
  expect(await two.closed).toBe("4000 enough");
  const three = await open(`ws://127.0.0.1:${port}`);
  three.socket.send(request("close3", "WS invalid.test"));
  three.socket.send(request("close2", "WS invalid.test"));
  expect(await one.closed).toBe("4001 enough");
  const ponged = new Promise((resolve) => three.socket.once("ping", resolve));
  expect(rig.command("ws.ping", 3)).toBeUndefined();
  expect((await ponged) as Buffer).toEqual(Buffer.from("viaduct"));
  three.socket.close(1000, "bye");
  expect(await three.closed).toBe("1000 Normal closure");
  expect(() => rig.command("ws.close", 3)).toThrow("Unknown connection ID");
  const figures = Object.fromEntries(
    rig.server.statistics.list().flatMap(({ group, name, value }) => (group === "websocket" ? [[name, value]] : [])),
  );
  expect(figures).toMatchObject({
    ws_current_connections: 0,
    ws_max_concurrent_connections: 2,
    ws_local_closed_connections: 2,
    ws_remote_closed_connections: 1,
    ws_successful_handshakes: 3,
    ws_sip_successful_handshakes: 3,
    ws_failed_handshakes: 0,
    ws_sip_received_frames: 6,
  });
  expect(await rig.logged(4)).toEqual([
    "-1",
    `gone tcp 2 127.0.0.1 ${port}`,
    `gone tcp 1 127.0.0.1 ${port}`,
    `gone tcp 3 127.0.0.1 ${port}`,
  ]);
  rig.command("ws.disable");
  await expect(open(`ws://127.0.0.1:${port}`)).rejects.toThrow("503");
  rig.command("ws.enable");
  await open(`ws://127.0.0.1:${port}`);
});

// ── Hand-made frames, in virtual time ──

const asks = (fields: Readonly<Record<string, string>> = {}): string => {
  const all = {
    Host: "here",
    Upgrade: "websocket",
    Connection: "keep-alive, Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol": "chat, sip",
    "Sec-WebSocket-Version": "13",
    ...fields,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === "" ? [] : [`${name}: ${value}`]));
  return `GET / HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
};

async function simulated(parameters: string, routes = 'request_route { sl_send_reply(200, "OK"); }') {
  const script = `tcp_accept_no_cl=yes
server_signature=no
listen=tcp:127.0.0.1:5060
${loads}
${parameters}
${routes}
event_route[websocket:closed] { xlog("> gone $si:$sp\\n"); }
${upgrade}`;
  const simulation = new Simulation({ modules, files: { "/t.cfg": script }, script: "/t.cfg" });
  const problems = (await simulation.start()).map((it) => it.message);
  const peer = async (first = asks()) => {
    expect(problems).toEqual([]);
    const it = { got: "", open: true };
    const stream = simulation.network.connect(
      { address: "127.0.0.1", port: 5060, noDelay: true, localAddress: "127.0.0.9" },
      { data: (text) => (it.got += text), closed: () => (it.open = false) },
    );
    stream.write(first);
    await simulation.advance(10);
    return {
      stream,
      isOpen: () => it.open,
      take: () => {
        const { got } = it;
        it.got = "";
        return got;
      },
    };
  };
  const log = (): string[] =>
    simulation.log.filter((it) => it.text.startsWith("> ")).map((it) => it.text.slice(2).trimEnd());
  return { simulation, problems, peer, log, script };
}

/** A frame of a client, masked with zeros but for the first byte of the mask. */
const frame = (first: number, payload: string): string => {
  const mask = "\x01\0\0\0";
  const masked = [...payload].map((c, i) => String.fromCharCode(c.charCodeAt(0) ^ mask.charCodeAt(i & 3))).join("");
  const { length } = payload;
  const size =
    length < 126
      ? String.fromCharCode(0x80 | length)
      : length < 65536
        ? String.fromCharCode(0xfe, length >> 8, length & 255)
        : `\xff\0\0\0\0${String.fromCharCode(length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255)}`;
  return String.fromCharCode(first) + size + mask + masked;
};
const closing = (code: number, reason: string): string =>
  `\x88${String.fromCharCode(reason.length + 2, code >> 8, code & 255)}${reason}`;

test("the answer to a handshake, byte by byte", async () => {
  const { peer } = await simulated('modparam("websocket", "cors_mode", 2)');
  const it = await peer(asks({ Origin: "http://example.org" }));
  expect(it.take().replace(/40\d{3}/, "PORT")).toBe(
    [
      "HTTP/1.1 101 Switching Protocols",
      "Sia: SIP/2.0/TCP 127.0.0.9:PORT",
      "Access-Control-Allow-Origin: http://example.org",
      "Sec-WebSocket-Protocol: sip",
      "Upgrade: websocket",
      "Connection: upgrade",
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
      "Content-Length: 0",
      "",
      "",
    ].join("\r\n"),
  );
});

test.each([
  [
    "another version",
    { "Sec-WebSocket-Version": "8" },
    /^HTTP\/1.1 426 Upgrade Required\r\n[\s\S]*^Sec-WebSocket-Version: 13\r$/m,
  ],
  [
    "no sub-protocol",
    { "Sec-WebSocket-Protocol": "" },
    /^HTTP\/1.1 400 Bad Request\r\n[\s\S]*^Sec-WebSocket-Protocol: sip\r$/m,
  ],
  ["another sub-protocol", { "Sec-WebSocket-Protocol": "chat" }, /^HTTP\/1.1 400 Bad Request\r\n/],
  ["no key", { "Sec-WebSocket-Key": "" }, /^HTTP\/1.1 400 Bad Request\r\n/],
  ["no upgrade", { Connection: "close" }, /^HTTP\/1.1 400 Bad Request\r\n/],
  ["two keys", { "X-Two": "x\r\nSec-WebSocket-Key: again" }, /^HTTP\/1.1 400 Bad Request\r\n/],
])("a handshake is refused, and the connection closed: %s", async (_, fields, expected) => {
  const { peer } = await simulated("");
  const it = await peer(asks(fields as Record<string, string>));
  expect(it.take()).toMatch(expected);
  expect(it.isOpen()).toBe(false);
});

test.each([
  ["not masked", "\x81\x05hello", 1002, "Protocol error"],
  ["reserved bits", frame(0xc1, "x"), 1002, "Protocol error"],
  ["an unknown opcode", frame(0x83, "x"), 1008, "Unsupported opcode"],
  ["a long ping", frame(0x89, "x".repeat(126)), 1002, "Protocol error"],
  ["a fragmented ping", frame(0x09, "x"), 1002, "Protocol error"],
  ["the end of no message", frame(0x80, "x"), 1002, "Protocol error"],
  ["a message within one", frame(0x01, "x") + frame(0x81, "x"), 1002, "Protocol error"],
  ["64 KB", frame(0x82, "x".repeat(65536)), 1009, "Message too big"],
  ["the promise of a megabyte", `\x82\xff\0\0\0\0\0\x10\0\0\x01\0\0\0`, 1009, "Message too big"],
  ["the promise of an exabyte", `\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff`, 1009, "Message too big"],
  ["fragments without end", frame(0x01, "x".repeat(10_000)) + frame(0x00, "x".repeat(10_000)), 1009, "Message too big"],
])("a frame that may not be: %s", async (_, bytes, code, reason) => {
  const { simulation, peer } = await simulated("");
  const it = await peer();
  it.take();
  it.stream.write(bytes);
  await simulation.advance(10);
  expect(it.take()).toBe(closing(code, reason));
  expect(it.isOpen()).toBe(false);
});

test("pings keep a silent peer alive; one that does not answer is closed", async () => {
  const { simulation, peer, log } = await simulated(
    'modparam("websocket", "keepalive_timeout", 10)\nmodparam("websocket", "ping_application_data", "there?")\ntcp_connection_lifetime=3600',
  );
  const [deaf, alive] = [await peer(), await peer()];
  deaf.take();
  alive.take();
  await simulation.advance(11_000);
  expect(alive.take()).toBe("\x89\x06there?");
  alive.stream.write(frame(0x8a, "there?"));
  expect(deaf.take()).toBe("\x89\x06there?");
  await simulation.advance(10_500);
  expect(deaf.isOpen()).toBe(false);
  expect(alive.isOpen()).toBe(true);
  expect(log()).toEqual([]);
  await simulation.advance(5_000);
  expect(log()).toEqual([expect.stringMatching(/^gone 127.0.0.9:\d+$/)]);
});

test("pongs, and no keep-alive", async () => {
  const pongs = await simulated(
    'modparam("websocket", "keepalive_mechanism", 2)\nmodparam("websocket", "keepalive_timeout", 5)',
  );
  const it = await pongs.peer();
  it.take();
  await pongs.simulation.advance(13_000);
  expect(it.take()).toBe("\x8a\x07viaduct\x8a\x07viaduct");
  const none = await simulated(
    'modparam("websocket", "keepalive_mechanism", 0)\nmodparam("websocket", "keepalive_timeout", 5)',
  );
  const quiet = await none.peer();
  quiet.take();
  await none.simulation.advance(60_000);
  expect(quiet.take()).toBe("");
  expect(quiet.isOpen()).toBe(true);
});

test("a close frame that is not answered ends after ten seconds; nothing is sent behind it", async () => {
  const { simulation, peer } = await simulated(
    "",
    'request_route { sl_send_reply(200, "OK"); ws_close(); sl_send_reply(200, "Again"); exit; }',
  );
  const it = await peer();
  it.take();
  it.stream.write(frame(0x81, request("x", "WS invalid.test")));
  await simulation.advance(10);
  const got = it.take();
  expect(got).toContain("200 OK");
  expect(got.endsWith(closing(1000, "Normal closure"))).toBe(true);
  it.stream.write(frame(0x81, request("y", "WS invalid.test")));
  await simulation.advance(5000);
  expect(it.take()).toBe("");
  expect(it.isOpen()).toBe(true);
  await simulation.advance(11_000);
  expect(it.isOpen()).toBe(false);
});

test("a flood of pings is answered up to what the peer takes", async () => {
  const { simulation, peer } = await simulated("");
  const it = await peer();
  it.take();
  it.stream.write(frame(0x89, "x").repeat(5000));
  await simulation.advance(10);
  expect(it.take()).toBe("\x8a\x01x".repeat(5000));
});

test("a WebSocket outlives its script; the new one hears of its end", async () => {
  const { simulation, peer, script, log } = await simulated("");
  const it = await peer();
  it.take();
  simulation.host.files.write(
    "/t.cfg",
    script.replace("request_route {", 'request_route { xlog("> new\\n");').replace("> gone", "> new gone"),
  );
  expect(await simulation.reload()).toMatchObject({ outcome: "switched" });
  it.stream.write(frame(0x81, request("x", "WS invalid.test")));
  await simulation.advance(10);
  expect(it.take()).toContain("SIP/2.0 200 OK");
  it.stream.end();
  await simulation.advance(6000);
  expect(log()).toEqual(["new", expect.stringMatching(/^new gone /)]);
});

test.each([
  ['modparam("websocket", "sub_protocols", 2)', "there is none but sip"],
  ['modparam("websocket", "sub_protocols", 4)', "1 is sip, 2 is msrp"],
  ['modparam("websocket", "cors_mode", 3)', "cors_mode is 0, 1 or 2"],
])("refused at load: %s", async (parameters, problem) => {
  expect((await simulated(parameters)).problems.join()).toContain(problem);
});
