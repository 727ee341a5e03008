/** jansson: reading and building JSON texts. Follows Kamailio's src/modules/jansson. */
import type { Call } from "../../declare/call.ts";
import type { Core } from "../../declare/core.ts";
import { declare, type Fn, str, variable } from "../../declare/module.ts";
import type { Value } from "../../declare/value.ts";
import type { VariableRef } from "../../declare/variable.ts";
import { type Json, JsonNumber, type JsonObject } from "../json/tree.ts";
import { isUtf8, parseStrict } from "./parse.ts";
import { getField, getPath, setPath } from "./path.ts";
import { formatG, print } from "./print.ts";
import { xavpFunctions } from "./xavp.ts";

export interface Jansson {
  readonly core: Core;
}

const { fn, module } = declare<Jansson>();

const path = str("Names and indexes: `a.b[1].c`; empty: the whole.");
const source = str("The JSON text.");
const target = variable("The variable that takes the result.");
const type = str(
  "`object`, `array`, `string`, `integer`, `real`, `true`, `false` or `null`; `obj`, `str` and `int` are short for them.",
);

function complain({ core }: Jansson, problem: string): -1 {
  core.log.write(-1, `jansson: ${problem}\n`);
  return -1;
}

/** What a script gets for a value: integers beyond 32 bits and reals as text, truth as 1 and 0. */
function toValue(value: Json): Value {
  if (value === null || typeof value === "string") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value instanceof JsonNumber) {
    if (value.real) return formatG(Number(value.text), 15);
    const int = Number(value.text);
    return int > 2147483647 || int < -2147483648 ? BigInt(value.text).toString() : int + 0;
  }
  return print(value, true);
}

function read(
  call: Call,
  json: string,
  to: VariableRef,
  state: Jansson,
  find: (root: Json) => Json | undefined,
): 1 | -1 {
  const root = parseStrict(json);
  if (typeof root === "string") return complain(state, root);
  const found = find(root);
  if (found === undefined) return -1;
  to.set?.(call, toValue(found));
  return 1;
}

/** What jansson_set puts in: a type and the text of the value. A string is the problem. */
function made(type: string, text: string): { readonly value: Json } | string {
  switch (type) {
    case "object":
    case "obj":
    case "array": {
      const value = parseStrict(text);
      if (typeof value === "string") return value;
      return Array.isArray(value) === (type === "array") ? { value } : `\`${text}\` is no ${type}`;
    }
    case "string":
    case "str":
      return isUtf8(text) ? { value: text } : "the text is not UTF-8";
    case "integer":
    case "int": {
      const [, digits] = /^[ \t-\r]*([-+]?[0-9]+)$/.exec(text) ?? [];
      if (digits === undefined && text !== "") return `\`${text}\` is no integer`;
      const int = BigInt((digits ?? "0").replace("+", ""));
      const fits = BigInt.asIntN(64, int) === int;
      return {
        value: new JsonNumber(fits ? String(int) : int < 0n ? "-9223372036854775808" : "9223372036854775807", false),
      };
    }
    case "real": {
      const real = /^[ \t-\r]*([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)?$/.exec(text);
      const size = Number(real?.[1] ?? "0");
      return real && Number.isFinite(size) ? { value: new JsonNumber(String(size), true) } : `\`${text}\` is no real`;
    }
    case "true":
      return { value: true };
    case "false":
      return { value: false };
    case "null":
      return { value: null };
    default:
      return `there is no type \`${type}\``;
  }
}

const setter = (doc: string, append: boolean): Fn<Jansson> =>
  fn({
    doc,
    in: "any",
    args: {
      type,
      path,
      value: str("The value."),
      json: variable("The variable with the JSON text; one without a text counts as `{}`."),
    },
    returns: { 1: "done", [-1]: "the value, the path or the text in the variable is wrong" },
    run: (call, args, state) => {
      const before = args.json.get(call);
      const value = made(args.type, args.value);
      if (typeof value === "string") return complain(state, value);
      const root: JsonObject | Json[] | string = typeof before === "string" ? parseStrict(before) : new Map();
      if (typeof root === "string") return complain(state, root);
      const problem = setPath(root, args.path, value.value, append);
      if (problem !== undefined) return complain(state, `${problem} (path \`${args.path}\`)`);
      args.json.set?.(call, print(root, true));
      return 1;
    },
  });

const readReturns = { 1: "done", [-1]: "the text is malformed, or there is no such value" } as const;

export const jansson = module({
  name: "jansson",
  doc: "Reading and building JSON texts.",
  params: {},
  start: (_params, core) => ({ core }),
  functions: {
    jansson_get: fn({
      doc: "Reads the value at a path.",
      in: "any",
      args: { path, source, target },
      returns: readReturns,
      run: (call, args, state) => read(call, args.source, args.target, state, (root) => getPath(root, args.path)),
    }),
    jansson_pv_get: fn({
      doc: "Reads the value at a path, out of a variable.",
      in: "any",
      args: { path, source: variable("The variable with the JSON text."), target },
      returns: readReturns,
      run: (call, args, state) => {
        const json = args.source.get(call);
        if (typeof json !== "string") return complain(state, "the variable has no text");
        return read(call, json, args.target, state, (root) => getPath(root, args.path));
      },
    }),
    jansson_get_field: fn({
      doc: "Reads a member of the outermost object, whose name may have dots and brackets in it.",
      in: "any",
      args: { name: str("Name of the member."), source, target },
      returns: readReturns,
      run: (call, args, state) => read(call, args.source, args.target, state, (root) => getField(root, args.name)),
    }),
    jansson_array_size: fn({
      doc: "Counts the items of the array at a path.",
      in: "any",
      args: { path, source, target },
      returns: { 1: "done", [-1]: "the text is malformed, or there is no such array" },
      run: (call, args, state) =>
        read(call, args.source, args.target, state, (root) => {
          const found = getPath(root, args.path);
          return Array.isArray(found) ? new JsonNumber(String(found.length), false) : undefined;
        }),
    }),
    jansson_set: setter("Puts a value at a path; objects on the way are made.", false),
    jansson_append: setter("Appends a value to the array, or its members to the object, at a path.", true),
    ...xavpFunctions,
  },
  variables: {},
  commands: {},
  events: {},
});
