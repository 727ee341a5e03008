/** Runs scripts on SQLite in memory: what they logged, what the server sent, and what is in the tables then. */
import type { Database } from "../../src/declare/host.ts";
import { modules } from "../../src/modules/index.ts";
import { createDatabases } from "../../src/node/database/index.ts";
import { Simulation } from "../../src/simulate/simulation.ts";

export const URL = "sqlite::memory:";

/** Kamailio's tables, with the columns that its scripts for SQLite make. */
const TABLES = {
  version: ["table_name VARCHAR(32) NOT NULL, table_version INTEGER DEFAULT 0 NOT NULL", 0],
  location: [
    `id INTEGER PRIMARY KEY NOT NULL, ruid VARCHAR(64) DEFAULT '' NOT NULL, username VARCHAR(64) DEFAULT '' NOT NULL,
    domain VARCHAR(64) DEFAULT NULL, contact VARCHAR(512) DEFAULT '' NOT NULL, received VARCHAR(128) DEFAULT NULL,
    path VARCHAR(512) DEFAULT NULL, expires TIMESTAMP WITHOUT TIME ZONE DEFAULT '2030-05-28 21:32:15' NOT NULL,
    q REAL DEFAULT 1.0 NOT NULL, callid VARCHAR(255) DEFAULT 'Default-Call-ID' NOT NULL,
    cseq INTEGER DEFAULT 1 NOT NULL, last_modified TIMESTAMP WITHOUT TIME ZONE DEFAULT '2000-01-01 00:00:01' NOT NULL,
    flags INTEGER DEFAULT 0 NOT NULL, cflags INTEGER DEFAULT 0 NOT NULL, user_agent VARCHAR(255) DEFAULT '' NOT NULL,
    socket VARCHAR(64) DEFAULT NULL, methods INTEGER DEFAULT NULL, instance VARCHAR(255) DEFAULT NULL,
    reg_id INTEGER DEFAULT 0 NOT NULL, server_id INTEGER DEFAULT 0 NOT NULL,
    connection_id INTEGER DEFAULT 0 NOT NULL, keepalive INTEGER DEFAULT 0 NOT NULL,
    partition INTEGER DEFAULT 0 NOT NULL, CONSTRAINT location_ruid_idx UNIQUE (ruid)`,
    9,
  ],
  location_attrs: [
    `id INTEGER PRIMARY KEY NOT NULL, ruid VARCHAR(64) DEFAULT '' NOT NULL, username VARCHAR(64) DEFAULT '' NOT NULL,
    domain VARCHAR(64) DEFAULT NULL, aname VARCHAR(64) DEFAULT '' NOT NULL, atype INTEGER DEFAULT 0 NOT NULL,
    avalue VARCHAR(512) DEFAULT '' NOT NULL,
    last_modified TIMESTAMP WITHOUT TIME ZONE DEFAULT '2000-01-01 00:00:01' NOT NULL`,
    1,
  ],
  trusted: [
    `id INTEGER PRIMARY KEY NOT NULL, src_ip VARCHAR(50) NOT NULL, proto VARCHAR(4) NOT NULL,
    from_pattern VARCHAR(64) DEFAULT NULL, ruri_pattern VARCHAR(64) DEFAULT NULL, tag VARCHAR(64),
    priority INTEGER DEFAULT 0 NOT NULL`,
    6,
  ],
  address: [
    `id INTEGER PRIMARY KEY NOT NULL, grp INTEGER DEFAULT 1 NOT NULL, ip_addr VARCHAR(50) NOT NULL,
    mask INTEGER DEFAULT 32 NOT NULL, port SMALLINT DEFAULT 0 NOT NULL, tag VARCHAR(64)`,
    6,
  ],
  subscriber: [
    `id INTEGER PRIMARY KEY NOT NULL, username VARCHAR(64) DEFAULT '' NOT NULL, domain VARCHAR(64) DEFAULT '' NOT NULL,
    password VARCHAR(64) DEFAULT '' NOT NULL, ha1 VARCHAR(128) DEFAULT '' NOT NULL,
    ha1b VARCHAR(128) DEFAULT '' NOT NULL, rpid VARCHAR(64)`,
    7,
  ],
  dbaliases: [
    `id INTEGER PRIMARY KEY NOT NULL, alias_username VARCHAR(64) DEFAULT '' NOT NULL,
    alias_domain VARCHAR(64) DEFAULT '' NOT NULL, username VARCHAR(64) DEFAULT '' NOT NULL,
    domain VARCHAR(64) DEFAULT '' NOT NULL`,
    1,
  ],
  speed_dial: [
    `id INTEGER PRIMARY KEY NOT NULL, username VARCHAR(64) DEFAULT '' NOT NULL, domain VARCHAR(64) DEFAULT '' NOT NULL,
    sd_username VARCHAR(64) DEFAULT '' NOT NULL, sd_domain VARCHAR(64) DEFAULT '' NOT NULL,
    new_uri VARCHAR(255) DEFAULT '' NOT NULL, fname VARCHAR(64) DEFAULT '' NOT NULL,
    lname VARCHAR(64) DEFAULT '' NOT NULL, description VARCHAR(64) DEFAULT '' NOT NULL`,
    2,
  ],
  domain: [
    `id INTEGER PRIMARY KEY NOT NULL, domain VARCHAR(64) NOT NULL, did VARCHAR(64) DEFAULT NULL,
    last_modified TIMESTAMP WITHOUT TIME ZONE DEFAULT '2000-01-01 00:00:01' NOT NULL`,
    2,
  ],
  domain_attrs: [
    `id INTEGER PRIMARY KEY NOT NULL, did VARCHAR(64) NOT NULL, name VARCHAR(32) NOT NULL, type INTEGER NOT NULL,
    value VARCHAR(255) NOT NULL,
    last_modified TIMESTAMP WITHOUT TIME ZONE DEFAULT '2000-01-01 00:00:01' NOT NULL`,
    1,
  ],
} as const satisfies Record<string, readonly [string, number]>;

/** A database with Kamailio's tables, which are empty but for what `statements` do. */
export async function databaseWith(...statements: readonly string[]): Promise<Database> {
  const database = createDatabases().open(URL);
  if (typeof database === "string") throw new Error(database);
  for (const [name, [columns, version]] of Object.entries(TABLES)) {
    await must(database, `create table ${name} (${columns})`);
    await must(database, `insert into version values ('${name}', ${version})`);
  }
  for (const it of statements) await must(database, it);
  return database;
}

/** Rows of a query that has to succeed. */
export async function must(database: Database, query: string): Promise<readonly (readonly unknown[])[]> {
  const reply = await database.query(query);
  if (!reply.ok) throw new Error(`${reply.message}: ${query}`);
  return reply.rows;
}

export interface Running {
  readonly simulation: Simulation;
  /** What script and server have logged since they started. */
  readonly log: string[];
  readonly sent: string[];
  /** No query is answered while this is set. */
  dead: boolean;
  /** Sends messages one after the other from 127.0.0.2. */
  send(...messages: readonly string[]): Promise<void>;
  command(name: string, ...args: readonly (string | number)[]): Promise<unknown>;
  stop(): Promise<void>;
}

/** Starts a script; a problem with it is thrown. */
export async function running(database: Database, load: string, script: string): Promise<Running> {
  const text = [
    "listen=udp:127.0.0.1:5060",
    ...`pv xlog sl tm siputils textops ${load}`.split(" ").map((it) => `loadmodule "${it}"`),
    script,
  ].join("\n");
  const simulation = new Simulation({ modules, files: { "/s.cfg": text }, script: "/s.cfg" });
  const state = { dead: false };
  simulation.host.databases.script = (query, _url, params) =>
    state.dead ? { ok: false, error: "connect", message: "connection refused" } : database.query(query, params);
  const problems = await simulation.start();
  if (problems.length > 0) throw new Error(problems.map((it) => it.message).join("; "));
  const sent: string[] = [];
  simulation.network.faults = ({ from, text: datagram }) => {
    if (from.port === 5060) sent.push(datagram);
    return [0];
  };
  const started = simulation.log.length;
  const peer = simulation.network.bindNow({ address: "127.0.0.2", port: 40000 }, { message() {}, failed() {} });
  return {
    simulation,
    sent,
    get log() {
      return simulation.log.slice(started).map((it) => it.text.trimEnd());
    },
    get dead() {
      return state.dead;
    },
    set dead(value: boolean) {
      state.dead = value;
    },
    async send(...messages) {
      for (const message of messages) {
        peer.send(message, "127.0.0.1", 5060);
        await simulation.advance(50);
      }
    },
    async command(name, ...args) {
      const command = simulation.server.active?.core.command(name);
      if (!command) throw new Error(`there is no command ${name}`);
      return command.run(args);
    },
    stop: async () => {
      await simulation.stop();
    },
  };
}
