/** A script that cannot be taken up: the one that serves goes on, nothing is left of the other, and the problem has its place. */
import { expect, test } from "vitest";
import { modules } from "../../src/modules/index.ts";
import { HEAD, rig } from "./rig.ts";

const script = (more = "", answer = "200"): string =>
  `${more}
loadmodule "htable.so"
loadmodule "ctl.so"
modparam("ctl", "binrpc", "tcp:127.0.0.1:2046")
modparam("htable", "htable", "t=>size=4;autoexpire=60;")
request_route { $shv(calls) = $shv(calls) + 1; sl_send_reply("${answer}", "$shv(calls)"); }
`;

/** Lines of a script begin behind the rig's own. */
const AT = HEAD.split("\n").length;

interface Case {
  readonly title: string;
  readonly script: string;
  /** Line, column and code of the problem that refuses it. */
  readonly problem: string;
  readonly message: RegExp;
  before?(it: Awaited<ReturnType<typeof rig>>): void;
}

const cases: readonly Case[] = [
  {
    title: "an error in the script",
    script: script("", "200").replace("sl_send_reply", "sl_sent_reply"),
    problem: `${AT + 5}:48 unknown-function`,
    message: /sl_sent_reply/,
  },
  {
    title: "a file that is not there",
    script: script('include_file "/gone.cfg"'),
    problem: `${AT}:14 include-missing`,
    message: /gone\.cfg/,
  },
  {
    title: "a port that is in use",
    script: script("listen=udp:127.0.0.1:5060\nlisten=udp:127.0.0.1:5090\nlisten=udp:127.0.0.1:5091"),
    problem: `${AT + 1}:1 cannot-listen`,
    message: /127\.0\.0\.1:5090.*in use/,
    before: ({ simulation }) =>
      void simulation.network.bindNow({ address: "127.0.0.1", port: 5090 }, { message() {}, failed() {} }),
  },
  {
    title: "a module that refuses its parameters",
    script: script('loadmodule "cfgutils.so"\nmodparam("cfgutils", "initial_probability", 200)'),
    problem: `${AT}:1 module-refused`,
    message: /more than 100/,
  },
  {
    title: "a module that cannot open what it needs",
    script: script('loadmodule "mqueue.so"\nlisten=udp:127.0.0.1:5092').replace("2046", "2047"),
    problem: `${AT + 3}:1 module-refused`,
    message: /ctl.*in use/,
    before: ({ simulation }) =>
      void simulation.host.control.servers.set("127.0.0.1:2047", { connection: () => ({ data() {}, closed() {} }) }),
  },
];

for (const it of cases)
  test(it.title, async () => {
    const server = await rig(script("listen=udp:127.0.0.1:5060"));
    const { simulation, alice, request, reload, rpc } = server;
    await alice.send(request("OPTIONS", 1));
    it.before?.(server);
    const before = {
      control: [...simulation.host.control.servers.keys()],
      statistics: simulation.server.statistics.list().map(({ group, name }) => `${group}.${name}`),
      timers: simulation.host.clock.pending,
      pools: simulation.server.pools.list().map(({ name }) => name),
    };
    const result = await reload(it.script);
    expect(result.outcome).toBe("refused");
    const [problem] = result.problems.filter(({ severity }) => severity === "error");
    expect(`${problem?.span.line}:${problem?.span.column} ${problem?.code}`).toBe(it.problem);
    expect(problem?.message).toMatch(it.message);
    expect(await rpc("generation.reload")).toMatch(
      /^500 generation 1 serves on: the script was refused\n.*\/proxy\.cfg:/,
    );
    expect({
      control: [...simulation.host.control.servers.keys()],
      statistics: simulation.server.statistics.list().map(({ group, name }) => `${group}.${name}`),
      timers: simulation.host.clock.pending,
      pools: simulation.server.pools.list().map(({ name }) => name),
    }).toEqual(before);
    // No socket of the other is left open.
    for (const port of [5091, 5092])
      await simulation.network.bindNow({ address: "127.0.0.1", port }, { message() {}, failed() {} }).close();
    await alice.send(request("OPTIONS", 2));
    expect((await alice.came()).length).toBe(2);
    expect(simulation.server.active.number).toBe(1);
    // What was mended is taken up under the next number.
    const mended = await reload(script("listen=udp:127.0.0.1:5060", "202"));
    expect(mended).toMatchObject({ outcome: "switched", generation: 2 });
  });

test("a script whose module fails by a mistake of ours is refused like any other", async () => {
  const { simulation, reload } = await rig(script());
  const broken = modules.find(({ name }) => name === "mqueue")!;
  const start = broken.start;
  Object.assign(broken, {
    start: () => {
      throw new Error("broken on purpose");
    },
  });
  try {
    const result = await reload(script('loadmodule "mqueue.so"'));
    expect(result.outcome).toBe("refused");
    expect(result.problems.map(({ message }) => message).join()).toContain("broken on purpose");
  } finally {
    Object.assign(broken, { start });
  }
  expect(simulation.server.active.number).toBe(1);
});
