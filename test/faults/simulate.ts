/** Mixed calls through a proxy whose network loses, doubles and reorders datagrams and whose peers die; all from one seed. */
import { modules } from "../../src/modules/index.ts";
import { SeededRandom } from "../../src/simulate/random.ts";
import { Simulation } from "../../src/simulate/simulation.ts";
import { Callee, Caller, field, LONGEST } from "./peers.ts";
import { FAULTS_SCRIPT } from "./script.ts";
import { Watch } from "./watch.ts";

export interface FaultOptions {
  readonly seed: number;
  readonly calls: number;
  /** Calls a second, in virtual time. */
  readonly rate?: number;
  /** Share of datagrams that are lost. */
  readonly loss?: number;
  /** Hears every datagram of the call with this Call-ID, as it arrives. */
  readonly trace?: { readonly call: string; line(text: string): void };
}

export interface FaultReport {
  /** What must not happen, one line each; empty when all is well. */
  readonly violations: readonly string[];
  readonly datagrams: number;
  readonly lost: number;
  /** Final replies by status, as the callers had them; 0: the caller gave up without one. */
  readonly outcomes: Readonly<Record<string, number>>;
}

const KINDS = ["single", "fork", "serial", "suspend", "suspendfork", "suspendserial"];
const CALLEES = ["127.0.0.11", "127.0.0.12", "127.0.0.13"];
const PROXY = "127.0.0.1";

export async function simulateFaults(options: FaultOptions): Promise<FaultReport> {
  const { seed, calls, rate = 100, loss = 0.05 } = options;
  const dice = new SeededRandom(seed);
  const simulation = new Simulation({ modules, files: { "/faults.cfg": FAULTS_SCRIPT }, script: "/faults.cfg", seed });
  const problems = await simulation.start();
  if (problems.length > 0) throw new Error(problems.map((it) => it.message).join("\n"));
  const { network, host, server } = simulation;
  const { clock } = host;
  const watch = new Watch();
  const callers = new Map<string, Caller>();
  const outcomes: Record<string, number> = {};
  let datagrams = 0;
  let lost = 0;

  // Upstream is judged when the proxy sends; what the network does to it afterwards is no fault of the proxy.
  network.faults = ({ from, text, to }) => {
    datagrams++;
    const traced = options.trace !== undefined && text.includes(`\r\nCall-ID: ${options.trace.call}\r\n`);
    if (traced)
      options.trace!.line(
        `${clock.now().toFixed(0)} ${from.address} > ${to.address} ${text.slice(0, text.indexOf("\r"))} ${/;branch=\S+/.exec(text)![0]} ${field(text, "CSeq")}`,
      );
    if (from.address === PROXY && text.startsWith("SIP/2.0 ") && to.address.startsWith("127.0.1."))
      watch.upstream(text);
    if (dice.next() < loss) {
      lost++;
      if (traced) options.trace!.line("  lost");
      return [];
    }
    const delay = (): number => 1 + (dice.next() < 0.1 ? dice.next() * 2000 : dice.next() * 20);
    return dice.next() < 0.03 ? [delay(), delay()] : [delay()];
  };
  // The watch stands before the proxy: it sees what arrives.
  const arrive = network.bindNow.bind(network);
  const sockets = new Map<string, ReturnType<typeof arrive>>();
  const send = (from: string, to: string, text: string): void => {
    sockets.get(from)!.send(text, to, 5060);
  };
  const receive = server.receiver.receive.bind(server.receiver);
  server.receiver.receive = (text, info) => {
    watch.received(text);
    return receive(text, info);
  };

  const callees = CALLEES.map((address) => new Callee(address, clock, dice, send));
  CALLEES.forEach((address, i) => {
    sockets.set(
      address,
      arrive(
        { address, port: 5060 },
        {
          message: (text) => {
            if (!text.startsWith("SIP/2.0 ")) callees[i]!.request(text.slice(0, text.indexOf(" ")), text);
          },
          failed: () => {},
        },
      ),
    );
  });
  for (let i = 1; i <= 4; i++) {
    const address = `127.0.1.${i}`;
    const message = (text: string): void => {
      if (text.startsWith("SIP/2.0 "))
        callers.get(/\r\nCall-ID: (.*)\r\n/.exec(text)?.[1] ?? "")?.reply(Number(text.slice(8, 11)), text);
    };
    sockets.set(address, arrive({ address, port: 5060 }, { message, failed: () => {} }));
  }
  host.http.anyService = () => {
    const luck = dice.next();
    if (luck < 0.05) return { refuse: true };
    if (luck < 0.07) return { hang: true };
    return { status: luck < 0.9 ? 200 : 500, delay: dice.next() * 2000 };
  };

  const die = (): void => {
    const callee = callees[Math.floor(dice.next() * callees.length)]!;
    callee.dead = true;
    clock.after(2000 + dice.next() * 10_000, () => {
      callee.dead = false;
    });
    if (started < calls) clock.after(10_000 + dice.next() * 10_000, die);
  };
  clock.after(5000, die);

  let started = 0;
  const next = (): void => {
    const id = `s${seed}c${++started}`;
    const method = dice.next() < 0.1 ? "OPTIONS" : "INVITE";
    const kind = method === "OPTIONS" ? "single" : KINDS[Math.floor(dice.next() * KINDS.length)]!;
    const caller = new Caller(id, method, kind, `127.0.1.${1 + (started % 4)}`, clock, send);
    callers.set(id, caller);
    if (dice.next() < 0.3) clock.after(dice.next() * 12_000, () => caller.cancel());
    clock.after(3 * LONGEST, () => {
      const outcome = String(caller.final);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      callers.delete(id);
      watch.forget(id);
    });
    if (started < calls) clock.after((2000 * dice.next()) / rate, next);
  };
  next();
  while (started < calls || callers.size > 0) await simulation.advance(1000);

  const violations = [...watch.violations];
  const left = [...server.transactions.engine.all()];
  if (left.length > 0) violations.push(`${left.length} transactions are left, first ${left[0]!.callId}`);
  if (server.transactions.engine.size !== 0) violations.push(`the table says ${server.transactions.engine.size}`);
  if (server.transactions.engine.wheel.size !== 0)
    violations.push(`${server.transactions.engine.wheel.size} transaction timers still run`);
  const failures = server.statistics.counter("core", "script_failures").value;
  if (failures > 0) violations.push(`${failures} script failures`);
  if (host.http.inFlight !== 0) violations.push(`${host.http.inFlight} HTTP requests are open`);
  // A service that is dead, or a call that was canceled while it waited, is told in the log, and is no fault.
  const complaints = new Set(
    simulation.log
      .filter((it) => it.level <= -1 && !it.text.includes("http_async_client: "))
      .map((it) => it.text.trim().slice(0, 300)),
  );
  for (const text of [...complaints].slice(0, 20)) violations.push(`logged: ${text}`);
  await simulation.stop();
  return { violations, datagrams, lost, outcomes };
}
