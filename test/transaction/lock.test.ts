/** Events of a transaction whose route is waiting for something: they queue, in order, and nothing is lost (REPLY_LOCK). */
import { describe, expect, test } from "vitest";
import type { Flow, Play } from "../flows/flow.ts";
import { playFlow } from "../flows/play.ts";

const HEAD = `
children=8
disable_tcp=yes
auto_aliases=no
dns=no
rev_dns=no
server_signature=no
listen=udp:127.0.0.1:5060
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "http_client.so"
modparam("tm", "fr_timer", 1000)
modparam("tm", "retr_timer1", 5000)
modparam("tm", "wt_timer", 1000)
`;
const ACK_AND_CANCEL = `
  if (is_method("ACK")) { t_check_trans(); exit; }
  if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
`;

const request = (method: string, at: number): Play => ({
  at,
  peer: "alice",
  send:
    `${method} sip:bob@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bK-a\r\n` +
    `From: <sip:alice@a>;tag=a1\r\nTo: <sip:bob@b>\r\nCall-ID: c1\r\nCSeq: 1 ${method}\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n`,
});

async function play(script: string, steps: readonly Play[], delay: number) {
  const flow: Flow = {
    id: "t",
    area: "t",
    title: "t",
    cfg: HEAD + script,
    peers: { alice: "127.0.0.2:5060", gw1: "127.0.0.3:5060" },
    http: [{ name: "slow", addr: "127.0.0.9:80", answers: [{ delay_ms: delay, status: 200, body: "x" }] }],
    play: steps,
    duration_ms: 3000,
    expect: {},
  };
  const { outcome, complaints } = await playFlow(flow);
  expect(outcome.config_error, complaints.join("\n")).toBeUndefined();
  return {
    log: (outcome.log ?? []).map((it) => it.v),
    alice: (outcome.recv?.alice ?? []).map((it) => it.first.replace("SIP/2.0 ", "")),
    gw1: (outcome.recv?.gw1 ?? []).map((it) => it.first.split(" ")[0]),
  };
}

describe("while a route of the transaction waits", () => {
  test("further replies wait for their turn", async () => {
    const { log, alice } = await play(
      `request_route { ${ACK_AND_CANCEL} t_on_reply("R"); $du = "sip:127.0.0.3:5060"; t_relay(); }
       onreply_route[R] {
         xlog("> in $rs\\n");
         if ($rs == 180) http_client_query("http://127.0.0.9/", "$var(r)");
         xlog("> out $rs\\n");
       }`,
      [
        request("INVITE", 0),
        {
          peer: "gw1",
          on: "INVITE",
          reply: [
            { after: 20, code: 180 },
            { after: 60, code: 183 },
            { after: 100, code: 200 },
          ],
        },
      ],
      300,
    );
    expect(log).toEqual(["in 180", "out 180", "in 183", "out 183", "in 200", "out 200"]);
    expect(alice).toEqual(["100 trying -- your call is important to us", "180 Ringing", "183 Progress", "200 OK"]);
  });

  test("a CANCEL is answered, and the failure_route of a timeout cannot start a new branch any more", async () => {
    const { log, alice, gw1 } = await play(
      `request_route { ${ACK_AND_CANCEL} t_on_failure("F"); $du = "sip:127.0.0.3:5060"; t_relay(); }
       failure_route[F] {
         http_client_query("http://127.0.0.9/", "$var(r)");
         if (t_is_canceled()) xlog("> canceled\\n");
         $du = "sip:127.0.0.3:5060";
         if (!t_relay()) xlog("> no relay\\n");
       }`,
      [request("INVITE", 0), request("CANCEL", 1150)],
      300,
    );
    expect(log).toEqual(["canceled", "no relay"]);
    expect(gw1).toEqual(["INVITE"]);
    expect(alice.slice(1)).toEqual(["200 ok -- no more pending branches", "487 Request Terminated"]);
  });

  test("a copy of the request is absorbed", async () => {
    const { log, gw1 } = await play(
      `request_route { ${ACK_AND_CANCEL}
         t_check_trans();
         t_newtran();
         xlog("> in\\n");
         http_client_query("http://127.0.0.9/", "$var(r)");
         $du = "sip:127.0.0.3:5060"; t_relay();
       }`,
      [request("INVITE", 0), request("INVITE", 100), { peer: "gw1", on: "INVITE", reply: [{ after: 20, code: 200 }] }],
      300,
    );
    expect(log).toEqual(["in"]);
    expect(gw1).toEqual(["INVITE"]);
  });
});
