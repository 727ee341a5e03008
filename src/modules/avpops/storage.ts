/** avp_db_load, avp_db_store, avp_db_delete: AVPs of a user that a database keeps. Follows avpops_impl.c. */
import type { AvpName, AvpValue } from "../../declare/avp.ts";
import type { Call } from "../../declare/call.ts";
import { type Fn, text } from "../../declare/module.ts";
import { toText } from "../../declare/variables-values.ts";
import { parseUri } from "../../sip/uri.ts";
import type { Condition, Conditions, Row } from "../db/tables.ts";
import { nameOf } from "./operand.ts";
import { type AvpopsState, complain, fn, parsedOnce, ROUTES } from "./state.ts";
import { parseSource, parseWhich, type Source, type Which } from "./stored.ts";

/** Bits of the type column. */
const INTEGER_VALUE = 1;
const INTEGER_NAME = 2;
/** Longest name that a variable may give, in bytes. */
const LONGEST_NAME = 63;

/** Whose AVPs: an id, or a user and perhaps the domain. */
interface Owner {
  readonly uuid: string | undefined;
  readonly username: string | undefined;
  readonly domain: string | undefined;
}

/** A string is the problem. */
function ownerOf(call: Call, source: Source, state: AvpopsState): Owner | string {
  let id = source.text;
  if (id.startsWith("$")) {
    const variable = call.core.variables.variable(id);
    const value = typeof variable === "string" ? null : variable.get(call);
    if (value === null || value === undefined) return `${id} has no value`;
    id = toText(value);
  }
  const { part } = source;
  if (part === "uuid") return { uuid: id, username: undefined, domain: undefined };
  const uri = parseUri(id);
  if (!uri?.user || !uri.host) return `${id} is no URI with a user`;
  return {
    uuid: undefined,
    username: part === "domain" ? undefined : uri.user,
    domain: part === "domain" || (part === "uri" && state.useDomain) ? uri.host : undefined,
  };
}

interface Asked {
  readonly owner: Owner;
  readonly which: Which;
  /** Undefined: all of the kind. */
  readonly name: AvpName | undefined;
}

/** A string is the problem. */
function ask(call: Call, source: string, wanted: string, state: AvpopsState): Asked | string {
  const from = parsedOnce(state, "source", source, parseSource);
  if (typeof from === "string") return from;
  const which = parsedOnce(state, "which", wanted, parseWhich);
  if (typeof which === "string") return which;
  const owner = ownerOf(call, from, state);
  if (typeof owner === "string") return owner;
  if (!which.avp) return { owner, which, name: undefined };
  const name = nameOf(call, which.avp);
  if (name === undefined) return `${wanted} names no AVP`;
  return `${name}`.length > LONGEST_NAME ? `the name ${name} is too long` : { owner, which, name };
}

/** The rows that are meant. */
function selection({ owner, which, name }: Asked, state: AvpopsState): Conditions {
  const columns = which.scheme?.columns ?? state.columns;
  const conditions: Condition[] = [];
  if (owner.uuid !== undefined) conditions.push([columns.uuid, owner.uuid]);
  if (owner.username !== undefined) conditions.push([columns.username, owner.username]);
  if (owner.domain !== undefined) conditions.push([columns.domain, owner.domain]);
  if (name !== undefined && !which.scheme) conditions.push([columns.attribute, `${name}`]);
  return conditions;
}

/** Undefined when the row fits no AVP, which is logged unless it is only of another kind. */
function rowOf(asked: Asked, row: Row, state: AvpopsState): [AvpName, AvpValue] | undefined {
  const { which, name } = asked;
  const [value = null, attribute = null, type = null] = row;
  const fail = (problem: string): undefined => {
    complain(state, `a row of ${which.table} ${problem}`);
    return undefined;
  };
  if (value === null || (!which.scheme && (attribute === null || typeof type !== "number")))
    return fail("has no value, or is of another type");
  const bits = which.scheme ? (which.scheme.integers ? INTEGER_VALUE : 0) : Number(type);
  if (!which.scheme && which.kind !== "any" && (which.kind === "number") !== ((bits & INTEGER_NAME) !== 0))
    return undefined;
  let target = name;
  if (target === undefined) {
    target = (bits & INTEGER_NAME) !== 0 ? Number(attribute) : `${attribute}`;
    if (typeof target === "number" && !Number.isInteger(target))
      return fail(`has the name ${attribute}, which is no number`);
  }
  if ((bits & INTEGER_VALUE) === 0) return [target, `${value}`];
  if (typeof value === "string" && !/^\d+$/.test(value)) return fail(`has the value ${value}, which is no number`);
  return [target, Number(value)];
}

/** AVPs that are in the database already are not stored again: how many of each value, by name. */
function inDatabase(state: AvpopsState, call: Call): Map<AvpName, AvpValue[]> {
  let known = state.inDatabase.get(call.lists);
  if (!known) state.inDatabase.set(call.lists, (known = new Map()));
  return known;
}

const remember = (known: Map<AvpName, AvpValue[]>, name: AvpName, value: AvpValue): void => {
  const values = known.get(name);
  if (values) values.push(value);
  else known.set(name, [value]);
};

async function load(call: Call, asked: Asked, state: AvpopsState): Promise<1 | -1> {
  const columns = asked.which.scheme?.columns ?? state.columns;
  const wanted = asked.which.scheme ? [columns.value] : [columns.value, columns.attribute, columns.type];
  const rows = await state.database!.query(asked.which.table, selection(asked, state), wanted);
  if (!rows) return -1;
  let loaded = 0;
  const known = inDatabase(state, call);
  for (const row of rows) {
    const avp = rowOf(asked, row, state);
    if (!avp) continue;
    call.lists.avps.push(...avp);
    remember(known, ...avp);
    loaded++;
  }
  return loaded > 0 ? 1 : -1;
}

async function store(call: Call, asked: Asked, state: AvpopsState): Promise<1 | -1> {
  const { columns } = state;
  const { owner, which, name } = asked;
  const { avps } = call.lists;
  const known = inDatabase(state, call);
  const kept = new Map([...known].map(([it, values]) => [it, [...values]]));
  const names = avps.names().filter((it) => {
    if (name !== undefined) return it === name;
    return which.kind === "any" || (which.kind === "number") === (typeof it === "number");
  });
  const withDomain = state.useDomain || owner.domain !== undefined;
  let stored = 0;
  for (const it of names)
    for (const value of avps.all(it)) {
      const at = kept.get(it)?.indexOf(value) ?? -1;
      if (at >= 0) {
        kept.get(it)!.splice(at, 1);
        continue;
      }
      const type = (typeof it === "number" ? INTEGER_NAME : 0) | (typeof value === "string" ? 0 : INTEGER_VALUE);
      const done = await state.database!.insert(which.table, [
        [columns.uuid, owner.uuid ?? ""],
        [columns.attribute, `${it}`],
        [columns.value, `${value}`],
        [columns.type, type],
        [columns.username, owner.username ?? ""],
        ...(withDomain ? ([[columns.domain, owner.domain ?? ""]] as const) : []),
      ]);
      if (!done) continue;
      remember(known, it, value);
      stored++;
    }
  return stored > 0 ? 1 : -1;
}

async function remove(_call: Call, asked: Asked, state: AvpopsState): Promise<1 | -1> {
  // Kamailio's function is content with a deletion that failed, too.
  await state.database!.delete(asked.which.table, selection(asked, state));
  return 1;
}

const operation = (
  doc: string,
  returns: { 1: string; [-1]: string },
  schemes: boolean,
  run: (call: Call, asked: Asked, state: AvpopsState) => Promise<1 | -1>,
): Fn<AvpopsState> =>
  fn({
    doc,
    in: ROUTES,
    args: {
      source: text("Whose: a variable or text, with `/username`, `/domain`, `/uri` or `/uuid` for what it is."),
      name: text("Which: `$avp(name)`, or *, a, i, s for all of a kind, with `/table` or `/$scheme` behind it."),
    },
    returns,
    waits: true,
    check([source, name], state) {
      if (!state.database) return "modparam db_url is not set";
      const from = parsedOnce(state, "source", source ?? "", parseSource);
      if (typeof from === "string") return from;
      if (from.text.startsWith("$")) {
        const variable = state.core.variables.variable(from.text);
        if (typeof variable === "string") return variable;
      }
      const which = parsedOnce(state, "which", name ?? "", parseWhich);
      if (typeof which === "string") return which;
      return which.scheme && !schemes ? "this function takes no db_scheme" : undefined;
    },
    async run(call, args, state) {
      const asked = ask(call, args.source, args.name, state);
      return typeof asked === "string" ? complain(state, asked) : run(call, asked, state);
    },
  });

export const storageFunctions: Readonly<Record<string, Fn<AvpopsState>>> = {
  avp_db_load: operation(
    "Makes AVPs of what the database keeps for a user.",
    { 1: "there are some", [-1]: "there are none, or the database failed" },
    true,
    load,
  ),
  avp_db_store: operation(
    "Writes AVPs that the database does not have yet.",
    { 1: "some were written", [-1]: "none was" },
    false,
    store,
  ),
  avp_db_delete: operation(
    "Removes AVPs from the database.",
    { 1: "done", [-1]: "the source has no value, or is no URI" },
    false,
    remove,
  ),
};
