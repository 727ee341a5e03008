/** Fills trees from a database. Follows mt_load_db and mt_load_db_trees in Kamailio's mtree_mod.c. */
import { LogLevel } from "../../declare/core.ts";
import { textOf } from "../db/tables.ts";
import type { Mtree } from "./state.ts";
import { type Specification, Tree } from "./tree.ts";

/** Stands for a column that holds nothing, among several. */
const NOTHING = "*";
const LONGEST = 4096;

/** A string is the problem. */
export async function loadTree(specification: Specification, state: Mtree): Promise<Tree | string> {
  const { tables, columns: usual, rules } = state;
  const tree = new Tree(specification, rules);
  if (!specification.stored) return tree;
  const columns = specification.columns.length > 0 ? specification.columns : [usual.prefix, usual.value];
  const where = specification.multi ? ([[usual.name, specification.name]] as const) : [];
  const rows = await tables.query(specification.table, where, columns);
  if (!rows) return `the table ${specification.table} cannot be read`;
  for (const [prefix, ...cells] of rows) {
    const value =
      cells.length === 1 ? textOf(cells[0]) : cells.map((it) => (it === null ? NOTHING : String(it))).join(",");
    if (value.length >= LONGEST) return `the values of ${textOf(prefix)} are too long`;
    const problem = add(tree, textOf(prefix), value, state);
    if (problem !== undefined) return problem;
  }
  return tree;
}

/** Every tree of the table of `db_table`; a string is the problem. */
export async function loadTrees(state: Mtree): Promise<Map<string, Tree> | string> {
  const { tables, columns, rules, table, type } = state;
  const rows = await tables.query(table, [], [columns.name, columns.prefix, columns.value], columns.name);
  if (!rows) return `the table ${table} cannot be read`;
  const trees = new Map<string, Tree>();
  for (const [name, prefix, value] of rows) {
    const key = textOf(name);
    let tree = trees.get(key);
    if (!tree) {
      tree = new Tree({ name: key, type, stored: true, table, columns: [], multi: true }, rules);
      if (key !== "") trees.set(key, tree);
    }
    const problem = add(tree, key === "" ? "" : textOf(prefix), textOf(value), state);
    if (problem !== undefined) return problem;
  }
  return trees;
}

/** A row that lacks something is left out, which is logged. */
function add(tree: Tree, prefix: string, value: string, { core }: Mtree): string | undefined {
  if (prefix !== "" && value !== "") return tree.add(prefix, value);
  core.log.write(LogLevel.err, `mtree: a row for \`${prefix}\` with \`${value}\` is left out\n`);
  return undefined;
}
