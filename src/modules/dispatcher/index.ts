/** dispatcher: spreads requests over destinations. Follows Kamailio's src/modules/dispatcher. */
import type { Core } from "../../declare/core.ts";
import { int, type Received, text } from "../../declare/module.ts";
import type { VariableRef } from "../../declare/variable.ts";
import type { LocalSocket } from "../../sip/address.ts";
import { tableStatistics } from "../db/tables.ts";
import { Ruids } from "../usrloc/ruid.ts";
import { commands } from "./commands.ts";
import { sourceOf } from "./database.ts";
import { functions } from "./functions.ts";
import { Loads } from "./loads.ts";
import { pingAll } from "./ping.ts";
import { Dispatcher, module, pv, type Settings } from "./state.ts";

const parameters = {
  list_file: text("The file with the destinations.", { fallback: "/etc/kamailio/dispatcher.list" }),
  db_url: text("URL of a database with the destinations, in place of the file.", { fallback: "" }),
  table_name: text("Its table.", { fallback: "dispatcher" }),
  setid_col: text("Column with the set.", { fallback: "setid" }),
  destination_col: text("Column with the URI.", { fallback: "destination" }),
  flags_col: text("Column with the flags.", { fallback: "flags" }),
  priority_col: text("Column with the priority.", { fallback: "priority" }),
  attrs_col: text("Column with the attributes.", { fallback: "attrs" }),
  ds_db_extra_attrs: text("Further columns that become attributes: `attribute=column;attribute=column`.", {
    fallback: "",
  }),
  flags: int("1: hashes of URIs take the user only. 2: other destinations are kept for failover.", { fallback: 0 }),
  force_dst: int("0: a next hop that is set already stays.", { fallback: 1 }),
  use_default: int("1: the last destination of a set is used when all others are down.", { fallback: 0 }),
  xavp_dst: text("XAVP for the destinations that are left.", { fallback: "_dsdst_" }),
  xavp_dst_mode: int("1: without attributes, 2: with the socket, 4: with the socket's name.", { fallback: 0 }),
  xavp_ctx: text("XAVP for the number of destinations.", { fallback: "_dsctx_" }),
  xavp_ctx_mode: int("1: does not set it.", { fallback: 0 }),
  hash_pvar: text("Text with variables that algorithm 7 hashes.", { fallback: "" }),
  setid_pvname: text("Variable for the set that ds_is_from_list() has found.", { fallback: "" }),
  attrs_pvname: text("Variable for the attributes of the destination that ds_is_from_list() has found.", {
    fallback: "",
  }),
  ds_probing_threshold: int("Failed pings in a row after which a destination is down.", { fallback: 1 }),
  ds_inactive_threshold: int("Answered pings in a row after which it is up again.", { fallback: 1 }),
  ds_ping_method: text("Method of pings.", { fallback: "OPTIONS" }),
  ds_ping_from: text("From of pings.", { fallback: "sip:dispatcher@localhost" }),
  ds_ping_interval: int("Seconds between pings; 0 for none.", { fallback: 0 }),
  ds_ping_fr_timer: int("Milliseconds to wait for a reply to a ping; 0: as tm waits.", { fallback: 0 }),
  ds_ping_fr_timeout: int("The same.", { fallback: 0 }),
  ds_ping_latency_stats: int("1: measures how long pings take.", { fallback: 0 }),
  ds_retain_latency_stats: int("1: a reload keeps what was measured.", { fallback: 0 }),
  ds_latency_estimator_alpha: int("Thousandths of the estimate that the newest ping makes.", { fallback: 100 }),
  ds_ping_reply_codes: text("Replies that count as success besides 2xx: `code=403;class=5`.", { fallback: "" }),
  ds_probing_mode: int("Who is pinged: 0 flagged ones, 1 all, 2 those that are down, 3 flagged ones only.", {
    fallback: 0,
  }),
  ds_hash_size: int("Above 0: algorithm 10 counts calls.", { fallback: 0 }),
  ds_hash_expire: int("Seconds after which a call counts no longer.", { fallback: 7200 }),
  ds_hash_initexpire: int("Seconds after which a call that was not answered counts no longer.", { fallback: 7200 }),
  ds_hash_check_interval: int("Seconds between two searches for such calls.", { fallback: 30 }),
  outbound_proxy: text("URI that pings are sent to.", { fallback: "" }),
  ds_default_socket: text("Socket of destinations that name none.", { fallback: "" }),
  ds_default_sockname: text("The same by its name.", { fallback: "" }),
  ds_ping_socket: text("Socket of pings.", { fallback: "" }),
  ds_timer_mode: int("Which timer process is used; there is one, whatever the number.", { fallback: 0 }),
  event_callback_mode: int("When event routes run: 0 at each change, 1 after pings only, 2 at the first state, too.", {
    fallback: 0,
  }),
  ds_attrs_none: int("1: destinations without attributes have `none=yes`.", { fallback: 0 }),
  ds_load_mode: int("1: a destination that cannot be used makes the whole list fail.", { fallback: 0 }),
  reload_delta: int("Seconds that have to pass between two reloads.", { fallback: 0 }),
};

/** A socket that a parameter names; a string is the problem. */
function socketOf(name: string, value: string, core: Core, byName = false): LocalSocket | string | undefined {
  if (value === "") return undefined;
  const found = byName ? core.sockets.byName(value) : core.sockets.parse(value);
  return found ?? `${name}: the server does not listen on \`${value}\``;
}

function variableOf(name: string, value: string, core: Core): VariableRef | string | undefined {
  if (value === "") return undefined;
  const found = core.variables.variable(value);
  if (typeof found === "string") return found;
  return found.set ? found : `${name}: \`${value}\` cannot be written`;
}

function settingsOf(params: Received<typeof parameters>, core: Core): Settings | string {
  const named = socketOf("ds_default_sockname", params.ds_default_sockname, core, true);
  const socket = named ?? socketOf("ds_default_socket", params.ds_default_socket, core);
  const pingSocket = socketOf("ds_ping_socket", params.ds_ping_socket, core);
  const setId = variableOf("setid_pvname", params.setid_pvname, core);
  const attributes = variableOf("attrs_pvname", params.attrs_pvname, core);
  const format = params.hash_pvar === "" ? undefined : core.variables.format(params.hash_pvar);
  for (const it of [socket, pingSocket, setId, attributes, format]) if (typeof it === "string") return it;
  const flags = Number(params.flags);
  const alpha = Number(params.ds_latency_estimator_alpha);
  const source = sourceOf(params, core);
  if (typeof source === "string") return source;
  const codes = [...params.ds_ping_reply_codes.matchAll(/\b(code|class)\s*=\s*(\d+)/gi)];
  return {
    file: params.list_file,
    source,
    forceDst: Number(params.force_dst) !== 0,
    userOnly: (flags & 1) !== 0,
    failover: (flags & 2) !== 0,
    useDefault: Number(params.use_default) !== 0,
    xavpDst: params.xavp_dst,
    xavpDstMode: Number(params.xavp_dst_mode),
    xavpCtx: params.xavp_ctx,
    xavpCtxMode: Number(params.xavp_ctx_mode),
    hashFormat: format as Exclude<typeof format, string>,
    setIdVariable: setId as Exclude<typeof setId, string>,
    attributesVariable: attributes as Exclude<typeof attributes, string>,
    probingThreshold: Number(params.ds_probing_threshold),
    inactiveThreshold: Number(params.ds_inactive_threshold),
    pingMethod: params.ds_ping_method,
    pingFrom: params.ds_ping_from,
    pingInterval: Number(params.ds_ping_interval),
    pingTimer: Number(params.ds_ping_fr_timer) || Number(params.ds_ping_fr_timeout),
    pingSocket: pingSocket as Exclude<typeof pingSocket, string>,
    pingCodes: codes
      .filter(([, kind, code]) => (kind!.toLowerCase() === "code" ? Number(code) >= 100 : Number(code) < 7))
      .map(([, , code]) => Number(code)),
    probing: Number(params.ds_probing_mode),
    latencyStats: Number(params.ds_ping_latency_stats) !== 0,
    retainLatency: Number(params.ds_retain_latency_stats) !== 0,
    latencyAlpha: alpha > 0 && alpha < 1000 ? alpha / 1000 : 0.1,
    outboundProxy: params.outbound_proxy,
    defaultSocket: socket as Exclude<typeof socket, string>,
    none: Number(params.ds_attrs_none) !== 0,
    strict: Number(params.ds_load_mode) === 1,
    reloadDelta: Number(params.reload_delta),
    loadInterval: Number(params.ds_hash_check_interval),
    showsLoad: Number(params.ds_hash_size) > 0,
    eventMode: Number(params.event_callback_mode),
  };
}

export const dispatcher = module({
  name: "dispatcher",
  doc: "Spreads requests over destinations.",
  params: parameters,
  start(params, core, old) {
    const settings = settingsOf(params, core);
    if (typeof settings === "string") return settings;
    if (settings.pingInterval > 0 && !core.loaded("tm")) return "ds_ping_interval needs the module tm";
    const { clock } = core.host;
    const seconds = (value: unknown): number => Math.max(0, Number(value)) * 1000;
    const loads = settings.showsLoad
      ? (old?.loads ?? new Loads(seconds(params.ds_hash_expire), seconds(params.ds_hash_initexpire), () => clock.now()))
      : undefined;
    const state = new Dispatcher(core, settings, loads, old?.ids ?? new Ruids("dspt", core), old);
    if (!settings.source) {
      const read = state.readFile();
      if (typeof read === "string") return read;
      state.replace(read);
    }
    exposeThresholds(state);
    return state;
  },
  async open(state) {
    const read = state.settings.source ? await state.read() : state.all;
    if (typeof read === "string") throw new Error(`dispatcher: ${read}`);
    state.replace(await state.resolve(read));
    const { pingInterval, loadInterval } = state.settings;
    if (pingInterval > 0) every(state, pingInterval, () => pingAll(state));
    if (state.loads) every(state, loadInterval, () => state.loads?.expire(state.sets));
  },
  serve: (state) => state.serve(),
  cool: (state) => state.cool(),
  async stop(state) {
    state.cool();
    await state.settings.source?.tables.close();
  },
  functions,
  variables: {
    dsv: pv({
      doc: "In the event routes: what changed the state of the destination.",
      keys: {
        code: "Status of the reply to the ping; 8xx where there was none.",
        reason: "Its reason.",
        flags: "1: there was a reply.",
        uri: "URI of the destination.",
        setid: "Its set.",
        group: "Its set.",
      },
      get(call, key, { changes }) {
        const change = changes.get(call);
        if (!change) return null;
        if (key === "setid" || key === "group") return change.set;
        return change[key] === "" ? null : change[key];
      },
    }),
  },
  commands,
  events: {
    "dispatcher:dst-down": "A destination is down; its URI is `$ru`.",
    "dispatcher:dst-up": "A destination is up again; its URI is `$ru`.",
  },
  statistics: tableStatistics("dispatcher"),
});

/** Lets cfg.set_now_int change the thresholds. */
function exposeThresholds({ core, settings }: Dispatcher): void {
  for (const [name, key, doc] of [
    ["probing_threshold", "probingThreshold", "Failed pings in a row after which a destination is down."],
    ["inactive_threshold", "inactiveThreshold", "Answered pings in a row after which it is up again."],
  ] as const)
    core.config.expose("dispatcher", name, {
      doc,
      get: () => settings[key],
      set(value) {
        if (typeof value !== "number") return false;
        settings[key] = value;
        return true;
      },
    });
}

function every(state: Dispatcher, seconds: number, work: () => void): void {
  const at = state.timers.length;
  const arm = (): void => {
    state.timers[at] = state.core.host.clock.after(Math.max(1, seconds) * 1000, () => {
      arm();
      work();
    });
  };
  arm();
}
