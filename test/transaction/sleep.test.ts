/** async_sleep and async_ms_sleep go on with the rest of their block, and of no other, as Kamailio's do. */
import { describe, expect, test } from "vitest";
import type { Flow } from "../flows/flow.ts";
import { playFlow } from "../flows/play.ts";

const HEAD = `
children=1
disable_tcp=yes
auto_aliases=no
dns=no
rev_dns=no
server_signature=no
listen=udp:127.0.0.1:5060
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "async.so"
modparam("async", "ms_timer", 10)
`;

async function play(script: string) {
  const flow: Flow = {
    id: "t",
    area: "t",
    title: "t",
    cfg: HEAD + script,
    peers: { alice: "127.0.0.2:5060" },
    play: [
      {
        at: 0,
        peer: "alice",
        send:
          "MESSAGE sip:bob@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bK-a\r\n" +
          "From: <sip:a@a>;tag=a1\r\nTo: <sip:b@b>\r\nCall-ID: c1\r\nCSeq: 1 MESSAGE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
      },
    ],
    duration_ms: 1500,
    expect: {},
  };
  const { outcome, complaints } = await playFlow(flow);
  expect(outcome.config_error, complaints.join("\n")).toBeUndefined();
  return {
    log: (outcome.log ?? []).map((it) => it.v),
    alice: (outcome.recv?.alice ?? []).map((it) => `${it.first.replace("SIP/2.0 ", "")} ${Math.round(it.t / 100)}`),
  };
}

describe("sleeping", () => {
  test("one after the other, in a route", async () => {
    const { log, alice } = await play(
      `request_route { xlog("> a\\n"); route(S); xlog("> never\\n"); }
       route[S] { async_ms_sleep("100"); xlog("> b\\n"); async_ms_sleep("200"); xlog("> c\\n"); t_reply("200", "OK"); }`,
    );
    expect(log).toEqual(["a", "b", "c"]);
    expect(alice).toEqual(["200 OK 3"]);
  });

  test("in a block within a block", async () => {
    const { log } = await play(
      `request_route { if ($rm == "MESSAGE") { while (1) { async_ms_sleep("100"); xlog("> in\\n"); t_reply("200", "OK"); } xlog("> out\\n"); } }`,
    );
    expect(log).toEqual(["in"]);
  });

  test("a time out of range fails at once, and the block goes on", async () => {
    const { log, alice } = await play(
      `request_route { async_ms_sleep("40000"); xlog("> $rc\\n"); t_newtran(); async_sleep("100"); xlog("> $rc\\n"); t_reply("200", "OK"); }`,
    );
    expect(log).toEqual(["-1", "-1"]);
    expect(alice).toEqual(["200 OK 0"]);
  });
});
