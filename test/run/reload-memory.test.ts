/** A generation that has been stopped is garbage: nothing that goes over to the next one refers to it. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { rig } from "./rig.ts";

/** Modules that hand state over, each with as much of it as a script can have. */
const script = (n: number): string => `
loadmodule "rr.so"
loadmodule "kex.so"
loadmodule "htable.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "tsilo.so"
loadmodule "auth.so"
loadmodule "uac.so"
loadmodule "pike.so"
loadmodule "mqueue.so"
loadmodule "cfgutils.so"
loadmodule "statistics.so"
loadmodule "async.so"
loadmodule "http_client.so"
loadmodule "http_async_client.so"
loadmodule "dispatcher.so"
loadmodule "nathelper.so"
loadmodule "uuid.so"
loadmodule "cfg_rpc.so"
modparam("htable", "htable", "t=>size=4;autoexpire=60;")
modparam("pike", "reqs_density_per_unit", 1000)
modparam("mqueue", "mqueue", "name=q")
modparam("statistics", "variable", "calls")
modparam("dispatcher", "list_file", "/dispatcher.list")
modparam("dispatcher", "ds_ping_interval", 10)
modparam("nathelper", "natping_interval", 10)
modparam("nathelper", "sipping_from", "sip:ping@127.0.0.1")
request_route {
    $shv(a) = ${n};
    $sht(t=>$rU) = $uuid(g);
    update_stat("calls", "1");
    mq_add("q", "k", "v");
    if (!pike_check_req()) exit;
    t_on_failure("FAIL");
    if (!ds_select_dst("1", "4")) { sl_send_reply("503", "None"); exit; }
    t_relay();
}
failure_route[FAIL] { ds_mark_dst("ip"); }
`;

test("fifty generations leave one behind, the one that serves", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const { simulation, alice, request, reload } = await rig(script(0), {
    "/dispatcher.list": "1 sip:127.0.0.3:5060\n1 sip:127.0.0.4:5060\n",
  });
  const generations = [new WeakRef(simulation.server.active)];
  for (let n = 1; n <= 50; n++) {
    await alice.send(request("OPTIONS", n));
    await reload(script(n));
    generations.push(new WeakRef(simulation.server.active));
    await simulation.advance(1000);
  }
  await alice.send(request("OPTIONS", 51));
  await simulation.advance(60_000);
  expect(simulation.server.cooling).toBeUndefined();
  // What a finished promise holds is let go a turn later.
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  const alive = generations.flatMap((it, n) => (it.deref() ? [n + 1] : []));
  expect(alive).toEqual([51]);
});
