/** Worker slots of each socket (SYSTEMS.md, section 4), in virtual time. */
import { expect, test } from "vitest";
import { coreCommands } from "../src/control/core-commands.ts";
import { modules } from "../src/modules/index.ts";
import { Simulation } from "../src/simulate/simulation.ts";

/** A script that waits a second in place for every call on the first socket, and answers at once on the second. */
const script = `
socket_workers=1
listen=udp:127.0.0.1:5060
socket_workers=4
listen=udp:127.0.0.1:5070
disable_tcp=yes
children=2
loadmodule "pv"
loadmodule "sl"
loadmodule "cfgutils"
request_route {
  if ($Rp == 5060) sleep(1);
  sl_send_reply("200", "$Rp");
}`;

const request = (n: number): string =>
  `OPTIONS sip:proxy SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.9;branch=z9hG4bK${n}\r\nFrom: <sip:a@b>;tag=${n}\r\nTo: <sip:c@d>\r\nCall-ID: ${n}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`;

async function served(): Promise<{
  simulation: Simulation;
  answers: string[];
  send: (n: number, port: number) => void;
}> {
  const simulation = new Simulation({
    modules,
    builtin: [coreCommands],
    files: { "/s.cfg": script },
    script: "/s.cfg",
  });
  expect(await simulation.start()).toEqual([]);
  const answers: string[] = [];
  const socket = simulation.network.bindNow(
    { address: "127.0.0.9", port: 5060 },
    {
      message: (text) => {
        answers.push(
          `${simulation.host.clock.now()}: ${/^SIP\/2.0 200 (\d+)/.exec(text)![1]} ${/Call-ID: (\d+)/.exec(text)![1]}`,
        );
      },
      failed: () => {},
    },
  );
  return { simulation, answers, send: (n, port) => void socket.send(request(n), "127.0.0.1", port) };
}

test("a blocked socket does not delay another", async () => {
  const { simulation, answers, send } = await served();
  for (const n of [1, 2, 3]) send(n, 5060);
  for (const n of [4, 5, 6]) send(n, 5070);
  await simulation.advance(0);
  expect(answers).toEqual(["0: 5070 4", "0: 5070 5", "0: 5070 6"]);
  answers.length = 0;
  await simulation.advance(3500);
  expect(answers).toEqual(["1000: 5060 1", "2000: 5060 2", "3000: 5060 3"]);
  await simulation.stop();
});

test("core.psx and core.sockets_list show the pools", async () => {
  const { simulation, send } = await served();
  for (const n of [1, 2, 3]) send(n, 5060);
  await simulation.advance(0);
  const pools = simulation.server.active.core.workers();
  expect(pools.map(({ name, slots, busy, queued }) => ({ name, slots, busy, queued }))).toEqual([
    { name: "udp receiver udp:127.0.0.1:5060", slots: 1, busy: 1, queued: 2 },
    { name: "udp receiver udp:127.0.0.1:5070", slots: 4, busy: 0, queued: 0 },
  ]);
  const ask = (method: string): unknown => simulation.server.active.core.command(method)!.run([]);
  expect(JSON.stringify(await ask("core.psx"))).toContain("udp:127.0.0.1:5070");
  expect(JSON.stringify(await ask("core.sockets_list"))).toContain("5070");
  await simulation.stop();
});
