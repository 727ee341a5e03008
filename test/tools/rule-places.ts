/** The places that each lint rule looks at: where a script could have done what the rule is about. */
import type { BlockKind, Call, Expr, Script, Span, Statement } from "../../grammar/tree.ts";
import { neverSuspends } from "../../src/check/lint/dead-after-suspend.ts";
import type { Flow } from "../../src/check/lint/flow/flow.ts";
import type { Graph, Node } from "../../src/check/lint/flow/graph.ts";
import { callOf, isFinalReply, isRelay, readsOf, textOf, variablesOf } from "../../src/check/lint/names.ts";
import { blocks, expressions, lists, statements } from "../../src/check/lint/walk.ts";

interface Looked {
  readonly script: Script;
  readonly flow: Flow;
  readonly statements: readonly Statement[];
  readonly expressions: readonly Expr[];
  readonly nodes: readonly Node[];
  readonly lists: readonly (readonly Statement[])[];
}
type Places = (it: Looked) => Iterable<Span>;

/** What a script holds, made once for all rules. */
export const looked = (script: Script, flow: Flow): Looked => ({
  script,
  flow,
  statements: blocks(script).flatMap(({ body }) => [...statements(body)]),
  expressions: blocks(script).flatMap(({ body }) => [...expressions(body)]),
  nodes: flow.graphs.flatMap(({ nodes }) => nodes),
  lists: blocks(script).flatMap(({ body }) => [...lists(body)]),
});

const called = (wanted: (call: Call) => boolean): Places =>
  function* ({ expressions }) {
    for (const it of expressions) if (it.kind === "call" && wanted(it)) yield it.span;
  };
const named = (...names: string[]): Places => called(({ name }) => names.includes(name));
const compared = (wanted: (left: Expr, right: Expr, operator: string) => boolean): Places =>
  function* ({ expressions }) {
    for (const it of expressions) if (it.kind === "binary" && wanted(it.left, it.right, it.operator)) yield it.span;
  };
const assigned = (target: RegExp): Places =>
  function* ({ statements }) {
    for (const it of statements) if (it.kind === "assign" && target.test(it.target.text)) yield it.target.span;
  };
const written = (kinds: readonly BlockKind[], names: "named" | "unnamed"): Places =>
  function* ({ script }) {
    for (const it of blocks(script))
      if (kinds.includes(it.block) && (it.name === "") === (names === "unnamed")) yield it.nameSpan;
  };
/** Calls in blocks, with those that these call, that runs enter in some way. */
const calledFrom = (entrance: string, wanted: (call: Call) => boolean): Places =>
  function* ({ flow }) {
    for (const { nodes } of reachedFrom(flow, entrance))
      for (const node of nodes) {
        const call = callOf(node);
        if (call && wanted(call)) yield call.span;
      }
  };
const readFrom = (entrance: string | undefined, wanted: RegExp): Places =>
  function* ({ flow }) {
    for (const { nodes } of entrance === undefined ? flow.graphs : reachedFrom(flow, entrance))
      for (const it of nodes.flatMap(readsOf))
        if ([...variablesOf(it)].some(({ name }) => wanted.test(name))) yield it.span;
  };

function reachedFrom(flow: Flow, entrance: string): Set<Graph> {
  const found = new Set(flow.graphs.filter((it) => [...flow.entrances.get(it)!].some((one) => one === entrance)));
  for (const graph of found) for (const it of flow.callees(graph)) found.add(it);
  return found;
}

const ADDRESSES = ["src_ip", "dst_ip", "snd_ip", "to_ip"];
const EQUALITY = ["==", "!=", "eq", "ne"];
const NUMBER = /^\$\(?(?:rs|rp|Rp|sp|ml|cs|rc|retcode|T_reply_code|Ts|bs|T_branch_idx|pp)\)?$/;
const TEXT = /^\$\(?(?:rU|rd|ru|fU|fd|fu|tU|td|tu|ci|ua|si|du|dd|rm|hdr\(.*\)|au|ad|ct|cT|tt|ft)\)?$/;
const suspends = ({ name }: Call): boolean => /^(?:http_async_query|async_route|async_ms_route)$/.test(name);
const isVar = (it: Expr): boolean => it.kind === "variable" && /^\$\(?var\(/.test(it.text);

export const places: Readonly<Record<string, Places>> = {
  "apply-after-record-route": named("msg_apply_changes"),
  *"assignment-in-condition"({ statements }) {
    for (const it of statements) if (it.kind === "if" || it.kind === "while") yield it.condition.span;
  },
  *"avp-in-loop"({ statements: all }) {
    for (const loop of all)
      if (loop.kind === "while")
        for (const it of statements(loop.body))
          if (it.kind === "assign" && it.target.text.startsWith("$avp(")) yield it.span;
  },
  "call-compared": compared((left, right) => left.kind === "call" || right.kind === "call"),
  *"called-route-kind"({ flow }) {
    for (const from of ["onreply", "failure", "branch", "onsend"])
      for (const { block, nodes } of reachedFrom(flow, from))
        if (block.block === "route") for (const node of nodes) if (callOf(node)) yield callOf(node)!.span;
  },
  *"dead-after-suspend"(it) {
    if (!neverSuspends(it.script)) yield* called(suspends)(it);
  },
  *"drop-final-reply"({ script }) {
    for (const { block, name, body } of blocks(script))
      if (block === "onreply" && name !== "") for (const it of statements(body)) if (it.kind === "drop") yield it.span;
  },
  "failure-cancel-check": calledFrom("failure", isRelay),
  "failure-not-rearmed": calledFrom("failure", isRelay),
  *"flags-after-newtran"(it) {
    if (it.expressions.some((one) => one.kind === "call" && one.name === "t_newtran"))
      yield* named("setflag", "resetflag")(it);
  },
  "from-set-twice": assigned(/^\$\(?[ft][uUdn]\)?$/),
  *"header-read-back"({ nodes, expressions }) {
    const added = new Set(
      expressions.flatMap((it) =>
        it.kind === "call" && (it.name === "append_hf" || it.name === "insert_hf")
          ? (/^\s*([A-Za-z0-9-]+)\s*:/.exec(textOf(it.args[0]) ?? "")?.[1]?.toLowerCase() ?? [])
          : [],
      ),
    );
    for (const node of nodes) {
      for (const it of readsOf(node))
        if ([...variablesOf(it)].some(({ name, inner }) => name === "hdr" && added.has(inner.toLowerCase())))
          yield it.span;
      const call = callOf(node);
      if (call?.name === "is_present_hf" && added.has((textOf(call.args[0]) ?? "").toLowerCase())) yield call.span;
    }
  },
  *"http-timeout-ge-fr"(it) {
    for (const one of it.script.items)
      if (one.kind === "mod-param" && one.modules === "http_async_client" && one.name === "connection_timeout")
        yield one.span;
    yield* assigned(/^\$\(?http_req\(timeout\)/)(it);
  },
  *"implicit-route-result"({ flow, nodes }) {
    for (const node of nodes)
      if (node.what.kind === "call" && !node.what.stands && flow.callee(node)) yield node.what.call.span;
  },
  "mixed-compare": compared(
    (left, right, operator) =>
      EQUALITY.includes(operator) &&
      ((left.kind === "variable" && NUMBER.test(left.text)) ||
        (right.kind === "variable" && TEXT.test(right.text) && left.kind === "number")),
  ),
  "never-armed": written(["failure", "branch", "onreply"], "named"),
  "non-posix-regex": compared((_, right, operator) => operator === "=~" && right.kind === "string"),
  "quoted-src-ip": compared((left) => left.kind === "legacy" && ADDRESSES.includes(left.name)),
  "rc-clobbered": readFrom(undefined, /^(?:rc|retcode|\?)$/),
  "relay-unchecked": named("t_relay"),
  "reply-route-tail": written(["onreply"], "unnamed"),
  "reply-then-fall-through": called(isFinalReply),
  "resume-route-kind": calledFrom("resume", () => true),
  *"return-zero-exits"({ statements }) {
    for (const it of statements) if (it.kind === "return" && it.value) yield it.span;
  },
  "suspend-unguarded": named("t_suspend"),
  *"suspend-without-transaction"(it) {
    if (!neverSuspends(it.script)) yield* named("http_async_query")(it);
  },
  *unreachable({ lists }) {
    for (const body of lists)
      for (const it of body) if (["exit", "return", "drop", "break"].includes(it.kind)) yield it.span;
  },
  "unused-route": written(["route"], "named"),
  *"uri-edit-after-newtran"(it) {
    if (it.expressions.some((one) => one.kind === "call" && one.name === "t_newtran"))
      yield* assigned(/^\$\(?(?:ru|rU|rd|rp|du)\)?$/)(it);
  },
  *"var-across-suspend"(it) {
    yield* readFrom("resume", /^(?:var|vn)$/)(it);
    yield* called(({ name }) => /^async_(?:ms_)?sleep$/.test(name))(it);
  },
  *"var-null"(it) {
    yield* assigned(/^\$\(?var\(/)(it);
    yield* compared((left, right) => isVar(left) || isVar(right))(it);
  },
  "var-read-before-write": readFrom(undefined, /^(?:var|vn)$/),
};
