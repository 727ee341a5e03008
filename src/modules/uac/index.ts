/** uac: what a server needs to act as a user agent client. Follows Kamailio's src/modules/uac. */

import type { Core } from "../../declare/core.ts";
import { int, optional, str, text } from "../../declare/module.ts";
import type { VariableRef } from "../../declare/variable.ts";
import { tableStatistics } from "../db/tables.ts";
import type { Rr } from "../rr/state.ts";
import { authenticate } from "./auth.ts";
import { AccountTable } from "./database.ts";
import { registerCommands, registerFunctions } from "./registering.ts";
import { Registrations } from "./registrations.ts";
import { replace, restore, restoreOnRoute, type Side } from "./replace.ts";
import { draftKeys, readDraft, sendDraft, writeDraft } from "./send.ts";
import { type Credential, emptyDraft, fn, module, pv, type Uac } from "./state.ts";

const replaceFn = (side: Side) =>
  fn({
    doc: `Replaces the URI of ${side === "from" ? "From" : "To"}, and its display name when two arguments are given.`,
    in: ["request", "branch"],
    args: {
      display: str("Display name as it is to be written, empty for none; the URI when it is the only argument."),
      uri: optional(str("URI; empty leaves it as it is.")),
    },
    returns: { 1: "done", [-1]: "it has been replaced already, or the parameters forbid it" },
    run: (call, args, state) =>
      args.uri === undefined
        ? replace(call, side, undefined, args.display, state)
        : replace(call, side, args.display, args.uri, state),
  });

const restoreFn = (side: Side) =>
  fn({
    doc: `Restores what uac_replace_${side} did to an earlier request of the dialog.`,
    in: ["request"],
    args: {},
    returns: { 1: "restored", [-1]: "there is nothing to restore" },
    run: (call, _args, state) => restore(call, side, state),
  });

const AUTH = {
  1: "credentials were added",
  [-1]: "the reply is no challenge, or there are no credentials for its realm",
} as const;
const FAILED = ["failure", "event", "branch-failure"] as const;

function avp(core: Core, name: string): VariableRef | undefined | string {
  if (name === "") return undefined;
  const bound = core.variables.variable(name);
  return typeof bound === "string" || name.startsWith("$avp(") ? bound : `uac: ${name} is no AVP`;
}

function credential(value: string): Credential | undefined {
  const match = /^\s*([^:\s]+)\s*:\s*([^:\s]+)\s*:\s*(\S+)\s*$/.exec(value);
  return match ? { user: match[1]!, realm: match[2]!, password: match[3]! } : undefined;
}

export const uac = module({
  name: "uac",
  doc: "Acts as a user agent client: answers challenges, replaces From and To, sends requests.",
  needs: ["tm"],
  repeated: ["credential"],
  params: {
    rr_from_store_param: text("Parameter of Record-Route that keeps the replaced From.", { fallback: "vsf" }),
    rr_to_store_param: text("Parameter of Record-Route that keeps the replaced To.", { fallback: "vst" }),
    restore_mode: text("How replaced URIs come back: none, manual or auto.", {
      fallback: "auto",
      check: (value) =>
        /^(none|manual|auto)$/i.test(value) ? undefined : `unsupported value '${value}' for restore_mode`,
    }),
    restore_dlg: int("1: keep the URIs with the dialog. Viaduct keeps them in Record-Route.", { fallback: 0 }),
    restore_passwd: text("Password that hides the URIs in Record-Route.", { fallback: "" }),
    restore_from_avp: text("AVP that keeps the original From for replies.", { fallback: "" }),
    restore_to_avp: text("AVP that keeps the original To for replies.", { fallback: "" }),
    credential: text("`user:realm:password` for challenges.", {
      fallback: "",
      check: (value) => (credential(value) ? undefined : `parse error in <${value}>`),
    }),
    auth_username_avp: text("AVP with the user name for challenges.", { fallback: "" }),
    auth_realm_avp: text("AVP with the realm that it is for; empty for any.", { fallback: "" }),
    auth_password_avp: text("AVP with the password.", { fallback: "" }),
    default_socket: text("Socket that uac_req_send and registrations send from.", { fallback: "" }),
    reg_db_url: optional(
      text("Keeps registrations at other registrars when it is there: those of that database, if it names one."),
    ),
    reg_db_table: text("Table of the registrations.", { fallback: "uacreg" }),
    reg_contact_addr: text("Host and port of the Contact of registrations.", { fallback: "" }),
    reg_timer_interval: int("Seconds between two looks at the registrations.", { fallback: 90 }),
    reg_retry_interval: int("Seconds until one that failed is tried again; 0: never.", { fallback: 0 }),
    reg_keep_callid: int("1: a registration is renewed with the same Call-ID.", { fallback: 0 }),
    reg_random_delay: int("Most seconds of a random delay before the first REGISTER.", { fallback: 0 }),
    reg_active: int("0: no REGISTER is sent until uac.reg_active says so.", { fallback: 1 }),
    reg_gc_interval: int("Seconds that replaced records are kept in Kamailio; here they are gone at once.", {
      fallback: 150,
    }),
    reg_hash_size: int("Size of Kamailio's table; here it grows as it must.", { fallback: 4 }),
    reg_use_domain: int("1: a local user is looked for with the domain.", { fallback: 0 }),
    reload_delta: int("Seconds between two reloads from the database.", { fallback: 30 }),
  },
  start(params, core, old) {
    const fromAvp = avp(core, params.restore_from_avp);
    const toAvp = avp(core, params.restore_to_avp);
    const authUser = params.auth_username_avp === "" ? undefined : core.variables.variable(params.auth_username_avp);
    const authRealm = params.auth_realm_avp === "" ? undefined : core.variables.variable(params.auth_realm_avp);
    const authPassword =
      params.auth_password_avp === "" ? undefined : core.variables.variable(params.auth_password_avp);
    for (const it of [fromAvp, toAvp, authUser, authRealm, authPassword]) if (typeof it === "string") return it;
    const given = [authUser, authRealm, authPassword].filter((it) => it !== undefined).length;
    if (given !== 0 && given !== 3) return "uac: partial definition of auth AVP!";
    const mode = params.restore_mode.toLowerCase() as Uac["restore"];
    const rr = core.state<Rr>("rr");
    if (mode !== "none" && rr === undefined) return "uac: can't load RR API";
    const socket = params.default_socket === "" ? undefined : core.sockets.parse(params.default_socket);
    if (params.default_socket !== "" && socket === undefined)
      return `uac: no local socket for "${params.default_socket}"`;
    if (params.reg_db_url !== undefined && params.reg_contact_addr === "")
      return "uac: reg_contact_addr parameter not set";
    const accounts = params.reg_db_url ? AccountTable.open(core, params.reg_db_url, params.reg_db_table) : undefined;
    if (typeof accounts === "string") return accounts;
    const listed = params.credential as unknown as readonly string[] | string;
    const state: Uac = {
      core,
      restore: mode,
      fromParam: params.rr_from_store_param,
      toParam: params.rr_to_store_param,
      password: params.restore_passwd,
      fromAvp: fromAvp as VariableRef | undefined,
      toAvp: toAvp as VariableRef | undefined,
      // The one that was given last is looked at first.
      credentials: (typeof listed === "string" ? [listed] : listed).flatMap((it) => credential(it) ?? []).reverse(),
      authUser: authUser as VariableRef | undefined,
      authRealm: authRealm as VariableRef | undefined,
      authPassword: authPassword as VariableRef | undefined,
      defaultSocket: socket,
      draft: old?.draft ?? emptyDraft(),
      registrations:
        params.reg_db_url === undefined
          ? undefined
          : new Registrations(
              core,
              {
                contactAddress: params.reg_contact_addr,
                interval: Number(params.reg_timer_interval),
                retry: Number(params.reg_retry_interval),
                keepCallId: Number(params.reg_keep_callid) !== 0,
                randomDelay: Number(params.reg_random_delay),
                useDomain: Number(params.reg_use_domain) !== 0,
                socket,
                table: accounts,
                reloadDelta: Number(params.reload_delta),
              },
              Number(params.reg_active) !== 0,
              old?.registrations,
            ),
    };
    if (mode === "auto") rr!.onLooseRoute.push((call) => restoreOnRoute(call, state));
    return state;
  },
  open: (state) => state.registrations?.open(),
  cool: (state) => state.registrations?.stop(),
  stop: (state) => state.registrations?.close(),
  functions: {
    ...registerFunctions,
    uac_replace_from: replaceFn("from"),
    uac_replace_to: replaceFn("to"),
    uac_restore_from: restoreFn("from"),
    uac_restore_to: restoreFn("to"),
    uac_auth: fn({
      doc: "Answers the challenge of the winning reply: adds credentials, so that t_relay tries again.",
      in: FAILED,
      args: { mode: int("1: the password is the HA1.", { fallback: 0 }) },
      returns: AUTH,
      run: (call, args, state) => authenticate(call, Number(args.mode), state),
    }),
    uac_auth_mode: fn({
      doc: "As uac_auth.",
      in: FAILED,
      args: { mode: int("1: the password is the HA1.") },
      returns: AUTH,
      run: (call, args, state) => authenticate(call, Number(args.mode), state),
    }),
    uac_req_send: fn({
      doc: "Sends the request that $uac_req(…) describes.",
      in: "any",
      args: {},
      waits: true,
      returns: { 1: "it was sent", [-1]: "method or ruri is missing, or it could not be sent" },
      run: (call, _args, state) => sendDraft(call, state),
    }),
  },
  variables: {
    uac_req: pv({
      doc: "The request that uac_req_send sends.",
      keys: draftKeys,
      get: (_call, key, state) => readDraft(state, key),
      set: (_call, key, value, state) => writeDraft(state, key, value),
    }),
  },
  commands: registerCommands,
  events: { "uac:reply": "The final reply to a request of uac_req_send, when $uac_req(evroute) is set." },
  statistics: {
    ...tableStatistics("uac"),
    "uac.regtotal": "Registrations that are kept.",
    "uac.regactive": "Registrations that stand.",
    "uac.regdisabled": "Registrations that are turned off.",
  },
});
