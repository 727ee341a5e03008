/** Every script that Kamailio took is read without an error; those that it refused for their syntax are refused. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { composeScript, type Vector } from "../golden/vector.ts";
import { read } from "./read.ts";

const vectors = readFileSync(new URL("../golden/open.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Vector);

const substitution = /^--(subst|substdefs?)=(.*)$/;

function errors(vector: Vector): string[] {
  const { args = [], env = {}, files = {} } = vector;
  const defines = args.flatMap((arg, index): [string, string | undefined][] => {
    if (arg !== "-A") return [];
    const [name, ...value] = args[index + 1]!.split("=");
    return [[name!, value.length > 0 ? value.join("=") : undefined]];
  });
  const substitutions = args.flatMap((arg) => {
    const found = substitution.exec(arg);
    return found ? [{ kind: found[1] as "subst", rule: found[2]! }] : [];
  });
  const text = Buffer.from(composeScript(vector), "utf8").toString("latin1");
  const { problems } = read(text, { defines, substitutions, env, files });
  return problems.filter(({ severity }) => severity === "error").map(({ code, message }) => `${code}: ${message}`);
}

test("what Kamailio took is read", () => {
  const refused = vectors
    .filter(({ expect: { config_error } }) => !config_error)
    .flatMap((vector) => errors(vector).map((error) => `${vector.id}: ${error}`));
  expect(refused).toEqual([]);
}, 60_000);

/** Refused for what the names and values mean, not for how the script is written: the checker's business. */
const laterThanSyntax = [
  /^prep\/(?:define-046|define-block-004|globals-)/,
  /^expr\/(?:unary-0(?:1|46)|plus-|cmp|rel-|re-0|re-const|null-|logic-|func-0[01]|assign-02|assign-03|assign-04)/,
  /^vars\//,
  /^trans\//,
  /^flow\/(?:ret-|depth-|reply-|while-009|switch-02[28]|switch-03|switch-04|routes-0)/,
  /^tm\//,
  /^func\//,
];

test("what Kamailio refused for its syntax is refused", () => {
  const taken = vectors
    .filter(({ id, expect: { config_error } }) => config_error && !laterThanSyntax.some((later) => later.test(id)))
    .filter((vector) => errors(vector).length === 0)
    .map(({ id }) => id);
  // `--define` is no option of Kamailio's: the command line refuses it.
  expect(taken.filter((id) => id !== "prep/cli-012")).toEqual([]);
}, 60_000);
