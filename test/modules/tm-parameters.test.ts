/** Parameters of tm that a whole call shows: timers from AVPs, and routes around requests that start here. */
import { expect, test } from "vitest";
import { modules } from "../../src/modules/index.ts";
import { Simulation } from "../../src/simulate/simulation.ts";
import { request } from "./play.ts";

/** What is logged within 20 s of an INVITE, with the second of each line; `answer` is what the callee at 5070 does. */
async function logged(script: string, answer?: (text: string) => string | undefined): Promise<readonly string[]> {
  const text = `listen=udp:127.0.0.1:5060
${["pv", "xlog", "sl", "tm", "rr", "tmx", "avpops", "uac"].map((it) => `loadmodule "${it}"`).join("\n")}
${script}`;
  const simulation = new Simulation({ modules, files: { "/s.cfg": text }, script: "/s.cfg" });
  const problems = await simulation.start();
  if (problems.length > 0) return problems.map((it) => it.message);
  const callee = simulation.network.bindNow(
    { address: "127.0.0.1", port: 5070 },
    {
      message(it) {
        const reply = answer?.(it);
        if (reply !== undefined) callee.send(reply, "127.0.0.1", 5060);
      },
      failed() {},
    },
  );
  const caller = simulation.network.bindNow({ address: "127.0.0.2", port: 5080 }, { message() {}, failed() {} });
  const began = simulation.host.clock.now();
  const before = simulation.log.length;
  caller.send(request("INVITE"), "127.0.0.1", 5060);
  await simulation.advance(20_000);
  await simulation.stop();
  return simulation.log
    .slice(before)
    .filter((it) => it.prefix?.startsWith("<script>"))
    .map((it) => `${Math.floor((it.at - began) / 1000)} ${it.text.trimEnd()}`);
}

const RELAY = `$du = "sip:127.0.0.1:5070"; t_on_failure("over"); t_relay();`;
const OVER = `failure_route[over] { xlog("$T_reply_code\\n"); }`;

/** The same reply to every request, and another to those of another method. */
const reply =
  (status: string) =>
  (text: string): string | undefined => {
    const fields = text.split("\r\n").filter((it) => /^(Via|From|To|Call-ID|CSeq|Record-Route):/i.test(it));
    if (!text.startsWith("INVITE")) return undefined;
    const tagged = fields.map((it) => (/^To:/i.test(it) && !it.includes("tag=") ? `${it};tag=c1` : it));
    return [`SIP/2.0 ${status}`, ...tagged, "Contact: <sip:callee@127.0.0.1:5070>", "Content-Length: 0", "", ""].join(
      "\r\n",
    );
  };

test.each([
  ["fr_timer_avp", "$avp(fr)", "$avp(fr) = 3;", undefined, "3 408"],
  ["fr_timer_avp", "fr", '$avp(fr) = "4";', undefined, "4 408"],
  ["fr_timer_avp", "i:7", "$avp(i:7) = 2;", undefined, "2 408"],
  ["fr_timer_avp", "$avp(s:fr)", "$avp(fr) = 3; t_set_fr(0, 6000);", undefined, "6 408"],
  ["fr_timer_avp", "$avp(fr)", '$avp(fr) = "soon";', undefined, "10 408"],
  ["fr_inv_timer_avp", "$avp(inv)", "$avp(inv) = 5;", reply("180 Ringing"), "5 408"],
] as const)("%s %s: %s", async (parameter, avp, statement, answer, line) => {
  const lines = await logged(
    `modparam("tm", "fr_timer", 10000)
modparam("tm", "${parameter}", "${avp}")
request_route { ${statement} ${RELAY} }
${OVER}`,
    answer,
  );
  expect(lines.filter((it) => /^\d+ \d+$/.test(it))).toEqual([line]);
});

test("an AVP that is none refuses the script", async () => {
  expect(await logged('modparam("tm", "fr_timer_avp", "$var(x)")\nrequest_route { exit; }')).toEqual([
    "tm: fr_timer_avp is no AVP: $var(x)",
  ]);
});

const SEND = `$uac_req(method) = "INVITE"; $uac_req(ruri) = "sip:callee@127.0.0.1:5070"; $uac_req(furi) = "sip:a@b";
  $uac_req(turi) = "sip:c@d"; $uac_req(callid) = "own"; $uac_req(evroute) = 1;`;

test("tm:local-ack-sent sees the 2xx that was acknowledged", async () => {
  const lines = await logged(
    `request_route { ${SEND} uac_req_send(); }
event_route[tm:local-request] { xlog("request $rm\\n"); }
event_route[tm:local-ack-sent] { xlog("acknowledged $rs $ci\\n"); }`,
    reply("200 OK"),
  );
  expect(lines).toEqual(["0 request INVITE", "0 acknowledged 200 own"]);
});

test("with a function of another language tm:local-request does not run, the routes of replies and ACKs do", async () => {
  const lines = await logged(
    `modparam("tm", "event_callback", "ksr_request")
modparam("tm", "event_callback_lres_sent", "ksr_reply")
modparam("tm", "evcb_local_ack_sent", "ksr_ack")
request_route { ${SEND} uac_req_send(); t_newtran(); t_reply("480", "Away"); }
event_route[tm:local-request] { xlog("never\\n"); }
event_route[tm:local-response] { xlog("reply $rs\\n"); }
event_route[tm:local-ack-sent] { xlog("acknowledged\\n"); }`,
    reply("200 OK"),
  );
  expect(lines).toEqual(["0 reply 480", "0 acknowledged"]);
});

/** What leaves for 5070 when an INVITE and its CANCEL come, or only the CANCEL. */
async function canceled(head: string, alone: boolean): Promise<readonly string[]> {
  const simulation = new Simulation({
    modules,
    files: {
      "/s.cfg": `listen=udp:127.0.0.1:5060
loadmodule "pv"
loadmodule "tm"
${head}
request_route { $du = "sip:127.0.0.1:5070"; t_relay(); }`,
    },
    script: "/s.cfg",
  });
  expect(await simulation.start()).toEqual([]);
  const got: string[] = [];
  const ringing = reply("180 Ringing");
  const callee = simulation.network.bindNow(
    { address: "127.0.0.1", port: 5070 },
    {
      message(it) {
        got.push(it);
        const answer = ringing(it);
        if (answer !== undefined) callee.send(answer, "127.0.0.1", 5060);
      },
      failed() {},
    },
  );
  const caller = simulation.network.bindNow({ address: "127.0.0.2", port: 5080 }, { message() {}, failed() {} });
  if (!alone) caller.send(request("INVITE"), "127.0.0.1", 5060);
  await simulation.advance(100);
  caller.send(request("CANCEL", ["X-Why: because", "Reason: SIP;cause=200", "Require: x"]), "127.0.0.1", 5060);
  await simulation.advance(100);
  await simulation.stop();
  return got.find((it) => it.startsWith("CANCEL"))!.split("\r\n");
}

test("headers_mode: fields of a CANCEL go on, and one that is forwarded alone keeps no Via of others", async () => {
  const own = (lines: readonly string[]): readonly string[] => lines.filter((it) => /^(X-|Reason|Require)/.test(it));
  expect(own(await canceled("", false))).toEqual(["Reason: SIP;cause=200"]);
  expect(own(await canceled('modparam("tm", "headers_mode", 1)', false))).toEqual([
    "Reason: SIP;cause=200",
    "X-Why: because",
  ]);
  const vias = async (head: string): Promise<number> =>
    (await canceled(`modparam("tm", "unmatched_cancel", 1)\n${head}`, true)).filter((it) => it.startsWith("Via"))
      .length;
  expect(await vias("")).toBe(2);
  expect(await vias('modparam("tm", "headers_mode", 2)')).toBe(1);
});
