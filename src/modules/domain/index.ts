/** domain: the domains that are this server's, in a table. Follows Kamailio's src/modules/domain. */
import type { Call } from "../../declare/call.ts";
import { declare, int, RpcArray, RpcFault, RpcStruct, str, text } from "../../declare/module.ts";
import { parseUri } from "../../sip/uri.ts";
import { DEFAULT_READ_URL, Tables, tableStatistics } from "../db/tables.ts";
import { type Domain, Domains, type DomainTables } from "./domains.ts";

const { fn, rpc, module } = declare<Domains>();

/** Versions of the tables in Kamailio's database. */
const VERSION = 2;
const ATTRIBUTES_VERSION = 1;

const routes = ["request", "branch", "failure", "local"] as const;
const local = { 1: "it is local", [-1]: "it is not" } as const;
const answer = (found: Domain | undefined): 1 | -1 => (found ? 1 : -1);

/** The host of the Request-URI; in a failure route that of the first branch to come. */
function uriHost({ msg, kind }: Call): string | undefined {
  if (kind !== "failure") return msg.parsedUri?.host;
  const [branch] = msg.branches;
  return branch && parseUri(branch.uri)?.host;
}

/** Attributes become AVPs, and with them `did`; what comes first in the table is on top of what has the same name. */
function lookup(call: Call, name: string, prefix: string, domains: Domains): 1 | -1 {
  const found = domains.find(name);
  if (!found) return -1;
  for (const it of found.attributes) call.lists.avps.push(prefix + it.name, it.value);
  call.lists.avps.push(`${prefix}did`, found.did);
  return 1;
}

export const domain = module({
  name: "domain",
  doc: "The domains that are this server's, in a table.",
  params: {
    db_url: text("The database.", { fallback: DEFAULT_READ_URL }),
    domain_table: text("Table of the domains.", { fallback: "domain" }),
    domain_attrs_table: text("Table of their attributes.", { fallback: "domain_attrs" }),
    did_col: text("Column with the id of a domain, in both tables.", { fallback: "did" }),
    domain_col: text("Column with the name of a domain.", { fallback: "domain" }),
    name_col: text("Column with the name of an attribute.", { fallback: "name" }),
    type_col: text("Column with its type: 0 an integer, 2 a text.", { fallback: "type" }),
    value_col: text("Column with its value.", { fallback: "value" }),
    register_myself: int("1: these domains are the server itself, for `myself` and loose_route().", { fallback: 0 }),
  },
  start(params, core, old) {
    const tables = Tables.open(core, "domain", params.db_url);
    if (typeof tables === "string") return tables;
    const names: DomainTables = {
      domains: params.domain_table,
      attributes: params.domain_attrs_table,
      did: params.did_col,
      domain: params.domain_col,
      name: params.name_col,
      type: params.type_col,
      value: params.value_col,
    };
    return new Domains(core, tables, names, Number(params.register_myself) !== 0, old);
  },
  async open(domains) {
    const { tables, names } = domains;
    const problem =
      (await tables.problem()) ??
      (await tables.problemWithVersion(names.domains, VERSION)) ??
      (await tables.problemWithVersion(names.attributes, ATTRIBUTES_VERSION)) ??
      (await domains.load());
    if (problem !== undefined) throw new Error(`domain: ${problem}`);
  },
  stop: ({ tables }) => tables.close(),
  isMyself: (host, _port, _protocol, domains) => domains.areMyself && domains.find(host) !== undefined,
  functions: {
    is_from_local: fn({
      doc: "Whether the domain of From is local.",
      in: routes,
      args: {},
      returns: { ...local, [-2]: "From is malformed" },
      run({ msg }, _args, domains) {
        const from = msg.from?.parsed;
        return from ? answer(domains.find(from.host)) : -2;
      },
    }),
    is_uri_host_local: fn({
      doc: "Whether the domain of the Request-URI is local, in a failure route that of the first branch.",
      in: routes,
      args: {},
      returns: local,
      run(call, _args, domains) {
        const host = uriHost(call);
        return host === undefined ? -1 : answer(domains.find(host));
      },
    }),
    is_domain_local: fn({
      doc: "Whether a domain is local.",
      in: routes,
      args: { domain: str("The domain.") },
      returns: local,
      run: (_call, { domain }, domains) => answer(domains.find(domain)),
    }),
    lookup_domain: fn({
      doc: "Whether a domain is local; its attributes become AVPs, and its id `did`.",
      in: routes,
      args: { domain: str("The domain."), prefix: str("What names of AVPs begin with.", { fallback: "" }) },
      returns: local,
      run: (call, { domain, prefix }, domains) => lookup(call, domain, prefix, domains),
    }),
  },
  variables: {},
  commands: {
    "domain.reload": rpc({
      doc: "Reads the tables again; on a mistake in them the old domains stay.",
      args: {},
      async run(_args, domains) {
        if ((await domains.load()) !== undefined) throw new RpcFault(400, "Reload of domain tables failed");
      },
    }),
    "domain.dump": rpc({
      doc: "The domains, and the names of their attributes.",
      args: {},
      run: (_args, domains) =>
        new RpcStruct([
          ["domains", new RpcArray(domains.list().map(({ domain, did }) => ({ domain, did })))],
          [
            "attributes",
            new RpcArray(
              domains
                .attributes()
                .map(([did, attributes]) => ({ did, attrs: new RpcArray(attributes.map((it) => it.name)) })),
            ),
          ],
        ]),
    }),
  },
  events: {},
  statistics: tableStatistics("domain"),
});
