/** corex: branches, sockets, raw data, files, and more of the core's variables. Follows Kamailio's src/modules/corex. */
import type { Core } from "../../declare/core.ts";
import { declare, text } from "../../declare/module.ts";
import type { Protocol } from "../../sip/address.ts";
import { branchFunctions } from "./branches.ts";
import { commands } from "./commands.ts";
import { flagFunctions } from "./flags.ts";
import { forwardFunctions } from "./forward.ts";
import { internalFlagFunctions } from "./internal-flags.ts";
import { sendFunctions } from "./send.ts";
import { sockClass } from "./socket-text.ts";
import { socketFunctions } from "./sockets.ts";
import { parseSubdomains, type Subdomains } from "./subdomains.ts";
import { variables } from "./variables.ts";
import { viaFunctions } from "./vias.ts";

export interface Corex {
  readonly core: Core;
  readonly subdomains: readonly Subdomains[];
}
const { module } = declare<Corex>();

export const corex = module({
  name: "corex",
  doc: "Branches, sockets, raw data, files, and more of the core's variables.",

  params: {
    alias_subdomains: text("A domain that, with all domains below it, is this server's: `[protocol:]domain[:port]`."),
  },
  repeated: ["alias_subdomains"],

  start(params, core) {
    const subdomains: Subdomains[] = [];
    for (const written of (params.alias_subdomains as unknown as readonly string[] | undefined) ?? []) {
      const parsed = parseSubdomains(written);
      if (typeof parsed === "string") return parsed;
      subdomains.push(parsed);
    }
    return { core, subdomains };
  },

  isMyself: (host: string, port: number, protocol: Protocol | undefined, { subdomains }) =>
    subdomains.some((it) => it.has(host, port, protocol)),

  functions: {
    ...branchFunctions,
    ...forwardFunctions,
    ...sendFunctions,
    ...socketFunctions,
    ...flagFunctions,
    ...internalFlagFunctions,
    ...viaFunctions,
  },
  variables,
  transformations: { sock: sockClass },
  commands,
  events: {},
});
