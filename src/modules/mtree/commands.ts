/** mtree.list and its kin, and the loading that they ask for. */
import { int, RpcArray, RpcFault, RpcStruct, str } from "../../declare/module.ts";
import { loadTree, loadTrees } from "./load.ts";
import { type Loaded, type Mtree, rpc } from "./state.ts";
import { type Tree, TreeType } from "./tree.ts";

/** Loads the trees whose name begins so; those that are there stay when it fails. A string is the problem. */
export async function reload(state: Mtree, beginning = ""): Promise<string | undefined> {
  const fresh = new Map<string, Tree>();
  if (state.specifications.length === 0) {
    const found = await loadTrees(state);
    if (typeof found === "string") return found;
    for (const [name, tree] of found) fresh.set(name, tree);
  } else
    for (const specification of state.specifications) {
      if (!specification.stored && state.trees.size > 0) continue;
      if (!specification.name.startsWith(beginning)) continue;
      const tree = await loadTree(specification, state);
      if (typeof tree === "string") return tree;
      for (const it of specification.stored ? [] : state.items) {
        const problem = it.tree === specification.name ? tree.add(it.prefix, it.value) : undefined;
        if (problem !== undefined) return problem;
      }
      fresh.set(specification.name, tree);
    }
  const at = Math.floor(state.core.host.clock.wall() / 1000);
  const kept = state.specifications.length === 0 ? [] : [...state.trees].filter(([name]) => !fresh.has(name));
  const loaded = [...fresh].map(([name, tree]): [string, Loaded] => {
    // In place of a whole list of trees comes a new one, whose trees have been loaded once.
    const reloads = state.specifications.length === 0 ? 0 : (state.trees.get(name)?.reloads ?? 0) + 1;
    return [name, { tree, reloads, at }];
  });
  state.trees = new Map([...kept, ...loaded].sort(([a], [b]) => (a < b ? -1 : 1)));
  return undefined;
}

function named({ trees }: Mtree, beginning: string): readonly Loaded[] {
  if (trees.size === 0) throw new RpcFault(500, "Empty tree list");
  return [...trees].filter(([name]) => name.startsWith(beginning)).map(([, it]) => it);
}

const beginning = str("What the names of the trees begin with; all when it is left out.", { fallback: "" });
/** A dot stands for nothing. */
const given = (text: string): string => (text.startsWith(".") ? "" : text);

export const commands = {
  "mtree.list": rpc({
    doc: "Every prefix with its values.",
    args: { tree: beginning },
    run: ({ tree }, state) =>
      named(state, given(tree)).flatMap((it) =>
        [...it.tree.all()].map(
          ({ prefix, values }) =>
            new RpcStruct([
              ["tname", it.tree.specification.name],
              ["tprefix", prefix],
              ["tvalue", new RpcArray(values.map((value) => (typeof value === "number" ? value >>> 0 : value)))],
            ]),
        ),
      ),
  }),
  "mtree.summary": rpc({
    doc: "What the trees hold.",
    args: { tree: beginning },
    run({ tree }, state) {
      const found = named(state, tree);
      if (found.length === 0) throw new RpcFault(404, "Tree not found");
      return found.map(
        (it) =>
          new RpcStruct([
            ["table", it.tree.specification.name],
            [
              "item",
              new RpcStruct([
                ["ttype", it.tree.specification.type],
                ["memsize", it.tree.size],
                ["nrnodes", it.tree.nodes],
                ["nritems", it.tree.items],
                ["reload_count", it.reloads],
                ["reload_time", it.at],
              ]),
            ],
          ]),
      );
    },
  }),
  "mtree.reload": rpc({
    doc: "Reads trees from the database anew.",
    args: { tree: beginning },
    async run({ tree }, state) {
      const all = state.specifications.length === 0;
      const wanted = given(tree);
      if (!all && !state.specifications.some((it) => it.name.startsWith(wanted)))
        throw new RpcFault(500, "Can not find specified Mtree");
      const problem = await reload(state, wanted);
      if (problem !== undefined)
        throw new RpcFault(500, all ? "Can not reload Mtrees from database." : "Mtree Reload Failed");
      return all ? "Ok. Mtrees reloaded." : "Ok. Mtree reloaded.";
    },
  }),
  "mtree.match": rpc({
    doc: "What a tree has for a text.",
    args: {
      tree: str("Name of the tree."),
      text: str("What begins with a prefix."),
      mode: int("0: the longest prefix; 2: all of them."),
    },
    run({ tree, text, mode }, state) {
      if (state.trees.size === 0) throw new RpcFault(500, "Empty tree list.");
      if (Number(mode) !== 0 && Number(mode) !== 2) throw new RpcFault(500, "Invalid parameter 'mode'");
      const found = state.trees.get(tree)?.tree;
      if (!found) throw new RpcFault(404, "Tree not found");
      const records = matches(found, text, Number(mode) === 2);
      if (records.length === 0) throw new RpcFault(404, "Prefix not found");
      return [tree, ...records];
    },
  }),
};

function matches(tree: Tree, text: string, all: boolean): readonly RpcStruct[] {
  if (tree.specification.type === TreeType.weighted) {
    const { pairs = [], prefix } = tree.pairs(text) ?? {};
    return pairs.map(
      ({ id, weight }) =>
        new RpcStruct([
          ["PREFIX", prefix],
          ["WEIGHT", weight],
          ["DSTID", id],
        ]),
    );
  }
  const found = (tree.prefixes(text) ?? []).flatMap(({ prefix, values }) =>
    (all ? values : values.slice(0, 1)).map((value) => [prefix, value] as const),
  );
  return (all ? found : found.slice(-1)).map(
    ([prefix, value]) =>
      new RpcStruct([
        ["PREFIX", prefix],
        ["TVALUE", value],
      ]),
  );
}
