/** Variables that Kamailio's core itself has (core/pv_core.c): they are there without the module pv. */
import type { Bound, Pv } from "../../declare/module.ts";
import type { Read } from "../../declare/value.ts";
import { intWithText, strictInt } from "../../declare/variables-values.ts";

const rc: Pv<unknown> = { doc: "Code of the last function or route that sets one.", get: (call) => call.rc };

const environment = (variable: string, doc: string, read: (text: string) => Read): Pv<unknown> => ({
  doc,
  bind: ({ inner, index }, core): Bound | string => {
    if (index !== undefined) return `\`$${variable}\` takes no index`;
    if (inner === undefined) return `\`$${variable}\` needs the name of an environment variable in parentheses`;
    return {
      get: () => {
        const text = core.host.process.env(inner);
        return text === undefined ? null : read(text);
      },
    };
  },
});

/** `$def` and its kin: what the preprocessor has defined. `absent` is read when there is no such definition. */
const definition = (variable: string, doc: string, absent: Read, read: (value: string) => Read): Pv<unknown> => ({
  doc,
  bind: ({ inner, index }, core): Bound | string => {
    if (index !== undefined) return `\`$${variable}\` takes no index`;
    if (inner === undefined) return `\`$${variable}\` needs the name of a definition in parentheses`;
    return {
      get: () => {
        const value = core.defines?.().get(inner);
        return value === undefined ? absent : read(value);
      },
    };
  },
});

const isQuoted = (text: string): boolean => /^(?:".*"|'.*')$/s.test(text) && text.length >= 2;

/** OpenSIPS: what a route is given, by its place from 1. */
const param: Pv<unknown> = {
  doc: "What a route was given besides the message: `$param(1)` is the parameter of `launch` in its report route.",
  bind: ({ inner, index }): Bound | string => {
    const place = /^[1-9]\d?$/.test(inner ?? "") ? Number(inner) : 0;
    if (place === 0 || index !== undefined) return "`$param` needs the number of a parameter in parentheses";
    return { get: (call) => call.params[place - 1] ?? null };
  },
};

export const coreVariables: Readonly<Record<string, Pv<unknown>>> = {
  param,
  rc,
  retcode: rc,
  "?": rc,
  env: environment("env", "An environment variable.", (text) => text),
  envn: environment("envn", "An environment variable as a number; 0 when it is none.", (text) =>
    intWithText(strictInt(text) ?? 0, text),
  ),
  def: definition("def", "Value of a definition; null when there is none.", null, (value) => value),
  defn: definition("defn", "Value of a definition as a number; 0 when it is none.", 0, (value) =>
    intWithText(strictInt(value) ?? 0, value),
  ),
  defv: definition("defv", "Value of a definition without its quotes.", null, (value) =>
    isQuoted(value) ? value.slice(1, -1) : value,
  ),
  defs: definition("defs", "Value of a definition in double quotes, unless it has quotes.", null, (value) =>
    value.length < 2 || isQuoted(value) ? value : `"${value}"`,
  ),
};
