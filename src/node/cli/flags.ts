/**
 * The command line's flags: Kamailio's own (kamailio -h), with Kamailio's meanings, and a few of ours. The parser, the
 * usage text and the tests read this table.
 */
import type { Value } from "../../declare/value.ts";
import { metricsAddress } from "../metrics/address.ts";

/** What becomes of a finding of `check`. */
export type Level = "off" | "info" | "warning" | "error";

export interface Options {
  file: string;
  /** -c */
  checkOnly: boolean;
  /** How often -D was given: 0 puts the server into the background. */
  foreground: number;
  /** -E and -e */
  stderr: boolean;
  colours: boolean;
  /** -A: preprocessor defines in order; undefined for one without a value. */
  readonly defines: [name: string, value: string | undefined][];
  readonly substitutions: { kind: "subst" | "substdef" | "substdefs"; rule: string }[];
  /** Core parameters that win over the script's. */
  readonly overrides: Map<string, Value>;
  readonly listen: string[];
  readonly aliases: string[];
  readonly modules: string[];
  readonly modparams: { module: string; name: string; value: bigint | string }[];
  pidFile: string | undefined;
  groupFile: string | undefined;
  workdir: string | undefined;
  runtimeDir: string | undefined;
  user: string | undefined;
  group: string | undefined;
  /** Largest receive buffer of UDP sockets, bytes. */
  receiveBuffer: number | undefined;
  debug: number | undefined;
  /** Path of the control socket, or `none`; in the runtime folder when undefined. */
  control: string | undefined;
  /** Reload when a file of the script changes. */
  watch: boolean;
  /** Seconds after which a generation that cools is ended, and how; 0: calls end by themselves. */
  maxAge: number;
  ending: "adopt" | "end";
  /** Seconds for which a new script is on probation, and what gives it up. */
  watchPeriod: number;
  rollbackIf: { errors?: number; failures?: number; drops?: number };
  /** Start the last script that served well when the script is broken. */
  lastGood: boolean;
  /** Where metrics are served for Prometheus, `[HOST:]PORT`. */
  metrics: string | undefined;
  /** Folder where that is kept; beside the control socket when undefined. */
  keep: string | undefined;
  /** How `check` prints problems. */
  format: "text" | "json" | "sarif";
  /** What a module is that Viaduct lacks: an error, or a warning, with functions that give -1. */
  missing: "error" | "warn";
  /** Levels of findings by their codes. */
  readonly levels: Map<string, Level>;
  /** What to print instead of running. */
  print: "help" | "version" | "internals" | undefined;
}

export interface Flag {
  readonly short?: string;
  readonly long?: string;
  /** Name of the argument; without one the flag takes none. */
  readonly arg?: string;
  readonly doc: string;
  /** Gives the problem with the value, in the user's words. */
  apply(options: Options, value: string): string | undefined;
}

export const defaults = (): Options => ({
  file: "/etc/kamailio/kamailio.cfg",
  checkOnly: false,
  foreground: 0,
  stderr: false,
  colours: false,
  defines: [],
  substitutions: [],
  overrides: new Map(),
  listen: [],
  aliases: [],
  modules: [],
  modparams: [],
  pidFile: undefined,
  groupFile: undefined,
  workdir: undefined,
  runtimeDir: undefined,
  user: undefined,
  group: undefined,
  receiveBuffer: undefined,
  debug: undefined,
  control: undefined,
  watch: false,
  maxAge: 0,
  ending: "adopt",
  watchPeriod: 0,
  rollbackIf: {},
  lastGood: false,
  metrics: undefined,
  keep: undefined,
  format: "text",
  missing: "error",
  levels: new Map(),
  print: undefined,
});

type Apply = Flag["apply"];

/** Accepted for the sake of scripts that start Kamailio; there is nothing here that it could change. */
const ignored: Apply = () => undefined;

const whole =
  (what: string, take: (options: Options, value: number) => void): Apply =>
  (options, value) => {
    if (!/^\d+$/.test(value)) return `bad ${what}: ${value}`;
    take(options, Number(value));
    return undefined;
  };

const set =
  (take: (options: Options, value: string) => void): Apply =>
  (options, value) => {
    take(options, value);
    return undefined;
  };

const parameter = (name: string, value: number): Apply =>
  set((options) => {
    options.overrides.set(name, value);
  });

const substitution = (kind: "subst" | "substdef" | "substdefs"): Flag => ({
  long: kind,
  arg: "rule",
  doc: `preprocessor directive ${kind}`,
  apply: set((options, rule) => {
    options.substitutions.push({ kind, rule });
  }),
});

const onOff = (value: string): number | undefined =>
  /^(yes|on|1)$/i.test(value) ? 1 : /^(no|off|0)$/i.test(value) ? 0 : undefined;

export const flags: readonly Flag[] = [
  {
    short: "a",
    arg: "mode",
    doc: "auto_aliases: yes or on, no or off",
    apply(options, value) {
      const mode = onOff(value);
      if (mode === undefined) return `bad auto aliases mode: ${value}`;
      options.overrides.set("auto_aliases", mode);
      return undefined;
    },
  },
  {
    long: "alias",
    arg: "address",
    doc: "count [proto:]host[:port] as ours",
    apply: set((o, v) => void o.aliases.push(v)),
  },
  { long: "atexit", arg: "mode", doc: "no effect here", apply: ignored },
  {
    short: "A",
    arg: "define",
    doc: "define for the preprocessor: NAME or NAME=value",
    apply(options, value) {
      const [, name, rest] = /^([^=]+)(?:=(.*))?$/s.exec(value) ?? [];
      if (name === undefined) return `bad define: ${value}`;
      options.defines.push([name, rest]);
      return undefined;
    },
  },
  {
    short: "b",
    arg: "bytes",
    doc: "largest receive buffer of a UDP socket",
    apply: whole("buffer size", (o, n) => (o.receiveBuffer = n)),
  },
  { short: "B", arg: "bytes", doc: "no effect here", apply: ignored },
  { short: "c", doc: "check the script and exit", apply: set((o) => (o.checkOnly = true)) },
  {
    long: "control",
    arg: "path",
    doc: "control socket for viaduct rpc and viaduct reload; none: there is none",
    apply: set((o, v) => (o.control = v)),
  },
  {
    short: "d",
    doc: "raise the log level (several times for more)",
    apply: set((o) => (o.debug = (o.debug ?? 0) + 1)),
  },
  {
    long: "debug",
    arg: "level",
    doc: "log level, -5 to 3",
    apply(options, value) {
      if (!/^-?\d+$/.test(value)) return `bad debug level: ${value}`;
      options.debug = Number(value);
      return undefined;
    },
  },
  { short: "D", doc: "stay in the foreground (-D and -DD); -DDD: do not", apply: set((o) => o.foreground++) },
  { short: "e", doc: "colours by level, with -E", apply: set((o) => (o.colours = true)) },
  { short: "E", doc: "log to stderr", apply: set((o) => (o.stderr = true)) },
  { short: "f", arg: "file", doc: "the script", apply: set((o, v) => (o.file = v)) },
  {
    long: "format",
    arg: "form",
    doc: "check: problems as text, json (an object a line) or sarif",
    apply(options, form) {
      if (form !== "text" && form !== "json" && form !== "sarif") return `bad format: ${form}`;
      options.format = form;
      return undefined;
    },
  },
  { short: "g", arg: "group", doc: "run as this group (name or number)", apply: set((o, v) => (o.group = v)) },
  {
    short: "G",
    arg: "file",
    doc: "write the process group's number to this file",
    apply: set((o, v) => (o.groupFile = v)),
  },
  {
    long: "generation-end",
    arg: "how",
    doc: "what --generation-max-age does with calls: adopt (by the new script) or end",
    apply(options, how) {
      if (how !== "adopt" && how !== "end") return `bad way to end a generation: ${how}`;
      options.ending = how;
      return undefined;
    },
  },
  {
    long: "generation-max-age",
    arg: "seconds",
    doc: "after a reload, calls may go on with their old script for so long",
    apply: whole("maximum age", (o, n) => (o.maxAge = n)),
  },
  { short: "h", long: "help", doc: "this text", apply: set((o) => (o.print = "help")) },
  { short: "I", doc: "version and what it is built on", apply: set((o) => (o.print = "internals")) },
  {
    long: "keep",
    arg: "folder",
    doc: "where the last script that served well is kept (for --last-good)",
    apply: set((o, v) => (o.keep = v)),
  },
  {
    long: "last-good",
    doc: "start the last script that served well when the script is broken",
    apply: set((o) => (o.lastGood = true)),
  },
  { short: "K", doc: "check the Via host of replies (check_via)", apply: parameter("check_via", 1) },
  {
    short: "l",
    arg: "address",
    doc: "also listen on [proto:]host[:port][/advertised[:port]]",
    apply: set((o, v) => void o.listen.push(v)),
  },
  {
    long: "loadmodule",
    arg: "name",
    doc: "load a module besides the script's",
    apply: set((o, v) => void o.modules.push(v)),
  },
  { long: "log-engine", arg: "spec", doc: "no effect here", apply: ignored },
  { short: "L", arg: "path", doc: "modules are built in: no effect", apply: ignored },
  { short: "m", arg: "megabytes", doc: "shared memory: no effect", apply: whole("shmem size", () => {}) },
  {
    long: "metrics",
    arg: "address",
    doc: "serve metrics for Prometheus on [HOST:]PORT; on this machine alone without a host",
    apply(options, address) {
      if (!metricsAddress(address)) return `bad address for metrics: ${address}`;
      options.metrics = address;
      return undefined;
    },
  },
  {
    long: "missing",
    arg: "level",
    doc: "modules that Viaduct lacks: error, or warn (their functions give -1)",
    apply(options, level) {
      if (level !== "error" && level !== "warn") return `bad level of missing modules: ${level}`;
      options.missing = level;
      return undefined;
    },
  },
  {
    long: "modparam",
    arg: "spec",
    doc: "module:parameter:type:value, type s or i",
    apply(options, spec) {
      const [, module, name, type, text] = /^([^:]+):([^:]+):([si]):(.*)$/s.exec(spec) ?? [];
      if (module === undefined || name === undefined || text === undefined) return `bad module parameter: ${spec}`;
      if (type === "i" && !/^-?\d+$/.test(text)) return `bad module parameter: ${spec}`;
      options.modparams.push({ module, name, value: type === "i" ? BigInt(text) : text });
      return undefined;
    },
  },
  { short: "M", arg: "megabytes", doc: "private memory: no effect", apply: whole("private mem size", () => {}) },
  {
    short: "n",
    arg: "number",
    doc: "worker slots of each UDP socket (children)",
    apply: whole("process number: -n", (o, n) => o.overrides.set("children", n)),
  },
  {
    short: "N",
    arg: "number",
    doc: "worker slots for connections (tcp_children)",
    apply: whole("process number: -N", (o, n) => o.overrides.set("tcp_children", n)),
  },
  {
    short: "O",
    arg: "level",
    doc: "optimisation of scripts: no effect",
    apply: whole("optimization level: -O", () => {}),
  },
  { short: "P", arg: "file", doc: "write the process number to this file", apply: set((o, v) => (o.pidFile = v)) },
  { short: "Q", arg: "number", doc: "SCTP: no effect", apply: ignored },
  { short: "r", doc: "resolve the Via host to decide on received= (dns)", apply: parameter("dns", 1) },
  {
    long: "rule",
    arg: "name=level",
    doc: "check: a finding's level: off, info, warn or error",
    apply(options, text) {
      const [, name, level] = /^([a-z-]+)=(off|info|warn|warning|error)$/.exec(text) ?? [];
      if (name === undefined) return `bad rule: ${text}`;
      options.levels.set(name, level === "warn" ? "warning" : (level as Level));
      return undefined;
    },
  },
  {
    long: "rollback-if",
    arg: "limits",
    doc: "in the watch period, go back above errors=N,5xx=PERCENT,drops=N",
    apply(options, limits) {
      for (const it of limits.split(",")) {
        const [, name, number] = /^(errors|5xx|drops)=(\d+(?:\.\d+)?)$/.exec(it) ?? [];
        if (name === undefined) return `bad limit: ${it}`;
        options.rollbackIf[name === "5xx" ? "failures" : (name as "errors" | "drops")] = Number(number);
      }
      return undefined;
    },
  },
  { short: "R", doc: "the same by the address's name (rev_dns)", apply: parameter("rev_dns", 1) },
  { short: "s", arg: "value", doc: "no effect here", apply: ignored },
  {
    long: "server-id",
    arg: "number",
    doc: "core parameter server_id",
    apply: whole("server id", (o, n) => o.overrides.set("server_id", n)),
  },
  substitution("subst"),
  substitution("substdef"),
  substitution("substdefs"),
  { short: "S", doc: "no SCTP (there is none)", apply: ignored },
  { short: "T", doc: "no TCP (disable_tcp)", apply: parameter("disable_tcp", 1) },
  { short: "u", arg: "user", doc: "run as this user (name or number)", apply: set((o, v) => (o.user = v)) },
  { short: "v", long: "version", doc: "version", apply: set((o) => (o.print = "version")) },
  { short: "V", doc: "version", apply: set((o) => (o.print = "version")) },
  { short: "w", arg: "folder", doc: "working folder", apply: set((o, v) => (o.workdir = v)) },
  { short: "W", arg: "method", doc: "poll method: no effect", apply: ignored },
  { long: "watch", doc: "reload when a file of the script changes", apply: set((o) => (o.watch = true)) },
  {
    long: "watch-period",
    arg: "seconds",
    doc: "a script that was taken up is on probation for so long (see --rollback-if)",
    apply: whole("watch period", (o, n) => (o.watchPeriod = n)),
  },
  { short: "x", arg: "name", doc: "memory manager: no effect", apply: ignored },
  { short: "X", arg: "name", doc: "memory manager: no effect", apply: ignored },
  {
    short: "Y",
    arg: "folder",
    doc: "folder for sockets and FIFOs (runtime_dir)",
    apply: set((o, v) => (o.runtimeDir = v)),
  },
];
