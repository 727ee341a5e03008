/**
 * One loaded script: its program, its modules' states, its parameters (DESIGN.md, decision 7). Requests that it began
 * end on it; what must outlive it hangs from the server.
 */
import type { Program } from "../compile/program.ts";
import type { Call } from "../declare/call.ts";
import type { Module } from "../declare/module.ts";
import type { Value } from "../declare/value.ts";
import type { Route, Variables } from "../declare/variable.ts";
import type { VarSlots } from "../declare/variables-slots.ts";
import type { TransportSettings } from "../transport/settings.ts";
import type { Sockets } from "../transport/sockets.ts";
import type { GenerationConfig } from "./config.ts";
import type { GenerationCore } from "./core.ts";
import type { WireSettings } from "./settings.ts";
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

export class Generation {
  readonly number: number;
  readonly file: string;
  readonly slots: VarSlots;
  /** State of each loaded module, by name. */
  readonly states = new Map<string, unknown>();
  modules: readonly Module[] = [];
  /** What the preprocessor had defined at the end of the script. */
  defines: ReadonlyMap<string, string | undefined> = new Map();
  config!: GenerationConfig;
  core!: GenerationCore;
  variables!: Variables;
  program: Program = NOTHING;
  sockets!: Sockets;
  buildSettings: WireSettings = {};
  transportSettings!: TransportSettings;
  /** What modules do with a request before request_route (Kamailio's PRE_SCRIPT_CB); true absorbs it. */
  readonly requestHooks: ((call: Call) => boolean)[] = [];
  preRouting: Route | undefined = undefined;
  readonly replyHooks: ((call: Call) => void)[] = [];
  /** Core parameter force_rport. */
  forceRport = false;
  /** `$var`s of routes that no worker runs: timers, events. */
  timerVars: Value[] = [];
  /** Script runs in progress. */
  running = 0;

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
  }

  /** Finds the modules that look at messages before the script does; to be called when all have started. */
  hook(): void {
    this.preRouting = this.event("core:pre-routing");
    for (const module of this.modules) {
      const state = this.states.get(module.name);
      if (module.onRequest) this.requestHooks.push((call) => module.onRequest!(call, state));
      if (module.onReply) this.replyHooks.push((call) => module.onReply!(call, state));
    }
  }

  /** Stops its modules, the last started first. */
  async stop(): Promise<void> {
    for (const module of [...this.modules].reverse())
      if (module.stop && this.states.has(module.name)) await module.stop(this.states.get(module.name));
  }
}
