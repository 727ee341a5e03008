/** Plays one flow in virtual time. */
import { coreCommands } from "../../src/control/core-commands.ts";
import { modules } from "../../src/modules/index.ts";
import type { ServiceAnswer } from "../../src/simulate/http.ts";
import { Simulation } from "../../src/simulate/simulation.ts";
import type { Flow, Outcome, ServiceSpec } from "./flow.ts";
import { normalise } from "./normalise.ts";
import { type Ground, Stage } from "./peers.ts";

/** Where a flow's files lie. */
const FOLDER = "/flow";
/**
 * Milliseconds that the server has been up when a flow begins, as in the recordings: 150 to 213. In the middle of a
 * tick, because the recordings were made at any phase of it.
 */
const HEAD_START = 156.25;

export interface FlowRun {
  readonly outcome: Outcome;
  /** Why the script was refused, or what the server complained about. */
  readonly complaints: readonly string[];
}

/**
 * `headStart` milliseconds the server has been up when the flow begins: the phase of its tick. `prepare` sees the
 * simulation before it starts.
 */
export async function playFlow(
  flow: Flow,
  headStart = HEAD_START,
  prepare?: (simulation: Simulation) => void,
): Promise<FlowRun> {
  const bytes = (text: string): string => Buffer.from(text.replaceAll("{dir}", FOLDER), "utf8").toString("latin1");
  const files: Record<string, string> = { [`${FOLDER}/k.cfg`]: bytes(flow.cfg) };
  for (const [name, text] of Object.entries(flow.files ?? {})) files[`${FOLDER}/${name}`] = bytes(text);
  const simulation = new Simulation({
    modules,
    builtin: [coreCommands],
    files,
    script: `${FOLDER}/k.cfg`,
    overrides: new Map(),
  });
  simulation.network.reachable = (ip) => ip.startsWith("127.");
  prepare?.(simulation);
  let problems: readonly { readonly span: { readonly line: number }; readonly message: string }[];
  try {
    problems = await simulation.start();
  } catch (error) {
    // What a module cannot begin without is not there.
    return { outcome: { config_error: true }, complaints: [String(error)] };
  }
  if (problems.length > 0)
    return { outcome: { config_error: true }, complaints: problems.map((it) => `${it.span.line}: ${it.message}`) };
  const stage = new Stage(flow, simulated(simulation));
  await simulation.advance(headStart);
  if (flow.align !== undefined && flow.align !== false) {
    // So many milliseconds after a full second of the wall clock: answers count whole seconds.
    const wanted = flow.align === true ? 60 : flow.align;
    await simulation.advance((wanted - (simulation.host.clock.wall() % 1000) + 1000) % 1000);
  }
  const logged = simulation.log.length;
  const http: NonNullable<Outcome["http"]>[number][] = [];
  for (const service of flow.http ?? []) serve(simulation, stage, service, http);
  stage.begin();
  await simulation.advance(flow.duration_ms ?? 600);
  await simulation.stop();
  const log: { t: number; v: string }[] = [];
  const complaints: string[] = [];
  const also = flow.log_also === undefined ? undefined : new RegExp(flow.log_also);
  for (const { at, level, text, prefix = "" } of simulation.log.slice(logged)) {
    const line = text.split("\n")[0]!;
    if (line.startsWith("> ")) log.push({ t: at - stage.start, v: line.slice(2).replaceAll(FOLDER, "{dir}") });
    else if (also?.test(prefix + line)) log.push({ t: at - stage.start, v: `! ${line}` });
    else if (level <= 0) complaints.push(line);
  }
  return { outcome: normalise(flow, { received: stage.received, log, http, made: stage.made }), complaints };
}

const simulated = ({ host, network }: Simulation): Ground => ({
  now: () => host.clock.now(),
  later: (ms, what) => void host.clock.after(ms, what),
  datagrams: (at, message) => network.bindNow(at, { message, failed: () => undefined }),
  listen: (at, accept) => void network.listenNow({ ...at, family: 4, noDelay: true }, accept),
  connect: (from, to, ends) =>
    network.connect({ ...to, localAddress: from.address, localPort: from.port, noDelay: true }, ends),
});

/** A scripted HTTP service; what it was asked is noted. */
function serve(
  simulation: Simulation,
  stage: Stage,
  spec: ServiceSpec,
  asked: NonNullable<Outcome["http"]>[number][],
): void {
  const HIDDEN = /^(host|user-agent|accept|connection|content-length|accept-encoding)$/i;
  let n = 0;
  simulation.host.http.services.set(spec.addr, (request): ServiceAnswer => {
    if (spec.refuse) return { refuse: true };
    n++;
    const path = /^\w+:\/\/[^/]*(\/.*)?$/.exec(request.url)?.[1] ?? "/";
    const headers = request.headers
      .filter(([name]) => !HIDDEN.test(name))
      .map(([name, value]) => `${name.toLowerCase()}: ${value}`);
    asked.push({
      t: Math.round(stage.now()),
      svc: spec.name,
      method: request.method,
      path,
      ...(headers.length > 0 && { headers }),
      ...(request.body && { body: request.body }),
    });
    const answer = (spec.answers ?? []).find(
      (it) =>
        (!it.method || it.method === request.method) &&
        (it.path === undefined || it.path === path) &&
        (it.n === undefined || it.n === n),
    );
    if (answer?.hang) return { hang: true };
    if (answer?.reset) return { reset: true };
    return {
      delay: answer?.delay_ms ?? 0,
      status: answer ? (answer.status ?? 200) : 404,
      headers: Object.entries({ "Content-Type": "application/json", ...answer?.headers }),
      body: answer?.big ? "x".repeat(answer.big) : (answer?.body ?? ""),
    };
  });
}
