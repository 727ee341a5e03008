/** xlog: formatted log lines. Follows Kamailio's src/modules/xlog. */
import type { Call } from "../declare/call.ts";
import { type Core, LogLevel } from "../declare/core.ts";
import { declare, type Fn, format, int, text } from "../declare/module.ts";
import type { Format, VariableRef } from "../declare/variable.ts";
import { methodBit } from "../sip/methods.ts";

interface Xlog {
  readonly core: Core;
  readonly bufferSize: number;
  readonly forceColor: boolean;
  readonly longFormat: boolean;
  readonly autoNewline: boolean;
  readonly prefix: string;
  /** Set with prefix_mode: the prefix is expanded for each line. */
  readonly prefixFormat: Format | undefined;
  readonly facility: string | undefined;
  /** Variables named as a level; null: the text is no variable. */
  readonly levels: Map<string, VariableRef | null>;
  methodsFilter: number;
}
const { fn, pv, module } = declare<Xlog>();

/** What really counts is the third letter of the name. */
const LEVELS: Readonly<Record<string, number>> = {
  A: LogLevel.alert,
  B: LogLevel.bug,
  C: LogLevel.crit2,
  E: LogLevel.err,
  W: LogLevel.warn,
  N: LogLevel.notice,
  I: LogLevel.info,
  D: LogLevel.dbg,
};
const LEVEL_NAMES: Readonly<Record<string, number>> = {
  l_alert: LogLevel.alert,
  l_bug: LogLevel.bug,
  l_crit2: LogLevel.crit2,
  l_crit: LogLevel.crit,
  l_err: LogLevel.err,
  l_warn: LogLevel.warn,
  l_notice: LogLevel.notice,
  l_info: LogLevel.info,
  l_dbg: LogLevel.dbg,
};
const FACILITIES: readonly string[] = [
  ...["AUTH", "CRON", "DAEMON", "KERN", "LPR", "MAIL", "NEWS", "USER", "UUCP", "AUTHPRIV", "FTP", "SYSLOG"],
  ...Array.from({ length: 8 }, (_, i) => `LOCAL${i}`),
].map((name) => `LOG_${name}`);

const FOREGROUND: Readonly<Record<string, number>> = { x: 39, s: 30, r: 31, g: 32, y: 33, b: 34, p: 35, c: 36, w: 37 };

/** What is wrong with the name of a syslog facility. */
export const facilityProblem = (name: string): string | undefined =>
  FACILITIES.includes(name.toUpperCase()) ? undefined : `\`${name}\` is not a syslog facility`;
const levelProblem = (name: string): string | undefined =>
  name.startsWith("$") ? undefined : LEVELS[name[2] ?? ""] === undefined ? `unknown log level \`${name}\`` : undefined;

/** The number of a level's name, or the value of the variable it names; undefined when that is no number. */
function levelOf(call: Call, level: string, state: Xlog): number | undefined {
  if (!level.startsWith("$")) return LEVELS[level[2] ?? ""] ?? LogLevel.err;
  let found = state.levels.get(level);
  if (found === undefined) {
    const bound = state.core.variables.variable(level);
    found = typeof bound === "string" ? null : bound;
    state.levels.set(level, found);
  }
  const value = found?.get(call);
  return typeof value === "number" || typeof value === "bigint" ? Number(value) : undefined;
}

function write(call: Call, state: Xlog, level: number, line: Format, position: boolean, facility?: string): 1 | -1 {
  const { log } = call.core;
  if (!log.enabled(level)) return 1;
  let shown = line.expand(call);
  if (shown.length >= state.bufferSize) {
    log.write(LogLevel.err, `xlog: a line of ${shown.length} bytes exceeds buf_size ${state.bufferSize}`);
    return -1;
  }
  if (state.autoNewline && shown.length > 0 && !shown.endsWith("\n")) shown += "\n";
  let prefix = state.prefix;
  if (position) {
    // Kamailio expands the prefix of a position line only in the long format.
    if (state.longFormat) {
      shown = `${call.file}:${call.line}:${shown}`;
      prefix = state.prefixFormat?.expand(call) || prefix;
    } else shown = `${call.line}:${shown}`;
  } else prefix = state.prefixFormat?.expand(call) || prefix;
  log.write(level, shown, prefix, facility ?? state.facility);
  return 1;
}

const returns = {
  1: "the line was printed, or its level is not shown",
  [-1]: "the level is no number, or the line is longer than buf_size",
} as const;
const level = text("L_ALERT, L_BUG, L_CRIT, L_ERR, L_WARN, L_NOTICE, L_INFO or L_DBG, or a variable with a number.", {
  check: levelProblem,
});
const line = format("What to print; variables in it are expanded.");
const facility = text("Syslog facility, such as LOG_LOCAL3.", { check: facilityProblem });

/** The three forms of xlog and xlogl. */
const logger = (doc: string, position: boolean): Fn<Xlog> =>
  fn({
    doc,
    in: "any",
    position,
    args: { line },
    returns,
    overloads: [
      fn({
        doc: "With the level to print at.",
        in: "any",
        position,
        args: { level, line },
        returns,
        run(call, args, state) {
          const at = levelOf(call, args.level, state);
          return at === undefined ? -1 : write(call, state, at, args.line, position);
        },
      }),
      fn({
        doc: "With a syslog facility of its own.",
        in: "any",
        position,
        args: { facility, level, line },
        returns,
        run(call, args, state) {
          const at = levelOf(call, args.level, state);
          return at === undefined ? -1 : write(call, state, at, args.line, position, args.facility);
        },
      }),
    ],
    run: (call, args, state) => write(call, state, LogLevel.err, args.line, position),
  });

/** A function that prints at one level. */
const at = (name: string, number: number, position = false): Fn<Xlog> =>
  fn({
    doc: `Prints a line at level ${name}${position ? ", with its place in the script" : ""}.`,
    in: "any",
    position,
    args: { line },
    returns,
    run: (call, args, state) => write(call, state, number, args.line, position),
  });

export const xlog = module({
  name: "xlog",
  doc: "Formatted log lines.",

  params: {
    buf_size: int("Longest line, in bytes; a longer one is not printed.", { fallback: 4096 }),
    force_color: int("1: `$C(xy)` colours lines even when they do not go to a terminal.", { fallback: 0 }),
    long_format: int("1: xlogl and xdbgl print the file's name before the line number.", { fallback: 0 }),
    prefix: text("Printed before each line.", { fallback: "<script>: " }),
    prefix_mode: int("1: the prefix is a format, expanded for each line.", { fallback: 0 }),
    log_facility: text("Syslog facility of all lines; not given: the server's.", { fallback: "" }),
    log_colors: text("`L_ERR=cr;L_WARN=px`: colours of the levels, written as in `$C(xy)`."),
    methods_filter: int("Bits of the SIP methods for which xlogm prints nothing; -1: all of them.", { fallback: -1 }),
    auto_newline: int("1: adds the line end where a line has none.", { fallback: 0 }),
  },
  repeated: ["log_colors"],

  start(params, core) {
    const problem = params.log_facility ? facilityProblem(params.log_facility) : undefined;
    if (problem) return problem;
    const prefixFormat = params.prefix_mode ? core.variables.format(params.prefix) : undefined;
    if (typeof prefixFormat === "string") return `prefix: ${prefixFormat}`;
    for (const list of (params.log_colors as unknown as readonly string[] | undefined) ?? [])
      for (const item of list.replace(/;$/, "").split(";")) {
        const [name = "", colors = ""] = item.split("=", 2).map((part) => part.trim());
        const number = LEVEL_NAMES[name.toLowerCase()];
        if (number === undefined) return `log_colors: \`${name}\` is not a log level`;
        if (colors.length !== 2) return `log_colors: two letters are needed for ${name}`;
        core.log.setColor?.(number, colors);
      }
    const state: Xlog = {
      core,
      bufferSize: Number(params.buf_size),
      forceColor: Number(params.force_color) !== 0,
      longFormat: Number(params.long_format) === 1,
      autoNewline: Number(params.auto_newline) !== 0,
      prefix: params.prefix,
      prefixFormat,
      facility: params.log_facility || undefined,
      levels: new Map(),
      methodsFilter: Number(params.methods_filter),
    };
    core.config.expose("xlog", "methods_filter", {
      doc: "Methods for which xlogm prints nothing.",
      get: () => state.methodsFilter,
      set: (value) => {
        state.methodsFilter = Number(value) | 0;
        return true;
      },
    });
    return state;
  },

  functions: {
    xlog: logger("Prints a line at level L_ERR.", false),
    xlogl: logger("Prints a line at level L_ERR, with its line number in the script.", true),
    xlogm: fn({
      doc: "Prints a line unless methods_filter has the bit of the message's method.",
      in: "any",
      args: { level, line },
      returns,
      run(call, args, state) {
        if (state.methodsFilter === -1) return 1;
        const { msg } = call;
        const method = msg.isRequest ? msg.method : msg.cseq?.method;
        if (method === undefined) return -1;
        if (methodBit(method) & state.methodsFilter) return 1;
        const number = levelOf(call, args.level, state);
        return number === undefined ? -1 : write(call, state, number, args.line, false);
      },
    }),
    xdbg: at("L_DBG", LogLevel.dbg),
    xdbgl: at("L_DBG", LogLevel.dbg, true),
    xinfo: at("L_INFO", LogLevel.info),
    xnotice: at("L_NOTICE", LogLevel.notice),
    xwarn: at("L_WARN", LogLevel.warn),
    xerr: at("L_ERR", LogLevel.err),
    xbug: at("L_BUG", LogLevel.bug),
    xcrit: at("L_CRIT", LogLevel.crit2),
    xalert: at("L_ALERT", LogLevel.alert),
  },

  variables: {
    C: pv({
      doc: "The escape sequence of a terminal colour: `$C(xy)` with letters of foreground and background.",
      bind(written, core, state) {
        const [front = "", back = ""] = written.inner ?? "";
        const foreground = FOREGROUND[front.toLowerCase()];
        const background = FOREGROUND[back];
        if (written.inner?.length !== 2 || foreground === undefined || background === undefined || front === "X")
          return "a colour has two letters out of x s r g y b p c w; a capital in front is bold";
        const bold = front === front.toLowerCase() ? 0 : 1;
        const sequence = `\x1b[${bold};${foreground};${background + 10}m`;
        return { get: () => (state().forceColor || core.config.int("log_stderror") !== 0 ? sequence : "") };
      },
    }),
  },

  commands: {},
  events: {},
});
