/** cfgutils: chance, global flags, locks, sleeping, and calling routes by name. Follows Kamailio's src/modules/cfgutils. */
import type { Call } from "../declare/call.ts";
import { RunFlag } from "../declare/call.ts";
import type { Core } from "../declare/core.ts";
import { declare, type Fn, int, RpcFault, str, text } from "../declare/module.ts";
import { type Answer, after } from "../declare/value.ts";
import { coreHash } from "./core-hash.ts";

/** What outlives a script: several generations may hold it. */
interface Shared {
  probability: number;
  flags: number;
  /** Locks that are held, by key. */
  readonly locks: Map<string, Lock>;
}
/** The runs that wait for a lock, in order. */
type Lock = (() => void)[];
interface Cfgutils {
  readonly core: Core;
  readonly shared: Shared;
  readonly initialProbability: number;
  readonly hashFile: string;
  readonly hash: string;
  /** lock_set_size was given. */
  readonly locking: boolean;
}
const { fn, pv, rpc, module } = declare<Cfgutils>();

/** As $RANDOM: 31 bits (KAM_RAND_MAX). */
const RANDOM_RANGE = 2 ** 31;

const flag = text("Number of the flag, 0 to 31.", {
  check: (it) => (/^\d+$/.test(it) && Number(it) < 32 ? undefined : `\`${it}\` is not a flag from 0 to 31`),
});
const flagArgs = { flag };
const done = { 1: "done" } as const;

const SIGABRT = 6;

/** The digits that a text begins with; without any it counts as 0. */
const percentage = (text: string): number => Number(/^\d*/.exec(text)![0]);

/** Two to the power of `bits`, of which the processor takes the last five binary digits; below 1 they count as 1. */
const hashSize = (bits: number): number => (bits > 0 ? (1 << bits) >>> 0 : 2);

/** Keys differ by more than case. */
const lockName = (key: string, key2: string): string => `${key}\0${key2}`.toLowerCase();

const lockArgs = {
  key: str("The key."),
  key2: str("A second part of the key.", { fallback: "" }),
};

function take({ shared }: Cfgutils, name: string): Answer<1> {
  const lock = shared.locks.get(name);
  if (lock) return new Promise((resolve) => lock.push(() => resolve(1)));
  shared.locks.set(name, []);
  return 1;
}

function release({ shared }: Cfgutils, name: string): void {
  const next = shared.locks.get(name)?.shift();
  if (next) next();
  else shared.locks.delete(name);
}

function sleep({ core }: Call, milliseconds: number): Promise<1> {
  return new Promise((resolve) => core.host.clock.after(Math.max(milliseconds, 0), () => resolve(1)));
}

const sleeper = (doc: string, unit: string, milliseconds: number): Fn<Cfgutils> =>
  fn({
    doc,
    in: "any",
    args: { time: int(`How long, in ${unit}.`) },
    returns: { 1: "the time is over" },
    waits: true,
    run: (call, { time }) => sleep(call, Number(time) * milliseconds),
  });

/** Memory, as a line in the log. */
const memoryReport = (doc: string): Fn<Cfgutils> =>
  fn({
    doc,
    in: "any",
    args: {},
    returns: { 1: "the report is in the log" },
    run({ core }) {
      const { rss, heapUsed, heapTotal } = core.host.process.memory();
      core.log.write(
        core.config.int("memlog"),
        `memory: ${heapUsed} bytes of ${heapTotal} in use, ${rss} with the process\n`,
      );
      return 1 as const;
    },
  });

/** `abort` is left out: a server that ends itself at a script's word is of no use to anybody. */
export const cfgutils = module({
  name: "cfgutils",
  doc: "Chance, global flags, locks, sleeping, and calling routes by name.",

  params: {
    initial_probability: int("Percentage for rand_event, 0 to 100.", { fallback: 10 }),
    initial_gflags: int("Global flags that are set at the start, as bits.", { fallback: 0 }),
    hash_file: text("File whose MD5 sum is kept, to see whether it changed.", { fallback: "" }),
    lock_set_size: int("Above 0: there are locks. Kamailio takes 2 to that power; here every key has its own.", {
      fallback: 0,
    }),
  },

  start(params, core, old) {
    const initialProbability = Number(params.initial_probability);
    if (initialProbability > 100) return `initial_probability ${initialProbability} is more than 100`;
    const file = params.hash_file ? core.host.files.read(params.hash_file) : "";
    if (file === null) return `the file ${params.hash_file} cannot be read`;
    const shared = old?.shared ?? {
      probability: initialProbability,
      flags: Number(params.initial_gflags) | 0,
      locks: new Map(),
    };
    return {
      core,
      shared,
      initialProbability,
      hashFile: params.hash_file,
      hash: params.hash_file ? core.host.hash("md5", file) : "",
      locking: Number(params.lock_set_size) > 0,
    };
  },

  functions: {
    rand_set_prob: fn({
      doc: "Sets the percentage for rand_event.",
      in: "any",
      args: {
        percent: text("0 to 100; what begins with no digit is 0.", {
          check: (it) => (percentage(it) <= 100 ? undefined : `\`${it}\` is not a percentage`),
        }),
      },
      returns: done,
      run(_call, { percent }, { shared }) {
        shared.probability = percentage(percent);
        return 1 as const;
      },
    }),
    rand_reset_prob: fn({
      doc: "Sets the percentage for rand_event to the parameter's.",
      in: "any",
      args: {},
      returns: done,
      run(_call, _args, { shared, initialProbability }) {
        shared.probability = initialProbability;
        return 1 as const;
      },
    }),
    rand_get_prob: fn({
      doc: "The percentage for rand_event is the code; 0 ends the script.",
      in: "any",
      args: {},
      returns: { 0: "the percentage is 0; ends the script", 1: "to 100: the percentage" } as Record<number, string>,
      run: (_call, _args, { shared }) => shared.probability,
    }),
    rand_event: fn({
      doc: "True by chance.",
      in: "any",
      args: {},
      returns: { 1: "it happened", [-1]: "it did not" },
      run: ({ core }, _args, { shared }) => (core.host.random.next() * 100 < shared.probability ? 1 : -1),
    }),
    abort: fn({
      doc: "Ends the server at once, with a core dump where the system makes them (signal SIGABRT).",
      in: "any",
      args: {},
      returns: { 0: "never, where there are signals" },
      run(call): 0 {
        call.core.log.write(-2, "cfgutils: abort called\n");
        call.core.host.process.signal?.(SIGABRT);
        call.exit();
        return 0;
      },
    }),
    sleep: sleeper("Waits; the worker's slot stays in use.", "seconds", 1000),
    usleep: sleeper("Waits; the worker's slot stays in use.", "microseconds", 0.001),

    set_gflag: fn({
      doc: "Sets a flag that all messages share.",
      in: "any",
      args: flagArgs,
      returns: done,
      run(_call, { flag }, { shared }) {
        shared.flags |= 1 << Number(flag);
        return 1 as const;
      },
    }),
    reset_gflag: fn({
      doc: "Clears a flag that all messages share.",
      in: "any",
      args: flagArgs,
      returns: done,
      run(_call, { flag }, { shared }) {
        shared.flags &= ~(1 << Number(flag));
        return 1 as const;
      },
    }),
    is_gflag: fn({
      doc: "Tells whether a flag that all messages share is set.",
      in: "any",
      args: flagArgs,
      returns: { 1: "it is", [-1]: "it is not" },
      run: (_call, { flag }, { shared }) => (shared.flags & (1 << Number(flag)) ? 1 : -1),
    }),

    lock: fn({
      doc: "Waits until nobody else holds the lock of a key, and takes it. A run that has it must not take it again.",
      in: "any",
      args: lockArgs,
      returns: { 1: "the lock is taken", [-1]: "there are no locks: see lock_set_size" },
      waits: true,
      run: (_call, { key, key2 }, state): Answer<1 | -1> => (state.locking ? take(state, lockName(key, key2)) : -1),
    }),
    trylock: fn({
      doc: "Takes the lock of a key if nobody holds it.",
      in: "any",
      args: lockArgs,
      returns: { 1: "the lock is taken", [-1]: "somebody holds it, or there are no locks" },
      run(_call, { key, key2 }, state) {
        const name = lockName(key, key2);
        if (!state.locking || state.shared.locks.has(name)) return -1;
        state.shared.locks.set(name, []);
        return 1;
      },
    }),
    unlock: fn({
      doc: "Gives the lock of a key back.",
      in: "any",
      args: lockArgs,
      returns: { 1: "the lock is free", [-1]: "there are no locks: see lock_set_size" },
      run(_call, { key, key2 }, state) {
        if (!state.locking) return -1;
        release(state, lockName(key, key2));
        return 1;
      },
    }),

    core_hash: fn({
      doc: "Kamailio's hash of one or two texts; a positive code is the hash plus 1.",
      in: "any",
      args: {
        first: str("The first text.", { computed: false }),
        second: str("The second; may be empty.", { computed: false }),
        size: int("How many bits it has; 0 or less: one.", { computed: false }),
      },
      returns: { 1: "and above: the hash plus 1" } as Record<number, string>,
      // One more than the hash: 0 would end the script.
      run: (_call, { first, second, size }) =>
        coreHash(first, second, hashSize(Number(BigInt.asIntN(32, BigInt(size))))) + 1,
    }),
    check_route_exists: fn({
      doc: "Tells whether the script has a route of that name.",
      in: "any",
      args: { route: str("The name.") },
      returns: { 1: "it has", [-1]: "it has not" },
      run: ({ core }, { route }) => (core.route(route) ? 1 : -1),
    }),
    route_if_exists: fn({
      doc: "Runs a route if the script has it; the code is the route's.",
      in: "any",
      args: { route: str("The name.") },
      returns: { 0: "the route ended the script", [-1]: "there is no such route" } as Record<number, string>,
      waits: true,
      run(call, { route }): Answer<number> {
        const found = call.core.route(route);
        if (!found) return -1;
        return after(found.run(call), (code) => {
          const exits = (call.flags & RunFlag.exit) !== 0;
          call.flags &= ~RunFlag.return;
          return exits ? 0 : code;
        });
      },
    }),

    pkg_status: memoryReport("Writes how much memory is in use to the log."),
    shm_status: memoryReport("Writes how much memory is in use to the log."),
    pkg_summary: memoryReport("Writes how much memory is in use to the log."),
    shm_summary: memoryReport("Writes how much memory is in use to the log."),
  },

  variables: {
    RANDOM: pv({
      doc: "A random number from 0 to 2147483647.",
      get: ({ core }) => Math.floor(core.host.random.next() * RANDOM_RANGE),
    }),
  },

  commands: {
    "cfgutils.set_gflag": rpc({
      doc: "Sets the global flags of a mask.",
      args: { mask: int("The bits.") },
      run({ mask }, { shared }) {
        shared.flags |= Number(mask);
      },
    }),
    "cfgutils.reset_gflag": rpc({
      doc: "Clears the global flags of a mask.",
      args: { mask: int("The bits.") },
      run({ mask }, { shared }) {
        shared.flags &= ~Number(mask);
      },
    }),
    "cfgutils.is_gflag": rpc({
      doc: "TRUE when all global flags of a mask are set, else FALSE.",
      args: { mask: int("The bits.") },
      run: ({ mask }, { shared }) => ((shared.flags & Number(mask)) === (Number(mask) | 0) ? "TRUE" : "FALSE"),
    }),
    "cfgutils.get_gflags": rpc({
      doc: "The global flags, in hexadecimal and decimal.",
      args: {},
      run: (_args, { shared }) => `0x${(shared.flags >>> 0).toString(16).toUpperCase()} (${shared.flags >>> 0})`,
    }),
    "cfgutils.rand_set_prob": rpc({
      doc: "Sets the percentage for rand_event.",
      args: { percent: int("0 to 100.") },
      run({ percent }, { shared }) {
        if (percent < 0 || percent > 100) throw new RpcFault(500, "Invalid Percent");
        shared.probability = Number(percent);
      },
    }),
    "cfgutils.rand_reset_prob": rpc({
      doc: "Sets the percentage for rand_event to the parameter's.",
      args: {},
      run(_args, { shared, initialProbability }) {
        shared.probability = initialProbability;
      },
    }),
    "cfgutils.rand_get_prob": rpc({
      doc: "The percentage for rand_event.",
      args: {},
      run: (_args, { shared }) => `actual probability: ${shared.probability} percent`,
    }),
    "cfgutils.get_config_hash": rpc({
      doc: "The MD5 sum of hash_file when the script was loaded.",
      args: {},
      run: (_args, { hash }) => hash,
    }),
    "cfgutils.check_config_hash": rpc({
      doc: "Tells whether hash_file is still the same.",
      args: {},
      run(_args, { hashFile, hash }, { host }) {
        if (!hashFile) throw new RpcFault(500, "No hash file");
        const file = host.files.read(hashFile);
        if (file === null) throw new RpcFault(500, "Failed to hash the file");
        return host.hash("md5", file) === hash ? "Identical hash" : "Different hash";
      },
    }),
  },
  events: {},
});
