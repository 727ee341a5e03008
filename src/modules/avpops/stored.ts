/** What `avp_db_load` and its kin are told: whose AVPs, which ones, and where they are. Follows avpops_parse.c. */
import { type AvpOperand, parseAvp } from "./operand.ts";
import type { AvpopsState } from "./state.ts";

export interface Columns {
  readonly uuid: string;
  readonly attribute: string;
  readonly value: string;
  readonly type: string;
  readonly username: string;
  readonly domain: string;
}

/** A table that is not made for AVPs: one column of it becomes one AVP (parameter db_scheme). */
export interface Scheme {
  readonly table: string;
  readonly columns: Columns;
  readonly integers: boolean;
}

export type Part = "uuid" | "uri" | "username" | "domain";

export interface Source {
  /** A variable when it begins with `$`. */
  readonly text: string;
  readonly part: Part;
}

export interface Which {
  /** Undefined: every AVP of the kind. */
  readonly avp: AvpOperand | undefined;
  readonly kind: "any" | "text" | "number";
  readonly table: string;
  readonly scheme: Scheme | undefined;
}

const PARTS: readonly string[] = ["uuid", "uri", "username", "domain"];
/** Variables that hold URIs. */
const URIS = /^\$(ru|ruri|fu|from|tu|to|ou|ouri)$/;

/** `$ru`, `$var(id)/username`, `text`. A string is the problem. */
export function parseSource(text: string): Source | string {
  const [written = "", part] = text.split("/", 2);
  if (written === "") return "the source is empty";
  if (part !== undefined && !PARTS.includes(part.toLowerCase())) return `\`${part}\` is no part of a source`;
  const implied: Part = URIS.test(written) ? "uri" : "uuid";
  return { text: written, part: (part?.toLowerCase() as Part | undefined) ?? implied };
}

/** `$avp(name)`, `a`, `s`, `i`, each with `/table` or `/$scheme` behind it. A string is the problem. */
export function parseWhich(text: string, state: AvpopsState): Which | string {
  const at = text.indexOf("/");
  const written = at < 0 ? text : text.slice(0, at);
  const place = at < 0 ? undefined : text.slice(at + 1);
  if (place === "" || place === "$") return "the table has no name";
  let avp: AvpOperand | undefined;
  let kind: Which["kind"] = "any";
  if (written.startsWith("$")) {
    const parsed = parseAvp(written, state);
    if (typeof parsed === "string") return parsed;
    avp = parsed;
    if ("fixed" in parsed.target) kind = typeof parsed.target.fixed === "number" ? "number" : "text";
  } else {
    const letter = /^([*ais])\d*$/i.exec(written)?.[1]?.toLowerCase();
    if (letter === undefined) return `\`${written}\` is neither an AVP nor one of *, a, i, s`;
    if (letter === "i" || letter === "s") kind = letter === "i" ? "number" : "text";
  }
  if (place?.startsWith("$")) {
    const scheme = state.schemes.get(place.slice(1).toLowerCase());
    if (!scheme) return `there is no db_scheme \`${place.slice(1)}\``;
    return avp ? { avp, kind, table: scheme.table, scheme } : "a db_scheme takes the name of an AVP";
  }
  const table = place ?? state.table;
  return table === "" ? "neither avp_table nor a table is given" : { avp, kind, table, scheme: undefined };
}

const FIELDS: Readonly<Record<string, keyof Columns>> = {
  uuid_col: "uuid",
  username_col: "username",
  domain_col: "domain",
  value_col: "value",
};

/** `name:table=t;uuid_col=u;value_col=v;value_type=integer`. A string is the problem. */
export function parseScheme(text: string, usual: Columns): { name: string; scheme: Scheme } | string {
  const [, name, rest] = /^\s*([^:\s]+)\s*:\s*(.+)$/s.exec(text) ?? [];
  if (name === undefined || rest === undefined) return `\`${text}\` is not written name:element;…`;
  const columns: Record<keyof Columns, string> = { ...usual };
  let table = "";
  let integers = false;
  for (const element of rest.split(";")) {
    const [, key = "", value = ""] = /^\s*(\w+)\s*=\s*(\S+)\s*$/.exec(element) ?? [];
    const field = FIELDS[key.toLowerCase()];
    if (field) columns[field] = value;
    else if (key.toLowerCase() === "table") table = value;
    else if (key.toLowerCase() === "value_type" && /^(integer|string)$/i.test(value))
      integers = value.toLowerCase() === "integer";
    else return `\`${element}\` is no element of the db_scheme \`${name}\``;
  }
  return table === "" ? `the db_scheme \`${name}\` has no table` : { name, scheme: { table, columns, integers } };
}
