/** async: routes that run later, on a suspended transaction. Follows Kamailio's src/modules/async. */
import type { Call } from "../../declare/call.ts";
import { type Core, LogLevel } from "../../declare/core.ts";
import { declare, int, str, text } from "../../declare/module.ts";
import { after, type Int } from "../../declare/value.ts";
import type { Route } from "../../declare/variable.ts";

/** What async_tkv_emit hands to the event route. */
export interface Tkv {
  readonly type: Int;
  readonly key: string;
  readonly value: string;
  readonly group: string;
}

export interface Async {
  readonly core: Core;
  readonly workers: number;
  /** Resolution of millisecond timers; 0 turns them off. */
  readonly msTimer: number;
  /** What the functions return when they have suspended: 0 ends the script. */
  readonly result: number;
  /** Millisecond timers that run. */
  readonly pending: { count: number };
  /** What a route that async_task_data started reads as `$async(data)`. */
  readonly data: WeakMap<Call, { readonly data: string; readonly group: string }>;
  /** The same for `$atkv(...)` of corex. */
  readonly tkv: WeakMap<Call, Tkv>;
}
const { fn, pv, module } = declare<Async>();

/** Kamailio keeps seconds in a ring of that many slots. */
const LONGEST_SECONDS = 100;
const LONGEST_MS = 30_000;
const MOST_MS_TIMERS = 10_000;
/** Name of the workers that async_workers makes. */
const DEFAULT_GROUP = "default";

const complain = (core: Core, problem: string): void => core.log.write(LogLevel.err, `async: ${problem}\n`);

/** Suspends the run's transaction, making it if there is none, and runs the route `ms` later. */
function later(call: Call, name: string, ms: number, state: Async, done?: () => void): number {
  const { core } = call;
  const route = core.route(name);
  if (route === undefined) {
    complain(core, `route block not found: ${name}`);
    return -1;
  }
  const { transactions } = core;
  if (call.tx === undefined && transactions.create(call) < 0) {
    complain(core, "cannot create the transaction");
    return -1;
  }
  const suspended = call.tx === undefined ? null : transactions.suspend(call.tx, call);
  if (suspended === null && call.tx?.isCanceled) {
    // Nothing goes on with a transaction that was canceled: the script ends all the same.
    done?.();
    call.suspended = true;
    return state.result;
  }
  if (suspended === null) {
    complain(core, "failed to suspend the processing");
    return -1;
  }
  call.suspended = true;
  core.pending("timers");
  core.host.clock.after(ms, () => {
    done?.();
    void after(transactions.continue(suspended.index, suspended.label, route), () => core.done("timers"));
  });
  return state.result;
}

/** Seconds end with the server's own one-second tick. */
function untilTick(core: Core, seconds: number): number {
  const age = core.host.clock.wall() - core.startedAt;
  return (Math.floor(age / 1000) + seconds) * 1000 - age;
}

function afterSeconds(call: Call, route: string, seconds: number, state: Async): Suspended {
  if (state.workers <= 0 || seconds <= 0 || seconds >= LONGEST_SECONDS) {
    complain(call.core, `bad time (${seconds} seconds), or no workers`);
    return -1;
  }
  return later(call, route, untilTick(call.core, seconds), state) as Suspended;
}

function afterMs(call: Call, route: string, ms: number, state: Async): Suspended {
  if (state.workers <= 0 || state.msTimer <= 0 || ms <= 0 || ms >= LONGEST_MS) {
    complain(call.core, `bad time (${ms} ms), or modparam ms_timer is not set`);
    return -1;
  }
  if (state.pending.count >= MOST_MS_TIMERS) {
    complain(call.core, "max sleep queue length exceeded");
    return -1;
  }
  state.pending.count++;
  const code = later(call, route, ms, state, () => state.pending.count--);
  if (code < 0) state.pending.count--;
  return code as Suspended;
}

const name = str("Name of the route block.");
const next = text("Left out: the rest of the block.", { fallback: "" });
const group = str("Name of the group of workers that runs it; Viaduct has one pool for all.");
const SUSPENDED = {
  0: "suspended: the script ends",
  1: "suspended, under modparam return=1",
  [-1]: "it cannot be suspended, or the time is not in range",
} as const;
type Suspended = keyof typeof SUSPENDED;
const RELAYING = ["request", "failure"] as const;

const needsWorkers = (_literals: readonly (string | undefined)[], state: Async): string | undefined =>
  state.core.config.int("async_workers") > 0 || state.core.config.str("async_workers_group") !== ""
    ? undefined
    : "async task framework was not initialized - set async_workers parameter in core";

function runData(call: Call, routeName: string, groupName: string, data: string, state: Async): 1 | -1 {
  const { core } = call;
  const route: Route | undefined = core.route(routeName);
  if (route === undefined) {
    complain(core, `route block not found: ${routeName}`);
    return -1;
  }
  core.pending("timers");
  core.host.clock.after(0, () => {
    const run = core.runDetached(route, (run) => state.data.set(run, { data, group: groupName }));
    void after(run, () => core.done("timers"));
  });
  return 1;
}

/** Runs the event route that async_tkv_evcb names, for the workers that async_tkv_gname names. */
function emit(type: Int, key: string, value: string, state: Async): 1 | -1 {
  const { core } = state;
  const group = core.config.str("async_tkv_gname");
  const route = core.block("event", core.config.str("async_tkv_evcb"));
  if (group === "" || route === undefined) return -1;
  core.pending("timers");
  core.host.clock.after(0, () => {
    const run = core.runDetached(route, (run) => state.tkv.set(run, { type, key, value, group }));
    void after(run, () => core.done("timers"));
  });
  return 1;
}

export const async = module({
  name: "async",
  doc: "Routes that run later, on a suspended transaction.",
  params: {
    workers: int("Processes for second timers in Kamailio; 0 turns async_route off.", { fallback: 1 }),
    ms_timer: int("Milliseconds of resolution for async_ms_route; 0 turns it off.", { fallback: 0 }),
    return: int("What the functions return when they have suspended; 0 ends the script.", { fallback: 0 }),
    mode: int("0: transactions are used. 1: only async_task_data.", { fallback: 0 }),
  },
  start: (params, core, old) => ({
    core,
    workers: Number(params.workers),
    msTimer: Number(params.ms_timer),
    result: Number(params.return),
    pending: old?.pending ?? { count: 0 },
    data: old?.data ?? new WeakMap(),
    tkv: new WeakMap(),
  }),
  functions: {
    async_sleep: fn({
      doc: "Suspends the transaction and goes on some seconds later with the rest of the block.",
      in: RELAYING,
      args: { seconds: int("1 to 99."), next },
      arities: [1],
      goesOn: true,
      returns: SUSPENDED,
      run: (call, args, state) => afterSeconds(call, args.next, Number(args.seconds), state),
    }),
    async_ms_sleep: fn({
      doc: "Suspends the transaction and goes on some milliseconds later with the rest of the block.",
      in: RELAYING,
      args: { milliseconds: int("1 to 29999."), next },
      arities: [1],
      goesOn: true,
      returns: SUSPENDED,
      run: (call, args, state) => afterMs(call, args.next, Number(args.milliseconds), state),
    }),
    async_route: fn({
      doc: "Suspends the transaction and runs a route after some seconds.",
      in: RELAYING,
      args: { name, seconds: int("1 to 99.") },
      returns: SUSPENDED,
      run: (call, args, state) => afterSeconds(call, args.name, Number(args.seconds), state),
    }),
    async_ms_route: fn({
      doc: "Suspends the transaction and runs a route after some milliseconds.",
      in: RELAYING,
      args: { name, milliseconds: int("1 to 29999.") },
      returns: SUSPENDED,
      run: (call, args, state) => afterMs(call, args.name, Number(args.milliseconds), state),
    }),
    async_task_route: fn({
      doc: "Suspends the transaction and runs a route at once, when the run has ended.",
      in: RELAYING,
      args: { name },
      returns: SUSPENDED,
      check: needsWorkers,
      run: (call, args, state) => later(call, args.name, 0, state) as Suspended,
    }),
    async_task_group_route: fn({
      doc: "As async_task_route, by a group of workers.",
      in: RELAYING,
      args: { name, group },
      returns: SUSPENDED,
      check: needsWorkers,
      run: (call, args, state) => later(call, args.name, 0, state) as Suspended,
    }),
    async_task_data: fn({
      doc: "Runs a route without a message of its own; it reads the data as `$async(data)`.",
      in: "any",
      args: { name, data: str("Handed to the route.") },
      returns: { 1: "the route will run", [-1]: "there is no such route" },
      check: needsWorkers,
      run: (call, args, state) => runData(call, args.name, DEFAULT_GROUP, args.data, state),
    }),
    async_task_group_data: fn({
      doc: "As async_task_data, by a group of workers.",
      in: "any",
      args: { name, group, data: str("Handed to the route.") },
      returns: { 1: "the route will run", [-1]: "there is no such route" },
      check: needsWorkers,
      run: (call, args, state) => runData(call, args.name, args.group, args.data, state),
    }),
    async_tkv_emit: fn({
      doc: "Runs the event route that the core parameter async_tkv_evcb names, which reads type, key and value as `$atkv(...)` (corex).",
      in: "any",
      args: { type: int("A number."), key: str("A name."), value: str("A text.") },
      returns: { 1: "the route will run", [-1]: "async_tkv_gname is not set, or there is no such event route" },
      run: (_call, { type, key, value }, state) => emit(type, key, value, state),
    }),
  },
  variables: {
    async: pv({
      doc: "What async_task_data handed to the route.",
      keys: { data: "The data.", gname: "Name of the group of workers." },
      get(call, key, state) {
        const given = state.data.get(call);
        if (given === undefined) return null;
        return key === "data" ? given.data : given.group;
      },
    }),
  },
  commands: {},
  events: {},
});
