/** `{param.*}`: lists of `name=value` with a separator, which is a semicolon when none is given. */
import type { Call } from "../../../declare/call.ts";
import type { TransformationClass } from "../../../declare/module.ts";
import type { Transformation } from "../../../declare/transformations.ts";
import { type Param, paramNumber, paramText, readParam } from "../../../declare/transformations-params.ts";
import type { Read } from "../../../declare/value.ts";
import type { Variables } from "../../../declare/variable.ts";
import { toText } from "../../../declare/variables-values.ts";
import { type ListParam, listValue, parseParamList } from "./param-list.ts";

const NAMES = {
  value: "Value of the last parameter of that name; empty when there is none.",
  in: "1 when a parameter of that name is there, else 0.",
  valueat: "Value of the n-th parameter, from the end with a negative index.",
  name: "Name of the n-th parameter, from the end with a negative index.",
  count: "How many parameters there are.",
};

export const paramClass: TransformationClass = {
  doc: "Transformations of lists of parameters.",
  names: NAMES,
  bind: (written, raw, _core, variables) => {
    const name = written.toLowerCase();
    if (!Object.hasOwn(NAMES, name)) return `there is no transformation \`param.${written}\``;
    if (name === "count") return count(raw, variables);
    if (raw === undefined) return `the transformation \`param.${written}\` needs a parameter`;
    const byName = name === "value" || name === "in";
    const first = readParam(raw, 0, byName ? "text" : "number", variables);
    if (typeof first === "string") return first;
    const separator = readSeparator(raw, first.end, variables);
    if (typeof separator === "string") return separator;
    if (name === "value")
      return withList(separator.char, (list, call) => byText(first.param, call, (it) => listValue(list, it) ?? ""));
    if (name === "in")
      return withList(separator.char, (list, call) =>
        byText(first.param, call, (it) => (listValue(list, it) === undefined ? 0 : 1)),
      );
    return withList(separator.char, (list, call) => {
      const n = paramNumber(first.param, call);
      if (n === undefined) return undefined;
      const item = list[n < 0 ? list.length + n : n];
      return name === "name" ? (item?.name ?? "") : (item?.body ?? "");
    });
  },
};

function byText(param: Param, call: Call, read: (text: string) => Read): Read {
  const text = paramText(param, call);
  return text === undefined ? undefined : read(text);
}

/** The separator behind the first parameter: one character. A string is the problem. */
function readSeparator(raw: string, from: number, variables: Variables): { readonly char: string } | string {
  const rest = raw.slice(from).replace(/^[ \t\n]+/, "");
  if (rest === "") return { char: ";" };
  if (!rest.startsWith(",")) return `unexpected \`${rest}\` in a transformation`;
  const read = readParam(rest, 1, "text", variables);
  if (typeof read === "string") return read;
  // Kamailio measures what it read, white space included.
  if (read.end - 1 !== 1 || typeof read.param !== "string") return "the separator must be one character";
  return /^[ \t\n]*$/.test(rest.slice(read.end)) ? { char: read.param } : `unexpected \`${rest}\` in a transformation`;
}

function count(raw: string | undefined, variables: Variables): Transformation | string {
  if (raw === undefined) return withList(";", (list) => list.length);
  const read = readParam(raw, 0, "separator", variables);
  if (typeof read === "string") return read;
  const { param, end } = read;
  if (!/^[ \t\n]*$/.test(raw.slice(end))) return `unexpected \`${raw}\` in a transformation`;
  if (typeof param !== "string")
    return (value, call) => {
      const separator = paramText(param, call);
      return separator === undefined ? undefined : withList(separator[0]!, (list) => list.length)(value, call);
    };
  return end === 1 && param.length === 1
    ? withList(param, (list) => list.length)
    : "the separator must be one character";
}

const withList =
  (separator: string, read: (list: readonly ListParam[], call: Call) => Read): Transformation =>
  (value, call) => {
    const text = toText(value);
    if (value === null || text === "") return undefined;
    const list = parseParamList(text.length > 1 && text.endsWith(separator) ? text.slice(0, -1) : text, separator);
    return list === undefined || list.length === 0 ? undefined : read(list, call);
  };
