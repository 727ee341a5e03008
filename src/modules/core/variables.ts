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

export const coreVariables: Readonly<Record<string, Pv<unknown>>> = {
  rc,
  retcode: rc,
  "?": rc,
  env: environment("env", "An environment variable.", (text) => text),
  envn: environment("envn", "An environment variable as a number; 0 when it is none.", (text) =>
    intWithText(strictInt(text) ?? 0, text),
  ),
};
