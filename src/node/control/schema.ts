/** Checks the parameters of a request against the schema that a command's declaration gives. */
import type { Ajv as AjvClass, ErrorObject, ValidateFunction } from "ajv";
import { orderOf, schemaOf } from "../../control/schema.ts";
import type { Rpc } from "../../declare/module.ts";
import { type Json, JsonObject } from "../../modules/jsonrpcs/json.ts";

/** Checks that were made, by declaration. */
export class ParameterChecks {
  // Loaded when the first command with parameters is asked for; most servers never get that far.
  #ajv: Promise<AjvClass> | undefined;
  readonly #byCommand = new WeakMap<Rpc, ValidateFunction>();

  /** What is wrong with the parameters, in words; nothing when they fit. */
  async problems(command: Rpc, params: readonly Json[] | JsonObject): Promise<readonly string[]> {
    const names = orderOf(command);
    const given = params instanceof JsonObject ? byName(params) : byPosition(command, names, params);
    if (typeof given === "string") return [given];
    if (names.length === 0 && Object.keys(given).length === 0) return [];
    let check = this.#byCommand.get(command);
    if (!check) {
      this.#ajv ??= load();
      check = (await this.#ajv).compile(schemaOf(command));
      this.#byCommand.set(command, check);
    }
    return check(given) ? [] : [...new Set((check.errors ?? []).map((it) => told(it, names)))];
  }
}

const load = async (): Promise<AjvClass> => {
  const { Ajv } = await import("ajv");
  return new Ajv({ allErrors: true, strict: false });
};

/** What is null counts as left out. */
const byName = (params: JsonObject): Record<string, unknown> =>
  Object.fromEntries(params.members.filter(([, value]) => value !== null).map(([name, value]) => [name, plain(value)]));

function byPosition(command: Rpc, names: readonly string[], params: readonly Json[]): Record<string, unknown> | string {
  if (params.length > names.length && !command.rest) return `at most ${names.length} parameters, not ${params.length}`;
  const given: Record<string, unknown> = {};
  names.forEach((name, i) => {
    const value = params[i];
    if (value !== undefined && value !== null) given[name] = plain(value);
  });
  if (params.length > names.length) given["rest"] = params.slice(names.length).map(plain);
  return given;
}

/** Objects as ajv wants them. */
const plain = (value: Json): unknown =>
  value instanceof JsonObject ? byName(value) : Array.isArray(value) ? value.map(plain) : value;

/** An error of ajv in our words. */
function told({ keyword, params, instancePath, message }: ErrorObject, names: readonly string[]): string {
  const at = instancePath.slice(1).replace("/", " ");
  switch (keyword) {
    case "required":
      return `${params["missingProperty"]} is missing`;
    case "additionalProperties":
      return `there is no parameter ${params["additionalProperty"]}; there are ${names.join(", ") || "none"}`;
    case "pattern":
      return `${at} must be an integer`;
    case "type":
      return `${at} must be ${[params["type"]].flat().includes("integer") ? "an integer" : "a text or a number"}`;
    default:
      return `${at} ${message}`;
  }
}
