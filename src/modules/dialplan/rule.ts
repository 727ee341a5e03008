/** A rule of a dialplan: what texts it fits, and what it makes of them. Follows Kamailio's dp_db.c and dp_repl.c. */
import type { Call } from "../../declare/call.ts";
import type { Core } from "../../declare/core.ts";
import { fnmatch } from "../../declare/fnmatch.ts";
import { toText } from "../../declare/variables-values.ts";
import type { Cell } from "../db/tables.ts";
import { type Compiled, compile } from "../regex/match.ts";
import { parsePattern } from "../regex/parse.ts";
import { joined, type Piece, parseReplacement } from "../textops/subst.ts";

/** How the match expression is meant. */
const Operator = { equal: 0, regex: 1, fnmatch: 2 } as const;

/** The longest text that a rule makes, in bytes. */
const LONGEST = 126;
const MOST_GROUPS = 100;
const PLAIN = { ignoreCase: false, multiline: false, dotAll: false, extended: false };

/** An expression; with variables in it, it is made anew for each run. */
interface Expression {
  readonly source: string;
  /** Undefined: it has variables. */
  readonly compiled: Compiled | undefined;
  readonly groups: number;
}

export interface Rule {
  readonly dialplan: number;
  readonly priority: number;
  readonly operator: number;
  readonly match: string;
  /** Undefined unless the operator is a regular expression. */
  readonly expression: Expression | undefined;
  /** Length of the texts that it is for; 0 for any. */
  readonly length: number;
  readonly subst: Expression | undefined;
  readonly replacement: string;
  readonly pieces: readonly Piece[];
  readonly attributes: string;
}

/** `cells` are those of the columns in the order of the table. A string is the problem. */
export function parseRule(cells: readonly Cell[], core: Core, dynamic: boolean): Rule | string {
  const [dialplan, priority, operator, match, length, subst, replacement, attributes] = cells;
  for (const it of [match, subst, replacement, attributes])
    if (it === null || it === undefined) return "match_exp, subst_exp, repl_exp and attrs must not be NULL";
  const kind = Number(operator);
  if (kind !== Operator.equal && kind !== Operator.regex && kind !== Operator.fnmatch)
    return `there is no match operator ${operator}`;
  const expression = kind === Operator.regex ? parseExpression(String(match), core, dynamic) : undefined;
  if (typeof expression === "string") return expression;
  const parsed = parseReplacement(String(replacement), 0, undefined, core);
  if (typeof parsed === "string") return parsed;
  const substitution = subst === "" ? undefined : parseExpression(String(subst), core, dynamic);
  if (typeof substitution === "string") return substitution;
  const known = substitution?.groups ?? 0;
  if (known > MOST_GROUPS) return `\`${subst}\` has too many groups`;
  const isDynamic = [expression, substitution].some((it) => it !== undefined && it.compiled === undefined);
  const wanted = Math.max(0, ...parsed.pieces.map((it) => (typeof it === "number" ? it : 0)));
  if (!isDynamic && wanted > known) return `\`${replacement}\` names group ${wanted}, but \`${subst}\` has ${known}`;
  return {
    dialplan: Number(dialplan),
    priority: Number(priority),
    operator: kind,
    match: String(match),
    expression,
    length: Number(length),
    subst: substitution,
    replacement: String(replacement),
    pieces: parsed.pieces,
    attributes: String(attributes),
  };
}

/** A string is the problem. */
function parseExpression(source: string, core: Core, dynamic: boolean): Expression | string {
  if (dynamic && hasVariables(source, core)) return { source, compiled: undefined, groups: 0 };
  const pattern = parsePattern(source, PLAIN);
  if (typeof pattern === "string") return `\`${source}\` is no regular expression: ${pattern}`;
  return { source, compiled: compile(pattern), groups: pattern.groups };
}

function hasVariables(source: string, core: Core): boolean {
  const format = core.variables.format(source.replace(LAST_DOLLAR, ""));
  return typeof format !== "string" && format.literal === undefined;
}

/** A dollar sign at the end is the end of the text, and begins no variable. */
const LAST_DOLLAR = /(?<!\$)\$$/;
const dynamicText = (source: string): string => source.replace(LAST_DOLLAR, "$$$$");

/** Every value of one AVP. */
const ALL_VALUES = /\$\(avp\((?:s:)?([^()]+)\)\[\*\]\)/g;

/** What the expression is in this run; with `[*]` of an AVP as many as the AVP has values, the oldest first. */
function compiledFor({ source, compiled }: Expression, call: Call | undefined, core: Core): readonly Compiled[] {
  if (compiled) return [compiled];
  if (!call) return [];
  const lists = [...source.matchAll(ALL_VALUES)];
  const sources =
    lists.length === 1
      ? call.lists.avps
          .all(lists[0]![1]!)
          .map((value) => source.replace(lists[0]![0], () => toText(value)))
          .reverse()
      : [source];
  return sources.flatMap((it) => {
    const format = core.variables.format(dynamicText(it));
    const pattern = typeof format === "string" ? format : parsePattern(format.expand(call), PLAIN);
    return typeof pattern === "string" ? [] : [compile(pattern)];
  });
}

export function fits(rule: Rule, text: string, call: Call | undefined, core: Core): boolean {
  switch (rule.operator) {
    case Operator.equal:
      return rule.match === text;
    case Operator.fnmatch:
      return fnmatch(rule.match, text);
    default:
      return compiledFor(rule.expression!, call, core).some((it) => it.test(text) === true);
  }
}

/** What the rule makes of a text that fits it; "" when it makes nothing, undefined when it cannot. */
export function translate(rule: Rule, text: string, call: Call | undefined, core: Core): string | undefined {
  const { subst, pieces, replacement } = rule;
  if (replacement === "") return "";
  if (!subst) return replacement;
  for (const it of compiledFor(subst, call, core)) {
    const groups = it.exec(text);
    if (!groups) continue;
    const made = joined(pieces, groups, call);
    if (made.length <= LONGEST) return made;
  }
  return undefined;
}
