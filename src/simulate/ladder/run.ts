/** Plays a ladder on a simulation: arrows into the proxy are sent, arrows out must occur, in order, and nothing else. */
import type { Problem } from "../../../grammar/tree.ts";
import type { HttpRequest } from "../../declare/host.ts";
import type { Module, RpcFault } from "../../declare/module.ts";
import { settle } from "../clock.ts";
import type { ServiceAnswer } from "../http.ts";
import { Simulation } from "../simulation.ts";
import { bodyDiffers, detailDiffers, startFits, startOf } from "./compare.ts";
import { addRecord } from "./names.ts";
import type { Arrived, Peer } from "./peer.ts";
import {
  type Arrow,
  type HttpGiven,
  type HttpSent,
  type Ladder,
  type LogLine,
  type Rpc,
  readLadder,
  type Scene,
  type Step,
} from "./read.ts";
import { type Group, rewrite } from "./update.ts";
import { peersOf, receivedBy, Wires } from "./wires.ts";

export interface Failure {
  /** Line of the ladder file. */
  readonly line: number;
  readonly message: string;
}

export interface LadderOptions {
  readonly modules: readonly Module[];
  /** Further files by absolute path; the script itself stands in the ladder at `/ladder.cfg`. */
  readonly files?: Readonly<Record<string, string>>;
  readonly defines?: Readonly<Record<string, string | undefined>>;
  readonly seed?: number;
}

const PROXY = "127.0.0.1";
const SCRIPT = "/ladder.cfg";

/** The failures of a ladder, all its scenes: none when everything happened as written. */
export async function runLadder(text: string, options: LadderOptions): Promise<readonly Failure[]> {
  const ladder = readLadder(text);
  const mistakes = mistakesOf(ladder);
  if (mistakes.length > 0) return mistakes;
  const failures: Failure[] = [];
  for (const scene of ladder.scenes) failures.push(...(await runScene(ladder, scene, options)));
  return failures;
}

/** Lines that are no ladder lines. */
export const mistakesOf = (ladder: Ladder): Failure[] =>
  ladder.mistakes.map(({ line, text }) => ({ line, message: `not a ladder line: ${text}` }));

/** The failures of one scene of a ladder. */
export async function runScene(ladder: Ladder, scene: Scene, options: LadderOptions): Promise<readonly Failure[]> {
  const play = await start(ladder, scene, options);
  if (!(play instanceof Play)) return play;
  return await play.run().finally(() => play.stop());
}

/** The ladder's text with what happened in place of what was expected; a script that does not load is left alone. */
export async function updateLadder(text: string, options: LadderOptions): Promise<string> {
  const ladder = readLadder(text);
  let out = text;
  // From the last scene to the first, so that the lines of those before stay where they are.
  for (const scene of ladder.scenes.toReversed()) {
    const play = await start(ladder, scene, options);
    if (!(play instanceof Play)) return text;
    out = rewrite(out, await play.watch().finally(() => play.stop()));
  }
  return out;
}

async function start(ladder: Ladder, scene: Scene, options: LadderOptions): Promise<Play | readonly Failure[]> {
  const simulation = new Simulation({
    ...options,
    files: { ...options.files, [SCRIPT]: preamble(ladder) + ladder.script },
    script: SCRIPT,
  });
  const problems = await simulation.start();
  return problems.length > 0 ? problems.map(problemOf) : new Play(simulation, scene);
}

/** Without a listen line of its own a ladder's proxy listens on UDP 127.0.0.1:5060, and answers to the name `proxy`. */
export function preamble(ladder: Ladder): string {
  const listens = /^\s*(listen|socket)\s*=/m.test(ladder.script);
  return `${listens ? "" : `listen=udp:${PROXY}:5060 `}alias="proxy" auto_aliases=no `;
}

const problemOf = (it: Problem): Failure => ({
  line: it.span.line,
  message: `${it.severity} ${it.code}: ${it.message}`,
});

interface OpenRequest {
  readonly request: HttpRequest;
  answer(it: ServiceAnswer): void;
}

class Play {
  readonly #simulation: Simulation;
  readonly #steps: readonly Step[];
  readonly #peers: Map<string, Peer>;
  readonly #wires: Wires;
  #arrived: Arrived[] = [];
  #http: OpenRequest[] = [];
  readonly #httpOpen: OpenRequest[] = [];
  #logged = 0;
  readonly #failures: Failure[] = [];

  constructor(simulation: Simulation, { steps }: Scene) {
    this.#simulation = simulation;
    this.#steps = steps;
    const { host } = simulation;
    this.#wires = new Wires(simulation, (it) => {
      this.#arrived.push(it);
    });
    this.#peers = peersOf(steps);
    for (const peer of this.#peers.values()) {
      this.#wires.open(peer);
      host.dns.records[peer.address.includes(":") ? "aaaa" : "a"].set(peer.name.toLowerCase(), [peer.address]);
    }
    host.dns.records.a.set("proxy", [PROXY]);
    host.http.anyService = (request) =>
      new Promise<ServiceAnswer>((answer) => {
        this.#http.push({ request, answer });
      });
  }

  stop(): Promise<void> {
    return this.#simulation.stop();
  }

  async run(): Promise<readonly Failure[]> {
    await this.#begin();
    for (const step of this.#steps) {
      if (this.#failures.length > 0) break;
      if (step.kind === "arrow" && step.from === "proxy") this.#expect(step);
      else if (step.kind === "http-sent") this.#expectHttp(step);
      else if (step.kind === "log") this.#expectLog(step);
      else {
        this.#nothingElse(step.line);
        if (this.#failures.length > 0) break;
        await this.#act(step);
      }
    }
    if (this.#failures.length === 0) this.#nothingElse(this.#steps.at(-1)?.line ?? 1);
    return this.#failures;
  }

  /** Plays what goes in, and tells what came out between. */
  async watch(): Promise<readonly Group[]> {
    await this.#begin();
    const groups: Group[] = [];
    let expected: Arrow[] = [];
    let after = 0;
    for (const step of this.#steps) {
      if (step.kind === "arrow" && step.from === "proxy") expected.push(step);
      else if (step.kind === "http-sent") {
        this.#expectHttp(step);
        after = step.line;
      } else if (step.kind !== "log") {
        if (after > 0) groups.push({ before: step.line, after, expected, came: this.#arrived.splice(0) });
        expected = [];
        await this.#act(step);
        after = lastLine(step);
      }
    }
    groups.push({ before: undefined, after, expected, came: this.#arrived.splice(0) });
    return groups;
  }

  async #begin(): Promise<void> {
    await this.#settle();
    this.#logged = this.#simulation.log.length;
  }

  async #act(step: Exclude<Step, HttpSent | LogLine>): Promise<void> {
    if (step.kind === "arrow") this.#send(step);
    else if (step.kind === "pause") await this.#simulation.advance(step.ms);
    else if (step.kind === "http-given") this.#answerHttp(step);
    else if (step.kind === "rpc") await this.#rpc(step);
    else if (step.kind === "dns") {
      const wrong = addRecord(this.#simulation.host.dns, step);
      if (wrong) this.#fail(step.line, wrong);
    } else if (step.kind === "close") this.#wires.close(this.#peers.get(step.name)!);
    await this.#settle();
  }

  /** Everything that happens without time passing. */
  async #settle(): Promise<void> {
    await settle();
    await this.#simulation.advance(0);
  }

  #send(arrow: Arrow): void {
    const peer = this.#peers.get(arrow.from)!;
    const text = peer.write(arrow, receivedBy(peer, PROXY, 5060));
    if (text.startsWith("?")) return this.#fail(arrow.line, text.slice(1));
    if (arrow.to !== "proxy") return this.#wires.sendDirectly(peer, text, this.#peers.get(arrow.to)!);
    const wrong = this.#wires.send(peer, text, this.#simulation.server.sockets);
    if (wrong) this.#fail(arrow.line, wrong);
  }

  #expect(arrow: Arrow): void {
    const next = this.#arrived.shift();
    const expected = `expected  ${arrow.to.padEnd(8)} ${arrow.start}`;
    if (!next) return this.#fail(arrow.line, `${expected}\n  but       nothing came`);
    const came = `came      ${next.to.padEnd(8)} ${startOf(next.msg)}`;
    if (next.to !== arrow.to || !startFits(arrow, next.msg)) return this.#fail(arrow.line, `${expected}\n  ${came}`);
    for (const detail of arrow.details) {
      const wrong = detailDiffers(next.msg, detail);
      if (wrong) this.#fail(detail.line, `${detail.name}: expected ${detail.value}\n  came ${wrong}`);
    }
    if (bodyDiffers(next.msg, arrow)) this.#fail(arrow.line, `the body is ${JSON.stringify(next.msg.body)}`);
  }

  #expectHttp(step: HttpSent): void {
    const open = this.#http.shift();
    if (!open) return this.#fail(step.line, `no HTTP request was made; expected ${step.method} ${step.url}`);
    const { method, url } = open.request;
    if (method !== step.method || url !== step.url) this.#fail(step.line, `the HTTP request was ${method} ${url}`);
    this.#httpOpen.push(open);
  }

  #answerHttp(step: HttpGiven): void {
    const open = this.#httpOpen.shift();
    if (!open) return this.#fail(step.line, "there is no HTTP request to answer");
    const { status, body } = step;
    if (status === "refused") open.answer({ refuse: true });
    else if (status === "reset") open.answer({ reset: true });
    else if (status === "hang") open.answer({ hang: true });
    else open.answer({ status, reason: "", body, headers: [] });
  }

  #expectLog(step: LogLine): void {
    const line = this.#simulation.log[this.#logged];
    if (!line) return this.#fail(step.line, `nothing was logged; expected ${step.text}`);
    this.#logged++;
    if (line.text.trimEnd() !== step.text) this.#fail(step.line, `the script logged ${line.text.trimEnd()}`);
  }

  async #rpc(step: Rpc): Promise<void> {
    const command = this.#simulation.server.active.core.command(step.method);
    if (!command) return this.#fail(step.line, `there is no command ${step.method}`);
    let answer: unknown;
    try {
      answer = await command.run(step.args);
    } catch (fault) {
      answer = `${(fault as RpcFault).code} ${(fault as RpcFault).message}`;
    }
    const text = JSON.stringify(answer);
    if (step.answer !== undefined && text !== step.answer) this.#fail(step.line, `it answered ${text}`);
  }

  /** What came and nobody expected. Log lines count only in ladders that look at the log. */
  #nothingElse(line: number): void {
    for (const { to, msg } of this.#arrived)
      this.#fail(line, `before this line no arrow expects\n  came      ${to.padEnd(8)} ${startOf(msg)}`);
    const [request] = this.#http;
    if (request) this.#fail(line, `before this line the script asked ${request.request.method} ${request.request.url}`);
  }

  #fail(line: number, message: string): void {
    this.#failures.push({ line, message });
  }
}

/** The last line that belongs to a step. */
function lastLine(step: Step): number {
  if (step.kind !== "arrow") return step.line;
  return step.line + step.details.length + step.body.length;
}
