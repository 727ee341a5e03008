/** tcpops on connections in memory, in virtual time. */
import { expect, test } from "vitest";
import { modules } from "../../src/modules/index.ts";
import { Simulation } from "../../src/simulate/simulation.ts";
import type { Stream } from "../../src/transport/socket.ts";

const request = (user: string, fields: readonly string[] = []): string =>
  [
    `OPTIONS sip:${user}@127.0.0.1 SIP/2.0`,
    "Via: SIP/2.0/TCP 127.0.0.9:5060;branch=z9hG4bK1",
    "From: <sip:a@example.org>;tag=a",
    "To: <sip:b@example.org>",
    `Call-ID: ${user}`,
    "CSeq: 1 OPTIONS",
    ...fields,
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");

/** A running script, and peers that connect to it. */
async function start(head: string, routes: string) {
  const script = `
listen=tcp:127.0.0.1:5060
listen=udp:127.0.0.1:5060
loadmodule "pv"
loadmodule "xlog"
loadmodule "sl"
loadmodule "tm"
loadmodule "tcpops"
${head}
${routes}`;
  const simulation = new Simulation({ modules, files: { "/t.cfg": script }, script: "/t.cfg" });
  const problems = (await simulation.start()).map((it) => it.message);
  const log = (): string[] =>
    simulation.log.filter((it) => it.text.startsWith("> ")).map((it) => it.text.slice(2).trimEnd());
  const peer = (port: number) => {
    const got: string[] = [];
    let open = true;
    const stream: Stream = simulation.network.connect(
      { address: "127.0.0.1", port: 5060, noDelay: true, localAddress: "127.0.0.9", localPort: port },
      { data: (text) => got.push(text), closed: () => (open = false) },
    );
    return { stream, got, isOpen: () => open };
  };
  return { simulation, problems, log, peer, script };
}

const events = `
event_route[tcp:closed] { xlog("> closed $proto $conid $si:$sp $Ri:$Rp\\n"); }
event_route[tcp:timeout] { xlog("> timeout $conid\\n"); }
event_route[tcp:reset] { xlog("> reset $conid\\n"); }
`;

test("what a script learns of connections", async () => {
  const { simulation, log, peer } = await start(
    "",
    `request_route {
      xlog("> $tcp(conid) $tcp(aconid) $tcp(c_si):$tcp(c_sp) $tcp(ac_sp)\\n");
      tcp_conid_state("$conid"); xlog("> state $rc\\n");
      tcp_conid_state(77); xlog("> state $rc\\n");
      if (tcp_conid_alive($conid)) xlog("> alive\\n");
      if (!tcp_conid_alive("77")) xlog("> dead\\n");
      if (tcp_con_alive("127.0.0.9:4001")) xlog("> found\\n");
      if (tcp_con_alive("sip:127.0.0.9:4001")) xlog("> found by URI\\n");
      if (!tcp_con_alive("127.0.0.9")) xlog("> nobody at 5060\\n");
      tcp_get_conid("127.0.0.9:4001", "$var(id)"); xlog("> $rc $var(id)\\n");
      tcp_get_conid("127.0.0.9:4002", "$var(id)"); xlog("> $rc $var(id)\\n");
    }`,
  );
  const it = peer(4001);
  it.stream.write(request("x"));
  await simulation.advance(10);
  expect(log()).toEqual([
    "1 1 127.0.0.9:4001 4001",
    "state 1",
    "state -1",
    "alive",
    "dead",
    "found",
    "found by URI",
    "nobody at 5060",
    "1 1",
    "-1 0",
  ]);
});

test("event routes of connections that go", async () => {
  const { simulation, log, peer } = await start(
    "tcp_connection_lifetime=30",
    `request_route {
      if ($rU == "bye") tcp_close_connection();
      if ($rU == "short") tcp_set_connection_lifetime(3);
    }${events}`,
  );
  const [left, shut, short] = [peer(4001), peer(4002), peer(4003)];
  left.stream.write(request("x"));
  shut.stream.write(request("bye"));
  short.stream.write(request("short"));
  await simulation.advance(100);
  expect(shut.isOpen()).toBe(false);
  left.stream.end();
  await simulation.advance(100);
  expect(log()).toEqual(["closed tcp 2 127.0.0.9:4002 127.0.0.1:5060", "closed tcp 1 127.0.0.9:4001 127.0.0.1:5060"]);
  await simulation.advance(4000);
  expect(short.isOpen()).toBe(false);
  expect(log().slice(2)).toEqual(["timeout 3"]);
});

test("closed_event 2: only for connections that the script has named", async () => {
  const { simulation, log, peer } = await start(
    'modparam("tcpops", "closed_event", 2)',
    `request_route {
      if ($rU == "own") tcp_enable_closed_event();
      if ($rU == "other") tcp_enable_closed_event(1);
      if ($rU == "none") { tcp_enable_closed_event(99); xlog("> not reached\\n"); }
    }${events}`,
  );
  const peers = [peer(4001), peer(4002), peer(4003)];
  for (const it of peers) it.stream.write(request("plain"));
  await simulation.advance(10);
  peers[1]!.stream.write(request("own") + request("other") + request("none"));
  await simulation.advance(10);
  for (const it of peers) it.stream.end();
  await simulation.advance(10);
  expect(log()).toEqual(["closed tcp 1 127.0.0.9:4001 127.0.0.1:5060", "closed tcp 2 127.0.0.9:4002 127.0.0.1:5060"]);
});

test("closed_event 0 silences them, and another value is refused", async () => {
  const { simulation, log, peer } = await start(
    'modparam("tcpops", "closed_event", 0)',
    `request_route { tcp_enable_closed_event(1); }${events}`,
  );
  const it = peer(4001);
  it.stream.write(request("x"));
  await simulation.advance(10);
  it.stream.end();
  await simulation.advance(10);
  expect(log()).toEqual([]);
  const wrong = await start('modparam("tcpops", "closed_event", 3)', "request_route { exit; }");
  expect(wrong.problems.join()).toContain("closed_event is 0, 1 or 2");
});

test("a request goes out on the connection that the script names", async () => {
  const { simulation, peer } = await start(
    "",
    `request_route {
      $du = "sip:127.0.0.8:5070;transport=tcp";
      tcp_set_otcpid(1);
      tcp_set_otcpid_flag(1);
      if ($rU == "flagless") { tcp_set_otcpid_flag(0); $du = "sip:127.0.0.9:4002;transport=tcp"; }
      if ($rU == "stateless") forward(); else t_relay();
    }`,
  );
  const [one, two] = [peer(4001), peer(4002)];
  await simulation.advance(10);
  two.stream.write(request("relayed") + request("stateless") + request("flagless"));
  await simulation.advance(10);
  expect(one.got.map((it) => it.split(" ")[1])).toEqual(["sip:relayed@127.0.0.1", "sip:stateless@127.0.0.1"]);
  expect(two.got.some((it) => it.startsWith("OPTIONS sip:flagless@127.0.0.1 "))).toBe(true);
});

test("keep-alive can be set where there is a connection, and only on connections", async () => {
  const { simulation, log, peer } = await start(
    "",
    `request_route {
      tcp_keepalive_enable(60, 5, 2); xlog("> $proto $rc\\n");
      tcp_keepalive_enable(1, 60, 5, 2); xlog("> $rc\\n");
      tcp_keepalive_enable(9, 60, 5, 2); xlog("> $rc\\n");
      tcp_keepalive_disable(); xlog("> $rc\\n");
      tcp_set_connection_lifetime(-1); xlog("> $rc\\n");
    }`,
  );
  const it = peer(4001);
  it.stream.write(request("x"));
  await simulation.advance(10);
  expect(log()).toEqual(["tcp 1", "1", "-1", "1", "-1"]);
  const udp = simulation.network.bindNow({ address: "127.0.0.9", port: 4009 }, { message() {}, failed() {} });
  udp.send(request("x").replace("/TCP", "/UDP"), "127.0.0.1", 5060);
  await simulation.advance(10);
  expect(log().slice(5)).toEqual(["udp -1", "1", "-1", "-1", "-1"]);
});

test.each([
  ["", false],
  ["tcp_script_mode=1", true],
])("a request route that ends with an error closes the connection: %j", async (head, stays) => {
  const { simulation, peer } = await start(
    head,
    `request_route { sl_send_reply(200, "OK"); if ($rU == "bad") return -1; }`,
  );
  const it = peer(4001);
  it.stream.write(request("good"));
  await simulation.advance(10);
  expect(it.isOpen()).toBe(true);
  it.stream.write(request("bad"));
  await simulation.advance(10);
  expect(it.got).toHaveLength(2);
  expect(it.isOpen()).toBe(stays);
});

test("limits can be changed while the server runs", async () => {
  const { simulation, peer } = await start("", `request_route { sl_send_reply(200, "OK"); }`);
  const { config } = simulation.server.active.core;
  const [one, two] = [peer(4001), peer(4002)];
  await simulation.advance(10);
  expect(config.get("tcp", "connection_lifetime")).toBe(120);
  expect(config.set("tcp", "connection_lifetime", 5)).toBe(true);
  expect(config.set("tcp", "max_connections", 2)).toBe(true);
  expect(config.set("tcp", "async", 0)).toBe(false);
  const three = peer(4003);
  await simulation.advance(10);
  expect([one.isOpen(), two.isOpen(), three.isOpen()]).toEqual([true, true, false]);
  one.stream.write(request("x"));
  await simulation.advance(3000);
  one.stream.write(request("x"));
  await simulation.advance(4000);
  expect([one.isOpen(), two.isOpen()]).toEqual([true, false]);
});

test("a script that fails to start leaves the event routes to the one that serves", async () => {
  const { simulation, log, peer, script } = await start("", `request_route { sl_send_reply(200, "OK"); }${events}`);
  const [one, two] = [peer(4001), peer(4002)];
  await simulation.advance(10);
  const changed = script.replaceAll('"> ', '"> new ');
  // The module xhttp refuses to serve without its event route, when tcpops has begun.
  simulation.host.files.write("/t.cfg", changed.replace('loadmodule "tcpops"', '$&\nloadmodule "xhttp"'));
  expect((await simulation.reload()).outcome).not.toBe("switched");
  one.stream.end();
  await simulation.advance(10);
  simulation.host.files.write("/t.cfg", changed);
  expect((await simulation.reload()).outcome).toBe("switched");
  two.stream.end();
  await simulation.advance(10);
  expect(log()).toEqual([
    "closed tcp 1 127.0.0.9:4001 127.0.0.1:5060",
    "new closed tcp 2 127.0.0.9:4002 127.0.0.1:5060",
  ]);
});
