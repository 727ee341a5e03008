/** nathelper's pings, with registrations of the test's own. */
import { expect, test } from "vitest";
import type { Module } from "../../src/declare/module.ts";
import { modules } from "../../src/modules/index.ts";
import type { PingSelection, PingTarget } from "../../src/modules/nathelper/pinger.ts";
import { Simulation } from "../../src/simulate/simulation.ts";
import { messageOf } from "../sip/make.ts";

const contact = (name: string, aorHash: number, flags: number): PingTarget => ({
  contact: `sip:${name}@10.0.0.5:5062`,
  received: "sip:127.0.0.2:40000",
  path: "",
  socket: undefined,
  flags,
  ruid: `uloc-${name}`,
  aorHash,
});

test("contacts are pinged once an interval, and their answers are noticed", async () => {
  const targets = [contact("alice", 0x1a, 0), contact("bob", 3, 1 << 7)];
  const refreshed: unknown[] = [];
  const usrloc: Module = {
    name: "usrloc",
    doc: "",
    params: {},
    start: () => ({
      pingTargets: ({ part, parts }: PingSelection) => targets.filter((it) => it.aorHash % parts === part),
      refreshKeepalive: (...seen: unknown[]) => refreshed.push(seen),
    }),
    functions: {},
    variables: {},
    commands: {},
    events: {},
  };
  const script = `
    listen=udp:127.0.0.1:5060
    loadmodule "usrloc"
    loadmodule "nathelper"
    modparam("nathelper", "natping_interval", 10)
    modparam("nathelper", "sipping_bflag", 7)
    modparam("nathelper", "ping_nated_only", 1)
    modparam("nathelper", "keepalive_timeout", 30)
    modparam("nathelper", "sipping_from", "sip:pinger@example.org")
    request_route { exit; }`;
  const all = [...modules.filter((it) => it.name !== "usrloc"), usrloc];
  const simulation = new Simulation({ modules: all, files: { "/k.cfg": script }, script: "/k.cfg" });
  expect(await simulation.start()).toEqual([]);
  const seen: string[] = [];
  const peer = simulation.network.bindNow(
    { address: "127.0.0.2", port: 40000 },
    {
      message(text, ip, port) {
        seen.push(text);
        if (!text.startsWith("OPTIONS")) return;
        const kept = text.split("\r\n").filter((it) => /^(Via|From|To|Call-ID|CSeq|Content-Length):/.test(it));
        peer.send(["SIP/2.0 200 OK", ...kept, "", ""].join("\r\n"), ip, port);
      },
      failed() {},
    },
  );
  await simulation.advance(20_500);
  await simulation.stop();
  const sip = seen.filter((it) => it.startsWith("OPTIONS "));
  expect(seen.filter((it) => it === "\0\0\0\0")).toHaveLength(2);
  expect(sip).toHaveLength(2);
  expect(messageOf(sip[0]!)).toMatchObject({ malformed: "", requestUri: "sip:bob@10.0.0.5:5062" });
  expect(refreshed).toEqual([
    [3, "uloc-bob"],
    [3, "uloc-bob"],
  ]);
});
