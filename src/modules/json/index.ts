/** json: members of JSON texts. Follows Kamailio's src/modules/json. */
import type { Core } from "../../declare/core.ts";
import { declare, type Fn, str, type TransformationClass, text, variable } from "../../declare/module.ts";
import { paramText, readParams } from "../../declare/transformations-params.ts";
import type { Read } from "../../declare/value.ts";
import { toText } from "../../declare/variables-values.ts";
import { parseLenient } from "./parse.ts";
import { printSpaced } from "./print.ts";
import type { Json } from "./tree.ts";

interface JsonState {
  readonly core: Core;
  /** The character that stands for a dot in the name of a member. */
  readonly dot: string;
}

const { fn, module } = declare<JsonState>();

const asText = (value: Json): string => (typeof value === "string" ? value : printSpaced(value));

const member = (value: Json | undefined, name: string): Json | undefined =>
  value instanceof Map ? (value.get(name) ?? undefined) : undefined;

const getter = (doc: string, print: (value: Json) => string): Fn<JsonState> =>
  fn({
    doc,
    in: "any",
    args: {
      json: str("The JSON text."),
      name: str("Name of the member."),
      target: variable("The variable that takes the result.", { writable: true }),
    },
    returns: { 1: "done", [-1]: "the text is malformed, or has no such member, or it is null" },
    run: (call, args, { core }) => {
      const parsed = parseLenient(args.json);
      if (parsed === undefined) core.log.write(-1, "json: empty or invalid JSON\n");
      const found = member(parsed, args.name);
      if (found === undefined) return -1;
      args.target.set?.(call, print(found));
      return 1;
    },
  });

/** The value at a path of names, some with an index behind them: `a.b[1].c`. */
function atPath(root: Json, path: string, separator: string, dot: string): Json | undefined {
  let value: Json | undefined = root;
  for (const part of path.split(separator)) {
    if (part === "") continue;
    const step = part.replaceAll(dot, ".");
    const [, name, index] = /^([^[]+)(?:\[([^\]]+))?/s.exec(step) ?? [];
    if (name === undefined) return undefined;
    value = member(value, name);
    if (index !== undefined && Array.isArray(value)) value = value[Number.parseInt(index, 10) || 0] ?? undefined;
    if (value === undefined) return undefined;
  }
  return value;
}

const transformation: TransformationClass = {
  doc: "Members of JSON texts.",
  names: {
    parse: "The value at a path: `{json.parse,a.b[1]}`; empty when there is none.",
    parsex: "As parse, with the separator of the path before it: `{json.parsex,/a/b}`.",
  },
  bind: (name, params, core, variables) => {
    const lower = name.toLowerCase();
    if (lower !== "parse" && lower !== "parsex") return `there is no transformation \`json.${name}\``;
    const read = readParams(name, params, ["text"], variables);
    if (typeof read === "string") return read;
    const param = read[0]!;
    const format = typeof param === "string" && param.includes("$") ? variables.format(param) : undefined;
    const dot = (): string => core.state<JsonState>("json")?.dot ?? "%";
    return (value: Read, call) => {
      if (value === null || value === undefined) return undefined;
      const path =
        format === undefined ? paramText(param, call) : typeof format === "string" ? "" : format.expand(call);
      if (!path) return undefined;
      const root = parseLenient(toText(value));
      if (root === undefined) {
        core.log.write(-1, "json: empty or invalid JSON\n");
        return "";
      }
      const found = lower === "parse" ? atPath(root, path, ".", dot()) : atPath(root, path.slice(1), path[0]!, dot());
      return found === undefined ? "" : asText(found);
    };
  },
};

export const json = module({
  name: "json",
  doc: "Members of JSON texts.",
  params: {
    json_escape_char: text("The character that stands for a dot in a name of {json.parse}.", {
      fallback: "%",
      check: (it) => (it === "" ? "json_escape_char is empty" : undefined),
    }),
  },
  start: (params, core) => ({ core, dot: params.json_escape_char[0]! }),
  functions: {
    json_get_field: getter("Reads a member as JSON: a text with its quotes.", printSpaced),
    json_get_string: getter("Reads a member as text: a text without its quotes.", asText),
  },
  transformations: { json: transformation },
  variables: {},
  commands: {},
  events: {},
});
