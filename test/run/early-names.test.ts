/** What a script may do before the server serves anything. */
import { expect, test } from "vitest";
import { modules } from "../../src/modules/index.ts";
import { Simulation } from "../../src/simulate/simulation.ts";

test("an address is compared with a name while the script loads", async () => {
  const text = `listen=udp:127.0.0.1:5060
    loadmodule "pv"
    loadmodule "xlog"
    loadmodule "htable"
    modparam("htable", "htable", "a=>size=2")
    request_route { exit; }
    event_route[htable:mod-init] {
      if (src_ip == "nowhere.example") xlog("there\\n");
      else xlog("elsewhere\\n");
    }`;
  const simulation = new Simulation({ modules, files: { "/a.cfg": text }, script: "/a.cfg" });
  const { generation, problems } = await simulation.server.load("/a.cfg");
  expect(problems).toEqual([]);
  expect(await generation!.core.resolve("sip:nowhere.example")).toBeNull();
  expect(await simulation.start()).toEqual([]);
  expect(simulation.log.map((it) => it.text.trim())).toContain("elsewhere");
  await simulation.stop();
});
