/** Functions of the core have a grammar of their own: flags by name, bare host names, protocols, `uri:host`. */
import type { Call, Expr } from "../../grammar/tree.ts";
import { resolveCall } from "./calls.ts";
import { constant } from "./expressions.ts";
import type { CallStep, Rv } from "./ir.ts";
import type { Lowering } from "./lower.ts";
import { didYouMean } from "./names.ts";

const FLAG_FUNCTIONS: ReadonlySet<string> = new Set(["setflag", "resetflag", "isflagset"]);
/** What `onsend_route` may call of the core (Kamailio's filtered commands). */
const ONSEND_FUNCTIONS: ReadonlySet<string> = new Set([
  "log",
  "setflag",
  "resetflag",
  "isflagset",
  "set_forward_no_connect",
  "set_reply_no_connect",
  "set_forward_close",
  "set_reply_close",
]);

/** Functions of Kamailio's core that Viaduct does not have: they need SER's attributes, or several instances of a group. */
export const unsupportedCore: ReadonlySet<string> = new Set(["setavpflag", "resetavpflag", "isavpflagset"]);

export function lowerCore(it: Call, lowering: Lowering): CallStep | undefined {
  const { problems } = lowering.scope;
  if (lowering.block === "onsend" && !ONSEND_FUNCTIONS.has(it.name)) {
    problems.error("function-not-here", it.nameSpan, `\`${it.name}\` cannot be called in onsend_route`);
    return undefined;
  }
  const args = it.args.map((each) => (FLAG_FUNCTIONS.has(it.name) ? flag(each, lowering) : word(each, lowering)));
  if (args.includes(undefined)) return undefined;
  return resolveCall(it, args as Rv[], lowering.block, lowering.scope);
}

/** Words and addresses may stand without quotes. */
function word(it: Expr, lowering: Lowering): Rv | undefined {
  if (it.kind === "string" && it.bare) return constant(it.value, it.span);
  // `uri:host` and `uri:port`, which `forward` takes.
  if (it.kind === "legacy" && it.name.startsWith("uri:")) return constant(it.name, it.span);
  return lowering.expression(it);
}

function flag(it: Expr, lowering: Lowering): Rv | undefined {
  const { flags, problems } = lowering.scope;
  if (it.kind === "number") {
    if (it.value >= 0n && it.value <= 31n) return constant(Number(it.value), it.span);
    problems.error("flag-number", it.span, `flags are numbered from 0 to 31`);
    return undefined;
  }
  if (it.kind !== "string") return lowering.expression(it);
  const number = flags.get(it.value);
  if (number !== undefined) return constant(number, it.span);
  problems.error(
    "flag-not-declared",
    it.span,
    `no \`flags\` line declares \`${it.value}\``,
    didYouMean(it.value, flags.keys()) ?? `add \`flags ${it.value}:1;\``,
  );
  return undefined;
}
