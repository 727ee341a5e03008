/** avpops: operations on AVPs. Follows Kamailio's src/modules/avpops, without its functions on tables of AVPs. */
import { text } from "../../declare/module.ts";
import { functions } from "./functions.ts";
import { queryFunctions } from "./query.ts";
import { module } from "./state.ts";

export const avpops = module({
  name: "avpops",
  doc: "Operations on AVPs: copying, comparing, computing, substituting, and filling them from a database.",
  params: {
    db_url: text("URL of the database for avp_db_query.", { fallback: "" }),
  },
  start(params, core) {
    const database = params.db_url === "" ? undefined : core.host.databases.open(params.db_url);
    if (typeof database === "string") return `avpops: ${database}`;
    return { core, parsed: new Map(), database, failures: core.statistics.counter("avpops", "db_failures") };
  },
  async stop(state) {
    await state.database?.close();
  },
  functions: { ...functions, ...queryFunctions },
  variables: {},
  commands: {},
  events: {},
  statistics: { "avpops.db_failures": "Queries that failed." },
});
