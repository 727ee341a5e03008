/** `$hdr`, `$hdrc`, `$hfl`, `$hflc`: header fields by name, whole or value by value (Kamailio's pv_get_hdr, pv_get_hfl). */
import type { Call } from "../../declare/call.ts";
import type { Bound, PvText } from "../../declare/module.ts";
import type { Read } from "../../declare/value.ts";
import type { VariableRef, Variables } from "../../declare/variable.ts";
import { toText } from "../../declare/variables-values.ts";
import { HeaderType, headerType } from "../../sip/headers.ts";
import type { Header, SipMessage } from "../../sip/message.ts";
import { parseContacts, parseNameAddrs } from "../../sip/nameaddr.ts";
import { type Index, indexNow, isProblem, joined, leadingVariable, parseIndex } from "./binding.ts";
import { pv } from "./state.ts";

/** A field name made ready for comparing: a known type, any field (`*`), or a name in lower case. */
interface FieldName {
  readonly type: number;
  readonly any: boolean;
  readonly name: string;
}

/** How a field is named: fixed, or by a variable at each use. */
type Target = FieldName | VariableRef;

const isFixed = (target: Target): target is FieldName => "any" in target;

function fieldName(name: string): FieldName {
  return { type: headerType(name), any: name === "*", name: name.toLowerCase() };
}

function targetOf(text: PvText, variable: string, variables: Variables): Target | string {
  const { inner } = text;
  if (inner === undefined) return `\`$${variable}\` needs the name of a header field in parentheses`;
  return inner.startsWith("$") ? leadingVariable(inner, variables) : fieldName(inner);
}

/** Undefined when the variable that names the field has no value. */
function nameNow(target: Target, call: Call): FieldName | undefined {
  if (isFixed(target)) return target;
  const value = target.get(call);
  const name = toText(value);
  return value === null || value === undefined || name === "" ? undefined : fieldName(name);
}

function matches(text: string, header: Header, { type, any, name }: FieldName): boolean {
  if (type !== HeaderType.other) return header.type === type;
  if (any) return true;
  if (header.type !== HeaderType.other || header.nameEnd - header.start !== name.length) return false;
  for (let i = 0; i < name.length; i++) {
    const c = text.charCodeAt(header.start + i);
    const wanted = name.charCodeAt(i);
    if (c !== wanted && (c < 65 || c > 90 || c + 32 !== wanted)) return false;
  }
  return true;
}

/** No field can be read when one of them is malformed: Kamailio reads all before it looks for one. */
function first(msg: SipMessage, field: FieldName): string | null {
  const { headers, text } = msg;
  if (msg.headersProblem !== "") return null;
  for (let i = 0; i < headers.length; i++) if (matches(text, headers[i]!, field)) return msg.value(headers[i]!);
  return null;
}

const all = (msg: SipMessage, field: FieldName): Header[] =>
  msg.headersProblem === "" ? msg.headers.filter((it) => matches(msg.text, it, field)) : [];

function field(msg: SipMessage, name: FieldName, at: number | "all"): Read {
  if (at === 0) return first(msg, name);
  const found = all(msg, name);
  if (found.length === 0) return null;
  if (at === "all")
    return joined(
      found.map((it) => msg.value(it)),
      ",",
    );
  const header = found[at < 0 ? found.length + at : at];
  return header ? msg.value(header) : null;
}

function bindIndexed(
  text: PvText,
  variable: string,
  variables: Variables,
  read: (msg: SipMessage, name: FieldName, at: number | "all") => Read,
): Bound | string {
  const target = targetOf(text, variable, variables);
  if (typeof target === "string") return target;
  const index = parseIndex(text.index, variables);
  if (isProblem(index)) return index.problem;
  if (isFixed(target) && index === "none") return { get: (call) => read(call.msg, target, 0) };
  return { get: (call) => readIndexed(call, target, index, read) };
}

function readIndexed(
  call: Call,
  target: Target,
  index: Index,
  read: (msg: SipMessage, name: FieldName, at: number | "all") => Read,
): Read {
  const name = nameNow(target, call);
  if (name === undefined) return undefined;
  const at = indexNow(index, call);
  return at === undefined ? undefined : read(call.msg, name, at);
}

function bindCount(
  text: PvText,
  variable: string,
  variables: Variables,
  count: (msg: SipMessage, name: FieldName) => number,
): Bound | string {
  if (text.index !== undefined) return `\`$${variable}\` takes no index`;
  const target = targetOf(text, variable, variables);
  if (typeof target === "string") return target;
  return {
    get: (call) => {
      const name = nameNow(target, call);
      return name === undefined ? 0 : count(call.msg, name);
    },
  };
}

export const headerVariables = {
  hdr: pv({
    doc: "Value of a header field by name; `[n]` is the n-th of that name, `[-1]` the last, `[*]` all joined by commas.",
    bind: (text, _core, _state, variables) => bindIndexed(text, "hdr", variables, field),
  }),
  hdrc: pv({
    doc: "How many header fields of that name there are.",
    bind: (text, _core, _state, variables) =>
      bindCount(text, "hdrc", variables, (msg, name) => (name.any ? 0 : all(msg, name).length)),
  }),
  hfl: pv({
    doc: "As `$hdr`, but counts the values of Via, Route, Record-Route, Contact, Diversion and identity fields one by one, also when one field holds several.",
    bind: (text, _core, _state, variables) =>
      bindIndexed(text, "hfl", variables, (msg, name, at) => {
        const values = at === "all" ? undefined : listValues(msg, name);
        if (values === undefined) return field(msg, name, at);
        return values[at as number] ?? values[values.length + (at as number)] ?? null;
      }),
  }),
  hflc: pv({
    doc: "How many values header fields of that name hold, counted as `$hfl` does.",
    bind: (text, _core, _state, variables) =>
      bindCount(text, "hflc", variables, (msg, name) =>
        name.any ? 0 : (listValues(msg, name)?.length ?? all(msg, name).length),
      ),
  }),
};

const LISTS: ReadonlySet<number> = new Set([
  HeaderType.route,
  HeaderType.recordRoute,
  HeaderType.contact,
  HeaderType.diversion,
  HeaderType.pAssertedIdentity,
  HeaderType.pPreferredIdentity,
]);

/** The values of the fields that are lists; undefined for other fields. A field that does not parse ends the list. */
function listValues(msg: SipMessage, { type }: FieldName): string[] | undefined {
  const { text } = msg;
  if (type === HeaderType.via && msg.headersProblem !== "") return [];
  if (type === HeaderType.via) return msg.vias.map((via) => text.slice(via.start, via.end).trim());
  if (!LISTS.has(type)) return undefined;
  const values: string[] = [];
  for (const header of msg.headers) {
    if (header.type !== type) continue;
    if (text.slice(header.valueStart, header.valueEnd).trim() === "*") continue;
    const parse = type === HeaderType.contact ? parseContacts : parseNameAddrs;
    const parsed = parse(text, header.valueStart, header.valueEnd);
    if (!parsed) return [];
    for (const it of parsed) values.push(text.slice(it.start, it.end).trim());
  }
  return values;
}
