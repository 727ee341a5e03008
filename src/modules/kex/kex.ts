/** kex: what Kamailio added to the core: flags, destination URI, log level, statistics. Follows src/modules/kex. */
import type { Call } from "../../declare/call.ts";
import { declare, type Fn, format, int, str, variable } from "../../declare/module.ts";
import { parseUri } from "../../sip/uri.ts";
import { commands } from "./commands.ts";
import { COUNTERS, MessageCounters } from "./counters.ts";
import { flagFunctions } from "./flags.ts";

export interface Kex {
  readonly counters: MessageCounters;
  /** The begin of the unique ids of this server, and how many were made. */
  readonly unique: { readonly prefix: string; count: number };
}
const { fn, pv, module } = declare<Kex>();

/** The host of a SIP URI, or the text itself; undefined for a malformed URI. */
function isOurs({ core }: Call, text: string, withPort: boolean): boolean {
  if (text.length <= 4 || !/^sips?:/.test(text)) return core.isMyself(text, 0);
  const uri = parseUri(text);
  if (!uri) return false;
  return withPort ? core.isMyself(uri.host, uri.portNo, uri.protocol) : core.isMyself(uri.host, 0);
}

const printf: Fn<Kex> = fn({
  doc: "Stores a text with its variables expanded in a variable.",
  in: "any",
  args: {
    target: variable("A variable that can be written.", { computed: false, writable: true }),
    text: format("The text."),
  },
  returns: { 1: "the variable holds the text", [-1]: "the variable refused it" },
  run: (call, { target, text }) => (target.set?.(call, text.expand(call)) ? 1 : -1),
});

export const kex = module({
  name: "kex",
  doc: "Flags, destination URI, log level and statistics.",
  params: {},

  start(_params, core, old) {
    const { host } = core;
    const memory = (name: string, read: () => number): void => core.statistics.gauge("shmem", name, read);
    memory("total_size", () => host.process.memory().heapTotal);
    memory("used_size", () => host.process.memory().heapUsed);
    memory("real_used_size", () => host.process.memory().rss);
    memory("free_size", () => host.process.memory().heapTotal - host.process.memory().heapUsed);
    memory("max_used_size", () => core.host.process.memory().rss);
    memory("fragments", () => 0);
    const seconds = Math.floor(host.clock.wall() / 1000).toString(16);
    const server = core.config.int("server_id");
    return {
      counters: new MessageCounters(core.statistics),
      // Calls of an earlier generation draw from the same numbers.
      unique: old?.unique ?? {
        prefix: `srid-${server ? `${server.toString(16)}-` : ""}${seconds}-${host.process.pid.toString(16)}-`,
        count: 0,
      },
    };
  },
  onRequest({ msg }, { counters }) {
    counters.request(msg);
    return false;
  },
  onReply({ msg }, { counters }) {
    counters.reply(msg);
  },

  functions: {
    ...flagFunctions,
    setdsturi: fn({
      doc: "Sets the destination URI, `$du`.",
      in: "any",
      args: { uri: str("The URI.") },
      returns: { 1: "done", [-1]: "the URI is empty" },
      run({ msg }, { uri }) {
        if (uri === "") return -1;
        msg.dstUri = uri;
        msg.uriConsumed = false;
        return 1;
      },
    }),
    resetdsturi: fn({
      doc: "Removes the destination URI.",
      in: "any",
      args: {},
      returns: { 1: "done" },
      run({ msg }) {
        msg.dstUri = null;
        return 1 as const;
      },
    }),
    isdsturiset: fn({
      doc: "Tells whether there is a destination URI.",
      in: "any",
      args: {},
      returns: { 1: "there is", [-1]: "there is none" },
      run: ({ msg }) => (msg.dstUri ? 1 : -1),
    }),
    pv_printf: printf,
    avp_printf: printf,
    is_myself: fn({
      doc: "Tells whether a SIP URI, or a host, is this server's; a port and transport of the URI count.",
      in: "any",
      args: { uri: str("The URI or host.") },
      returns: { 1: "it is", [-1]: "it is not, or the URI is malformed" },
      run: (call, { uri }) => (isOurs(call, uri, true) ? 1 : -1),
    }),
    is_myhost: fn({
      doc: "Tells whether the host of a SIP URI, or a host, is this server's.",
      in: "any",
      args: { uri: str("The URI or host.") },
      returns: { 1: "it is", [-1]: "it is not, or the URI is malformed" },
      run: (call, { uri }) => (isOurs(call, uri, false) ? 1 : -1),
    }),
    setdebug: fn({
      doc: "Sets the log level of the worker, in place of the parameter `debug`.",
      in: "any",
      args: { level: int("The level, -5 to 3.") },
      returns: { 1: "done" },
      run({ core }, { level }) {
        core.log.setLevel(Number(level));
        return 1 as const;
      },
    }),
    resetdebug: fn({
      doc: "Ends the effect of setdebug.",
      in: "any",
      args: {},
      returns: { 1: "done" },
      run({ core }) {
        core.log.setLevel(undefined);
        return 1 as const;
      },
    }),
  },

  variables: {
    sruid: pv({
      doc: "A text that is unique to this server, another at each reading.",
      get: (_call, _key, state) => state.unique.prefix + (++state.unique.count).toString(16),
    }),
  },

  commands,
  events: {},
  statistics: {
    ...COUNTERS,
    "shmem.total_size": "Bytes of memory that the server has.",
    "shmem.used_size": "Bytes in use.",
    "shmem.real_used_size": "Bytes in use with what the memory manager needs.",
    "shmem.free_size": "Bytes that are free.",
    "shmem.max_used_size": "The same as real_used_size: how much it ever was is not kept.",
    "shmem.fragments": "0: there are no fragments to count.",
  },
});
