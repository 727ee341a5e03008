/** Private variables that a resumed run does not have. */
import type { Expr, RouteBlock, Script, Statement } from "../../../grammar/tree.ts";
import type { Rule, Tell } from "./rule.ts";
import { blocks, calls, ownExpressions, parts, statements } from "./walk.ts";

/** Functions that go on in a route later, with the argument that names it. */
const SUSPENDS: Readonly<Record<string, number>> = { http_async_query: 1, async_route: 0, async_ms_route: 0 };

const nameOf = (it: Expr | undefined): string | undefined => (it?.kind === "string" ? it.value : undefined);
const VAR = /\$(?:\((?:var|vn)\(([^()]*)\)|(?:var|vn)\(([^()]*)\))/g;

/** The routes in which a script goes on after it was suspended. */
function resumed(script: Script): Set<string> {
  const names = new Set<string>();
  for (const block of blocks(script)) {
    for (const { name, args } of calls(block.body)) {
      const route = name in SUSPENDS ? nameOf(args[SUSPENDS[name]!]) : undefined;
      if (route !== undefined) names.add(route);
    }
    for (const it of statements(block.body)) {
      const route = it.kind === "async" ? nameOf(it.resume) : undefined;
      if (route !== undefined) names.add(route);
    }
  }
  return names;
}

/** Tells of variables that are read before they are written, in the order of the text, if another block writes them. */
function look(block: RouteBlock, writtenElsewhere: ReadonlySet<string>, tell: Tell): void {
  const written = new Set<string>();
  for (const it of statements(block.body)) {
    for (const one of ownExpressions(it)) {
      if (it.kind === "assign" && one === it.target) continue;
      for (const part of parts(one)) {
        if (part.kind !== "variable" && part.kind !== "string") continue;
        const text = part.kind === "variable" ? part.text : part.value;
        for (const [whole, inner, plain] of text.matchAll(VAR)) {
          const name = inner ?? plain ?? "";
          if (written.has(name) || !writtenElsewhere.has(name)) continue;
          tell(
            part.span,
            `\`${whole}\` does not survive the suspension: it is unset here`,
            "use $avp, which the transaction keeps",
          );
          written.add(name);
        }
      }
    }
    for (const name of targets(it)) written.add(name);
  }
}

function targets(it: Statement): string[] {
  if (it.kind !== "assign") return [];
  return Array.from(it.target.text.matchAll(VAR), ([, inner, plain]) => inner ?? plain ?? "");
}

export const varAcrossSuspend: Rule = {
  name: "var-across-suspend",
  severity: "warning",
  doc: "$var and $vn belong to the worker; in the route that goes on after http_async_query() or async_route() they hold something else.",
  bad: 'request_route { $var(k) = "a"; http_async_query("http://x", "GO"); }\nroute[GO] { xlog("$var(k)"); }',
  good: 'request_route { $avp(k) = "a"; http_async_query("http://x", "GO"); }\nroute[GO] { xlog("$avp(k)"); }',
  check(script, tell) {
    const names = resumed(script);
    for (const block of blocks(script)) {
      if (block.block !== "route" || !names.has(block.name)) continue;
      const elsewhere = new Set<string>();
      for (const other of blocks(script)) {
        if (other === block) continue;
        for (const it of statements(other.body)) for (const name of targets(it)) elsewhere.add(name);
      }
      look(block, elsewhere, tell);
    }
  },
};
