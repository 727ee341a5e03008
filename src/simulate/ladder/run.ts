/** Plays a ladder on a simulation: arrows into the proxy are sent, arrows out must occur, in order, and nothing else. */
import type { Problem } from "../../../grammar/tree.ts";
import type { HttpRequest } from "../../declare/host.ts";
import type { Module, RpcFault } from "../../declare/module.ts";
import type { ReceiveInfo } from "../../sip/address.ts";
import { SipMessage } from "../../sip/message.ts";
import { settle } from "../clock.ts";
import type { ServiceAnswer } from "../http.ts";
import { Simulation } from "../simulation.ts";
import { type Arrived, Peer } from "./peer.ts";
import { type Arrow, type HttpGiven, type HttpSent, type Ladder, type LogLine, type Rpc, readLadder } from "./read.ts";

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

/** The failures of a ladder: none when everything happened as written. */
export async function runLadder(text: string, options: LadderOptions): Promise<readonly Failure[]> {
  const ladder = readLadder(text);
  if (ladder.mistakes.length > 0)
    return ladder.mistakes.map(({ line, text }) => ({ line, message: `not a ladder line: ${text}` }));
  const simulation = new Simulation({
    ...options,
    files: { ...options.files, [SCRIPT]: preamble(ladder) + ladder.script },
    script: SCRIPT,
  });
  const problems = await simulation.start();
  if (problems.length > 0) return problems.map(problemOf);
  const play = new Play(simulation, ladder);
  try {
    return await play.run();
  } finally {
    await simulation.stop();
  }
}

/** Without a listen line of its own a ladder's proxy listens on UDP 127.0.0.1:5060, and answers to the name `proxy`. */
function preamble(ladder: Ladder): string {
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
  readonly #ladder: Ladder;
  readonly #peers = new Map<string, Peer>();
  readonly #sockets = new Map<string, { send(text: string, ip: string, port: number): boolean }>();
  #arrived: Arrived[] = [];
  #http: OpenRequest[] = [];
  readonly #httpOpen: OpenRequest[] = [];
  #logged = 0;
  readonly #failures: Failure[] = [];

  constructor(simulation: Simulation, ladder: Ladder) {
    this.#simulation = simulation;
    this.#ladder = ladder;
    for (const step of ladder.steps)
      if (step.kind === "arrow") for (const name of [step.from, step.to]) if (name !== "proxy") this.#peer(name);
    simulation.host.http.anyService = (request) =>
      new Promise<ServiceAnswer>((answer) => {
        this.#http.push({ request, answer });
      });
    simulation.host.dns.records.a.set("proxy", [PROXY]);
  }

  async run(): Promise<readonly Failure[]> {
    await this.#settle();
    this.#logged = this.#simulation.log.length;
    for (const step of this.#ladder.steps) {
      if (this.#failures.length > 0) break;
      if (step.kind === "arrow" && step.from === "proxy") this.#expect(step);
      else if (step.kind === "http-sent") this.#expectHttp(step);
      else if (step.kind === "log") this.#expectLog(step);
      else {
        this.#nothingElse(step.line);
        if (this.#failures.length > 0) break;
        if (step.kind === "arrow") this.#send(step);
        else if (step.kind === "pause") await this.#simulation.advance(step.ms);
        else if (step.kind === "http-given") this.#answerHttp(step);
        else await this.#rpc(step);
        await this.#settle();
      }
    }
    if (this.#failures.length === 0) this.#nothingElse(this.#ladder.steps.at(-1)?.line ?? 1);
    return this.#failures;
  }

  /** Everything that happens without time passing. */
  async #settle(): Promise<void> {
    await settle();
    await this.#simulation.advance(0);
  }

  #peer(name: string): void {
    if (this.#peers.has(name)) return;
    const { host, network } = this.#simulation;
    const peer = new Peer(name, `127.0.0.${this.#peers.size + 2}`);
    this.#peers.set(name, peer);
    host.dns.records.a.set(name.toLowerCase(), [peer.address]);
    const socket = network.bindNow(
      { address: peer.address, port: peer.port },
      {
        message: (text, ip, port) => {
          const msg = new SipMessage(text, this.#receiveInfo(peer, ip, port));
          peer.received(msg);
          this.#arrived.push({ to: name, text, msg, at: host.clock.now() });
        },
        failed: () => {},
      },
    );
    this.#sockets.set(name, socket);
  }

  #receiveInfo(peer: Peer, ip: string, port: number): ReceiveInfo {
    const socket = { protocol: "udp", address: peer.address, port: peer.port, family: 4, virtual: false } as const;
    return {
      socket,
      protocol: "udp",
      srcIp: ip,
      srcPort: port,
      dstIp: peer.address,
      dstPort: peer.port,
      connection: 0,
      time: 0,
    };
  }

  #send(arrow: Arrow): void {
    const peer = this.#peers.get(arrow.from)!;
    const text = peer.write(arrow, this.#receiveInfo(peer, PROXY, 5060));
    if (text.startsWith("?")) return this.#fail(arrow.line, text.slice(1));
    const to = arrow.to === "proxy" ? this.#simulation.server.sockets.all[0] : this.#peers.get(arrow.to);
    this.#sockets.get(arrow.from)!.send(text, to!.address, to!.port);
  }

  #expect(arrow: Arrow): void {
    const next = this.#arrived.shift();
    if (!next) return this.#fail(arrow.line, `nothing came; expected ${arrow.to} to get ${arrow.start}`);
    if (next.to !== arrow.to)
      return this.#fail(arrow.line, `${next.to} got ${firstLine(next)}; expected ${arrow.to} to get ${arrow.start}`);
    const first = next.msg.isRequest
      ? `${next.msg.method} ${next.msg.requestUri}`
      : `${next.msg.status} ${next.msg.reason}`;
    if (arrow.start !== first && arrow.start !== next.msg.method && arrow.start !== String(next.msg.status || ""))
      return this.#fail(arrow.line, `${arrow.to} got ${first}; expected ${arrow.start}`);
    for (const { line, name, value } of arrow.details) {
      const found = next.msg.named(name).map((it) => next.msg.value(it));
      const wrong = differs(found, value);
      if (wrong) this.#fail(line, `${name}: ${wrong}`);
    }
    if (arrow.body.length > 0 && next.msg.body !== arrow.body.map((it) => `${it}\r\n`).join(""))
      this.#fail(arrow.line, `the body is ${JSON.stringify(next.msg.body)}`);
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
    const [message] = this.#arrived;
    if (message) this.#fail(line, `before this line ${message.to} got ${firstLine(message)}, which no arrow names`);
    const [request] = this.#http;
    if (request) this.#fail(line, `before this line the script asked ${request.request.method} ${request.request.url}`);
  }

  #fail(line: number, message: string): void {
    this.#failures.push({ line, message });
  }
}

const firstLine = (it: Arrived): string => it.text.slice(0, it.text.indexOf("\r\n"));

/** What is wrong with the field's values; undefined when they are as expected. */
function differs(found: readonly string[], wanted: string): string | undefined {
  const count = /^(\d+) entr(?:y|ies)$/.exec(wanted);
  if (count) {
    const entries = found.reduce((n, it) => n + it.split(",").length, 0);
    return entries === Number(count[1]) ? undefined : `${entries} entries`;
  }
  if (wanted === "absent") return found.length === 0 ? undefined : `is there: ${found.join(" | ")}`;
  const pattern = /^\/(.*)\/$/.exec(wanted);
  const fits = pattern ? found.some((it) => new RegExp(pattern[1]!).test(it)) : found.includes(wanted);
  return fits ? undefined : found.length === 0 ? "is absent" : `is ${found.join(" | ")}`;
}
