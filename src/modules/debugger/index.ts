/** debugger: a line of the log for everything that a script does. Follows Kamailio's src/modules/debugger. */
import type { Call } from "../../declare/call.ts";
import { type Core, LogLevel } from "../../declare/core.ts";
import { type Action, declare, int, type RouteKind, RpcFault, str, text } from "../../declare/module.ts";
import { facilityProblem } from "../xlog.ts";
import { numberOf } from "./numbers.ts";

interface Debugger {
  readonly core: Core;
  traces: boolean;
  readonly level: number;
  readonly levelName: string | undefined;
  readonly facility: string | undefined;
  readonly prefix: string;
  /** Lines do not name the file. */
  readonly short: boolean;
}
const { rpc, module } = declare<Debugger>();

const KINDS: Readonly<Record<RouteKind, string>> = {
  request: "request_route",
  onreply: "onreply_route",
  failure: "failure_route",
  branch: "branch_route",
  onsend: "onsend_route",
  event: "event_route",
  local: "local_route",
  "branch-failure": "branch_failure_route",
};

function trace(call: Call, action: Action, { core, level, levelName, facility, prefix, short }: Debugger): void {
  if (!core.log.enabled(level)) return;
  const block = /\[(.*)\]$/.exec(action.route)?.[1] ?? "DEFAULT_ROUTE";
  const file = short ? "" : ` c=[${action.file}]`;
  const what = `${KINDS[call.kind]}=[${block}]${file} l=${action.line} a=${numberOf(action)} n=${action.name}\n`;
  core.log.write(level, what, `${prefix}dbg_cfg_trace(): `, facility, levelName);
}

const off = (doc: string) => int(`${doc} Only 0 is possible.`, { fallback: 0 });

/** What Kamailio's module can besides tracing, and what there is here in its place. */
const ELSEWHERE = {
  breakpoint: "breakpoints are those of `viaduct repl`",
  log_assign: "assignments are shown by `viaduct trace`",
  mod_level_mode: "modules have no log levels of their own",
  mod_facility_mode: "modules have no syslog facilities of their own",
  reset_msgid: "numbers of messages are not reset",
  cfgtest: "there is no module cfgt",
} as const;

export const debugger_ = module({
  name: "debugger",
  doc: "A line of the log for everything that the script does. Runs are slower with this module, and much slower while it traces.",
  params: {
    cfgtrace: int("1: traces from the start on.", { fallback: 0 }),
    cfgtrace_format: int("1: lines do not name the file.", { fallback: 0 }),
    log_level: int("Level of the lines.", { fallback: LogLevel.err }),
    log_level_name: text("What lines show as the name of their level; empty: the level's own.", { fallback: "" }),
    log_facility: text("Syslog facility of the lines; empty: the server's.", {
      fallback: "",
      check: (it) => (it === "" ? undefined : facilityProblem(it)),
    }),
    log_prefix: text("What lines begin with.", { fallback: "*** cfgtrace:" }),
    breakpoint: off("1 would stop at every line; see `viaduct repl`."),
    step_usleep: int("Of breakpoints, which there are not: no effect.", { fallback: 100_000 }),
    step_loops: int("Of breakpoints, which there are not: no effect.", { fallback: 200 }),
    log_assign: off("1 would log assignments; see `viaduct trace`."),
    mod_hash_size: int("Of levels and facilities of modules, which there are not: no effect.", { fallback: 0 }),
    mod_level_mode: off("1 would give modules log levels of their own."),
    mod_level: text("The level of a module, while mod_level_mode is not 0: no effect."),
    mod_facility_mode: off("1 would give modules syslog facilities of their own."),
    mod_facility: text("The facility of a module, while mod_facility_mode is not 0: no effect."),
    reset_msgid: off("1 would allow to reset `$mi`."),
    cfgpkgcheck: int("Checks memory that Viaduct does not have: no effect.", { fallback: 0 }),
    cfgtest: off("1 would need the module cfgt."),
  },
  repeated: ["mod_level", "mod_facility"],
  start(params, core) {
    for (const [name, why] of Object.entries(ELSEWHERE) as [keyof typeof ELSEWHERE, string][])
      if (params[name] !== 0) return `${name}: ${why}`;
    return {
      core,
      traces: Number(params.cfgtrace) !== 0,
      level: Number(params.log_level),
      levelName: params.log_level_name || undefined,
      facility: params.log_facility.toUpperCase() || undefined,
      prefix: params.log_prefix,
      short: (Number(params.cfgtrace_format) & 1) !== 0,
    };
  },
  actions: (state) => (call, action) => {
    if (state.traces) trace(call, action, state);
  },
  functions: {},
  variables: {},
  commands: {
    "dbg.trace": rpc({
      doc: "Turns the trace `on` or `off`.",
      args: { command: str("on or off.", { fallback: "" }) },
      run({ command }, state) {
        if (command === "") throw new RpcFault(500, "Config trace command missing");
        if (command !== "on" && command !== "off") throw new RpcFault(500, "Unknown trace command");
        state.traces = command === "on";
        return "200 ok";
      },
    }),
  },
  events: {},
});
