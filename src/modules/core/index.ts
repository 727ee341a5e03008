/** The functions and parameters that are there without any module (Kamailio's cfg.y and action.c). */
import type { Core } from "../../declare/core.ts";
import { declare } from "../../declare/module.ts";
import { flagFunctions } from "./flags.ts";
import { forwardFunctions } from "./forward.ts";
import { instanceFunctions } from "./instances.ts";
import { coreParameters } from "./parameters.ts";
import { selectVariables } from "./select.ts";
import { transportFunctions } from "./transport.ts";
import { uriFunctions } from "./uri.ts";
import { coreVariables } from "./variables.ts";
import { variousFunctions } from "./various.ts";

export { coreParameters } from "./parameters.ts";

const { module } = declare<Core>();

export const core = module({
  name: "core",
  doc: "What every script has: forwarding, changes of the Request-URI, flags, and the parameters of the server itself.",
  params: coreParameters,
  start: (_params, core) => core,
  functions: {
    ...forwardFunctions,
    ...uriFunctions,
    ...flagFunctions,
    ...transportFunctions,
    ...variousFunctions,
    ...instanceFunctions,
  },
  variables: { ...coreVariables, ...selectVariables },
  commands: {},
  events: {
    "core:pre-routing": "Every message, before its route; `drop` ends it.",
    "core:msg-received":
      "Every message before it is read, with received_route_mode; `$rcv(...)` has it, `drop` ends it.",
    "core:receive-parse-error": "A message that cannot be read.",
    "core:worker-one-init": "Once, when the server begins to serve.",
  },
});
