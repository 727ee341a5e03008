/** Plays a scene on a simulation: arrows into the proxy are sent, arrows out must occur, in order, and nothing else. */
import type { Problem } from "../../../grammar/tree.ts";
import { LogLevel } from "../../declare/core.ts";
import { settle } from "../clock.ts";
import type { Logged, Simulation } from "../simulation.ts";
import { answerOf } from "./commands.ts";
import { jsonFits, startOf, textFits } from "./compare.ts";
import { Exchanges } from "./exchanges.ts";
import type { Failure, RanLine, Row } from "./failure.ts";
import {
  type Arrow,
  type Expect,
  type Expectation,
  type HttpSent,
  isSetting,
  type LogLine,
  type Nothing,
  type Reload,
  type Rpc,
  type Scene,
  type Setting,
  type Step,
} from "./ladder.ts";
import { levelName } from "./levels.ts";
import { changeNames } from "./names.ts";
import type { Arrived, Peer } from "./peer.ts";
import { messageRows } from "./rows.ts";
import type { Group, Rewriting } from "./update.ts";
import { Values } from "./values.ts";
import { readVariable, setVariable, valueFits } from "./variables.ts";
import { peersOf, receivedBy, Wires } from "./wires.ts";

export interface PlayOptions {
  /** The absolute path of a path in the ladder. */
  readonly resolve: (path: string) => string;
  /** What goes in front of a script that is loaded instead of the ladder's own. */
  readonly preamble: (script: string) => string;
  /** What ran since the last call; undefined when nobody watches. */
  readonly ran?: () => readonly RanLine[];
}

const PROXY = "127.0.0.1";

export class Play {
  readonly #simulation: Simulation;
  readonly #options: PlayOptions;
  readonly #scene: Scene;
  readonly #peers: ReadonlyMap<string, Peer>;
  readonly #wires: Wires;
  readonly #http: Exchanges;
  readonly #values: Values;
  readonly #arrived: Arrived[] = [];
  /** How many log lines have been expected or passed over. */
  #logged = 0;
  readonly #failures: Failure[] = [];
  /** The line that is being done. */
  #line: number;
  /** How long the log was when the server was last done something to. */
  #quiet = 0;
  /** The line of the first step that is no setting. */
  readonly #begins: number;

  /** Makes the peers; the server is to be started by `run` or `update`. */
  constructor(simulation: Simulation, scene: Scene, options: PlayOptions) {
    this.#simulation = simulation;
    this.#options = options;
    this.#scene = scene;
    this.#line = scene.line;
    this.#begins = scene.steps.find((it) => !isSetting(it))?.line ?? Number.POSITIVE_INFINITY;
    this.#peers = peersOf(scene.steps);
    this.#values = new Values(this.#peers);
    this.#http = new Exchanges(simulation.host.http);
    this.#wires = new Wires(simulation, {
      arrived: (it) => {
        this.#arrived.push(it);
      },
      failed: (peer, message) => this.#fail(this.#line, `${peer.name}: ${message}`),
    });
  }

  stop(): Promise<void> {
    return this.#simulation.stop();
  }

  /** What went otherwise than the scene says. */
  async run(): Promise<readonly Failure[]> {
    const { steps } = this.#scene;
    if (!(await this.#begin())) return this.#failures;
    for (const step of steps) {
      if (this.#failures.length > 0) break;
      if (this.#isDone(step)) continue;
      this.#line = step.line;
      if (isExpectation(step)) this.#expect(step);
      else {
        this.#nothingElse(step.line);
        if (this.#failures.length > 0) break;
        this.#options.ran?.();
        this.#quiet = this.#simulation.log.length;
        await this.#act(step);
      }
    }
    if (this.#failures.length === 0) this.#nothingElse(steps.at(-1)?.line ?? this.#scene.line);
    return this.#failures;
  }

  /** Does what goes in, and writes what came out over what was expected. Failures are those that keep it from going on. */
  async update(rewriting: Rewriting): Promise<readonly Failure[]> {
    if (!(await this.#begin())) return this.#failures;
    const first = Number.isFinite(this.#begins) ? this.#begins : this.#scene.line + 1;
    let group: Group = { after: first - 1, expected: [], came: [] };
    const end = (after: number): void => {
      rewriting.group({ ...group, came: this.#arrived.splice(0) });
      group = { after, expected: [], came: [] };
    };
    for (const step of this.#scene.steps) {
      if (this.#isDone(step)) continue;
      this.#line = step.line;
      if (step.kind === "arrow" && step.from === "proxy") group.expected.push(step);
      else if (step.kind === "http-sent") {
        const found = this.#http.expect(step, this.#values);
        if (found) rewriting.http(step, found.request);
        else rewriting.remove(step);
      } else if (step.kind === "log") rewriting.log(step, this.#nextLog(step));
      else if (step.kind === "expect") rewriting.expect(step, readVariable(this.#simulation.server, step));
      else if (step.kind === "rpc") {
        end(step.line);
        rewriting.rpc(step, await answerOf(this.#simulation.server, this.#filledCommand(step)));
        await this.#settle();
      } else if (!isExpectation(step)) {
        end(lastLine(step));
        await this.#act(step);
      }
      if (this.#failures.length > 0) return this.#failures;
    }
    end(this.#line);
    return [];
  }

  /** False when the script is refused. */
  async #begin(): Promise<boolean> {
    const { host, network, server } = this.#simulation;
    for (const peer of this.#peers.values()) {
      const { address } = peer.behind ?? peer;
      host.dns.records[address.includes(":") ? "aaaa" : "a"].set(peer.name.toLowerCase(), [address]);
      const wrong = this.#wires.open(peer);
      if (wrong) this.#fail(this.#scene.line, wrong);
    }
    for (const step of this.#scene.steps) if (this.#isDone(step) && step.kind !== "state") this.#set(step as Setting);
    if (this.#failures.length > 0) return false;
    try {
      const problems = await this.#simulation.start();
      this.#failures.push(...problems.map(problemOf));
    } catch (error) {
      // A module that cannot begin its work says why.
      this.#fail(this.#scene.line, `the script does not start: ${(error as Error).message}`);
    }
    if (this.#failures.length > 0) return false;
    const own = server.sockets.all.find((it) => it.family === 4)?.address ?? PROXY;
    host.dns.records.a.set("proxy", [own === "0.0.0.0" ? PROXY : own]);
    network.hosts.set("proxy", own);
    for (const step of this.#scene.steps) if (this.#isDone(step) && step.kind === "state") this.#set(step);
    await this.#settle();
    this.#logged = this.#simulation.log.length;
    return this.#failures.length === 0;
  }

  /** Settings in front of everything that happens are made before the script is loaded. */
  #isDone(step: Step): boolean {
    if (!isSetting(step)) return false;
    return step.line < this.#begins || step.kind === "peer" || step.kind === "define";
  }

  #set(step: Setting): void {
    const { host, network, server } = this.#simulation;
    let wrong: string | undefined;
    if (step.kind === "dns") wrong = changeNames(host.dns, step);
    else if (step.kind === "state") wrong = setVariable(server, step);
    else if (step.kind === "interface") {
      const { name, address } = step;
      network.localInterfaces.push({ name, address, family: address.includes(":") ? 6 : 4, internal: false });
    } else if (step.kind === "file") {
      const { path, from, body } = step;
      const { resolve } = this.#options;
      const text = from === undefined ? body.map((it) => `${it}\n`).join("") : host.files.read(resolve(from));
      if (text === null) wrong = `cannot read ${from}`;
      else host.files.write(resolve(path), text);
    }
    if (wrong) this.#fail(step.line, wrong);
  }

  async #act(step: Exclude<Step, Expectation> | Arrow): Promise<void> {
    if (isSetting(step)) this.#set(step);
    else if (step.kind === "arrow") this.#send(step);
    else if (step.kind === "pause") await this.#simulation.advance(step.ms);
    else if (step.kind === "http-given") {
      const wrong = this.#http.answer(step, this.#values);
      if (wrong) this.#fail(step.line, wrong);
    } else if (step.kind === "rpc") await this.#command(step);
    else if (step.kind === "expect") this.#look(step);
    else if (step.kind === "reload") await this.#reload(step);
    else {
      const peer = this.#peers.get(step.name);
      if (peer) this.#wires.close(peer);
      else this.#fail(step.line, `there is no peer ${step.name}`);
    }
    await this.#settle();
  }

  /** Everything that happens without time passing. */
  async #settle(): Promise<void> {
    await settle();
    await this.#simulation.advance(0);
  }

  #send(arrow: Arrow): void {
    const peer = this.#peers.get(arrow.from)!;
    const written = peer.write(this.#values.fillIn(arrow), receivedBy(peer, PROXY, 5060));
    if (written.wrong !== undefined) return this.#fail(arrow.line, written.wrong);
    if (arrow.to !== "proxy") return this.#wires.sendDirectly(peer, written.text, this.#peers.get(arrow.to)!);
    const wrong = this.#wires.send(peer, written, arrow.port);
    if (wrong) this.#fail(arrow.line, wrong);
  }

  #expect(step: Expectation): void {
    if (step.kind === "arrow") this.#expectMessage(step);
    else if (step.kind === "http-sent") this.#expectHttp(step);
    else if (step.kind === "log") this.#expectLog(step);
    else this.#expectNothing(step);
  }

  #expectMessage(written: Arrow): void {
    const arrow = this.#values.fillIn(written);
    const { line, to, start } = arrow;
    const next = this.#arrived.shift();
    if (!next) return this.#fail(line, `expected ${to} to get ${start}; nothing came`, true);
    const rows = messageRows(arrow, next, this.#values.capture);
    this.#compare(
      line,
      rows,
      rows[0]!.same ? undefined : `expected ${to} to get ${start}; ${next.to} got ${startOf(next.msg)}`,
      next.text,
    );
  }

  #expectHttp(step: HttpSent): void {
    const found = this.#http.expect(step, this.#values);
    if (!found) return this.#fail(step.line, `expected ${step.method} ${step.url}; the script made no HTTP request`);
    const [first] = found.rows;
    this.#compare(
      step.line,
      found.rows,
      first!.same ? undefined : `expected ${first!.expected}; the script asked ${first!.came}`,
    );
  }

  #compare(line: number, rows: readonly Row[], message: string | undefined, came?: string): void {
    const wrong = rows.find((it) => !it.same);
    if (!wrong) return;
    this.#failed(
      {
        line: message === undefined ? (wrong.line ?? line) : line,
        message: message ?? `expected ${wrong.expected}; came ${wrong.came}`,
        rows,
        ...(came !== undefined && { came }),
      },
      true,
    );
  }

  /** The line that a `log` step is about; those before it that it passes over are passed. */
  #nextLog({ skips, text, level }: LogLine): Logged | undefined {
    const { log } = this.#simulation;
    const fits = (it: Logged): boolean =>
      (level === undefined || level === it.level) && textFits(this.#values.fill(text), it.text.trimEnd());
    if (skips) {
      const at = log.findIndex((it, i) => i >= this.#logged && fits(it));
      if (at < 0) return undefined;
      this.#logged = at;
    }
    return log[this.#logged] && log[this.#logged++];
  }

  #expectLog(step: LogLine): void {
    const { line, level } = step;
    const wanted = this.#values.fill(step.text);
    const from = this.#logged;
    const came = this.#nextLog(step);
    const shown = `${level === undefined ? "" : `${levelName(level)}: `}${wanted}`;
    if (!came) {
      const passed = this.#simulation.log.slice(from).map((it) => `\n    ${levelName(it.level)}: ${it.text.trimEnd()}`);
      const what = step.skips && passed.length > 0 ? `only this was logged:${passed.join("")}` : "nothing was logged";
      return this.#fail(line, `expected the log line ${shown}; ${what}`);
    }
    const text = came.text.trimEnd();
    if (level !== undefined && level !== came.level)
      this.#fail(line, `expected the log line ${shown}; came ${levelName(came.level)}: ${text}`);
    else if (!textFits(wanted, text, this.#values.capture))
      this.#fail(line, `expected the log line ${shown}; came ${text}`);
  }

  #expectNothing({ line, logged }: Nothing): void {
    if (!logged) return this.#nothingElse(line);
    const came = this.#simulation.log[this.#logged];
    if (came) this.#fail(line, `expected no log line; came ${levelName(came.level)}: ${came.text.trimEnd()}`);
  }

  #filledCommand(step: Rpc): Rpc {
    return { ...step, args: step.args.map((it) => this.#values.fill(it)) };
  }

  async #command(step: Rpc): Promise<void> {
    const { line, method, answer } = step;
    const came = await answerOf(this.#simulation.server, this.#filledCommand(step));
    if (came === undefined) return this.#fail(line, `there is no command ${method}`);
    if (answer === undefined || answer === came) return;
    if (!jsonFits(this.#values.fill(answer), came, this.#values.capture))
      this.#fail(line, `expected ${method} to answer ${answer}; it answered ${came}`);
  }

  #look(step: Expect): void {
    const found = readVariable(this.#simulation.server, step);
    const wanted = this.#values.fill(step.value);
    if ("wrong" in found) this.#fail(step.line, found.wrong);
    else if (!valueFits(wanted, found.value))
      this.#fail(step.line, `expected ${step.variable} to be ${wanted}; it is ${found.value}`);
  }

  async #reload({ line, path, refused }: Reload): Promise<void> {
    const { host } = this.#simulation;
    const file = path === undefined ? undefined : this.#options.resolve(path);
    const text = file === undefined ? null : host.files.read(file);
    if (file !== undefined && text === null) return this.#fail(line, `cannot read ${path}`);
    const { outcome, problems } = await this.#simulation.reload({
      ...(file !== undefined && { file, sources: new Map([[file, this.#options.preamble(text!) + text]]) }),
    });
    if ((outcome === "refused") === refused) return;
    if (refused) this.#fail(line, "the script was expected to be refused; it serves");
    else this.#failures.push(...problems.filter((it) => it.severity === "error").map(problemOf));
  }

  /** What came and nobody expected. Log lines count only in ladders that look at the log. */
  #nothingElse(line: number): void {
    for (const { to, msg, text } of this.#arrived.splice(0)) {
      const message = `no arrow before this line expects what ${to} got: ${startOf(msg)}`;
      this.#failed({ line, message, came: text });
    }
    const request = this.#http.unexpected;
    if (request) this.#fail(line, `no step before this line expects the HTTP request ${request.method} ${request.url}`);
  }

  #fail(line: number, message: string, always = false): void {
    this.#failed({ line, message }, always);
  }

  /** Adds what the script ran and logged meanwhile; that it ran nothing only where a message of it was expected (`always`). */
  #failed(failure: Failure, always = false): void {
    const ran = this.#options.ran?.();
    const logged = this.#simulation.log
      .slice(this.#quiet)
      .filter((it) => it.level <= LogLevel.err)
      .map((it) => `${levelName(it.level)}: ${it.text.trimEnd()}`);
    this.#quiet = this.#simulation.log.length;
    this.#failures.push({
      ...failure,
      ...(logged.length > 0 && { logged }),
      ...(ran && (always || ran.length > 0) && { ran }),
    });
  }
}

const isExpectation = (step: Step): step is Expectation =>
  (step.kind === "arrow" && step.from === "proxy") ||
  step.kind === "http-sent" ||
  step.kind === "log" ||
  step.kind === "nothing";

export const problemOf = ({ severity, code, message, span, hint }: Problem): Failure => ({
  file: span.file,
  line: span.line,
  message: `${severity} ${code}: ${message}${hint === undefined ? "" : ` (${hint})`}`,
});

/** The last line that belongs to a step. */
function lastLine(step: Step): number {
  const more = ("details" in step ? step.details.length : 0) + ("body" in step ? step.body.length : 0);
  return step.line + more;
}
