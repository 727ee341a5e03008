/** Branches of the request: `$branch(...)`, `$br`, `$bR`, `$ds`, and the static branch `$sbranch(...)` with its functions (Kamailio's pv_branch.c). */
import type { Call } from "../../declare/call.ts";
import type { Bound, Fn, Pv, PvText } from "../../declare/module.ts";
import type { Read, Value } from "../../declare/value.ts";
import type { Variables } from "../../declare/variable.ts";
import { intOf } from "../../declare/variables-values.ts";
import { type Branch, branchTo } from "../../sip/message.ts";
import { qText, redirectContacts } from "../../sip/redirect.ts";
import { indexNow, isProblem, parseIndex } from "./binding.ts";
import { socketAddress } from "./network.ts";
import { fn, type PvState, pv } from "./state.ts";
import { textOf } from "./uri.ts";

const KEYS: Readonly<Record<string, string>> = {
  uri: "its Request-URI; assigning null or the empty text removes the branch",
  dst_uri: "where it is sent",
  path: "its path",
  q: "its q value times 1000",
  send_socket: "the socket it is sent from",
  count: "how many branches there are",
  flags: "its flags",
  ruid: "its registration's id",
  location_ua: "its registration's User-Agent",
  instance: "its registration's instance",
};

const keyOf = ({ inner }: PvText, variable: string): string | { readonly problem: string } => {
  const key = inner === "Q" ? "q" : inner;
  if (key === undefined || !Object.hasOwn(KEYS, key))
    return { problem: `\`$${variable}(${inner ?? ""})\`: it may be ${Object.keys(KEYS).join(", ")}` };
  return key;
};

function readBranch(it: Branch, key: string, count: number): Read {
  if (key === "count") return count;
  if (it.uri === "") return null;
  switch (key) {
    case "uri":
      return it.uri;
    case "dst_uri":
      return it.dstUri || null;
    case "path":
      return it.path || null;
    case "q":
      return it.q < 0 ? null : it.q;
    case "send_socket":
      return it.socket ? socketAddress(it.socket) : null;
    case "flags":
      return it.flags >>> 0;
    case "ruid":
      return it.ruid || null;
    case "location_ua":
      return it.locationUa || null;
    default:
      return it.instance || null;
  }
}

/** False when the value does not fit the attribute. What cannot be changed stays as it is, which is no failure. */
function writeBranch(call: Call, it: Branch, key: string, value: Value, read: boolean, remove: () => void): boolean {
  const text = value === null ? "" : textOf(value, read);
  const int = value === null ? undefined : intOf(value);
  switch (key) {
    case "uri":
      if (text === undefined) return false;
      if (text === "") remove();
      else it.uri = text;
      return true;
    case "dst_uri":
      if (text !== undefined) it.dstUri = text;
      return text !== undefined;
    case "path":
      if (text !== undefined) it.path = text;
      return text !== undefined;
    case "send_socket":
      if (text !== undefined) it.socket = text === "" ? undefined : call.core.sockets.parse(text);
      return text !== undefined;
    case "q":
      if (value !== null && int === undefined) return false;
      it.q = int === undefined ? -1 : Number(int);
      return true;
    case "flags":
      if (value !== null && int === undefined) return false;
      it.flags = int === undefined ? 0 : Number(int) | 0;
      return true;
    default:
      return true;
  }
}

export const branchVariables: Record<string, Pv<PvState>> = {
  branch: pv({
    doc: "An attribute of an additional branch: `$(branch(uri)[n])`, from the end with a negative index.",
    keys: KEYS,
    bind: (text, _core, _state, variables): Bound | string => {
      const key = keyOf(text, "branch");
      return typeof key === "string" ? bindBranch(text, key, variables) : key.problem;
    },
  }),
  sbranch: pv({
    doc: "An attribute of the static branch, which sbranch_set_ruri() and sbranch_append() use.",
    keys: KEYS,
    bind: (text, _core, state): Bound | string => {
      const key = keyOf(text, "sbranch");
      if (typeof key !== "string") return key.problem;
      if (text.index !== undefined) return "`$sbranch` takes no index";
      return {
        get: ({ msg }) => readBranch(state().staticBranch, key, msg.branches.length),
        set: (call, value, read) =>
          writeBranch(call, state().staticBranch, key, value, read === true, () => {
            state().staticBranch = branchTo("");
          }),
      };
    },
  }),
  br: pv({
    doc: "Request-URI of the first additional branch; assigning appends one.",
    get: ({ msg }) => (msg.isRequest ? (msg.branches[0]?.uri ?? null) : null),
    set: ({ msg }, _key, value, _state, read) => {
      const uri = textOf(value, read === true);
      if (!uri) return false;
      msg.addBranch({ ...branchTo(uri), socket: msg.forceSendSocket });
      return true;
    },
  }),
  bR: pv({
    doc: "Request-URIs of all additional branches.",
    get: ({ msg }) =>
      msg.isRequest && msg.branches.length > 0
        ? msg.branches.map(({ uri, q }) => (q < 0 ? uri : `<${uri}>;q=${qText(q)}`)).join(", ")
        : null,
  }),
  ds: pv({
    doc: "The destination set as a Contact field: the Request-URI when it was changed, and the branches.",
    get: ({ msg }) => redirectContacts(msg).slice(0, -2) || null,
  }),
};

function bindBranch(text: PvText, key: string, variables: Variables): Bound | string {
  const index = parseIndex(text.index, variables);
  if (isProblem(index)) return index.problem;
  const find = (call: Call): number => {
    const at = indexNow(index, call);
    if (at === undefined) return -1;
    const { length } = call.msg.branches;
    const found = at === "all" ? 0 : at < 0 ? length + at : at;
    return found < length ? found : -1;
  };
  return {
    get: (call) => {
      const { branches } = call.msg;
      const it = branches[find(call)];
      return it ? readBranch(it, key, branches.length) : null;
    },
    set: (call, value, read) => {
      const at = find(call);
      const { msg } = call;
      const it = msg.branches[at];
      return it !== undefined && writeBranch(call, it, key, value, read === true, () => msg.removeBranch(at));
    },
  };
}

export const branchFunctions: Record<string, Fn<PvState>> = {
  sbranch_set_ruri: fn({
    doc: "Makes the attributes of `$sbranch` those of the request itself.",
    in: "any",
    args: {},
    returns: { 1: "done", [-1]: "the static branch has no URI" },
    run: ({ msg }, _args, { staticBranch: it }) => {
      if (it.uri === "") return -1;
      msg.newUri = it.uri;
      msg.dstUri = it.dstUri || null;
      msg.path = it.path || null;
      msg.instance = it.instance || undefined;
      msg.ruid = it.ruid || undefined;
      msg.locationUa = it.locationUa || undefined;
      if (it.socket) msg.forceSendSocket = it.socket;
      msg.q = it.q;
      msg.branchFlags = it.flags;
      return 1;
    },
  }),
  sbranch_append: fn({
    doc: "Appends a branch with the attributes of `$sbranch`.",
    in: "any",
    args: {},
    returns: { 1: "done", [-1]: "the static branch has no URI" },
    run: ({ msg }, _args, { staticBranch: it }) => {
      if (it.uri === "") return -1;
      msg.addBranch({ ...it });
      return 1;
    },
  }),
  sbranch_reset: fn({
    doc: "Empties `$sbranch`.",
    in: "any",
    args: {},
    returns: { 1: "done" },
    run: (_call, _args, state): 1 => {
      state.staticBranch = branchTo("");
      return 1;
    },
  }),
};
