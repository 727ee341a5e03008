/** Routes that nothing calls. */
import type { Rule } from "./rule.ts";
import { blocks } from "./walk.ts";

export const unusedRoute: Rule = {
  name: "unused-route",
  severity: "info",
  doc: "A route whose name stands nowhere else, neither in route(NAME) nor in an argument or parameter, is never run.",
  source: "Core cookbook, routing blocks: route",
  measured: "666 places, 34 found, 30 looked at: the name stands nowhere else, which is what the rule searches for",
  bad: 'request_route { exit; }\nroute[OLD] { xlog("x"); }',
  good: 'request_route { route(OLD); }\nroute[OLD] { xlog("x"); }',
  check(script, tell, { flow, sources }) {
    if (!flow.whole) return; // Another file may call it.
    const words = wordsOf(sources);
    for (const block of blocks(script)) {
      if (block.block === "route" && !words.has(block.name)) tell(block.nameSpan, `nothing calls route[${block.name}]`);
    }
  },
};

/**
 * The words of all files but those of comments and of the heads of routes. Functions of many modules take names of
 * routes, parameters do (`timer=t;route=NAME`), and what an `#!ifdef` leaves out may.
 */
function wordsOf(sources: ReadonlyMap<string, string>): Set<string> {
  const words = new Set<string>();
  for (const text of sources.values()) {
    for (const line of text.split("\n")) {
      if (/^\s*(?:#(?!!)|\/\/)/.test(line)) continue;
      for (const [word] of line.replace(/\broute\s*\[[^\]]*\]/g, " ").matchAll(/[\w:.-]+/g)) words.add(word);
    }
  }
  return words;
}
