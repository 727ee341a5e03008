/** Routes that nothing calls. */
import type { Rule } from "./rule.ts";
import { blocks, expressions, statements } from "./walk.ts";

export const unusedRoute: Rule = {
  name: "unused-route",
  severity: "info",
  doc: "A route that no route(NAME) and no function names is never run.",
  source: "Core cookbook, routing blocks: route",
  measured: "",
  bad: 'request_route { exit; }\nroute[OLD] { xlog("x"); }',
  good: 'request_route { route(OLD); }\nroute[OLD] { xlog("x"); }',
  check(script, tell, { flow }) {
    if (!flow.whole) return; // Another file may call it.
    // Functions of many modules take names of routes, and so do parameters: any text that names one counts.
    const named = new Set<string>();
    for (const item of script.items) if (item.kind === "mod-param") named.add(String(item.value.value));
    for (const block of blocks(script)) {
      for (const it of expressions(block.body)) {
        if (it.kind === "string") named.add(it.value);
        if (it.kind === "number") named.add(String(it.value));
      }
      for (const it of statements(block.body))
        if (it.kind === "async" && it.resume.kind === "string") named.add(it.resume.value);
    }
    for (const block of blocks(script)) {
      if (block.block === "route" && !named.has(block.name)) tell(block.nameSpan, `nothing calls route[${block.name}]`);
    }
  },
};
