/** `$xavp`, `$xavi` and `$xavu` (Kamailio's pv_xavp.c). */
import type { Call } from "../../declare/call.ts";
import type { Lists } from "../../declare/lists.ts";
import type { Bound, Pv } from "../../declare/module.ts";
import type { Read, Value } from "../../declare/value.ts";
import type { Variables } from "../../declare/variable.ts";
import { intOf, intWithText, toText } from "../../declare/variables-values.ts";
import { type Xavp, XavpData, XavpList, type XavpValue } from "../../declare/xavp.ts";
import { type Index, indexNow, isProblem, joined, parseIndex } from "./binding.ts";
import { plain } from "./script-variables.ts";
import { type PvState, pv } from "./state.ts";

interface Level {
  readonly name: string;
  readonly index: Index;
}

/** `root[i]` or `root[i]=>child[j]`. */
export interface XavpPath {
  readonly root: Level;
  readonly child: Level | undefined;
}

type ListName = "xavps" | "xavis" | "xavus";

const indexed = (variableName: string, list: ListName, doc: string): Pv<PvState> =>
  pv({
    doc,
    bind: ({ inner, index }, _core, _state, variables): Bound | string => {
      if (index !== undefined) return `\`$${variableName}\` takes its indexes inside the parentheses`;
      if (inner === undefined) return `\`$${variableName}\` needs a name in parentheses`;
      const path = parseXavpPath(inner, variables);
      if (typeof path === "string") return path;
      return {
        get: (call) => readPath(call, call.lists[list], path),
        set: (call, value) => writePath(call, call.lists[list], path, value),
      };
    },
  });

export const xavpVariables: Record<string, Pv<PvState>> = {
  xavp: indexed(
    "xavp",
    "xavps",
    "A XAVP: `$xavp(root[i]=>child[j])`. Assigning without a root index makes a new root.",
  ),
  xavi: indexed("xavi", "xavis", "As `$xavp`, with names that are compared without case."),
  xavu: pv({
    doc: "A XAVU: `$xavu(root=>child)`, where each name has one value.",
    bind: ({ inner, index }): Bound | string => {
      if (index !== undefined) return "`$xavu` takes no index";
      if (inner === undefined) return "`$xavu` needs a name in parentheses";
      const name = inner.trim();
      const equals = name.indexOf("=");
      if (equals < 0) return unique(name, undefined);
      if (equals >= name.length - 2 || name[equals + 1] !== ">") return `\`$xavu(${inner})\`: expected root=>child`;
      return unique(name.slice(0, equals), name.slice(equals + 2));
    },
  }),
};

/** What stands between the parentheses of `$xavp(...)`. A string is the problem. */
export function parseXavpPath(inner: string, variables: Variables): XavpPath | string {
  const root = level(inner, 0, variables);
  if (typeof root === "string") return root;
  if (inner[root.end] !== "=") return { root: root.level, child: undefined };
  if (inner[root.end + 1] !== ">") return `\`${inner}\`: expected root=>child`;
  const child = level(inner, root.end + 2, variables);
  return typeof child === "string" ? child : { root: root.level, child: child.level };
}

const isSpace = (c: string | undefined): boolean => c === " " || c === "\t" || c === "\n" || c === "\r";

function level(text: string, from: number, variables: Variables): { level: Level; end: number } | string {
  let at = from;
  while (isSpace(text[at])) at++;
  if (at >= text.length) return `\`${text}\` lacks a name`;
  const start = at;
  while (at < text.length && text[at] !== "=" && text[at] !== "[" && !isSpace(text[at])) at++;
  const name = text.slice(start, at);
  while (isSpace(text[at])) at++;
  if (text[at] !== "[") return { level: { name, index: "none" }, end: at };
  const open = ++at;
  for (let depth = 0; at < text.length; at++) {
    if (text[at] === "]" && depth-- === 0) break;
    if (text[at] === "[") depth++;
  }
  if (at >= text.length) return `the index in \`${text}\` is not closed`;
  if (at === open) return `\`${text}\` has an empty index`;
  const index = parseIndex(text.slice(open, at), variables);
  return isProblem(index) ? index.problem : { level: { name, index }, end: at + 1 };
}

/** How a value of a XAVP reads; a list and module data show as what they are. */
export function xavpRead(value: XavpValue): Read {
  if (value instanceof XavpList) return "<<xavp:0x1>>";
  return value instanceof XavpData ? "<<data:0x1>>" : value;
}

function readPath(call: Call, list: XavpList, { root, child }: XavpPath): Read {
  const at = position(call, list, root);
  if (at === undefined) return undefined;
  const item = list.get(root.name, at === "all" ? 0 : at);
  if (!item) return null;
  if (!child) return xavpRead(item.value);
  if (!(item.value instanceof XavpList)) return null;
  const below = position(call, item.value, child);
  if (below === undefined) return undefined;
  if (below !== "all") return xavpRead(item.value.get(child.name, below)?.value ?? null);
  return readAll(item.value.all(child.name));
}

/** All values joined. The result is an integer when the last of them is one, as in Kamailio. */
function readAll(items: readonly Xavp[]): Read {
  if (items.length === 0) return null;
  const values = items.map((it) => xavpRead(it.value));
  const text = joined(values.map(toText), ", ");
  const last = intOf(values[values.length - 1]);
  return last === undefined || text === null ? text : intWithText(last, text);
}

/** An index from the end counted from the front, for reading. */
function position(call: Call, list: XavpList, { name, index }: Level): number | "all" | undefined {
  if (index === "none") return 0;
  const at = indexNow(index, call);
  return typeof at === "number" && at < 0 ? list.count(name) + at : at;
}

/** As Kamailio writes: an index from the end is off by one, `[-1]` is the place behind the last item. */
function place(call: Call, list: XavpList, { name, index }: Level): number | "all" | undefined {
  const at = indexNow(index, call);
  return typeof at === "number" && at < 0 ? list.count(name) + at + 1 : at;
}

function writePath(call: Call, list: XavpList, path: XavpPath, value: Value): boolean {
  const { root, child } = path;
  const stored = plain(value);
  if (stored === null) return erase(call, list, path);
  if (!child) {
    if (root.index === "none") {
      list.add(root.name, stored);
      return true;
    }
    const at = place(call, list, root);
    return typeof at === "number" && list.set(root.name, at, stored);
  }
  if (root.index === "none") {
    list.addList(root.name).add(child.name, stored);
    return true;
  }
  const at = place(call, list, root);
  if (at === undefined) return false;
  const item = at === "all" ? undefined : list.get(root.name, at);
  // Kamailio takes both for nothing to do.
  if (!item) return true;
  if (!(item.value instanceof XavpList)) return false;
  if (child.index === "none") {
    item.value.add(child.name, stored);
    return true;
  }
  const below = place(call, item.value, child);
  if (below === undefined) return false;
  if (below !== "all") item.value.set(child.name, below, stored);
  return true;
}

function erase(call: Call, list: XavpList, { root, child }: XavpPath): boolean {
  const at = place(call, list, root);
  if (at === undefined) return false;
  if (!child) {
    if (at === "all") list.removeAll(root.name);
    else list.remove(root.name, at);
    return true;
  }
  const items = at === "all" ? list.all(root.name) : [list.get(root.name, at)];
  for (const item of items) {
    if (!(item?.value instanceof XavpList)) continue;
    const below = place(call, item.value, child);
    if (below === undefined) return false;
    if (below === "all") item.value.removeAll(child.name);
    else item.value.remove(child.name, below);
  }
  return true;
}

function unique(root: string, child: string | undefined): Bound {
  return {
    get: ({ lists }) => {
      const item = lists.xavus.get(root);
      if (!item) return null;
      if (child === undefined) return xavpRead(item.value);
      return item.value instanceof XavpList ? xavpRead(item.value.get(child)?.value ?? null) : null;
    },
    set: ({ lists }, value) => writeUnique(lists, root, child, value),
  };
}

function writeUnique({ xavus }: Lists, root: string, child: string | undefined, value: Value): boolean {
  const stored = plain(value);
  if (stored === null) {
    if (child === undefined) xavus.removeAll(root);
    else xavus.sub(root)?.removeAll(child);
  } else if (child !== undefined) xavus.setChild(root, child, stored);
  else if (!xavus.set(root, 0, stored)) xavus.add(root, stored);
  return true;
}

/** What `$cnt($xavp(...))` gives: without an index every item counts. */
export function countXavps(call: Call, { root, child }: XavpPath): number | null {
  const { xavps } = call.lists;
  const at = countIndex(call, xavps, root);
  if (at === undefined) return null;
  const roots = at === "all" ? xavps.all(root.name) : [xavps.get(root.name, at)];
  if (!child) return roots.filter((it) => it !== undefined).length;
  let count = 0;
  for (const item of roots) {
    if (!(item?.value instanceof XavpList)) continue;
    const below = countIndex(call, item.value, child);
    if (below === undefined) return null;
    count += below === "all" ? item.value.count(child.name) : item.value.get(child.name, below) ? 1 : 0;
  }
  return count;
}

const countIndex = (call: Call, list: XavpList, level: Level): number | "all" | undefined =>
  level.index === "none" ? "all" : position(call, list, level);
