/**
 * One loaded script: its program, its modules' states, its parameters (DESIGN.md, decision 7). Requests that it began
 * end on it; what must outlive it hangs from the server.
 */
import type { Checked } from "../check/ir.ts";
import type { Program } from "../compile/program.ts";
import type { Watcher } from "../compile/watch.ts";
import type { Call } from "../declare/call.ts";
import { LogLevel, type Pending } from "../declare/core.ts";
import type { BytesHook, Module } from "../declare/module.ts";
import type { Value } from "../declare/value.ts";
import type { Route, Variables } from "../declare/variable.ts";
import type { VarSlots } from "../declare/variables-slots.ts";
import type { Owner } from "../transaction/owner.ts";
import { defaultSettings, type Settings } from "../transaction/settings.ts";
import type { TransportSettings } from "../transport/settings.ts";
import type { Sockets } from "../transport/sockets.ts";
import type { GenerationConfig } from "./config.ts";
import type { GenerationCore } from "./core.ts";
import { waitsOf, waitsText } from "./reload/waits.ts";
import type { WireSettings } from "./settings.ts";
import type { GenerationStatistics } from "./statistics.ts";
import type { Slot } from "./workers.ts";

const NOTHING: Program = {
  request: undefined,
  reply: undefined,
  onsend: undefined,
  routes: new Map(),
  failure: new Map(),
  branch: new Map(),
  onreply: new Map(),
  event: new Map(),
  vars: [],
  places: [],
};

/** Loading: it does not serve yet. Active: it takes new requests. Cooling: it ends what it began. Retired: stopped. */
export type GenerationState = "loading" | "active" | "cooling" | "retired";

export class Generation implements Owner {
  readonly number: number;
  readonly file: string;
  /** SHA-256 of everything that it was made from. */
  hash = "";
  /** Every file that was read, with its text. */
  sources: ReadonlyMap<string, string> = new Map();
  /** What its program was made of, to make another of it (twin.ts). */
  checked: Checked | undefined = undefined;
  readonly slots: VarSlots;
  /** State of each loaded module, by name. */
  readonly states = new Map<string, unknown>();
  modules: readonly Module[] = [];
  /** What the preprocessor had defined at the end of the script. */
  defines: ReadonlyMap<string, string | undefined> = new Map();
  config!: GenerationConfig;
  core!: GenerationCore;
  statistics!: GenerationStatistics;
  variables!: Variables;
  program: Program = NOTHING;
  sockets!: Sockets;
  buildSettings: WireSettings = {};
  transportSettings!: TransportSettings;
  /** What modules do with a request before request_route (Kamailio's PRE_SCRIPT_CB); true absorbs it. */
  readonly requestHooks: ((call: Call) => boolean)[] = [];
  /** Modules that see what the script does, when there are some. */
  watcher: Watcher | undefined = undefined;
  preRouting: Route | undefined = undefined;
  readonly replyHooks: ((call: Call) => void)[] = [];
  /** What decides on replies that belong to no transaction. */
  strayReplies: Route | undefined = undefined;
  /** event_route[core:msg-received], when received_route_mode asks for it. */
  bytesReceived: Route | undefined = undefined;
  bytesHook: BytesHook | undefined = undefined;
  /** What sees replies that go upstream. */
  repliesOut: Route | undefined = undefined;
  /** Core parameter force_rport. */
  forceRport = false;
  /** onsend_route_reply: replies go through onsend_route, too. */
  onsendReplies = false;
  /** `$var`s of routes that no worker runs: timers, events. */
  timerVars: Value[] = [];
  state: GenerationState = "loading";
  /** What modparam("tm", …) set; the module puts it here when it starts. */
  settings: Settings = defaultSettings();
  /** Its transactions in the tables. */
  transactions = 0;
  /** Script runs in progress, and messages that wait for a worker. */
  running = 0;
  /** What its modules have under way. */
  readonly pending: Record<Pending, number> = { timers: 0, launched: 0, http: 0 };
  /** Called when it cools and nothing refers to it any more. */
  onIdle: (() => void) | undefined = undefined;

  constructor(number: number, file: string, slots: VarSlots) {
    this.number = number;
    this.file = file;
    this.slots = slots;
  }

  /** The `$var`s of a worker slot; they start anew with each generation. */
  varsOf(slot: Slot): Value[] {
    if (slot.owner !== this) {
      slot.owner = this;
      slot.vars = this.slots.fresh();
    }
    return slot.vars;
  }

  event(name: string): Route | undefined {
    return this.program.event.get(name);
  }
  enter(): void {
    this.running++;
  }
  leave(): void {
    this.running--;
    if (this.onIdle) this.#settle();
  }
  begin(kind: Pending): void {
    this.pending[kind]++;
  }
  done(kind: Pending): void {
    this.pending[kind]--;
    if (this.onIdle) this.#settle();
  }
  forgotten(): void {
    if (this.onIdle) this.#settle();
  }

  /** Nothing will run its routes or use its modules' states any more, unless somebody begins it now. */
  get idle(): boolean {
    const { timers, launched, http } = this.pending;
    return this.running === 0 && this.transactions === 0 && timers === 0 && launched === 0 && http === 0;
  }

  /** What it waits for before it can be stopped, in words. */
  waitsFor(): string {
    return waitsText(waitsOf(this, this.core.transactions));
  }

  /** It takes new requests from now on. */
  serve(): void {
    this.state = "active";
    this.#tell((module, state) => module.serve?.(state, this.core));
  }

  /** Another serves now: periodic work ends, and `idle` is called once when the last call has ended. */
  cool(idle: () => void): void {
    this.state = "cooling";
    this.#tell((module, state) => module.cool?.(state));
    this.onIdle = idle;
    this.#settle();
  }

  /** There is no way back in a change of generations. */
  #tell(what: (module: Module, state: unknown) => void): void {
    for (const module of this.modules)
      try {
        what(module, this.states.get(module.name));
      } catch (error) {
        this.#failed(module, "in a change of scripts", error);
      }
  }

  #settle(): void {
    const told = this.onIdle;
    if (told === undefined || !this.idle) return;
    this.onIdle = undefined;
    told();
  }

  /** Finds the modules that look at messages before the script does; to be called when all have started. */
  hook(): void {
    this.preRouting = this.event("core:pre-routing");
    if ((this.config.int("received_route_mode") & 1) !== 0) this.bytesReceived = this.event("core:msg-received");
    for (const module of this.modules) {
      const state = this.states.get(module.name);
      if (module.onRequest) this.requestHooks.push((call) => module.onRequest!(call, state));
      if (module.strayReplies) this.strayReplies = this.program.onreply.get(module.strayReplies(state as never));
      this.bytesHook ??= module.bytes?.(state);
      if (module.repliesOut) this.repliesOut ??= this.event(module.repliesOut(state as never));
      if (module.onReply) this.replyHooks.push((call) => module.onReply!(call, state));
    }
  }

  /** Stops its modules, the last started first. Never rejects. */
  async stop(): Promise<void> {
    this.state = "retired";
    for (const module of [...this.modules].reverse())
      try {
        if (this.states.has(module.name)) await module.stop?.(this.states.get(module.name));
      } catch (error) {
        this.#failed(module, "when it was stopped", error);
      }
  }

  /** A mistake in one module is not to keep the others from what they have to do. */
  #failed({ name }: Module, when: string, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.core.log.write(LogLevel.bug, `${name} failed ${when}: ${text}\n`);
  }
}
