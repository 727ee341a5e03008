/** An address in quotes is a name to resolve. */
import type { Rule } from "./rule.ts";
import { blocks, expressions } from "./walk.ts";

const ADDRESSES = new Set(["src_ip", "dst_ip", "snd_ip", "to_ip"]);

export const quotedSrcIp: Rule = {
  name: "quoted-src-ip",
  severity: "warning",
  doc: "An address compared with src_ip or its kin is written without quotes; within quotes it may be looked up in the DNS.",
  source: "FAQ; core cookbook, src_ip",
  measured: "28 places, none found",
  bad: 'request_route { if (src_ip == "10.0.0.1") exit; xlog("x"); }',
  good: 'request_route { if (src_ip == 10.0.0.1) exit; xlog("x"); }',
  check(script, tell) {
    for (const block of blocks(script)) {
      for (const it of expressions(block.body)) {
        if (it.kind !== "binary" || it.left.kind !== "legacy" || !ADDRESSES.has(it.left.name)) continue;
        if (it.right.kind !== "string" || it.right.bare || !/^[0-9.]+$|:/.test(it.right.value)) continue;
        tell(it.right.span, "an address stands without quotes here", `write ${it.right.value}`);
      }
    }
  },
};
