/** Tools for classes of transformations: a table of named functions becomes a class. */
import type { Call } from "../../../declare/call.ts";
import type { TransformationClass } from "../../../declare/module.ts";
import type { Transformation } from "../../../declare/transformations.ts";
import type { Param, ParamKind } from "../../../declare/transformations-params.ts";
import { paramNumber, paramText, readParams } from "../../../declare/transformations-params.ts";
import type { Read } from "../../../declare/value.ts";
import type { Variables } from "../../../declare/variable.ts";
import { toText } from "../../../declare/variables-values.ts";

/** What a transformation makes of a text; undefined when it fails. */
export type TextFunction = (text: string, call: Call) => Read;

/** A transformation of a class: what it does, its parameters, and how it is made from them. */
export interface Made {
  readonly doc: string;
  readonly params?: readonly ParamKind[];
  /** The parameters may be left out altogether. */
  readonly optional?: boolean;
  /** A string is the problem. */
  make(params: readonly Param[]): Transformation | string;
}

/** One that reads its parameters itself. */
export interface SelfRead {
  readonly doc: string;
  read(raw: string | undefined, variables: Variables): Transformation | string;
}

export type Declared = Made | SelfRead;

/**
 * A class whose transformations are looked up by name without case. `accepts` says which values they fail on before
 * they are asked: "text" classes fail on null and on the empty text, "value" classes on null only.
 */
export function transformationClass(
  doc: string,
  accepts: "text" | "value" | "any",
  table: Readonly<Record<string, Declared>>,
): TransformationClass {
  const names: Record<string, string> = {};
  for (const [name, it] of Object.entries(table)) names[name] = it.doc;
  return {
    doc,
    names,
    bind: (name, raw, _core, variables) => {
      const key = name.toLowerCase();
      if (!Object.hasOwn(table, key)) return `there is no transformation \`${name}\``;
      const it = table[key]!;
      if ("read" in it) return guard(accepts, it.read(raw, variables));
      if (it.optional && raw === undefined) return guard(accepts, it.make([]));
      const params = readParams(name, raw, it.params ?? [], variables);
      return typeof params === "string" ? params : guard(accepts, it.make(params));
    },
  };
}

function guard(accepts: "text" | "value" | "any", made: Transformation | string): Transformation | string {
  if (typeof made === "string" || accepts === "any") return made;
  if (accepts === "value") return (value, call) => (value === null ? undefined : made(value, call));
  return (value, call) => (value === null || toText(value) === "" ? undefined : made(value, call));
}

/** A transformation of the text of a value, without parameters. */
export const onText = (doc: string, apply: TextFunction): Declared => ({
  doc,
  make: () => (value, call) => apply(toText(value), call),
});

/** One with a number; it fails when the number's variable is no integer. */
export const withNumber = (doc: string, apply: (text: string, n: number) => Read, optional = false): Declared => ({
  doc,
  params: ["number"],
  optional,
  make: ([param]) => {
    if (param === undefined) return (value) => apply(toText(value), 0);
    return (value, call) => {
      const n = paramNumber(param, call);
      return n === undefined ? undefined : apply(toText(value), n);
    };
  },
});

/** One with a text; it fails when the text's variable is null or empty. */
export const withText = (
  doc: string,
  apply: (text: string, argument: string, call: Call) => Read,
  kind: "text" | "separator" = "text",
): Declared => ({
  doc,
  params: [kind],
  make:
    ([param]) =>
    (value, call) => {
      const argument = paramText(param!, call);
      return argument === undefined ? undefined : apply(toText(value), argument, call);
    },
});

const isWhite = (c: number): boolean => c === 32 || c === 9 || c === 13 || c === 10;

/** Without blanks, tabs, carriage returns and line feeds at its beginning. */
export function trimStart(text: string): string {
  let i = 0;
  while (i < text.length && isWhite(text.charCodeAt(i))) i++;
  return text.slice(i);
}

/** Without blanks, tabs, carriage returns and line feeds at its end. */
export function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && isWhite(text.charCodeAt(end - 1))) end--;
  return text.slice(0, end);
}

export const trim = (text: string): string => trimEnd(trimStart(text));
