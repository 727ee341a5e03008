/** Parameters of transformations: numbers, text, or variables that are read at each use (Kamailio's tr_param_t). */
import type { Call } from "./call.ts";
import { skipBlanks } from "./transformations.ts";
import type { VariableRef, Variables } from "./variable.ts";
import { variableEnd } from "./variables-text.ts";
import { intOf, toText } from "./variables-values.ts";

/** "separator": text that may begin with a comma. */
export type ParamKind = "number" | "text" | "separator";

export type Param = number | string | VariableRef;

/**
 * Reads the parameters `raw` (what stands behind the first comma) as `kinds` says, all of which must be there.
 * A string is the problem. White space before a parameter is dropped, white space behind a text belongs to it
 * unless it is a tab or line feed.
 */
export function readParams(
  name: string,
  raw: string | undefined,
  kinds: readonly ParamKind[],
  variables: Variables,
): readonly Param[] | string {
  if (raw === undefined)
    return kinds.length === 0 ? [] : `the transformation \`${name}\` needs ${kinds.length} parameter(s)`;
  if (kinds.length === 0) return `the transformation \`${name}\` takes no parameters`;
  const params: Param[] = [];
  let at = 0;
  for (let i = 0; i < kinds.length; i++) {
    if (i > 0) {
      at = skipBlanks(raw, at);
      if (raw[at] !== ",") return `the transformation \`${name}\` needs ${kinds.length} parameters`;
      at++;
    }
    const read = readParam(raw, at, kinds[i]!, variables);
    if (typeof read === "string") return `${read} in the transformation \`${name}\``;
    params.push(read.param);
    at = read.end;
  }
  return skipBlanks(raw, at) === raw.length
    ? params
    : `unexpected parameters \`${raw}\` of the transformation \`${name}\``;
}

/** Reads one parameter at `from`. */
export function readParam(
  raw: string,
  from: number,
  kind: ParamKind,
  variables: Variables,
): { readonly param: Param; readonly end: number } | string {
  let at = skipBlanks(raw, from);
  if (raw[at] === "$") {
    const end = variableEnd(raw, at);
    const variable = end < 0 ? `unclosed variable \`${raw.slice(at)}\`` : variables.variable(raw.slice(at, end));
    return typeof variable === "string" ? variable : { param: variable, end };
  }
  if (kind === "number") {
    const sign = raw[at] === "-" ? -1 : 1;
    const signed = raw[at] === "-" || raw[at] === "+";
    if (!signed && !isDigit(raw[at])) return `\`${raw.slice(at)}\` is not a number`;
    at = skipBlanks(raw, signed ? at + 1 : at);
    let n = 0;
    for (; isDigit(raw[at]); at++) n = n * 10 + Number(raw[at]);
    if (n > Number.MAX_SAFE_INTEGER) return `\`${raw.trim()}\` is too large`;
    return { param: n * sign, end: at };
  }
  const start = at;
  while (at < raw.length && raw[at] !== "\t" && raw[at] !== "\n" && raw[at] !== ",") at++;
  if (kind === "separator" && raw[at] === ",") at++;
  return { param: raw.slice(start, at), end: at };
}

const isDigit = (char: string | undefined): boolean => char !== undefined && char >= "0" && char <= "9";

/** The number of a parameter, of which Kamailio keeps 32 bits; undefined when its variable is no integer. */
export function paramNumber(param: Param, call: Call): number | undefined {
  if (typeof param === "number") return param | 0;
  if (typeof param === "string") return undefined;
  const value = param.get(call);
  const int = intOf(value) ?? (typeof value === "string" ? param.number?.(call) : undefined);
  return int === undefined ? undefined : typeof int === "number" ? int | 0 : Number(BigInt.asIntN(32, int));
}

/** The text of a parameter; undefined when its variable is null, empty or cannot be read. */
export function paramText(param: Param, call: Call): string | undefined {
  if (typeof param === "string") return param;
  if (typeof param === "number") return undefined;
  const value = param.get(call);
  if (value === null || value === undefined) return undefined;
  return toText(value) || undefined;
}
