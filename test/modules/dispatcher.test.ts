/** dispatcher: who is chosen, what is left for failover, and who is up. */
import { describe, expect, test } from "vitest";
import { modules } from "../../src/modules/index.ts";
import { Simulation } from "../../src/simulate/simulation.ts";
import { request } from "./play.ts";

const LIST =
  "1 sip:10.1.0.1:5060 0 10 weight=20;rweight=50\n1 sip:10.1.0.2:5060 0 5 weight=80;rweight=50\n# none\n2 sip:10.2.0.1 4\n";

interface Played {
  readonly log: readonly string[];
  readonly sent: readonly { readonly to: string; readonly text: string }[];
}

/** Runs a script on so many requests; `ms` of virtual time pass after each. */
async function play(script: string, options: { list?: string; count?: number; ms?: number } = {}): Promise<Played> {
  const text = [
    "listen=udp:127.0.0.1:5060",
    ..."pv xlog sl tm jsonrpcs dispatcher".split(" ").map((it) => `loadmodule "${it}"`),
    'modparam("dispatcher", "list_file", "/ds.list")',
    'modparam("dispatcher", "flags", 2)',
    script.includes("request_route") ? script : `request_route {\n${script}\n}`,
  ].join("\n");
  const files = { "/d.cfg": text, "/ds.list": options.list ?? LIST };
  const simulation = new Simulation({ modules, files, script: "/d.cfg" });
  const problems = await simulation.start();
  if (problems.length > 0) throw new Error(problems.map((it) => it.message).join("; "));
  const sent: { to: string; text: string }[] = [];
  simulation.network.faults = ({ from, to, text: datagram }) => {
    if (from.port === 5060) sent.push({ to: `${to.address}:${to.port}`, text: datagram });
    return [0];
  };
  const peer = simulation.network.bindNow({ address: "10.0.0.5", port: 5062 }, { message() {}, failed() {} });
  for (let i = 0; i < (options.count ?? 1); i++) {
    peer.send(
      request("INVITE").replace("Call-ID: c1", `Call-ID: c${i}`).replace("z9hG4bK1", `z9hG4bK${i}`),
      "127.0.0.1",
      5060,
    );
    await simulation.advance(options.ms ?? 20);
  }
  await simulation.stop();
  const log = simulation.log.filter((it) => it.prefix?.startsWith("<script>")).map((it) => it.text.trimEnd());
  return { log, sent };
}

describe("ds_select_dst", () => {
  test("the highest priority comes first, and the others follow", async () => {
    const next = 'if (ds_next_dst()) xlog("$du\\n"); else xlog("end\\n");';
    const { log } = await play(`ds_select_dst("1", "8"); xlog("$du $xavp(_dsctx_=>cnt)\\n"); ${next} ${next}`);
    expect(log).toEqual(["sip:10.1.0.1:5060 2", "sip:10.1.0.2:5060", "end"]);
  });

  test("round robin", async () => {
    const { log } = await play('ds_select_dst("1", "4"); xlog("$du\\n");', { count: 3 });
    expect(log).toEqual(["sip:10.1.0.1:5060", "sip:10.1.0.2:5060", "sip:10.1.0.1:5060"]);
  });

  test.each([
    ["9", 80],
    ["11", 50],
  ])("algorithm %s keeps the weights", async (algorithm, share) => {
    const { log } = await play(`ds_select_dst("1", "${algorithm}"); xlog("$du\\n");`, { count: 100, ms: 1 });
    expect(log.filter((it) => it === "sip:10.1.0.2:5060")).toHaveLength(share);
  });

  test("a hash sends what is the same to the same", async () => {
    const { log } = await play('ds_select_dst("1", "1"); xlog("$du\\n");', { count: 5 });
    expect(new Set(log).size).toBe(1);
  });

  test("disabled destinations and unknown sets are not chosen", async () => {
    const { log } = await play('ds_select_dst("2", "4"); xlog("$rc\\n"); ds_select_dst("7", "4"); xlog("$rc\\n");');
    expect(log).toEqual(["-1", "-1"]);
  });

  test("calls are counted under algorithm 10", async () => {
    const list = "1 sip:10.1.0.1 0 0 duid=a;maxload=1\n1 sip:10.1.0.2 0 0 duid=b;maxload=1\n";
    const script = `modparam("dispatcher", "ds_hash_size", 4)
      request_route { ds_select_dst("1", "10"); xlog("$rc $du\\n"); }`;
    const { log } = await play(script, { list, count: 3 });
    expect(log).toEqual(["1 sip:10.1.0.2", "1 sip:10.1.0.1", "-1 <null>"]);
  });

  test("the parts of a set take the host of the Request-URI", async () => {
    const { log } = await play('ds_select_domain("1", "8"); xlog("$ru\\n");');
    expect(log).toEqual(["sip:bob@10.1.0.1:5060"]);
  });
});

describe("states", () => {
  const events = `
    event_route[dispatcher:dst-down] { xlog("down $ru $dsv(setid)\\n"); }
    event_route[dispatcher:dst-up] { xlog("up $ru\\n"); }`;

  test("marking goes to the event routes and keeps a destination out", async () => {
    const { log } = await play(`${events}
      request_route {
        ds_mark_addr("i", "1", "sip:10.1.0.1:5060");
        ds_select_dst("1", "8"); xlog("$du\\n");
        ds_mark_addr("a", "1", "sip:10.1.0.1:5060");
        ds_mark_addr("i", "1", "sip:nobody"); xlog("$rc\\n");
      }`);
    expect(log).toEqual(["down sip:10.1.0.1:5060 1", "sip:10.1.0.2:5060", "up sip:10.1.0.1:5060", "-1"]);
  });

  test("pings that nobody answers take a destination down", async () => {
    const script = `
      modparam("dispatcher", "ds_ping_interval", 1)
      modparam("dispatcher", "ds_ping_fr_timer", 300)
      modparam("dispatcher", "ds_probing_mode", 1)
      modparam("dispatcher", "ds_probing_threshold", 2)
      ${events}
      request_route { xlog("go\\n"); }`;
    const { log, sent } = await play(script, { list: "1 sip:10.1.0.1\n", ms: 2600 });
    expect(log).toEqual(["go", "down sip:10.1.0.1 1"]);
    expect(sent[0]?.to).toBe("10.1.0.1:5060");
    expect(sent[0]?.text).toMatch(/^OPTIONS sip:10\.1\.0\.1 SIP\/2\.0\r\n/);
    expect(sent[0]?.text).toContain("From: <sip:dispatcher@localhost>;tag=");
  });
});

test("a list that cannot be read, or has a line without URI, is refused", async () => {
  await expect(play('modparam("dispatcher", "list_file", "/no")\nrequest_route { exit; }')).rejects.toThrow(
    /cannot be read/,
  );
  await expect(play("exit;", { list: "1\n" })).rejects.toThrow(/a set needs a URI/);
});
