/** Functions of textopsx on the values of header fields and their parameters. */
import { declare, type Fn, type RouteKind, str, text } from "../../declare/module.ts";
import type { SipMessage } from "../../sip/message.ts";
import type { Textopsx } from "./textopsx.ts";
import {
  fieldsOf,
  findListed,
  findParam,
  type HeaderValue,
  type ParamPlace,
  paramsStart,
  parseValueName,
  type ValueName,
  valueAt,
  valuesIn,
} from "./value-text.ts";

const { fn } = declare<Textopsx>();
const routes: readonly RouteKind[] = ["request", "onreply", "failure", "branch"];

/** Furthest from the end that Kamailio counts. */
const LOWEST_INDEX = -10;

/** A name of a value, checked when the script is loaded by `refuse` as well. */
const valueName = (doc: string, refuse: (it: ValueName) => string | undefined) =>
  text(doc, {
    check(written) {
      const parsed = parseValueName(written);
      if (!parsed) return `\`${written}\` is not Name[index].parameter`;
      if (parsed.index < LOWEST_INDEX) return `the index cannot be lower than ${LOWEST_INDEX}`;
      return refuse(parsed);
    },
  });
const plain = valueName("Name of the header field.", (it) =>
  it.indexed || it.param ? "neither index nor parameter may stand here" : undefined,
);
const oneValue = valueName("`Name` or `Name[index]`.", (it) =>
  it.all ? "`*` may not stand here" : it.param ? "a parameter may not stand here" : undefined,
);
const anyValue = valueName("`Name`, `Name[index]` or `Name[*]`, and `.parameter`.", () => undefined);
const assignable = valueName("`Name` or `Name[index]`, and `.parameter`; `Name[*].parameter`.", (it) =>
  it.all && !it.param ? "`*` needs a parameter" : undefined,
);
const value = str("The value.", { computed: false });

/** Nothing behind a broken field can be read. */
const isBroken = (msg: SipMessage): boolean => msg.headersProblem !== "";

/** Puts text before an anchor of its own. */
function put(msg: SipMessage, offset: number, added: string): 1 {
  msg.edits.insertBefore(msg.edits.anchor(offset), added);
  return 1;
}
const remove = (msg: SipMessage, start: number, end: number): void => {
  if (end > start) msg.edits.delete(start, end - start);
};
const newField = (msg: SipMessage, offset: number, name: string, added: string): 1 =>
  put(msg, offset, `${name}: ${added}\r\n`);

/** At the end of a field a value follows a comma, elsewhere it precedes one. */
const newValue = (msg: SipMessage, offset: number, { header }: HeaderValue, added: string): 1 =>
  put(msg, offset, offset === header.valueEnd ? `,${added}` : `${added},`);

/** Removes a value with a comma beside it, or the field when there is no other value. */
function removeValue(msg: SipMessage, { header, fullStart, fullEnd }: HeaderValue): 1 {
  const last = fullEnd === header.valueEnd && fullStart > header.valueStart;
  const start = last ? fullStart - 1 : fullStart;
  if (start === header.valueStart && fullEnd === header.valueEnd) remove(msg, header.start, header.end);
  else remove(msg, start, fullEnd);
  return 1;
}

/** Sets (or with null removes) the parameter at a place. */
function setParam(msg: SipMessage, place: ParamPlace, param: string, to: string | null): 1 | -1 {
  if (!place.found) {
    if (to === null) return -1;
    return put(msg, place.deleteStart, `${place.delimiter}${param}${to && `=${to}`}`);
  }
  if (to === null) remove(msg, place.deleteStart, place.deleteEnd);
  else {
    remove(msg, place.valueStart, place.valueEnd);
    if (to) put(msg, place.valueStart, `=${to}`);
  }
  return 1;
}

type Finder = typeof findParam;

/** Every occurrence of a parameter is removed; one is set. The first step's code counts. */
function changeParam(
  msg: SipMessage,
  start: number,
  end: number,
  find: Finder,
  param: string,
  to: string | null,
): 1 | -1 {
  let place = find(msg.text, start, end, param);
  const code = setParam(msg, place, param, to);
  while (to === null && place.found) {
    place = find(msg.text, place.deleteEnd, end, param);
    if (place.found) setParam(msg, place, param, to);
  }
  return code;
}

/** remove_hf_value and assign_hf_value: parameters follow semicolons, and values are counted over all fields. */
function changeValue(msg: SipMessage, target: ValueName, to: string | null): 1 | -1 {
  const inValue = (it: HeaderValue): 1 | -1 =>
    changeParam(msg, paramsStart(msg.text, it.start, it.end), it.end, findParam, target.param, to);
  if (target.all) {
    let code: 1 | -1 = -1;
    for (const header of fieldsOf(msg, target.name)) {
      if (!target.param) remove(msg, header.start, header.end);
      const done = target.param ? valuesIn(msg, header).map(inValue) : [1];
      if (done.includes(1)) code = 1;
    }
    return code;
  }
  const found = valueAt(msg, target.name, target.index || 1);
  if (!found) return -1;
  if (target.param) return inValue(found);
  if (to === null) return removeValue(msg, found);
  remove(msg, found.start, found.end);
  if (to) put(msg, found.start, to);
  return 1;
}

/** remove_hf_value2 and assign_hf_value2: a field is one value, with parameters that follow commas. */
function changeField(msg: SipMessage, target: ValueName, to: string | null): 1 | -1 {
  const fields = fieldsOf(msg, target.name);
  if (target.all) {
    let code: 1 | -1 = -1;
    for (const header of fields) {
      if (!target.param) remove(msg, header.start, header.end);
      const done = target.param
        ? changeParam(msg, header.valueStart, header.valueEnd, findListed, target.param, to)
        : 1;
      if (done === 1) code = 1;
    }
    return code;
  }
  const index = target.index || 1;
  const header = fields.at(index > 0 ? index - 1 : index);
  if (!header) return -1;
  const { valueStart, valueEnd } = header;
  if (target.param) return changeParam(msg, valueStart, valueEnd, findListed, target.param, to);
  if (to === null) remove(msg, header.start, header.end);
  else {
    remove(msg, valueStart, valueEnd);
    if (to) put(msg, valueStart, to);
  }
  return 1;
}

function append(msg: SipMessage, target: ValueName, added: string): 1 | -1 {
  const found = target.indexed ? valueAt(msg, target.name, target.index || -1) : undefined;
  return found ? newValue(msg, found.fullEnd, found, added) : newField(msg, msg.headersEnd, target.name, added);
}

function insert(msg: SipMessage, target: ValueName, added: string): 1 | -1 {
  const index = target.index || 1;
  const found = valueAt(msg, target.name, index);
  if (!found) return index === 1 ? newField(msg, msg.headersEnd, target.name, added) : -1;
  if (!target.indexed) return newField(msg, found.header.start, target.name, added);
  return newValue(msg, found.fullStart, found, added);
}

const same = (msg: SipMessage, wanted: string) => {
  const lower = wanted.toLowerCase();
  return (it: HeaderValue): boolean => msg.text.slice(it.start, it.end).toLowerCase() === lower;
};

const changed = {
  1: "the message will be so",
  [-1]: "there is no such value or parameter, or a header field is broken",
} as const;

/** A function on one value name and perhaps a value. */
const changer = (
  doc: string,
  name: typeof anyValue,
  change: (msg: SipMessage, target: ValueName, to: string) => 1 | -1,
): Fn<Textopsx> =>
  fn({
    doc,
    in: routes,
    args: { name, value },
    returns: changed,
    run: ({ msg }, args) => (isBroken(msg) ? -1 : change(msg, parseValueName(args.name)!, args.value)),
  });
const remover = (doc: string, change: typeof changeValue): Fn<Textopsx> =>
  fn({
    doc,
    in: routes,
    args: { name: anyValue },
    returns: changed,
    run: ({ msg }, args) => (isBroken(msg) ? -1 : change(msg, parseValueName(args.name)!, null)),
  });

export const valueFunctions: Record<string, Fn<Textopsx>> = {
  append_hf_value: changer(
    "Adds a value behind the one that is named, or without an index a header field at the end.",
    oneValue,
    append,
  ),
  insert_hf_value: changer(
    "Adds a value before the one that is named, or without an index a header field before the first of the name.",
    oneValue,
    insert,
  ),
  remove_hf_value: remover("Removes a value, or a parameter of it.", changeValue),
  assign_hf_value: changer("Sets a value, or a parameter of it.", assignable, changeValue),
  remove_hf_value2: remover("Removes a header field, or a parameter in a list that commas separate.", changeField),
  assign_hf_value2: changer(
    "Sets a header field, or a parameter in a list that commas separate.",
    assignable,
    changeField,
  ),
  include_hf_value: fn({
    doc: "Adds a value unless it is there, ignoring case.",
    in: routes,
    args: { name: plain, value },
    returns: { 1: "the value is in the message, or will be", [-1]: "the value is empty, or a header field is broken" },
    run({ msg }, args) {
      if (args.value === "" || isBroken(msg)) return -1;
      const { name } = parseValueName(args.name)!;
      const fields = fieldsOf(msg, name);
      if (fields.some((header) => valuesIn(msg, header).some(same(msg, args.value)))) return 1;
      const [first] = fields;
      return first ? put(msg, first.valueEnd, `,${args.value}`) : newField(msg, msg.headersEnd, name, args.value);
    },
  }),
  exclude_hf_value: fn({
    doc: "Removes a value wherever it is, ignoring case.",
    in: routes,
    args: { name: plain, value },
    returns: { 1: "the value will not be in the message", [-1]: "the value is empty, or a header field is broken" },
    run({ msg }, args) {
      if (args.value === "" || isBroken(msg)) return -1;
      const { name } = parseValueName(args.name)!;
      for (const header of fieldsOf(msg, name))
        for (const it of valuesIn(msg, header).filter(same(msg, args.value))) removeValue(msg, it);
      return 1;
    },
  }),
  hf_value_exists: fn({
    doc: "Tells whether a header field has a value, ignoring case.",
    in: routes,
    args: { name: plain, value },
    returns: { 1: "it has", [-1]: "it has not, or the value is empty" },
    run({ msg }, args) {
      const { name } = parseValueName(args.name)!;
      const has = fieldsOf(msg, name).some((header) => valuesIn(msg, header).some(same(msg, args.value)));
      return args.value !== "" && has && !isBroken(msg) ? 1 : -1;
    },
  }),
};
