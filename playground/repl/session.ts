/** A script on a desk: the simulated server, the peers beside it, and everything that happened so far. */
import type { Problem, RouteBlock } from "../../grammar/tree.ts";
import { together } from "../../src/compile/watch.ts";
import type { Lists } from "../../src/declare/lists.ts";
import type { Module } from "../../src/declare/module.ts";
import type { TraceEvent } from "../../src/declare/trace.ts";
import type { Read, Value } from "../../src/declare/value.ts";
import type { ServerOptions } from "../../src/run/server.ts";
import { settle } from "../../src/simulate/clock.ts";
import type { Disk } from "../../src/simulate/host.ts";
import { startOf } from "../../src/simulate/ladder/compare.ts";
import { Exchanges } from "../../src/simulate/ladder/exchanges.ts";
import type { Arrow, HttpGiven, PeerLine } from "../../src/simulate/ladder/ladder.ts";
import { type Arrived, Peer } from "../../src/simulate/ladder/peer.ts";
import { Values } from "../../src/simulate/ladder/values.ts";
import { receivedBy, Wires } from "../../src/simulate/ladder/wires.ts";
import { recording } from "../../src/simulate/recording.ts";
import { Simulation } from "../../src/simulate/simulation.ts";
import { Debugger } from "./debugger.ts";
import type { Happening, Kept } from "./happening.ts";
import { arrowText, type Entry, placeOf, SessionRecord } from "./record.ts";

export interface SessionOptions {
  readonly modules: readonly Module[];
  /** Modules that are always there. */
  readonly builtin: readonly Module[];
  /** Absolute path of the script. */
  readonly script: string;
  /** Files that are only in memory, by absolute path. */
  readonly files: Readonly<Record<string, string>>;
  readonly disk: Disk;
  readonly defines: readonly (readonly [string, string | undefined])[];
  readonly missing: "error" | "warn";
  readonly seed: number;
  readonly interfaces: readonly { readonly name: string; readonly address: string }[];
}

const PROXY = "127.0.0.1";
/** Events that are kept, and lines of the log. */
const MOST_EVENTS = 50_000;
/** Timers and deliveries at one moment, before it is taken for a loop. */
const MOST_AT_ONCE = 2000;

/** What a standing rule does with a request of the script. */
export interface HttpRule {
  readonly text: string;
  fits(method: string, url: string): boolean;
  readonly answer: HttpGiven;
}

export class Session {
  readonly options: SessionOptions;
  readonly simulation: Simulation;
  readonly debugger = new Debugger();
  readonly peers = new Map<string, Peer>();
  readonly values: Values;
  readonly http: Exchanges;
  readonly rules: HttpRule[] = [];
  readonly record = new SessionRecord();
  readonly events: TraceEvent[] = [];
  /** Messages that peers sent and got; the first has number 1. */
  readonly kept: Kept[] = [];
  /** Messages that came and that no line of the user has looked at, with what the record says of them. */
  readonly unchecked: { readonly arrived: Arrived; readonly entry: Entry | undefined }[] = [];
  /** The same of HTTP requests. */
  readonly asked: { readonly method: string; readonly url: string }[] = [];
  /** Lines of the log that were looked at. */
  logged = 0;
  /** What the last load had to say. */
  problems: readonly Problem[] = [];
  sources: ReadonlyMap<string, string> = new Map();
  /** Sources of the first generation. */
  firstSources: ReadonlyMap<string, string> = new Map();
  /** Files as the ladder of this session would find them now. */
  readonly fileTexts = new Map<string, string>();
  loaded = false;
  /** Something of the playground's own runs: a ladder cannot repeat what comes of it. */
  aside = false;
  /** Names that the preprocessor knows without any script. */
  predefined: ReadonlySet<string> | undefined = undefined;
  /** What was evaluated last. */
  result: Read = undefined;
  /** What is evaluated before the first message is evaluated with these. */
  emptyLists: Lists | undefined = undefined;
  emptyVars: Value[] | undefined = undefined;
  readonly #wires: Wires;
  readonly #happened: Happening[] = [];
  readonly #lostTo = new Set<string>();
  #shownLog = 0;

  constructor(options: SessionOptions) {
    this.options = options;
    const clock = {
      now: () => this.simulation.host.clock.now(),
      wall: () => this.simulation.host.clock.wall(),
      after: (ms: number, fire: () => void) => this.simulation.host.clock.after(ms, fire),
    };
    const recorder = recording(clock, (event) => {
      if (this.events.length >= MOST_EVENTS) this.events.splice(0, MOST_EVENTS / 10);
      this.events.push(event);
    });
    this.simulation = new Simulation({
      modules: options.modules,
      builtin: options.builtin,
      files: options.files,
      script: options.script,
      disk: options.disk,
      seed: options.seed,
      defines: [...options.defines] as NonNullable<ServerOptions["defines"]>,
      missing: options.missing,
      additions: { modules: [], params: [], aliases: ["proxy"] },
      watcher: together([recorder.watcher, this.debugger]),
    });
    const { server, network, host } = this.simulation;
    server.tracer = {
      ...recorder.tracer,
      received: (msg) => {
        this.debugger.unrun = msg;
        recorder.tracer.received(msg);
      },
    };
    for (const { name, address } of options.interfaces)
      network.localInterfaces.push({ name, address, family: address.includes(":") ? 6 : 4, internal: false });
    network.tap = ({ to, text, protocol }) => {
      if (protocol === "udp") this.#tapped(to, text);
    };
    this.values = new Values(this.peers);
    this.http = new Exchanges(host.http);
    // A name without dots that nobody knows is a peer that the script speaks of first.
    const { a } = host.dns;
    host.dns.a = (name) => {
      if (/^[A-Za-z][\w-]*$/.test(name) && !host.dns.records.a.has(name.toLowerCase())) this.peer(name);
      return a(name);
    };
    this.#wires = new Wires(this.simulation, {
      arrived: (it) => this.#arrived(it),
      failed: (peer, message) => this.note(`${peer.name}: ${message}`),
    });
  }

  /** Path of the script that serves, or that was refused. */
  get script(): string {
    return this.loaded ? this.simulation.server.active.file : this.options.script;
  }

  /** The text of a file of the script, as it was loaded. */
  textOf(file: string): string {
    return this.sources.get(file) ?? this.simulation.host.files.read(file) ?? "";
  }

  /** A route block by what it is called: `route[X]`, `request_route`, or X alone. */
  block(name: string): RouteBlock | undefined {
    const items = this.loaded ? (this.simulation.server.active.checked?.script.items ?? []) : [];
    const blocks = items.filter((it) => it.kind === "route-block");
    const called = ({ block, name: own }: RouteBlock): string =>
      `${block === "route" ? "route" : `${block}_route`}${own === "" ? "" : `[${own}]`}`;
    return blocks.find((it) => called(it) === name) ?? blocks.find((it) => it.name === name && name !== "");
  }

  /** Nothing is under way: no run, no transaction, no HTTP request. */
  get quiet(): boolean {
    const { server, host } = this.simulation;
    if (host.http.inFlight > 0) return false;
    return server.generations.list().every(({ generation: it }) => {
      if (!it || it.state === "retired") return true;
      return it.running === 0 && it.transactions === 0 && it.pending.launched === 0 && it.pending.http === 0;
    });
  }

  get now(): number {
    return this.simulation.host.clock.now();
  }

  /** Loads the script and begins to serve; false when it was refused, which `problems` tells of. */
  async start(): Promise<boolean> {
    const { server, host, network } = this.simulation;
    const result = await server.load(this.options.script);
    this.problems = result.problems;
    this.sources = result.sources;
    if (!result.generation) return false;
    try {
      await server.start(result.generation);
    } catch (error) {
      // A module that cannot begin its work says why.
      const { message } = error as Error;
      const span = { file: this.options.script, line: 1, column: 1, endLine: 1, endColumn: 1 };
      this.problems = [...result.problems, { code: "does-not-start", severity: "error", message, span }];
      return false;
    }
    const own = server.sockets.all.find((it) => it.family === 4)?.address ?? PROXY;
    host.dns.records.a.set("proxy", [own === "0.0.0.0" ? PROXY : own]);
    network.hosts.set("proxy", own);
    this.firstSources = result.sources;
    for (const [path, text] of result.sources) this.fileTexts.set(path, text);
    this.loaded = true;
    await this.settle();
    return true;
  }

  /** The script loads modules that Viaduct lacks, which was let pass. */
  get lacksModules(): boolean {
    return this.problems.some((it) => it.code === "unknown-module");
  }

  stop(): Promise<void> {
    return this.simulation.stop();
  }

  // ── Peers ──────────────────────────────────────────────────────────────────

  /** The peer of that name, made when it is new. */
  peer(name: string): Peer {
    const known = this.peers.get(name);
    if (known) return known;
    const peer = new Peer(name, `127.0.0.${this.peers.size + 2}`);
    this.#open(peer);
    return peer;
  }

  /** A peer as a `peer` line describes it. What is wrong when it cannot be. */
  addPeer(line: PeerLine): string | undefined {
    if (this.peers.has(line.name)) return `${line.name} is there already`;
    return this.#open(new Peer(line.name, line.address ?? `127.0.0.${this.peers.size + 2}`, line));
  }

  #open(peer: Peer): string | undefined {
    const { records } = this.simulation.host.dns;
    const { address } = peer.behind ?? peer;
    const wrong = this.#wires.open(peer);
    if (wrong !== undefined) return wrong;
    this.peers.set(peer.name, peer);
    records[address.includes(":") ? "aaaa" : "a"].set(peer.name.toLowerCase(), [address]);
    return undefined;
  }

  close(peer: Peer): void {
    this.#wires.close(peer);
  }

  /** Has a peer send what the arrow says. What is wrong when it cannot. */
  send(arrow: Arrow): string | undefined {
    const peer = this.peer(arrow.from);
    const written = peer.write(this.values.fillIn(arrow), receivedBy(peer, PROXY, 5060));
    if (written.wrong !== undefined) return written.wrong;
    const start = written.text.slice(0, written.text.indexOf("\r\n")).replace(/ SIP\/2\.0$|^SIP\/2\.0 /, "");
    const { from, to } = arrow;
    if (to !== "proxy") this.#wires.sendDirectly(peer, written.text, this.peer(to));
    else {
      const wrong = this.#wires.send(peer, written, arrow.port);
      if (wrong !== undefined) return wrong;
    }
    this.record.add(arrowText(arrow));
    this.#keep(from, to, written.text);
    this.#happened.push({ kind: "sent", at: this.now, from, to, start });
    return undefined;
  }

  #keep(from: string, to: string, text: string): number {
    const number = this.kept.length + 1;
    this.kept.push({ number, at: this.now, from, to, text });
    return number;
  }

  #arrived(it: Arrived): void {
    this.#drainLog();
    const start = startOf(it.msg).trimEnd();
    const arrow: Arrow = { kind: "arrow", line: 0, from: "proxy", to: it.to, start, details: [], body: [] };
    const entry = this.aside ? undefined : this.record.add(arrowText(arrow));
    this.unchecked.push({ arrived: it, entry });
    this.#happened.push({ kind: "came", at: this.now, to: it.to, start, number: this.#keep("proxy", it.to, it.text) });
  }

  /** Says once for each place that nobody is there who would hear a datagram. */
  #tapped(to: { readonly address: string; readonly port: number }, text: string): void {
    const there = [...this.peers.values()].find((it) => placeOf(it.behind ?? it) === placeOf(to));
    if (there?.protocols.includes("udp")) return;
    const isOwn = ({ address, port }: { address: string; port: number }): boolean =>
      port === to.port && (address === to.address || /^(?:0\.0\.0\.0|::)$/.test(address));
    if (this.simulation.server.sockets.all.some(isOwn)) return;
    const place = placeOf(to);
    const start = text.slice(0, text.indexOf("\r\n")).replace(/ SIP\/2\.0$|^SIP\/2\.0 /, "");
    // It would have arrived behind what was sent before it.
    if (!there) this.simulation.host.clock.after(0, () => this.record.lost(place, start.trimEnd()));
    if (this.#lostTo.has(place)) return;
    this.#lostTo.add(place);
    this.#drainLog();
    if (there) this.note(`${there.name} does not speak udp, over which ${start} went`);
    else this.note(`nobody is at ${place}, where ${start} went; \`peer NAME ${place}\` puts somebody there`);
  }

  // ── What happens ───────────────────────────────────────────────────────────

  note(text: string): void {
    this.#happened.push({ kind: "note", at: this.now, text });
  }

  #drainLog(): void {
    const { log } = this.simulation;
    for (; this.#shownLog < log.length; this.#shownLog++) {
      const { at, level, text } = log[this.#shownLog]!;
      this.#happened.push({ kind: "log", at, level, text: text.trimEnd() });
    }
  }

  /** What happened since the last time. */
  take(): readonly Happening[] {
    this.#drainLog();
    return this.#happened.splice(0);
  }

  get happened(): number {
    return this.#happened.length;
  }

  /** Whether messages or HTTP requests are among what happened since. */
  sentAside(since: number): boolean {
    return this.#happened.slice(since).some((it) => it.kind === "came" || it.kind === "asked");
  }

  /** Everything that happens without time passing, unless that has no end. */
  async settle(): Promise<void> {
    const { clock } = this.simulation.host;
    await settle();
    for (let steps = 0; clock.step(this.now) || this.#serveHttp(); steps++) {
      await settle();
      if (steps < MOST_AT_ONCE) continue;
      this.note(`this goes on without end: ${MOST_AT_ONCE} things have happened at once; \`run\` goes on with it`);
      break;
    }
    this.#drainLog();
  }

  /** Takes the requests that the script has made, and answers those that a rule is for. True when one was answered. */
  #serveHttp(): boolean {
    let answered = false;
    for (let request = this.http.unexpected; request; request = this.http.unexpected) {
      const { method, url, body = "" } = request;
      this.http.expect({ kind: "http-sent", line: 0, method, url, details: [], body: [] }, this.values);
      this.asked.push({ method, url });
      if (!this.aside) this.record.add(`proxy => ${method} ${url}`);
      this.#happened.push({ kind: "asked", at: this.now, method, url, body });
      const rule = this.rules.find((it) => it.fits(method, url));
      if (!rule) continue;
      answered = this.answerHttp({ ...rule.answer, url }) === undefined || answered;
    }
    return answered;
  }

  /** What is wrong when there is no request to answer. */
  answerHttp(step: HttpGiven): string | undefined {
    const wrong = this.http.answer(step, this.values);
    if (wrong !== undefined) return wrong;
    const { url, status, text, details, body } = step;
    const line = `http ${url === undefined ? "" : `${url} `}<= ${status}${text === "" ? "" : ` ${text}`}`;
    const below = [...details.map((it) => `    ${it.name}: ${it.value}`), ...body.map((it) => `    | ${it}`)];
    this.record.add([line, ...below].join("\n"));
    this.#happened.push({ kind: "answered", at: this.now, text: line });
    return undefined;
  }

  /**
   * Lets time pass, as far as `ms`, until a run is held or `enough` says so, whatever comes first. Gives the
   * milliseconds that passed.
   */
  async pass(ms: number, enough: () => boolean = () => false): Promise<number> {
    const { clock } = this.simulation.host;
    const from = this.now;
    const until = from + ms;
    let noted = from;
    const held = this.debugger.held.length;
    if (held > 0) this.record.unrepeatable.push("time that passed while the script was stopped");
    while (!enough()) {
      const next = clock.next();
      if (next === undefined || next > until) break;
      const before = this.record.size;
      this.record.mark();
      clock.step(next);
      await this.settle();
      if (this.record.size > before) {
        this.record.pauseAtMark(next - noted);
        noted = next;
      }
      if (this.debugger.held.length > held) break;
      if (enough()) break;
    }
    const stopped = this.debugger.held.length > held || enough();
    if (!stopped) await clock.runUntil(until);
    this.record.pause(this.now - noted);
    return this.now - from;
  }
}
