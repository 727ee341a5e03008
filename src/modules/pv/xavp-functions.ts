/** Functions on XAVPs, XAVUs and XAVIs: taking lists apart, putting them together, setting and removing. */
import type { Call } from "../../declare/call.ts";
import { LogLevel } from "../../declare/core.ts";
import { type Fn, int, optional, str, text } from "../../declare/module.ts";
import { leadingVariable } from "../../declare/variables-text.ts";
import { toText } from "../../declare/variables-values.ts";
import { XavpList } from "../../declare/xavp.ts";
import { fn, type PvState } from "./state.ts";
import { trim } from "./transformations/class.ts";
import { parseParamList } from "./transformations/param-list.ts";
import { xavpRead } from "./xavp.ts";

type ListName = "xavps" | "xavis" | "xavus";

const root = str("Name of the root.");

/** Writes a list and its children to the log, one line each. */
function print(call: Call, list: XavpList, name: string, level = 0): void {
  const { log } = call.core;
  log.write(LogLevel.info, `+++++ start ${name} list (level=${level})`);
  for (const it of list.items) {
    if (it.value instanceof XavpList) {
      log.write(LogLevel.info, `     ${name} name: ${it.name}, value: a list`);
      print(call, it.value, name, level + 1);
    } else
      log.write(
        LogLevel.info,
        `     ${name} name: ${it.name}, value: ${it.value === null ? "<null>" : toText(xavpRead(it.value))}`,
      );
  }
  log.write(LogLevel.info, `----- end ${name} list (level=${level})`);
}

const printing = (list: ListName, name: string): Fn<PvState> =>
  fn({
    doc: `Writes all ${name}s to the log at level INFO.`,
    in: "any",
    args: {},
    returns: { 1: "done" },
    run: (call): 1 => {
      print(call, call.lists[list], name);
      return 1;
    },
  });

/** The parameters of a list as Kamailio's explode functions read them; undefined when there are none. */
function explode(
  params: string,
  separator: string,
): readonly { readonly name: string; readonly body: string }[] | undefined {
  const list = parseParamList(params.endsWith(";") ? params.slice(0, -1) : params, separator);
  return list && list.length > 0 ? list : undefined;
}

function explodeTo(call: Call, list: ListName, params: string, separator: string, name: string): 1 | -1 {
  const parsed = params === "" || name === "" || separator === "" ? undefined : explode(params, separator[0]!);
  if (!parsed || parsed.some((it) => it.name === "")) return -1;
  const target = call.lists[list];
  if (list === "xavus") target.removeAll(name);
  const children = target.addList(name);
  for (const it of [...parsed].reverse()) {
    if (list === "xavus") children.removeAll(it.name);
    children.add(it.name, it.body);
  }
  return 1;
}

const EXPLODED = { 1: "done", [-1]: "the list is empty or malformed" };
const IMPLODED = { 1: "done", [-1]: "there is no such root, it has no children, or the variable cannot be assigned" };

const imploding = (list: ListName, quote: string, doc: string): Fn<PvState> =>
  fn({
    doc,
    in: "any",
    args: { root, target: text("The variable that gets the list, looked up when the function is called.") },
    returns: IMPLODED,
    run: (call, args) => {
      let out = "";
      for (const it of call.lists[list].sub(args.root)?.items ?? []) {
        if (typeof it.value === "string")
          out += it.value === "" ? `${it.name};` : `${it.name}=${quote}${it.value}${quote};`;
        else if (typeof it.value === "number" || typeof it.value === "bigint")
          out += `${it.name}=${BigInt.asUintN(64, BigInt(it.value))};`;
      }
      const target = call.core.variables.variable(leadingVariable(args.target));
      return out !== "" && typeof target !== "string" && target.set?.(call, out) ? 1 : -1;
    },
  });

const child = str("Name of the child.");

/** The functions that XAVPs and XAVIs have alike. */
const setters = (prefix: "xavp" | "xavi", list: "xavps" | "xavis"): Record<string, Fn<PvState>> => ({
  [`${prefix}_child_seti`]: fn({
    doc: "Sets a child of the first root of that name to an integer, making both as needed.",
    in: "any",
    args: { root, child, value: int("The integer.") },
    returns: { 1: "done" },
    run: (call, args): 1 => {
      call.lists[list].setChild(args.root, args.child, args.value);
      return 1;
    },
  }),
  [`${prefix}_child_sets`]: fn({
    doc: "Sets a child of the first root of that name to a text, making both as needed.",
    in: "any",
    args: { root, child, value: str("The text.") },
    returns: { 1: "done" },
    run: (call, args): 1 => {
      call.lists[list].setChild(args.root, args.child, args.value);
      return 1;
    },
  }),
  [`${prefix}_rm`]: fn({
    doc: "Removes the first root of that name.",
    in: "any",
    args: { root },
    returns: { 1: "done, also when there is none" },
    run: (call, args): 1 => {
      call.lists[list].remove(args.root);
      return 1;
    },
  }),
  [`${prefix}_rm_all`]: fn({
    doc: "Removes every root of that name.",
    in: "any",
    args: { root },
    returns: { 1: "done, also when there is none" },
    run: (call, args): 1 => {
      call.lists[list].removeAll(args.root);
      return 1;
    },
  }),
  [`${prefix}_child_rm`]: fn({
    doc: "Removes the first child of that name from the first root.",
    in: "any",
    args: { root, child },
    returns: { 1: "done, also when there is none" },
    run: (call, args): 1 => {
      call.lists[list].sub(args.root)?.remove(args.child);
      return 1;
    },
  }),
});

/** Copies one level; lists inside the list and module data are left out. Undefined when nothing remains. */
function copyLevel(value: XavpList, caseless: boolean): XavpList | undefined {
  const copy = new XavpList(caseless);
  for (const it of [...value.items].reverse())
    if (!(it.value instanceof XavpList) && (typeof it.value !== "object" || it.value === null))
      copy.add(it.name, it.value);
  return copy.items.length > 0 ? copy : undefined;
}

export const xavpFunctions: Record<string, Fn<PvState>> = {
  pv_xavp_print: printing("xavps", "XAVP"),
  pv_xavu_print: printing("xavus", "XAVU"),
  pv_xavi_print: printing("xavis", "XAVI"),
  ...setters("xavp", "xavps"),
  ...setters("xavi", "xavis"),
  xavp_params_explode: fn({
    doc: "Makes a XAVP of a list `name=value;name=value`.",
    in: "any",
    args: { params: str("The list."), root },
    returns: EXPLODED,
    run: (call, args) => explodeTo(call, "xavps", args.params, ";", args.root),
  }),
  xavp_xparams_explode: fn({
    doc: "Makes a XAVP of a list with another separator.",
    in: "any",
    args: { params: str("The list."), separator: str("The separator, one character."), root },
    returns: EXPLODED,
    run: (call, args) => explodeTo(call, "xavps", args.params, args.separator, args.root),
  }),
  xavu_params_explode: fn({
    doc: "Makes a XAVU of a list `name=value;name=value`.",
    in: "any",
    args: { params: str("The list."), root },
    returns: EXPLODED,
    run: (call, args) => explodeTo(call, "xavus", args.params, ";", args.root),
  }),
  xavp_params_implode: imploding("xavps", "", "Makes a list `name=value;` of the first root's children."),
  xavp_params_implode_qval: imploding("xavps", '"', 'Makes a list `name="value";` of the first root\'s children.'),
  xavu_params_implode: imploding("xavus", "", "Makes a list `name=value;` of the root's children."),
  xavp_slist_explode: fn({
    doc: "Makes a XAVP whose children `v` are the parts of a text.",
    in: "any",
    args: {
      list: str("The text."),
      separators: str("Characters that separate its parts."),
      mode: str("`t` takes white space off the parts."),
      root,
    },
    returns: { 1: "done", [-1]: "the text, the separators or the name is empty" },
    run: (call, { list, separators, mode, root: name }) => {
      if (list === "" || separators === "" || name === "") return -1;
      const children = call.lists.xavps.addList(name);
      const parts: string[] = [];
      let start = 0;
      for (let i = 0; i <= list.length; i++)
        if (i === list.length || separators.includes(list[i]!)) {
          const part = list.slice(start, i);
          parts.push(mode.startsWith("t") ? trim(part) : part);
          start = i + 1;
        }
      for (const part of parts.reverse()) if (part !== "") children.add("v", part);
      return 1;
    },
  }),
  xavp_copy: fn({
    doc: "Copies a root with its children, behind the last of the new name or in place of one.",
    in: "any",
    args: {
      source: str("Name of the root to copy.", { single: true }),
      index: int("Which of that name."),
      target: str("Name of the copy.", { single: true }),
      at: optional(int("Which of the new name the copy replaces.")),
    },
    returns: { 1: "done", [-1]: "there is nothing to copy or to replace" },
    run: (call, { source, index, target, at }) => {
      const { xavps } = call.lists;
      const item = xavps.get(source, Number(index));
      const value = item?.value instanceof XavpList ? copyLevel(item.value, false) : item?.value;
      if (!item || value === undefined || (typeof value === "object" && value !== null && !(value instanceof XavpList)))
        return -1;
      if (at === undefined) {
        xavps.addLast(target, value);
        return 1;
      }
      return xavps.set(target, Number(at), value) ? 1 : -1;
    },
  }),
  xavp_lshift: fn({
    doc: "Turns the roots of a name around so that the n-th comes first.",
    in: "any",
    args: { root, shift: int("How far, from the end when it is negative.") },
    returns: { 1: "done, or nothing to do", [-2]: "there is no root of that name" },
    run: (call, args) => (call.lists.xavps.rotate(args.root, Number(args.shift)) === "none" ? -2 : 1),
  }),
  xavp_push_dst: fn({
    doc: "Takes the children `uri`, `dsturi` and `socket` of the first root as the request's destination.",
    in: ["request", "branch", "failure"],
    args: { root },
    returns: { 1: "done", [-1]: "there is no such root with children" },
    run: ({ msg, lists, core }, args) => {
      const list = lists.xavps.sub(args.root);
      if (!list) return -1;
      const value = (name: string): string | undefined => {
        const it = list.get(name)?.value;
        return typeof it === "string" ? it : undefined;
      };
      const uri = value("uri");
      if (uri !== undefined) msg.newUri = uri;
      const dstUri = value("dsturi");
      if (dstUri !== undefined) msg.dstUri = dstUri;
      const socket = value("socket");
      const found = socket === undefined ? undefined : core.sockets.parse(socket);
      if (found) msg.forceSendSocket = found;
      return 1;
    },
  }),
};
