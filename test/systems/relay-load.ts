/** A Viaduct that relays what SIPp calls through it: what the checks under load of a stateful proxy share. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ask } from "../../src/node/control/client.ts";
import { later, type Memory, Processes } from "./processes.ts";
import { answering, scenario } from "./scenarios.ts";

/** Seconds that SIPp may take beyond the time in which it starts its calls. */
const GRACE = 20;
/** Milliseconds after which no transaction of the last call is left. */
const SETTLED = 7000;
const LOCAL = ["-i", "127.0.0.1", "-nostdin", "-buff_size", "4194304"];

export interface Outcome {
  readonly calls: number;
  readonly failed: number;
  readonly retransmitted: number;
}

export class RelayLoad {
  readonly #processes: Processes;
  readonly #ports: { readonly sip: number; readonly caller: number; readonly callee: number };
  readonly #control: string;
  readonly #script: string;
  #viaduct: Awaited<ReturnType<Processes["viaduct"]>> | undefined;
  #callee: ReturnType<Processes["start"]> | undefined;
  #phases = 0;

  /** Everything is over after so many seconds of load in so many phases, whatever happens. */
  constructor(seconds: number, phases: number) {
    this.#processes = new Processes(seconds + phases * GRACE + 60);
    const base = 27_000 + (process.pid % 1000) * 4;
    this.#ports = { sip: base, caller: base + 1, callee: base + 2 };
    this.#control = join(this.#processes.folder, "viaduct.sock");
    this.#script = join(this.#processes.folder, "proxy.cfg");
  }

  async start(): Promise<void> {
    // So that the server can collect its garbage before it tells how much memory it uses.
    process.env["NODE_OPTIONS"] = "--expose-gc";
    this.write(0);
    const { folder } = this.#processes;
    writeFileSync(join(folder, "caller.xml"), scenario({ status: 200, rings: true }));
    writeFileSync(join(folder, "callee.xml"), answering(100));
    this.#viaduct = await this.#processes.viaduct(["-f", this.#script, "-DD", "-E", "--control", this.#control], () =>
      this.rpc("core.uptime").then(
        () => true,
        () => false,
      ),
    );
    const port = String(this.#ports.callee);
    this.#callee = this.#processes.start("sipp", ["-sf", "callee.xml", ...LOCAL, "-p", port], "callee.log");
  }

  async stop(): Promise<void> {
    this.#callee?.child.kill("SIGKILL");
    if (this.#viaduct) await this.#processes.stop(this.#viaduct);
  }

  /** Writes the script anew; each says in a header field which it is. */
  write(n: number): void {
    writeFileSync(this.#script, proxy(n, this.#ports));
  }

  async rpc(method: string, ...params: unknown[]): Promise<unknown> {
    const outcome = await ask(this.#control, method, params, 10);
    if (outcome.kind === "result") return outcome.value;
    throw new Error(outcome.kind === "fault" ? outcome.fault.message : outcome.problem);
  }

  /** Calls for so many seconds, so many a second, and what became of them, which is printed as well. */
  async drive(name: string, rate: number, seconds: number): Promise<Outcome> {
    const [file, calls] = [`phase-${++this.#phases}.csv`, rate * seconds];
    const { sip, caller } = this.#ports;
    const { ended } = this.#processes.start(
      "sipp",
      [
        ...["-sf", "caller.xml", `127.0.0.1:${sip}`, ...LOCAL, "-p", String(caller), "-s", "1234"],
        ...["-m", String(calls), "-r", String(rate), "-l", String(calls), "-timeout", String(seconds + GRACE)],
        ...["-trace_stat", "-stf", file, "-fd", "1", "-recv_timeout", "15000"],
      ],
      `phase-${this.#phases}.log`,
    );
    await ended;
    const lines = this.#processes.log(file).trim().split("\n");
    const [names, last] = [lines[0]!.split(";"), lines.at(-1)!.split(";")];
    const figure = (title: string): number => Number(last[names.indexOf(title)]);
    const outcome = {
      calls,
      failed: calls - figure("SuccessfulCall(C)"),
      retransmitted: figure("Retransmissions(C)"),
    };
    console.log(`${name}: ${calls} calls, ${outcome.failed} failed, ${outcome.retransmitted} retransmitted`);
    return outcome;
  }

  memory(): Promise<Memory> {
    return this.#processes.memory(this.#viaduct!);
  }

  /** Until nothing of the last call is left. */
  settle(): Promise<void> {
    return later(SETTLED);
  }
}

const proxy = (n: number, ports: { readonly sip: number; readonly callee: number }): string => `
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
