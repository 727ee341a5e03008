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
