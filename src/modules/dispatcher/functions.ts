/** Script functions of module dispatcher. */
import type { Call } from "../../declare/call.ts";
import { type Fn, int, str, text } from "../../declare/module.ts";
import { after } from "../../declare/value.ts";
import { parseStates, update } from "./changes.ts";
import { Flag, isDown } from "./destination.ts";
import { isFromList } from "./from-list.ts";
import { select, selecting, selectRoutes, showCount, type Target, useListed } from "./select.ts";
import { type Dispatcher, fn, Probing } from "./state.ts";

const routing = ["request", "failure"] as const;
const set = int("Id of the set.");
const SELECTED = {
  1: "chosen",
  2: "chosen, but there is no room for all branches",
  [-1]: "there is no such set, or none of it can be used",
} as const;
const SET = { 1: "set", [-1]: "there is none left" } as const;
const DONE = { 1: "done", [-1]: "there is no such destination" } as const;
const YES = { 1: "yes", [-1]: "no" } as const;

const selector = (doc: string, target: Target): Fn<Dispatcher> =>
  fn({
    doc,
    in: target === "list" ? "any" : routing,
    args: {
      set,
      algorithm: int("Number of the algorithm."),
      limit: int("The most destinations to keep for failover; 0 for all.", { fallback: 0 }),
    },
    returns: SELECTED,
    run(call, { set, algorithm, limit }, state) {
      const progress = selecting(Number(limit));
      const selected = select(call, { set: Number(set), algorithm: Number(algorithm), target }, progress, state);
      if (selected > 0) showCount(call, progress, state);
      return selected;
    },
  });

const listed = (doc: string, next: boolean, target: Target): Fn<Dispatcher> =>
  fn({ doc, in: routing, args: {}, returns: SET, run: (call, _args, state) => useListed(call, next, target, state) });

/** Sets the state of a destination for good, and tells event routes. */
function mark({ msg, lists }: Call, setId: number, uri: string, flags: number, state: Dispatcher): 1 | -1 {
  const found = state.sets.get(setId);
  const it = found?.find(uri);
  if (!found || !it) return -1;
  const change = msg.isRequest
    ? { code: 820, reason: "", flags: 0, uri, set: setId }
    : { code: msg.status, reason: msg.reason, flags: 1, uri, set: setId };
  update(found, it, { state: flags, forced: true, change, lists }, state);
  return 1;
}

/** Marks the destination that is in use. */
function markCurrent(call: Call, flags: number, state: Dispatcher): 1 | -1 {
  const { failover, xavpDst } = state.settings;
  const fields = failover && xavpDst !== "" ? call.lists.xavps.sub(xavpDst) : undefined;
  const setId = fields?.get("grp")?.value;
  const uri = fields?.get("uri")?.value;
  return typeof setId === "number" && typeof uri === "string" ? mark(call, setId, uri, flags, state) : -1;
}

const TARGETS: Readonly<Record<string, Target>> = {
  "0": "dst",
  d: "dst",
  "1": "domain",
  r: "domain",
  "2": "list",
  x: "list",
};

const exists: Fn<Dispatcher> = fn({
  doc: "Whether there is such a set.",
  in: "any",
  args: { set },
  returns: YES,
  run: (_call, { set }, state) => (state.sets.has(Number(set)) ? 1 : -1),
});

export const functions: Readonly<Record<string, Fn<Dispatcher>>> = {
  ds_select: selector("Chooses destinations, and keeps them for ds_next_dst() and its kin.", "list"),
  ds_select_dst: selector("Chooses the next hop, and keeps others for failover.", "dst"),
  ds_select_domain: selector("Chooses the host of the Request-URI, and keeps others for failover.", "domain"),
  ds_select_routes: fn({
    doc: "Chooses from several sets, one behind the other.",
    in: routing,
    args: {
      rules: str("`SET=ALGORITHM;…`"),
      mode: str("d next hop, r host of the Request-URI, x neither."),
      limit: int("The most destinations to keep for failover; 0 for all.", { fallback: 0 }),
    },
    returns: SELECTED,
    run(call, { rules, mode, limit }, state) {
      const target = TARGETS[mode.slice(0, 1).toLowerCase()];
      return target === undefined ? -1 : selectRoutes(call, rules, target, Number(limit), state);
    },
  }),
  ds_next_dst: listed("Takes the next destination as next hop.", true, "dst"),
  ds_next_domain: listed("Takes the next destination as host of the Request-URI.", true, "domain"),
  ds_set_dst: listed("Takes the current destination as next hop.", false, "dst"),
  ds_set_domain: listed("Takes the current destination as host of the Request-URI.", false, "domain"),
  ds_mark_dst: fn({
    doc: "Sets the state of the destination that is in use: inactive unless said otherwise.",
    in: ["request", "failure", "onreply"],
    args: { state: text("Letters: a active, i inactive, t trying, d disabled, p to be pinged.", { fallback: "" }) },
    returns: DONE,
    run(call, args, state) {
      const inactive = Flag.inactive | (state.settings.probing === Probing.all ? Flag.probing : 0);
      const flags = args.state === "" ? inactive : parseStates(args.state);
      return flags === undefined ? -1 : markCurrent(call, flags, state);
    },
  }),
  ds_mark_addr: fn({
    doc: "Sets the state of a destination.",
    in: "any",
    args: { state: str("Letters, as for ds_mark_dst()."), set, uri: str("URI of the destination.") },
    returns: DONE,
    run(call, args, state) {
      const flags = parseStates(args.state);
      return flags === undefined ? -1 : mark(call, Number(args.set), args.uri, flags, state);
    },
  }),
  ds_is_from_list: fn({
    doc: "Whether the sender, or the host of a URI, is a destination.",
    in: "any",
    args: {
      set: int("Id of the set; -1 for any.", { fallback: -1 }),
      mode: int("1 any port, 2 any protocol, 4 only active ones, 8 the same socket, 16 the best match.", {
        optional: true,
      }),
      uri: str("SIP URI in place of the sender.", { fallback: "" }),
    },
    returns: { ...YES, [-2]: "setid_pvname cannot be written", [-3]: "attrs_pvname cannot be written" },
    run: (call, { set, mode, uri }, state) => isFromList(call, Number(set), Number(mode ?? 2), uri, state),
  }),
  ds_list_exist: exists,
  ds_list_exists: exists,
  ds_is_active: fn({
    doc: "Whether a set has a destination that is up, or whether the given one is.",
    in: "any",
    args: { set, uri: str("URI of the destination.", { fallback: "" }) },
    returns: YES,
    run: (_call, { set, uri }, { sets }) =>
      sets.get(Number(set))?.list.some((it) => !isDown(it.flags) && (uri === "" || it.uri === uri)) ? 1 : -1,
  }),
  ds_load_update: fn({
    doc: "Algorithm 10: a BYE or CANCEL ends the call, a 2xx to its INVITE says that it was answered.",
    in: "any",
    args: {},
    returns: { 1: "done" },
    run({ msg }, _args, { loads, sets }): 1 {
      if (msg.isRequest) {
        if (msg.method === "BYE" || msg.method === "CANCEL") loads?.remove(msg.callId, sets);
      } else if (msg.cseqMethod === "INVITE" && msg.status >= 200 && msg.status < 300) loads?.answered(msg.callId);
      return 1;
    },
  }),
  ds_load_unset: fn({
    doc: "Algorithm 10: the call counts no longer.",
    in: "any",
    args: {},
    returns: { 1: "done, or nothing was counted", [-1]: "the call is not known" },
    run({ msg, lists }, _args, { loads, sets, settings }) {
      if (settings.xavpDst === "") return 1;
      if (msg.method === "INVITE" && !lists.xavps.sub(settings.xavpDst)?.get("dstid")) return 1;
      return loads?.remove(msg.callId, sets) ? 1 : -1;
    },
  }),
  ds_reload: fn({
    doc: "Reads the list file, or the table, anew.",
    in: "any",
    args: {},
    returns: { 1: "done", [-1]: "they cannot be read, or were read too short a time ago" },
    waits: true,
    run: (_call, _args, state) => after(state.reload(), (done) => (done ? 1 : -1)),
  }),
};
