/** avpops: operations on AVPs. Follows Kamailio's src/modules/avpops, without databases. */
import { functions } from "./functions.ts";
import { module } from "./state.ts";

export const avpops = module({
  name: "avpops",
  doc: "Operations on AVPs: copying, comparing, computing, substituting.",
  params: {},
  start: (_params, core) => ({ core, parsed: new Map() }),
  functions,
  variables: {},
  commands: {},
  events: {},
});
