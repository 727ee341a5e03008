/** Coverage of a script with an include, over two simulations, as text, lcov and web pages. */
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { modules } from "../../src/modules/index.ts";
import { Coverage, percent } from "../../src/simulate/coverage.ts";
import { coverageHtml } from "../../src/simulate/coverage-html.ts";
import { coverageLcov } from "../../src/simulate/coverage-lcov.ts";
import { coverageText } from "../../src/simulate/coverage-text.ts";
import { Simulation } from "../../src/simulate/simulation.ts";

const folder = new URL("./coverage/", import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, folder), "latin1");
const files = { "/s/proxy.cfg": read("proxy.cfg"), "/s/inner.cfg": read("inner.cfg") };

const request = (method: string, user: string): string =>
  [
    `${method} sip:${user}@10.0.0.1 SIP/2.0`,
    `Via: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK${method}${user}`,
    "From: <sip:a@b>;tag=1",
    `To: <sip:${user}@b>`,
    `Call-ID: ${method}${user}`,
    `CSeq: 1 ${method}`,
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");

/** Runs requests through the script; `defines` as with -A. */
async function run(coverage: Coverage, requests: readonly string[], defines: readonly string[] = []): Promise<void> {
  const simulation = new Simulation({
    modules,
    files,
    script: "/s/proxy.cfg",
    watcher: coverage,
    defines: defines.map((name) => [name, undefined] as const),
  });
  expect(await simulation.start()).toEqual([]);
  const { active, receiver, host } = simulation.server;
  for (const text of requests)
    receiver.receive(text, {
      socket: active.sockets.all[0]!,
      protocol: "udp",
      srcIp: "10.0.0.2",
      srcPort: 5060,
      dstIp: "10.0.0.1",
      dstPort: 5060,
      connection: 0,
      time: host.clock.now(),
    });
  await simulation.advance(10);
  await simulation.stop();
}

/** Compares with a committed file; `UPDATE=1` writes it. */
function same(name: string, text: string): void {
  const file = new URL(name, folder);
  if (process.env["UPDATE"]) writeFileSync(file, text, "latin1");
  expect(text).toBe(readFileSync(file, "latin1"));
}

async function both(): Promise<Coverage> {
  const coverage = new Coverage();
  await run(coverage, [request("OPTIONS", "bob"), request("INVITE", "7")]);
  await run(coverage, [request("INVITE", "alice"), request("INVITE", "bob")], ["WITH_MORE"]);
  return coverage;
}

test("two simulations of one script count together, in every form", async () => {
  const covered = (await both()).files();
  same("expected.txt", coverageText(covered));
  same("expected.lcov", coverageLcov(covered));
  const pages = coverageHtml(covered, new Map(Object.entries(files)));
  expect([...pages.keys()]).toEqual(["index.html", "inner.cfg.html", "proxy.cfg.html"]);
  same("expected-index.html", pages.get("index.html")!);
  same("expected-proxy.html", pages.get("proxy.cfg.html")!);
});

test("counts of another process are added as they are", async () => {
  const twice = new Coverage();
  const once = await both();
  const data = JSON.parse(JSON.stringify(once.places()));
  twice.add(data);
  expect(coverageLcov(twice.files())).toBe(coverageLcov(once.files()));
  twice.add(data);
  expect(twice.files()[1]!.lines[0]!.hits).toBe(2 * once.files()[1]!.lines[0]!.hits);
});

test("files of the same name in two folders have pages of their own, and nothing is run of none", () => {
  const one = { file: "/a/x.cfg", lines: [{ line: 1, hits: 1 }], branches: [], routes: [] };
  const pages = coverageHtml([one, { ...one, file: "/b/x.cfg" }], new Map());
  expect([...pages.keys()]).toEqual(["index.html", "x.cfg.html", "x.cfg-2.html"]);
  expect(coverageText([])).toBe("No script was run.\n");
});

test("only all of it is 100 per cent", () => {
  expect(percent({ reached: 9999, of: 10_000 })).toBe(99.9);
  expect(percent({ reached: 10_000, of: 10_000 })).toBe(100);
  expect(percent({ reached: 0, of: 0 })).toBe(100);
});
