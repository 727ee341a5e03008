/** Changing the script while calls are under way. Time is virtual; every step of a call may be the one where it happens. */
import { expect, test } from "vitest";
import type { SipMessage } from "../../src/sip/message.ts";
import { rig } from "./rig.ts";

/** Relays to gw, and says in a header field which script did it. */
const relay = (name: string, more = ""): string => `
request_route {
    if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
    if (is_method("ACK")) { if (t_check_trans()) t_relay(); exit; }
    append_hf("X-Script: ${name}\\r\\n");
    t_on_reply("REPLY");
    t_on_failure("FAIL");
    $du = "sip:127.0.0.3";
    t_relay();
}
onreply_route[REPLY] { xlog("L_NOTICE", "${name} reply $rs\\n"); }
failure_route[FAIL] { xlog("L_NOTICE", "${name} failure $T_reply_code\\n"); ${more} }
`;

const scriptOf = (msg: SipMessage): string => /X-Script: (\w+)/.exec(msg.text)?.[1] ?? "";

test("a call that rings ends on its script, and new calls go to the new one", async () => {
  const { simulation, alice, gw, request, reload, waiting, log } = await rig(relay("one"));
  await alice.send(request("INVITE"));
  const invite = gw.last;
  expect(scriptOf(invite)).toBe("one");
  await gw.reply(invite, 180, "Ringing");
  expect(await reload(relay("two"))).toMatchObject({ outcome: "switched", generation: 2, previous: 1 });
  expect(waiting(1)).toBe("1 transaction");
  await alice.send(request("INVITE", 2));
  expect(scriptOf(gw.last)).toBe("two");
  await gw.reply(invite, 486, "Busy Here");
  expect(log()).toEqual(["one reply 180", "one reply 486", "one failure 486"]);
  await gw.reply(gw.inbox.find((it) => it.callId === "call-2" && it.method === "INVITE")!, 404, "Not Found");
  expect(log().slice(3)).toEqual(["two reply 404", "two failure 404"]);
  expect(await alice.came()).toEqual([
    "100 trying -- your call is important to us",
    "180 Ringing",
    "100 trying -- your call is important to us",
    "486 Busy Here",
    "404 Not Found",
  ]);
  await alice.send(request("ACK", 1, { branch: "z9hG4bK-1-1" }));
  expect(waiting(1)).toBe("1 transaction (1 ended)");
  await simulation.advance(6000);
  expect(waiting(1)).toBeUndefined();
  expect(simulation.server.cooling).toBeUndefined();
});

test("copies and CANCEL of a call belong to its script, whatever the new one does with new calls", async () => {
  const { simulation, alice, gw, request, reload, log } = await rig(relay("one"));
  await alice.send(request("INVITE"));
  await gw.reply(gw.last, 180, "Ringing");
  await reload(`request_route { xlog("L_NOTICE", "two $rm\\n"); sl_send_reply("403", "Closed"); }`);
  await alice.came();
  await gw.came();
  await alice.send(request("INVITE"));
  expect(await alice.came()).toEqual(["180 Ringing"]);
  await alice.send(request("CANCEL", 1, { branch: "z9hG4bK-1-1" }));
  expect(await alice.came()).toEqual(["200 canceling"]);
  expect(await gw.came()).toEqual(["CANCEL sip:bob@127.0.0.1"]);
  await alice.send(request("INVITE", 2));
  expect(await alice.came()).toEqual(["403 Closed"]);
  expect(log()).toEqual(["one reply 180", "two INVITE"]);
  await simulation.advance(60_000);
});

test("a suspended call goes on in its own script", async () => {
  const script = (name: string): string => `
modparam("async", "ms_timer", 10)
request_route {
    if (is_method("ACK")) { t_check_trans(); exit; }
    t_newtran();
    async_ms_route("LATER", "5000");
}
route[LATER] { xlog("L_NOTICE", "${name} goes on\\n"); t_reply("404", "${name}"); }
`;
  const modules = 'loadmodule "async.so"\n';
  const { simulation, alice, request, reload, waiting, log } = await rig(modules + script("one"));
  await alice.send(request("INVITE"));
  await reload(modules + script("two"));
  expect(waiting(1)).toBe("1 transaction (1 suspended) and 1 timer");
  await simulation.advance(5000);
  expect(log()).toEqual(["one goes on"]);
  expect(await alice.came()).toEqual(["100 trying -- your call is important to us", "404 one"]);
  await alice.send(request("ACK", 1, { branch: "z9hG4bK-1-1" }));
  await simulation.advance(6000);
  expect(waiting(1)).toBeUndefined();
});

test("a failure route that waits, and forks further, in the script that it began in", async () => {
  const script = (name: string): string => `
loadmodule "cfgutils.so"
request_route {
    if (is_method("ACK")) { if (t_check_trans()) t_relay(); exit; }
    t_on_failure("FAIL");
    $du = "sip:127.0.0.3";
    t_relay();
}
failure_route[FAIL] {
    xlog("L_NOTICE", "${name} failure\\n");
    sleep("2");
    t_on_failure("AGAIN");
    $du = "sip:127.0.0.3";
    append_hf("X-Again: ${name}\\r\\n");
    t_relay();
}
failure_route[AGAIN] { xlog("L_NOTICE", "${name} again $T_reply_code\\n"); }
`;
  const { simulation, alice, gw, request, reload, waiting, log } = await rig(script("one"));
  await alice.send(request("INVITE"));
  await gw.reply(gw.last, 486, "Busy Here");
  await reload(script("two"));
  expect(waiting(1)).toBe("1 script run and 1 transaction");
  await simulation.advance(2000);
  expect(gw.last.text).toContain("X-Again: one");
  await gw.reply(gw.last, 503, "Gone");
  expect(log()).toEqual(["one failure", "one again 503"]);
});

test("$shv, counters and tables go over; values that the script sets at its start do not overwrite them", async () => {
  const script = (slots: number): string => `
loadmodule "htable.so"
loadmodule "statistics.so"
modparam("pv", "shvset", "level=i:1")
modparam("htable", "htable", "t=>size=${slots};autoexpire=600;")
modparam("statistics", "variable", "calls")
request_route {
    if ($rU == "set") { $shv(level) = 7; $sht(t=>a) = "x"; $sht(t=>b) = 5; update_stat("calls", "+3"); }
    xlog("L_NOTICE", "$shv(level) $sht(t=>a) $sht(t=>b) $stat(calls)");
}`;
  const { alice, request, reload, log } = await rig(script(4));
  await alice.send(request("OPTIONS").replace("sip:bob@", "sip:set@"));
  await reload(script(8));
  await alice.send(request("OPTIONS", 2));
  expect(log()).toEqual(["7 x 5 3", "7 x 5 3"]);
});

test("a listen that goes away stays for the calls that came on it, and takes no new ones", async () => {
  const listens = (ports: readonly number[]): string => ports.map((it) => `listen=udp:127.0.0.1:${it}\n`).join("");
  const { simulation, alice, gw, request, reload, rpc } = await rig(listens([5060, 5070]) + relay("one"));
  const other = { address: "127.0.0.1", port: 5070 };
  await alice.send(request("INVITE"), other);
  expect(await rpc("generation.reload")).toEqual({ outcome: "unchanged", generation: 1 });
  await reload(listens([5060, 5080]) + relay("two"));
  expect(await rpc("generation.diff")).toEqual({
    items: [
      "+ listen udp:127.0.0.1:5080",
      "- listen udp:127.0.0.1:5070",
      "~ request_route",
      "~ onreply_route[REPLY]",
      "~ failure_route[FAIL]",
    ],
  });
  const lost = simulation.network.lost;
  await alice.send(request("INVITE", 2), other);
  await alice.send(request("INVITE", 3), { address: "127.0.0.1", port: 5080 });
  expect((await gw.came()).length).toBe(2);
  await gw.send("");
  expect(simulation.network.lost).toBe(lost);
  await simulation.advance(200_000);
  await alice.send(request("INVITE", 4), other);
  expect(simulation.network.lost).toBeGreaterThan(lost);
});

test("the end of a call whose listen has gone is routed by the script that still has the address", async () => {
  const script = (port: number): string => `
loadmodule "rr.so"
loadmodule "siputils.so"
listen=udp:127.0.0.1:${port}
request_route {
    if (has_totag()) { if (!loose_route()) xlog("L_NOTICE", "not ours\\n"); t_relay(); exit; }
    record_route();
    $du = "sip:127.0.0.3";
    t_relay();
}`;
  const { alice, gw, request, reload, log } = await rig(script(5070));
  const at = { address: "127.0.0.1", port: 5070 };
  await alice.send(request("INVITE"), at);
  await gw.reply(gw.last, 200, "OK");
  await reload(script(5060));
  await gw.came();
  const bye = request("BYE", 1, { to: ";tag=callee", cseq: 2 }).replace(
    "Max-Forwards",
    "Route: <sip:127.0.0.1:5070;lr>\r\nMax-Forwards",
  );
  await alice.send(bye.replace("sip:bob@127.0.0.1 ", "sip:bob@127.0.0.3 "), at);
  expect(await gw.came()).toEqual(["BYE sip:bob@127.0.0.3"]);
  expect(log()).toEqual([]);
});

test("retiring: adopted transactions run the new script's routes, ended ones are answered with 408", async () => {
  const { simulation, alice, gw, request, reload, rpc, log, waiting } = await rig(relay("one"));
  await alice.send(request("INVITE"));
  const first = gw.last;
  await gw.reply(first, 180, "Ringing");
  await reload(relay("two"));
  expect(await rpc("generation.retire", 1, "adopt")).toEqual({ adopted: 1, waitsFor: "nothing" });
  await simulation.advance(10);
  expect(waiting(1)).toBeUndefined();
  await gw.reply(first, 486, "Busy Here");
  expect(log().slice(1)).toEqual(["two reply 486", "two failure 486"]);
  await alice.send(request("INVITE", 2));
  await gw.reply(gw.last, 180, "Ringing");
  await reload(relay("three"));
  await alice.came();
  await gw.came();
  expect(await rpc("generation.retire", 2, "end")).toMatchObject({ ended: 1 });
  expect(await alice.came()).toEqual(["408 Request Timeout"]);
  expect(await gw.came()).toEqual(["CANCEL sip:bob@127.0.0.1"]);
  await simulation.advance(40_000);
  expect(waiting(2)).toBeUndefined();
  expect(await rpc("generation.retire", 2, "end")).toBe("400 generation 2 does not cool");
});

test("going back to an earlier script, and refusing when somebody else was faster", async () => {
  const { alice, gw, request, reload, rpc } = await rig(relay("one"));
  await reload(relay("two"));
  expect(await rpc("generation.reload", "", 1)).toBe("409 generation 2 serves by now: nothing was done");
  expect(await rpc("generation.use", 1)).toMatchObject({ outcome: "switched", generation: 3, previous: 2 });
  await alice.send(request("INVITE"));
  expect(scriptOf(gw.last)).toBe("one");
  expect(await rpc("generation.use", 9)).toBe("404 there is no generation 9; known are 1, 2, 3");
});

test("a call that is cancelled early, before the callee has said anything", async () => {
  const { simulation, alice, gw, request, reload, log, waiting } = await rig(relay("one"));
  await alice.send(request("INVITE"));
  const invite = gw.last;
  await alice.send(request("CANCEL", 1, { branch: "z9hG4bK-1-1" }));
  await reload(relay("two"));
  await gw.came();
  await alice.came();
  // The callee says something at last, and gets the CANCEL.
  await gw.reply(invite, 180, "Ringing");
  expect(await gw.came()).toEqual(["CANCEL sip:bob@127.0.0.1"]);
  await gw.reply(invite, 487, "Request Terminated");
  expect(await gw.came()).toEqual(["ACK sip:bob@127.0.0.1"]);
  expect(log().filter((it) => it.startsWith("two"))).toEqual([]);
  expect(await alice.came()).toContain("487 Request Terminated");
  await simulation.advance(60_000);
  expect(waiting(1)).toBeUndefined();
});

test("serial forking: the next target is tried by the script that began, whatever came in between", async () => {
  const script = (name: string): string => `
request_route {
    if (is_method("ACK")) { if (t_check_trans()) t_relay(); exit; }
    $avp(tries) = 0;
    t_on_failure("NEXT");
    t_on_branch("BRANCH");
    $du = "sip:127.0.0.3";
    t_relay();
}
branch_route[BRANCH] { append_hf("X-Script: ${name}\\r\\n"); }
failure_route[NEXT] {
    if ($avp(tries) == 2) exit;
    $avp(tries) = $avp(tries) + 1;
    $ru = "sip:" + $avp(tries) + "@127.0.0.1";
    $du = "sip:127.0.0.3";
    t_on_failure("NEXT");
    t_on_branch("BRANCH");
    t_relay();
}`;
  const { alice, gw, request, reload } = await rig(script("one"));
  await alice.send(request("INVITE"));
  const tried: string[] = [];
  for (const name of ["two", "three", "four"]) {
    const invite = gw.last;
    tried.push(`${scriptOf(invite)} ${invite.requestUri}`);
    await reload(script(name));
    await gw.reply(invite, 480, "Unavailable");
  }
  expect(tried).toEqual(["one sip:bob@127.0.0.1", "one sip:1@127.0.0.1", "one sip:2@127.0.0.1"]);
  expect(await alice.came()).toEqual(["100 trying -- your call is important to us", "480 Unavailable"]);
});

test("an HTTP query that is asked when the script changes is answered in the script that asked", async () => {
  const script = (name: string): string => `
loadmodule "http_async_client.so"
modparam("http_async_client", "connection_timeout", 5000)
request_route {
    if (is_method("ACK")) { t_check_trans(); exit; }
    t_newtran();
    http_async_query("http://api.example/", "ANSWER");
}
route[ANSWER] { xlog("L_NOTICE", "${name} $http_rs\n"); t_reply("404", "Not Found"); }
`;
  const { simulation, alice, request, reload, log, waiting, rpc } = await rig(script("one"));
  simulation.host.http.anyService = () => ({ status: 200, delay: 2000 });
  await alice.send(request("INVITE"));
  await reload(script("two"));
  expect(waiting(1)).toBe("1 transaction (1 suspended) and 1 HTTP query");
  await simulation.advance(2000);
  expect(log()).toEqual(["one 200"]);
  // A transaction that was adopted while it was suspended goes on in the route of the script that adopted it.
  await alice.send(request("INVITE", 2));
  await reload(script("three"));
  expect(await rpc("generation.retire", 2)).toEqual({ adopted: 1, waitsFor: "1 HTTP query" });
  await simulation.advance(2000);
  expect(log().slice(1)).toEqual(["three 200"]);
  expect(waiting(2)).toBeUndefined();
});

test("a generation that cools for too long is ended", async () => {
  const { simulation, alice, gw, request, reload, log } = await rig(relay("one"), {}, { seconds: 30, how: "adopt" });
  await alice.send(request("INVITE"));
  const invite = gw.last;
  await gw.reply(invite, 180, "Ringing");
  await reload(relay("two"));
  await simulation.advance(29_000);
  expect(simulation.server.cooling?.size).toBe(1);
  await simulation.advance(2000);
  expect(simulation.server.cooling).toBeUndefined();
  await gw.reply(invite, 486, "Busy Here");
  expect(log()).toEqual(["one reply 180", "two reply 486", "two failure 486"]);
});
