/** Accounting of calls whose script is replaced meanwhile. */
import { expect, test } from "vitest";
import { rig } from "./rig.ts";

const script = (name: string): string => `
loadmodule "acc.so"
modparam("acc", "log_flag", 1)
modparam("acc", "log_missed_flag", 2)
modparam("acc", "report_ack", 1)
modparam("acc", "log_extra", "${name}=$rU")
request_route {
    setflag(1);
    setflag(2);
    $du = "sip:127.0.0.3";
    t_relay();
}
`;

async function calling() {
  const it = await rig(script("one"));
  await it.alice.send(it.request("INVITE"));
  const records = () =>
    it.simulation.log
      .filter(({ prefix }) => prefix?.startsWith("acc"))
      .map(({ text }) => text.trimEnd().replace(/timestamp=.*;code/, "code"));
  return { ...it, invite: it.gw.last, records };
}

test("a call is accounted as the script wants with which it began", async () => {
  const { gw, reload, invite, records, alice, request } = await calling();
  await reload(script("two"));
  await gw.reply(invite, 200, "OK");
  await alice.send(request("ACK", 1, { to: ";tag=callee" }));
  expect(records()).toEqual([
    "ACC: transaction answered: code=200;reason=OK;one=bob",
    "ACC: request acknowledged: code=200;reason=OK;one=bob",
  ]);
});

test("a call that another script has adopted is accounted as that one wants", async () => {
  const { gw, reload, rpc, invite, records, simulation } = await calling();
  await reload(script("two"));
  expect(await rpc("generation.retire", 1, "adopt")).toMatchObject({ adopted: 1 });
  await simulation.advance(10);
  await gw.reply(invite, 486, "Busy Here");
  expect(records()).toEqual(["ACC: call missed: code=486;reason=Busy Here;two=bob"]);
});
