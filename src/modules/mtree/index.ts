/** mtree: trees of prefixes in memory, for routing by the beginning of a number. Follows Kamailio's src/modules/mtree. */
import type { Call } from "../../declare/call.ts";
import type { Core } from "../../declare/core.ts";
import { int, str, text } from "../../declare/module.ts";
import type { VariableRef } from "../../declare/variable.ts";
import { splitParams } from "../../sip/compare.ts";
import { DEFAULT_URL, Tables, tableStatistics } from "../db/tables.ts";
import { commands, reload } from "./commands.ts";
import { fn, type Mtree, module } from "./state.ts";
import { type Specification, TreeType } from "./tree.ts";

const AVP = /^\$avp\((?:s:)?([^()]+)\)$/;
const MOST_COLUMNS = 8;

/** `name=t;dbtable=routes;type=0;multi=0;mode=0;cols='prefix,value'`. A string is the problem. */
function parseTree(written: string): Specification | string {
  const fields = new Map(
    splitParams(written.replace(/;$/, "")).map((it) => [
      it.name.toLowerCase(),
      it.value.replace(/^(['"])(.*)\1$/, "$2"),
    ]),
  );
  const number = (name: string): number => Number.parseInt(fields.get(name) ?? "0", 10) || 0;
  const name = fields.get("name") ?? "";
  const table = fields.get("dbtable") ?? "";
  const columns = (fields.get("cols") ?? "").split(",").filter((it) => it !== "");
  if (name === "") return `the tree \`${written}\` has no name`;
  if (number("mode") === 0 && table === "") return `the tree \`${name}\` has no dbtable`;
  if (![0, 1, 2].includes(number("type"))) return `the type of the tree \`${name}\` is 0, 1 or 2`;
  if (![0, 1].includes(number("multi"))) return `multi of the tree \`${name}\` is 0 or 1`;
  if (columns.length === 1 || columns.length > MOST_COLUMNS)
    return `the tree \`${name}\` has 2 to ${MOST_COLUMNS} columns`;
  return { name, type: number("type"), stored: number("mode") !== 1, table, columns, multi: number("multi") === 1 };
}

/** `:tree:prefix:value`, the first character being what separates. A string is the problem. */
function parseItem(written: string): Mtree["items"][number] | string {
  const [, tree = "", prefix = "", ...value] = written.split(written[0] ?? ":");
  if (written.length < 5 || tree.trim() === "" || prefix === "" || value.length === 0)
    return `the item \`${written}\` is not :tree:prefix:value`;
  return { tree: tree.trim(), prefix, value: value.join(written[0]) };
}

function writable(name: string, core: Core): VariableRef | string {
  const found = core.variables.variable(name);
  return typeof found === "string" ? found : found.set ? found : `\`${name}\` cannot be written`;
}

/** Kamailio hands a number over in a way in which every variable takes it for a text of no characters. */
const setNumber = (call: Call, target: VariableRef): boolean => target.set?.(call, "") !== false;

function match(call: Call, name: string, wanted: string, mode: number, { trees, outputs }: Mtree): 1 | -1 {
  const tree = trees.get(name)?.tree;
  if (!tree) return -1;
  const { avps } = call.lists;
  if (tree.specification.type === TreeType.weighted) {
    const found = tree.pairs(wanted);
    if (!found) return -1;
    for (const { id, weight } of found.pairs) {
      avps.push(outputs.weight, weight);
      avps.push(outputs.id, id);
    }
    return setNumber(call, outputs.count) ? 1 : -1;
  }
  if (mode === 2) avps.clear(outputs.values);
  const found = tree.prefixes(wanted);
  if (!found || found.length === 0) return -1;
  if (mode === 2) {
    for (const { values } of found) for (const value of values) avps.push(outputs.values, value);
    return 1;
  }
  const value = found.at(-1)!.values[0]!;
  const done = typeof value === "number" ? setNumber(call, outputs.value) : outputs.value.set?.(call, value) !== false;
  return done ? 1 : -1;
}

export const mtree = module({
  name: "mtree",
  doc: "Trees of prefixes in memory, each with values: routing by the beginning of a number.",
  params: {
    mtree: text("A tree: `name=t;dbtable=routes;type=0;multi=0;mode=0;cols='prefix,value'`.", { optional: true }),
    item: text("An item of a tree with mode=1: `:tree:prefix:value`.", { optional: true }),
    db_url: text("The database.", { fallback: DEFAULT_URL }),
    db_table: text("Table with all trees, when the script names none.", { fallback: "" }),
    tname_column: text("Column with the name of the tree.", { fallback: "tname" }),
    tprefix_column: text("Column with the prefix.", { fallback: "tprefix" }),
    tvalue_column: text("Column with the value.", { fallback: "tvalue" }),
    char_list: text("The characters that prefixes may have.", {
      fallback: "0123456789",
      check: (it) => (it === "" ? "it is empty" : undefined),
    }),
    fetch_rows: int("Rows that are fetched at once in Kamailio; here all are.", { fallback: 1000 }),
    connect_mode: int("1: the database is connected to when it is needed; here it always is.", { fallback: 0 }),
    pv_value: text("Variable for the value of the longest prefix.", { fallback: "$avp(s:tvalue)" }),
    pv_values: text("AVP for the values of all prefixes.", { fallback: "$avp(s:tvalues)" }),
    pv_dstid: text("AVP for the ids of a tree of type 1.", { fallback: "$avp(s:tdstid)" }),
    pv_weight: text("AVP for their weights.", { fallback: "$avp(s:tweight)" }),
    pv_count: text("Variable that is set to a text of no characters with them.", { fallback: "$avp(s:tcount)" }),
    mt_tree_type: int("Type of the trees of db_table: 0 text, 1 ids and weights, 2 integers.", { fallback: 0 }),
    mt_ignore_duplicates: int("1: a prefix that is there already is passed over.", { fallback: 0 }),
    mt_allow_duplicates: int("1: a prefix may have several values.", { fallback: 0 }),
  },
  repeated: ["mtree", "item"],
  start(params, core) {
    const lists = params as unknown as { readonly mtree?: readonly string[]; readonly item?: readonly string[] };
    const specifications: Specification[] = [];
    for (const it of lists.mtree ?? []) {
      const tree = parseTree(it);
      if (typeof tree === "string") return tree;
      if (specifications.some(({ name }) => name === tree.name)) return `there are two trees ${tree.name}`;
      specifications.push(tree);
    }
    if (specifications.length === 0 && params.db_table === "") return "neither mtree nor db_table is set";
    const items: Mtree["items"][number][] = [];
    for (const it of lists.item ?? []) {
      const item = parseItem(it);
      if (typeof item === "string") return item;
      if (!specifications.some(({ name }) => name === item.tree)) return `the item \`${it}\` is of no tree`;
      items.push(item);
    }
    const tables = Tables.open(core, "mtree", params.db_url);
    const value = writable(params.pv_value, core);
    const count = writable(params.pv_count, core);
    for (const it of [tables, value, count]) if (typeof it === "string") return it;
    const names = [params.pv_values, params.pv_dstid, params.pv_weight].map((it) => AVP.exec(it)?.[1]);
    const [values, id, weight] = names;
    if (values === undefined || id === undefined || weight === undefined)
      return "pv_values, pv_dstid and pv_weight are AVPs";
    return {
      core,
      tables: tables as Tables,
      rules: {
        characters: params.char_list,
        ignoresDuplicates: Number(params.mt_ignore_duplicates) !== 0,
        allowsDuplicates: Number(params.mt_allow_duplicates) !== 0,
      },
      specifications,
      items,
      table: params.db_table,
      type: Number(params.mt_tree_type),
      columns: { name: params.tname_column, prefix: params.tprefix_column, value: params.tvalue_column },
      outputs: { value: value as VariableRef, count: count as VariableRef, values, id, weight },
      trees: new Map(),
    };
  },
  async open(state) {
    const problem = await reload(state);
    if (problem !== undefined) throw new Error(`mtree: ${problem}`);
  },
  stop: ({ tables }) => tables.close(),
  functions: {
    mt_match: fn({
      doc: "Looks for the prefixes that a text begins with.",
      in: ["request", "failure", "branch", "onreply"],
      args: {
        tree: str("Name of the tree."),
        text: str("The text."),
        mode: int("2: the values of all prefixes; else that of the longest."),
      },
      returns: { 1: "found", [-1]: "there is none, or no such tree" },
      run: (call, { tree, text, mode }, state) => match(call, tree, text, Number(mode), state),
    }),
  },
  variables: {},
  commands,
  events: {},
  statistics: tableStatistics("mtree"),
});
