/** sqlops: SQL in scripts. Follows Kamailio's src/modules/sqlops; databases but db_text's are the host's, without db_ modules. */
import type { Call } from "../../declare/call.ts";
import { LogLevel } from "../../declare/core.ts";
import { int, str, text } from "../../declare/module.ts";
import type { VariableRef } from "../../declare/variable.ts";
import { variableList } from "../../declare/variables-list.ts";
import { openAccess } from "../db/access.ts";
import { ask, type Connection, complain, failed, fn, keep, module, type Result, type Sqlops } from "./state.ts";
import { scriptValue, sqlClass, variables } from "./variables.ts";

const CONNECTION = /^\s*([^\s=]+)\s*=>\s*(\S.*?)\s*$/;

/** -1 and -2 when the query failed, 2 when it gave no rows. */
async function query(call: Call, state: Sqlops, name: string, text: string): Promise<Result | -1 | -2 | 2> {
  const connection = state.connections.get(name)!;
  const result = await ask(state, connection, text);
  if (!result) return failed(state, connection);
  keep(state, call, ({ affected }) => affected.set(name, result.affected));
  return result.rows.length === 0 ? 2 : result;
}

/** `$avp(a);$var(b)`, each of them one that can be written. A string is the problem. */
function outputs(written: string, { core }: Sqlops): readonly VariableRef[] | string {
  const list = variableList(written, core.variables);
  if (typeof list === "string") return list;
  const fixed = list.find((it) => !it.set);
  return fixed ? `\`${fixed.text}\` can only be read` : list;
}

/** The last row first, so that the first one is what variables hold in the end, and AVPs have on top. */
function store(call: Call, { rows }: Result, targets: readonly VariableRef[], state: Sqlops): 1 | -1 {
  for (const row of rows.toReversed())
    for (const [i, value] of row.entries()) {
      const target = targets[i];
      if (!target) return complain(state, `no variable for column ${i + 1}`);
      if (value !== null || target.name !== "avp") target.set?.(call, scriptValue(value));
    }
  return 1;
}

function storeList(call: Call, { columns, rows }: Result, name: string): 1 {
  for (const row of rows.toReversed()) {
    const list = call.lists.xavps.addList(name);
    for (let i = row.length - 1; i >= 0; i--) list.add(columns[i]!, row[i]!);
  }
  return 1;
}

const known = (literals: readonly (string | undefined)[], state: Sqlops): string | undefined =>
  state.connections.has(literals[0] ?? "") ? undefined : `there is no connection \`${literals[0]}\``;

const connection = text("Name of the connection (parameter sqlcon).");
const sql = str("The query.", { computed: false });
const failures = {
  [-1]: "the query failed",
  [-2]: "the database could not be reached yet (connect_mode 1 and 2)",
} as const;
const rowed = { 1: "there are rows", 2: "there are none" } as const;

export const sqlops = module({
  name: "sqlops",
  doc: "SQL in scripts: on SQLite, PostgreSQL and MySQL, and on text files (db_text), by the URL of a connection.",
  params: {
    sqlcon: text("`name=>url` of a connection; several may be given."),
    sqlres: text("Name of a result; results need no declaration.", { fallback: "" }),
    tr_buf_size: int("Longest text that {sql.val} makes, in characters.", { fallback: 2048 }),
    log_buf_size: int("Characters of a query that a log line shows.", { fallback: 128 }),
    connect_mode: int("0: databases must answer at the start; 1: they should; 2: they are asked when needed.", {
      fallback: 0,
    }),
    results_maxsize: int("Results that may be kept at once in Kamailio; there is no limit here.", { fallback: 32 }),
  },
  repeated: ["sqlcon", "sqlres"],
  start(params, core) {
    const connections = new Map<string, Connection>();
    for (const written of (params.sqlcon ?? []) as unknown as readonly string[]) {
      const [, name, url] = CONNECTION.exec(written) ?? [];
      if (name === undefined || url === undefined) return `sqlops: sqlcon is name=>url, not ${written}`;
      if (connections.has(name)) return `sqlops: there are two connections ${name}`;
      const database = openAccess(core, url);
      if (typeof database === "string") return `sqlops: ${database}`;
      connections.set(name, { name, url, database, reached: false });
    }
    if (Number(params.tr_buf_size) <= 0) return "sqlops: tr_buf_size must be above 0";
    return {
      core,
      connections,
      mode: Number(params.connect_mode),
      logSize: Number(params.log_buf_size),
      bufferSize: Number(params.tr_buf_size),
      kept: new WeakMap(),
      queries: core.statistics.counter("sqlops", "queries"),
      failures: core.statistics.counter("sqlops", "failures"),
    };
  },
  async open(state, core) {
    if (state.mode === 2) return;
    for (const it of state.connections.values()) {
      const reply = await it.database.probe();
      it.reached = reply.ok;
      if (reply.ok) continue;
      const problem = `failed to connect to the database [${it.name}]: ${reply.message}`;
      if (state.mode !== 1) throw new Error(`sqlops: ${problem}`);
      core.log.write(LogLevel.info, `sqlops: ${problem}\n`);
    }
  },
  async stop(state) {
    for (const it of state.connections.values()) await it.database.close();
  },
  functions: {
    sql_query: fn({
      doc: "Makes a query, and keeps its rows for `$dbr`.",
      in: "any",
      args: { connection, sql, result: text("Name for the rows; without one they are dropped.", { fallback: "" }) },
      returns: { ...rowed, 3: "there are rows, but no name for them", ...failures },
      waits: true,
      check: known,
      async run(call, args, state) {
        if (args.result !== "") keep(state, call, ({ results }) => results.delete(args.result));
        const result = await query(call, state, args.connection, args.sql);
        if (typeof result === "number") return result;
        if (args.result === "") return 3;
        keep(state, call, ({ results }) => results.set(args.result, result));
        return 1;
      },
    }),
    sql_xquery: fn({
      doc: "Makes a query, and keeps each row as an XAVP with the columns by name.",
      in: "any",
      args: { connection, sql, xavp: str("Name of the XAVP.", { computed: false }) },
      returns: { ...rowed, ...failures },
      waits: true,
      check: known,
      async run(call, args, state) {
        const result = await query(call, state, args.connection, args.sql);
        return typeof result === "number" ? result : storeList(call, result, args.xavp);
      },
    }),
    sql_pvquery: fn({
      doc: "Makes a query, and writes each column into a variable.",
      in: "any",
      args: { connection, sql, variables: text("The variables, separated by commas or semicolons.") },
      returns: { ...rowed, ...failures },
      waits: true,
      check(literals, state) {
        const list = outputs(literals[2] ?? "", state);
        return known(literals, state) ?? (typeof list === "string" ? list : undefined);
      },
      async run(call, args, state) {
        const result = await query(call, state, args.connection, args.sql);
        if (typeof result === "number") return result;
        const targets = outputs(args.variables, state);
        return typeof targets === "string" ? complain(state, targets) : store(call, result, targets, state);
      },
    }),
    sql_query_async: fn({
      doc: "Makes a query that is not waited for, and whose rows nobody sees.",
      in: "any",
      args: { connection, sql },
      returns: { 1: "the query is on its way" },
      check: known,
      run(_call, args, state) {
        void ask(state, state.connections.get(args.connection)!, args.sql);
        return 1 as const;
      },
    }),
    sql_result_free: fn({
      doc: "Forgets a result.",
      in: "any",
      args: { result: text("Its name.") },
      returns: { 1: "always" },
      run(call, args, state) {
        keep(state, call, ({ results }) => results.delete(args.result));
        return 1 as const;
      },
    }),
  },
  variables,
  transformations: { sql: sqlClass((call) => call.core.state<Sqlops>("sqlops")?.bufferSize ?? 0) },
  commands: {},
  events: {},
  statistics: {
    "sqlops.queries": "Queries made.",
    "sqlops.failures": "Queries that failed: refused, too late, or no database there.",
  },
});
