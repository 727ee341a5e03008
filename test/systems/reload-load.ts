/**
 * `npm run load:reload`: a hundred reloads while calls are relayed.
 *
 *     npm run load:reload -- [--rate 500] [--reloads 100] [--seconds 20]
 *
 * Starts Viaduct on a stateful proxy, SIPp on both sides of it, and drives three phases of so many seconds: calls alone,
 * calls while the script is changed and reloaded over and over, calls alone again. Prints calls, failures and
 * retransmissions of each, how long reloads took and kept messages waiting, and the heap before and after. Exits 1 when
 * a call failed, a reload was refused, or a generation is still there at the end. Everything is ended by its process id.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ask } from "../../src/node/control-client.ts";
import { later, Processes } from "./processes.ts";
import { answering, scenario } from "./scenarios.ts";

const { values: options } = parseArgs({
  options: {
    rate: { type: "string", default: "500" },
    reloads: { type: "string", default: "100" },
    seconds: { type: "string", default: "20" },
  },
});
const [rate, reloads, seconds] = [Number(options.rate), Number(options.reloads), Number(options.seconds)];
/** Seconds that SIPp may take beyond the time in which it starts its calls. */
const GRACE = 20;
const processes = new Processes(3 * (seconds + GRACE) + 60);
const base = 27_000 + (process.pid % 1000) * 4;
const ports = { sip: base, caller: base + 1, callee: base + 2 };
/** Milliseconds after which no transaction of the last call is left. */
const SETTLED = 7000;
// So that the server can collect its garbage before it tells how much memory it uses.
process.env["NODE_OPTIONS"] = "--expose-gc";
const control = join(processes.folder, "viaduct.sock");
const script = join(processes.folder, "proxy.cfg");

/** The script of reload `n`: each says in a header field which it is. */
const proxy = (n: number): string => `
debug=1
children=8
listen=udp:127.0.0.1:${ports.sip}
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "htable.so"
modparam("htable", "htable", "calls=>size=8;autoexpire=600;")
request_route {
    if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
    if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
    if (!is_method("ACK")) { if (t_precheck_trans()) { t_check_trans(); exit; } t_check_trans(); }
    if (has_totag()) {
        if (loose_route() || (is_method("ACK") && t_check_trans())) { t_relay(); exit; }
        sl_send_reply("404", "Not here");
        exit;
    }
    record_route();
    append_hf("X-Script: ${n}\\r\\n");
    $sht(calls=>count) = ${n};
    t_on_reply("REPLY");
    t_on_failure("FAILURE");
    $du = "sip:127.0.0.1:${ports.callee}";
    if (!t_relay()) sl_reply_error();
}
onreply_route[REPLY] { $avp(status) = $rs; }
failure_route[FAILURE] { if (t_is_canceled()) exit; }
`;

writeFileSync(script, proxy(0));
writeFileSync(join(processes.folder, "caller.xml"), scenario({ status: 200, rings: true }));
writeFileSync(join(processes.folder, "callee.xml"), answering(100));

const rpc = async (method: string, ...params: unknown[]): Promise<unknown> => {
  const outcome = await ask(control, method, params, 10);
  if (outcome.kind === "result") return outcome.value;
  throw new Error(outcome.kind === "fault" ? outcome.fault.message : outcome.problem);
};

const viaduct = await processes.viaduct(["-f", script, "-DD", "-E", "--control", control], () =>
  rpc("core.uptime").then(
    () => true,
    () => false,
  ),
);
const local = ["-i", "127.0.0.1", "-nostdin", "-buff_size", "4194304"];
const callee = processes.start("sipp", ["-sf", "callee.xml", ...local, "-p", String(ports.callee)], "callee.log");

interface Outcome {
  readonly calls: number;
  readonly failed: number;
  readonly retransmitted: number;
}
let phases = 0;

async function drive(name: string): Promise<Outcome> {
  const [file, calls] = [`phase-${++phases}.csv`, rate * seconds];
  const { ended } = processes.start(
    "sipp",
    [
      ...["-sf", "caller.xml", `127.0.0.1:${ports.sip}`, ...local, "-p", String(ports.caller), "-s", "1234"],
      ...["-m", String(calls), "-r", String(rate), "-l", String(calls), "-timeout", String(seconds + GRACE)],
      ...["-trace_stat", "-stf", file, "-fd", "1", "-recv_timeout", "15000"],
    ],
    `phase-${phases}.log`,
  );
  await ended;
  const lines = processes.log(file).trim().split("\n");
  const [names, last] = [lines[0]!.split(";"), lines.at(-1)!.split(";")];
  const figure = (title: string): number => Number(last[names.indexOf(title)]);
  const successful = figure("SuccessfulCall(C)");
  const outcome = { calls, failed: calls - successful, retransmitted: figure("Retransmissions(C)") };
  console.log(`${name}: ${calls} calls, ${outcome.failed} failed, ${outcome.retransmitted} retransmitted`);
  return outcome;
}

/** Megabytes of heap that are in use when garbage has been collected: the server logs it on a signal. */
async function heap(): Promise<number> {
  const told = (): string[] => processes.log("viaduct.log").match(/\d+(?= bytes of heap)/g) ?? [];
  const before = told().length;
  viaduct.kill("SIGUSR1");
  while (told().length === before) await later(100);
  return Math.round(Number(told().at(-1)) / 1_000_000);
}

interface Switched {
  readonly ms: number;
  readonly blockedMs: number;
}

/** Evenly over the time of a phase. */
async function reloadOften(): Promise<Switched[]> {
  const done: Switched[] = [];
  for (let n = 1; n <= reloads; n++) {
    const next = performance.now() + (seconds * 1000) / reloads;
    writeFileSync(script, proxy(n));
    done.push((await rpc("generation.reload")) as Switched);
    await later(Math.max(0, next - performance.now()));
  }
  return done;
}

const spread = (values: readonly number[]): string => {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return `median ${at(0.5)}, 95 % ${at(0.95)}, most ${at(1)}`;
};

await drive("warming up");
const before = await drive("calls alone");
await later(SETTLED);
const least = await heap();
const [during, switched] = await Promise.all([drive(`calls and ${reloads} reloads`), reloadOften()]);
console.log(`reloads: ${spread(switched.map((it) => it.ms))} ms from request to switch`);
console.log(`messages waited: ${spread(switched.map((it) => it.blockedMs))} ms at a time`);
await drive("calls alone again");
await later(SETTLED);
const left = await heap();
const generations = (await rpc("generation.list")) as { readonly generation: number; readonly state: string }[];
const cooling = generations.filter((it) => it.state === "cooling").length;
console.log(
  `heap in use after a collection: ${least} MB before, ${left} MB after; ${cooling} generations left besides the one that serves`,
);
callee.child.kill("SIGKILL");
await processes.stop(viaduct);
process.exit(during.failed === 0 && before.failed === 0 && switched.length === reloads && cooling === 0 ? 0 : 1);
