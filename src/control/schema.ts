/** What a command takes, as JSON Schema (draft 7), made from the arguments that it declares. */
import type { Kind, KindName, Rpc } from "../declare/module.ts";

export interface Schema {
  readonly [keyword: string]: unknown;
}

/** How a value of each kind may be given. Numbers may be written as texts, as kamcmd and the command line give them. */
const TYPES: Readonly<Partial<Record<KindName, Schema>>> = {
  int: { type: ["integer", "boolean", "string"], pattern: "^\\s*[+-]?\\d+\\s*$" },
  any: {},
};
const TEXT: Schema = { type: ["string", "number", "boolean"] };

const property = ({ kind, doc, fallback }: Kind<unknown>): Schema => ({
  description: doc,
  ...(TYPES[kind] ?? TEXT),
  ...((typeof fallback === "number" || typeof fallback === "string") && { default: fallback }),
});

/** Names of a command's parameters in the order in which they are given by position. */
export const orderOf = (command: Rpc): string[] => Object.keys(command.args as Record<string, unknown>);

/** The parameters by name. Further ones, where a command takes any number, are the list `rest`. */
export function schemaOf(command: Rpc): Schema {
  const kinds = Object.entries(command.args as Record<string, Kind<unknown>>);
  const properties = Object.fromEntries(kinds.map(([name, kind]) => [name, property(kind)]));
  if (command.rest) properties["rest"] = { type: "array", items: property(command.rest) };
  const required = kinds.filter(([, kind]) => !kind.optional).map(([name]) => name);
  return {
    type: "object",
    properties,
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}
