/** Metrics: what is counted, the endpoint that serves it, and the page that describes it. */
import { readFileSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { modules } from "../../src/modules/index.ts";
import { metricsAddress } from "../../src/node/metrics/address.ts";
import { Metrics } from "../../src/node/metrics/index.ts";
import { MessageCounts } from "../../src/node/metrics/messages.ts";
import { serveMetrics } from "../../src/node/metrics/server.ts";
import { Simulation } from "../../src/simulate/simulation.ts";

const script = `
listen=udp:127.0.0.1:5060
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "textops.so"
request_route {
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  t_on_branch("out");
  t_relay_to_udp("10.0.0.9", "5060");
}
branch_route[out] { exit; }
`;

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const request = (method: string, branch: string): string =>
  [
    `${method} sip:bob@127.0.0.1 SIP/2.0`,
    `Via: SIP/2.0/UDP 10.0.0.5:5062;branch=z9hG4bK${branch}`,
    "From: <sip:alice@example.org>;tag=1",
    "To: <sip:bob@example.org>",
    `Call-ID: ${branch}`,
    `CSeq: 1 ${method}`,
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");

async function measured(): Promise<{ simulation: Simulation; metrics: Metrics }> {
  const simulation = new Simulation({ modules, files: { "/m.cfg": script }, script: "/m.cfg" });
  const metrics = new Metrics();
  metrics.watch(simulation.server);
  expect(await simulation.start()).toEqual([]);
  closers.push(() => simulation.stop());
  const peer = simulation.network.bindNow(
    { address: "10.0.0.5", port: 5062 },
    {
      message() {},
      failed() {},
    },
  );
  for (const text of [request("OPTIONS", "a"), request("OPTIONS", "b"), request("INVITE", "c"), request("MINE", "d")])
    peer.send(text, "127.0.0.1", 5060);
  peer.send("INVITE this is no message\r\n\r\n", "127.0.0.1", 5060);
  await simulation.advance(20);
  return { simulation, metrics };
}

test("messages, routes, transactions, workers and reloads are counted", async () => {
  const { simulation, metrics } = await measured();
  await simulation.reload({ force: true });
  const lines = (await metrics.text()).split("\n");
  for (const it of [
    'viaduct_messages_total{direction="in",type="request",method="OPTIONS",status=""} 2',
    'viaduct_messages_total{direction="in",type="request",method="other",status=""} 1',
    'viaduct_messages_total{direction="out",type="reply",method="OPTIONS",status="200"} 2',
    'viaduct_messages_total{direction="out",type="request",method="INVITE",status=""} 1',
    "viaduct_malformed_messages_total 1",
    'viaduct_route_seconds_count{kind="request",route=""} 4',
    'viaduct_route_seconds_count{kind="branch",route="out"} 2',
    'viaduct_transactions{state="active"} 2',
    'viaduct_transactions_created_total{side="server"} 2',
    'viaduct_worker_messages_total{pool="udp receiver udp:127.0.0.1:5060",result="handled"} 4',
    "viaduct_generation 2",
    'viaduct_reloads_total{outcome="switched"} 1',
    'viaduct_statistic{group="core",name="rcv_requests"} 4',
  ])
    expect(lines).toContain(it);
});

test("the HTTP client, name servers and the log", async () => {
  const metrics = new Metrics();
  const { host } = new Simulation({ modules, files: { "/m.cfg": script }, script: "/m.cfg" });
  const measuring = metrics.measuring({
    ...host,
    hash: () => "",
    http: { request: async () => ({ ok: false, error: "timeout", message: "" }) as never },
    dns: { ...host.dns, a: () => Promise.reject(new Error("no server")), ptr: async () => ({ records: [], ttl: 0 }) },
  });
  await measuring.http.request({} as never);
  await expect(measuring.dns.a("x.example")).rejects.toThrow("no server");
  await measuring.dns.ptr("127.0.0.1");
  const said: string[] = [];
  metrics.counting({ line: (_, text) => said.push(text) }).line(-1, "oops", undefined, undefined);
  expect(said).toEqual(["oops"]);
  const lines = (await metrics.text()).split("\n");
  expect(lines).toContain('viaduct_http_client_seconds_count{result="timeout"} 1');
  expect(lines).toContain('viaduct_dns_query_seconds_count{type="A",result="failed"} 1');
  expect(lines).toContain('viaduct_dns_query_seconds_count{type="PTR",result="answered"} 1');
  expect(lines).toContain('viaduct_log_lines_total{level="error"} 1');
});

test("the endpoint serves /metrics and nothing else, and docs/metrics.md names every metric with its type", async () => {
  const { metrics } = await measured();
  const server = await serveMetrics(metrics, "0");
  closers.push(() => server.close());
  const url = `http://127.0.0.1:${server.port}`;
  const reply = await fetch(`${url}/metrics?x=1`);
  expect(reply.headers.get("content-type")).toContain("version=0.0.4");
  expect((await fetch(`${url}/`)).status).toBe(404);
  expect((await fetch(`${url}/metrics`, { method: "POST" })).status).toBe(405);
  await expect(serveMetrics(metrics, String(server.port))).rejects.toThrow(
    `cannot serve metrics on ${server.port}: address already in use`,
  );

  const served = [...(await reply.text()).matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(
    ([, name, type]) => `${name} ${type}`,
  );
  const page = readFileSync(new URL("../../docs/metrics.md", import.meta.url), "utf8");
  const described = [...page.matchAll(/^\| (`\w+`(?:, `\w+`)*) \| (\w+) \|/gm)].flatMap(([, names, type]) =>
    names!.split(", ").map((name) => `${name.replaceAll("`", "")} ${type}`),
  );
  expect(described.sort()).toEqual(served.sort());
});

test("replies that go out are counted by the method in their CSeq", () => {
  const counts = new MessageCounts();
  counts.sent("SIP/2.0 486 Busy Here\r\nVia: x\r\nCSeq: 7  INVITE\r\n\r\n");
  counts.sent("SIP/2.0 200 OK\r\n\r\n");
  counts.sent("\r\n\r\n");
  expect([...counts.list()].map(({ labels: { method, status }, value }) => `${method} ${status} ${value}`)).toEqual([
    "INVITE 486 1",
    "other 200 1",
  ]);
});

test.each([
  ["9090", { host: "127.0.0.1", port: 9090 }],
  ["0.0.0.0:9090", { host: "0.0.0.0", port: 9090 }],
  ["[::1]:9090", { host: "::1", port: 9090 }],
  ["metrics.example:9", { host: "metrics.example", port: 9 }],
  ["70000", undefined],
  ["a:b:9", undefined],
  ["", undefined],
])("--metrics %s", (text, address) => {
  expect(metricsAddress(text)).toEqual(address);
});
