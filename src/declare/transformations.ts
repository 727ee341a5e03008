/** Transformations as they are written behind a variable, and the tools their classes are made of (Kamailio's pvapi.c). */
import type { Call } from "./call.ts";
import type { Core } from "./core.ts";
import type { Module, TransformationClass } from "./module.ts";
import type { Read } from "./value.ts";
import type { Variables } from "./variable.ts";
import { variableEnd } from "./variables-text.ts";

export type Transformation = (value: Read, call: Call) => Read;

const isBlank = (char: string | undefined): boolean => char === " " || char === "\t" || char === "\n";

/** Offset of the first character at or after `from` that is not white space. */
export function skipBlanks(text: string, from: number): number {
  let i = from;
  while (isBlank(text[i])) i++;
  return i;
}

/** The classes of the loaded modules, by name. */
export function transformationClasses(modules: readonly Module[]): ReadonlyMap<string, TransformationClass> {
  const classes = new Map<string, TransformationClass>();
  for (const module of modules)
    for (const [name, it] of Object.entries(module.transformations ?? {}))
      if (!classes.has(name)) classes.set(name, it);
  return classes;
}

/**
 * Binds the transformations that start with the `{` at `from` and must reach to the `)` that ends `text`.
 * A string is the problem.
 */
export function bindTransformations(
  text: string,
  from: number,
  classes: ReadonlyMap<string, TransformationClass>,
  core: Core,
  variables: Variables,
): Transformation[] | string {
  const bound: Transformation[] = [];
  let at = from;
  while (true) {
    at = skipBlanks(text, at);
    if (text[at] !== "{") break;
    const dot = text.indexOf(".", at);
    const className = dot < 0 ? text.slice(at + 1, -1) : text.slice(at + 1, dot);
    const it = dot < 0 ? undefined : classes.get(className);
    if (!it) return `no loaded module has a transformation class \`${className.trim()}\``;
    const nameEnd = endOfName(text, dot + 1);
    if (nameEnd < 0) return `the transformation \`${text.slice(at)}\` is not closed`;
    const name = text.slice(dot + 1, nameEnd).trim();
    const hasParams = text[nameEnd] === ",";
    const end = hasParams ? (it.end ?? endOfParams)(name, text, nameEnd + 1) : nameEnd;
    if (end < 0) return `the transformation \`${text.slice(at)}\` is not closed`;
    const params = hasParams ? text.slice(nameEnd + 1, end) : undefined;
    const transformation = it.bind(name, params, core, variables);
    if (typeof transformation === "string") return transformation;
    bound.push(transformation);
    at = end + 1;
  }
  return at === text.length - 1 && text[at] === ")" ? bound : `unexpected \`${text.slice(at)}\` in \`${text}\``;
}

function endOfName(text: string, from: number): number {
  for (let i = from; i < text.length; i++) if (text[i] === "," || text[i] === "}") return i;
  return -1;
}

/** The `}` behind parameters that are numbers, variables or text without `,` and `}`. */
export function endOfParams(_name: string, text: string, from: number): number {
  let i = skipBlanks(text, from);
  while (i < text.length) {
    if (text[i] === "$") {
      const end = variableEnd(text, i);
      if (end < 0) return -1;
      i = end;
    }
    while (i < text.length && text[i] !== "," && text[i] !== "}") i++;
    if (text[i] === "}") return i;
    i = skipBlanks(text, i + 1);
  }
  return -1;
}
