/** The table of registrations, as Kamailio has it: its columns by what they hold, and contacts as rows. */
import { text } from "../../declare/module.ts";
import { XavpList } from "../../declare/xavp.ts";
import type { LocalSocket } from "../../sip/address.ts";
import { socketText } from "../corex/variables.ts";
import { type Cell, type Columns, type Row, type Tables, textOf } from "../db/tables.ts";
import { ALL_METHODS, type Contact, type ContactInfo } from "./contact.ts";

/** Version of the table in Kamailio's database. */
export const TABLE_VERSION = 9;

/** Parameters that name columns, with what they are called when nobody names them. */
const NAMES = {
  user_column: ["username", "the user of the address of record"],
  domain_column: ["domain", "the domain of the address of record"],
  contact_column: ["contact", "the URI of the contact"],
  expires_column: ["expires", "the time until which the contact is good"],
  q_column: ["q", "the q value"],
  callid_column: ["callid", "the Call-ID"],
  cseq_column: ["cseq", "the CSeq"],
  flags_column: ["flags", "flags"],
  cflags_column: ["cflags", "branch flags"],
  user_agent_column: ["user_agent", "the User-Agent"],
  received_column: ["received", "where the registration came from"],
  path_column: ["path", "the Path"],
  socket_column: ["socket", "the local socket"],
  methods_column: ["methods", "the methods that the contact takes"],
  ruid_column: ["ruid", "the unique id of the contact"],
  instance_column: ["instance", "the instance id"],
  reg_id_column: ["reg_id", "the reg-id"],
  server_id_column: ["server_id", "the id of the server"],
  connection_id_column: ["connection_id", "the id of the stream connection"],
  keepalive_column: ["keepalive", "whether the contact is pinged"],
  partition_column: ["partition", "the part of the contact among processes that ping"],
} as const;
type ParameterName = keyof typeof NAMES;

/** Names of the columns; the time of the last change cannot be named otherwise. */
export type ColumnNames = Readonly<Record<ParameterName | "last_modified", string>>;

type ColumnParameters = Record<ParameterName, ReturnType<typeof text>>;
export const columnParameters: ColumnParameters = Object.fromEntries(
  Object.entries(NAMES).map(([name, [column, holds]]) => [name, text(`Column with ${holds}.`, { fallback: column })]),
) as ColumnParameters;

export const columnNames = (params: Readonly<Record<ParameterName, string>>): ColumnNames => ({
  ...(Object.fromEntries(Object.keys(NAMES).map((it) => [it, params[it as ParameterName]])) as Record<
    ParameterName,
    string
  >),
  last_modified: "last_modified",
});

export interface TableFormat {
  readonly columns: ColumnNames;
  /** Times are whole seconds, not times of the database (expires_type). */
  readonly wholeSeconds: boolean;
  readonly useDomain: boolean;
  /** What a new row holds nothing of is written as NULL, not left out. */
  readonly writesNull: boolean;
}

/** An address of record as two columns. */
export function splitAor(aor: string, useDomain: boolean): { readonly user: string; readonly domain: string } {
  if (!useDomain) return { user: aor, domain: "" };
  const at = aor.indexOf("@");
  return at < 0 ? { user: "", domain: aor } : { user: aor.slice(0, at), domain: aor.slice(at + 1) };
}

const orNull = (value: string): Cell => (value === "" ? null : value);

/** What a registration may change. */
export function changing(contact: Contact, { columns: name, wholeSeconds }: TableFormat, tables: Tables): Columns {
  const time = (seconds: number): Cell => (wholeSeconds ? seconds : tables.time(seconds));
  return [
    [name.expires_column, time(contact.expires)],
    [name.q_column, contact.q < 0 ? -1 : contact.q / 1000],
    [name.cseq_column, contact.cseq],
    [name.flags_column, contact.flags],
    [name.cflags_column, contact.cflags],
    [name.user_agent_column, contact.userAgent],
    [name.received_column, orNull(contact.received)],
    [name.path_column, orNull(contact.path)],
    [name.socket_column, contact.socket ? socketText(contact.socket) : null],
    [name.methods_column, contact.methods === ALL_METHODS ? null : contact.methods],
    [name.last_modified, time(contact.modified)],
    [name.callid_column, contact.callId],
    [name.instance_column, orNull(contact.instance)],
    [name.reg_id_column, contact.regId],
    [name.server_id_column, contact.serverId],
    [name.connection_id_column, contact.connection],
    [name.keepalive_column, contact.keepalive],
    [name.contact_column, contact.uri],
  ];
}

/** A whole row. */
export function rowOf(contact: Contact, format: TableFormat, tables: Tables): Columns {
  const { columns: name, useDomain, writesNull } = format;
  const { user, domain } = splitAor(contact.aor, useDomain);
  const row: Columns = [
    [name.user_column, user],
    ...changing(contact, format, tables),
    [name.ruid_column, contact.ruid],
    [name.partition_column, 0],
    ...(useDomain ? ([[name.domain_column, domain]] as const) : []),
  ];
  return writesNull ? row : row.filter(([, value]) => value !== null);
}

/** In the order in which `contactOf` wants them. */
export const readColumns = ({ columns: name, useDomain }: TableFormat): readonly string[] => [
  name.user_column,
  name.contact_column,
  name.expires_column,
  name.q_column,
  name.callid_column,
  name.cseq_column,
  name.flags_column,
  name.cflags_column,
  name.user_agent_column,
  name.received_column,
  name.path_column,
  name.socket_column,
  name.methods_column,
  name.last_modified,
  name.ruid_column,
  name.instance_column,
  name.reg_id_column,
  name.server_id_column,
  name.connection_id_column,
  ...(useDomain ? [name.domain_column] : []),
];

export interface Read {
  readonly aor: string;
  readonly info: ContactInfo;
}

export interface Reading {
  readonly format: TableFormat;
  readonly tables: Tables;
  readonly socket: (text: string) => LocalSocket | undefined;
  /** Contacts of another server's sockets are left out. */
  readonly skipsRemote: boolean;
  /** Ids of stream connections mean something: the row was written by this process. */
  readonly knowsConnections: boolean;
}

/** A string says why the row is no contact; undefined: it is none of ours. */
export function contactOf(row: Row, reading: Reading): Read | string | undefined {
  const { format, tables } = reading;
  const [user, uri, expires, q, callId, cseq, flags, cflags, userAgent, received, path, socketName] = row;
  const [methods, modified, ruid, instance, regId, serverId, connection, domain] = row.slice(12);
  if (textOf(uri) === "") return "there is no contact";
  if (textOf(callId) === "") return "there is no Call-ID";
  for (const [cell, name] of [
    [q, "q"] as const,
    [cseq, "cseq"] as const,
    [flags, "flags"] as const,
    [cflags, "cflags"] as const,
  ])
    if (cell === null || Number.isNaN(Number(cell))) return `there is no ${name}`;
  const seconds = (cell: Cell): number | undefined => {
    if (cell === null) return undefined;
    return format.wholeSeconds ? Number(cell) : tables.seconds(cell);
  };
  const until = seconds(expires!);
  if (until === undefined) return "there is no time until which it is good";
  const name = textOf(user);
  if (name === "") return "there is no user";
  if (format.useDomain && textOf(domain) === "") return "there is no domain";
  const written = textOf(socketName);
  const socket = written === "" ? undefined : reading.socket(written);
  if (written !== "" && socket === undefined && reading.skipsRemote) return undefined;
  return {
    aor: format.useDomain ? `${name}@${textOf(domain)}` : name,
    info: {
      uri: textOf(uri),
      expires: until,
      q: Number(q) < 0 ? -1 : Math.round(Number(q) * 1000),
      callId: textOf(callId),
      cseq: Number(cseq),
      flags: Number(flags),
      cflags: Number(cflags) >>> 0,
      userAgent: textOf(userAgent),
      received: textOf(received),
      path: textOf(path),
      socket,
      methods: methods === null ? ALL_METHODS : Number(methods) >>> 0,
      modified: seconds(modified!) ?? 0,
      ruid: textOf(ruid),
      instance: textOf(instance),
      regId: Number(regId ?? 0),
      serverId: Number(serverId ?? 0),
      connection: reading.knowsConnections && connection !== null ? Number(connection) : -1,
      attributes: undefined,
    },
  };
}

/** Columns of the table with attributes of contacts. */
export const ATTRIBUTES = {
  user: "username",
  domain: "domain",
  ruid: "ruid",
  name: "aname",
  type: "atype",
  value: "avalue",
  modified: "last_modified",
} as const;

/** Attributes that a database can hold: texts and integers. First the one that was set last. */
export function attributeRows(attributes: XavpList | undefined): readonly (readonly [string, 0 | 1, string])[] {
  const rows: [string, 0 | 1, string][] = [];
  for (const { name, value } of attributes?.items ?? [])
    if (typeof value === "string") rows.push([name, 0, value]);
    else if (typeof value === "number" || typeof value === "bigint") rows.push([name, 1, String(value)]);
  return rows;
}

/** `rows` are name, type and value. */
export function attributesOf(rows: readonly Row[]): XavpList | undefined {
  const list = new XavpList();
  for (const [name, type, value] of rows)
    if (Number(type) === 0) list.add(textOf(name), textOf(value));
    else if (Number(type) === 1 && /^[-+]?\d+$/.test(textOf(value))) list.add(textOf(name), Number(value));
  return list.items.length > 0 ? list : undefined;
}
