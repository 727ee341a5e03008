/** avpops: operations on AVPs. Follows Kamailio's src/modules/avpops. */
import { int, text } from "../../declare/module.ts";
import { Tables, tableStatistics } from "../db/tables.ts";
import { functions } from "./functions.ts";
import { queryFunctions } from "./query.ts";
import { module } from "./state.ts";
import { storageFunctions } from "./storage.ts";
import { type Columns, parseScheme, type Scheme } from "./stored.ts";

export const avpops = module({
  name: "avpops",
  doc: "Operations on AVPs: copying, comparing, computing, substituting, and filling them from a database.",
  params: {
    db_url: text("URL of the database for the functions avp_db_….", { fallback: "" }),
    avp_table: text("Table of AVPs.", { fallback: "" }),
    use_domain: int("Not 0: the domain of a URI says whose AVPs are meant, too.", { fallback: 0 }),
    uuid_column: text("Column with the id of whom an AVP belongs to.", { fallback: "uuid" }),
    attribute_column: text("Column with the AVP's name.", { fallback: "attribute" }),
    value_column: text("Column with its value.", { fallback: "value" }),
    type_column: text("Column with its type: 1 for an integer value, and 2 more for a number as name.", {
      fallback: "type",
    }),
    username_column: text("Column with the user that it belongs to.", { fallback: "username" }),
    domain_column: text("Column with the user's domain.", { fallback: "domain" }),
    db_scheme: text("Another table with AVPs: `name:table=t;uuid_col=u;value_col=v;value_type=integer`.", {
      optional: true,
    }),
  },
  repeated: ["db_scheme"],
  start(params, core) {
    const database = params.db_url === "" ? undefined : Tables.open(core, "avpops", params.db_url);
    if (typeof database === "string") return database;
    const columns: Columns = {
      uuid: params.uuid_column,
      attribute: params.attribute_column,
      value: params.value_column,
      type: params.type_column,
      username: params.username_column,
      domain: params.domain_column,
    };
    const schemes = new Map<string, Scheme>();
    for (const written of (params.db_scheme as unknown as readonly string[] | undefined) ?? []) {
      const parsed = parseScheme(written, columns);
      if (typeof parsed === "string") return parsed;
      const name = parsed.name.toLowerCase();
      if (schemes.has(name)) return `there are two schemes ${parsed.name}`;
      schemes.set(name, parsed.scheme);
    }
    const places = { table: params.avp_table, columns, schemes, useDomain: params.use_domain !== 0 };
    return {
      core,
      ...places,
      inDatabase: new WeakMap(),
      parsed: new Map(),
      database,
    };
  },
  async stop(state) {
    await state.database?.close();
  },
  functions: { ...functions, ...queryFunctions, ...storageFunctions },
  variables: {},
  commands: {},
  events: {},
  statistics: tableStatistics("avpops"),
});
