/** Rules of hosts.allow's kind: `who : what`, lists of regular expressions with exceptions. */
import type { Regex } from "../../declare/module.ts";

/** Null stands for ALL. */
interface Side {
  readonly any: readonly Regex[] | null;
  readonly except: readonly Regex[];
}
export interface Rule {
  readonly left: Side;
  readonly right: Side;
}

/** Compiles an expression ignoring case; null when it is wrong. */
type Compile = (source: string) => Regex | null;

const matches = ({ any, except }: Side, text: string): boolean =>
  (any === null || any.some((it) => it.test(text))) && !except.some((it) => it.test(text));

export const search = (rules: readonly Rule[], left: string, right: string): boolean =>
  rules.some((it) => matches(it.left, left) && matches(it.right, right));

/** Lines that are no rule are left out, with a complaint for each. */
export function parseRules(content: string, compile: Compile, complain: (problem: string) => void): Rule[] {
  const rules: Rule[] = [];
  for (const line of content.split("\n")) {
    const rule = parseLine(line, compile);
    if (typeof rule === "string") complain(rule);
    else if (rule) rules.push(rule);
  }
  return rules;
}

function parseLine(line: string, compile: Compile): Rule | string | undefined {
  let quoted = false;
  let colon = -1;
  let end = 0;
  for (; end < line.length && (quoted || line[end] !== "#"); end++)
    if (line[end] === '"') quoted = !quoted;
    else if (line[end] === ":" && !quoted) colon = end;
  if (line.slice(0, end).trim() === "") return undefined;
  if (colon <= 0 || colon + 1 >= end) return `\`${line}\` is not \`who : what\``;
  const left = parseSide(line.slice(0, colon), compile);
  const right = parseSide(line.slice(colon + 1, end), compile);
  return left && right ? { left, right } : `\`${line}\` has an expression that is not valid`;
}

function parseSide(text: string, compile: Compile): Side | undefined {
  const cut = text.indexOf(" EXCEPT ");
  const except = cut < 0 ? [] : parseList(text.slice(cut + 8), compile);
  const main = (cut < 0 ? text : text.slice(0, cut)).trim();
  const any = main === "ALL" ? null : parseList(main, compile);
  return except && any !== undefined ? { any, except } : undefined;
}

/** Expressions between commas; quotes around one are taken off, and a comma in quotes belongs to it. */
function parseList(text: string, compile: Compile): Regex[] | undefined {
  const list: Regex[] = [];
  for (const item of text.match(/(?:"[^"]*"|[^,"])+/g) ?? []) {
    const source = item.trim().replace(/^"/, "").replace(/"$/, "");
    const regex = source === "" ? null : compile(source);
    if (!regex) return undefined;
    list.push(regex);
  }
  return list.length > 0 ? list : undefined;
}
