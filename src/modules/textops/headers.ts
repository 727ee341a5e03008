/** Functions of textops that add, remove and look for header fields. */
import type { Call } from "../../declare/call.ts";
import { declare, type Fn, int, type Regex, regex, str, text } from "../../declare/module.ts";
import type { Header, SipMessage } from "../../sip/message.ts";
import { headerNameProblem, insertAfterAt, isHeaderName, NamedHeader, removeHeader, type Textops } from "./text.ts";

const { fn } = declare<Textops>();

const headerName = text("Name of the header field; compact forms count as the long ones.", {
  check: headerNameProblem,
  computed: true,
});
const anchorName = text("Name of the field to put it next to.", { check: headerNameProblem });
const presence = { 1: "there is such a field", [-1]: "there is none" } as const;
const removal = { 1: "at least one field was removed", [-1]: "there was none to remove" } as const;
const insertion = { 1: "the text will be in the message", [-1]: "there was nothing to add" } as const;
const makers = ["request", "failure", "branch"] as const;

/** Where Kamailio looks no further than the first character of a name. */
const startsName = (name: string): boolean => isHeaderName(name[0] ?? "");

/** What needs every field fails when one of them is broken: none behind it can be read. */
const isBroken = (msg: SipMessage): boolean => msg.headersProblem !== "";

function removeWhere(msg: SipMessage, matches: (header: Header) => boolean): 1 | -1 {
  if (isBroken(msg)) return -1;
  let removed = false;
  for (const header of msg.headers)
    if (matches(header)) {
      removeHeader(msg, header);
      removed = true;
    }
  return removed ? 1 : -1;
}

function removeNamed(msg: SipMessage, wanted: NamedHeader): 1 | -1 {
  if (isBroken(msg)) return -1;
  const { headers } = msg;
  let removed: 1 | -1 = -1;
  for (let i = 0; i < headers.length; i++)
    if (wanted.has(msg, headers[i]!)) {
      removeHeader(msg, headers[i]!);
      removed = 1;
    }
  return removed;
}

/** Puts text behind the last field (of that name), or before the first. */
function add(msg: SipMessage, added: string, name: string | undefined, before: boolean): 1 | -1 {
  const first = msg.headers[0];
  if (added === "" || !first || isBroken(msg)) return -1;
  let place: Header | undefined;
  if (name !== undefined) {
    const wanted = new NamedHeader(name);
    for (const header of msg.headers)
      if (wanted.has(msg, header)) {
        place = header;
        if (before) break;
      }
  }
  const offset = before ? (place ?? first).start : (place?.end ?? msg.headersEnd);
  msg.edits.insertBefore(msg.edits.anchor(offset), added);
  return 1;
}

const icase = { icase: true, newline: true };
const compiled = (call: Call, source: string): Regex | undefined => {
  const re = call.core.regex(source, icase);
  if (!re) call.core.log.write(-1, `textops: \`${source}\` is not a regular expression`);
  return re ?? undefined;
};
const nameMatches = (msg: SipMessage, re: Regex) => (header: Header) => re.test(msg.name(header));

function removeExcept(msg: SipMessage, match: Regex, skip: Regex): 1 | -1 {
  return removeWhere(msg, (header) => !skip.test(msg.name(header)) && match.test(msg.name(header)));
}

const adder = (doc: string, before: boolean): Fn<Textops> =>
  fn({
    doc,
    in: "any",
    args: {
      text: str("One or more whole lines with their line ends, `X-Header: value\\r\\n`.", { computed: false }),
      near: { ...anchorName, optional: true },
    },
    returns: insertion,
    run: ({ msg }, { text, near }) => add(msg, text, near, before),
  });

export const headerFunctions: Record<string, Fn<Textops>> = {
  append_hf: adder("Puts header fields behind the last one, or behind the last one of a name.", false),
  insert_hf: adder("Puts header fields before the first one, or before the first one of a name.", true),
  append_urihf: fn({
    doc: "Puts prefix, received Request-URI and suffix behind the last header field.",
    in: makers,
    args: {
      prefix: text("Text before the URI.", { computed: true }),
      suffix: text("Text behind the URI.", { computed: true }),
    },
    returns: insertion,
    run: ({ msg }, { prefix, suffix }) => add(msg, prefix + msg.requestUri + suffix, undefined, false),
  }),
  append_to_reply: fn({
    doc: "Adds header fields to every reply that this server makes to the request.",
    in: makers,
    args: { text: str("One or more whole lines with their line ends.") },
    returns: { 1: "the text will be in the replies", [-1]: "the text is empty" },
    run({ msg }, { text }) {
      if (text === "") return -1;
      replyOf(msg).headers.push(text);
      return 1;
    },
  }),
  append_time: fn({
    doc: "Adds a Date field to every reply that this server makes to the request.",
    in: makers,
    args: {},
    returns: { 1: "the field will be in the replies" },
    run({ msg, core }) {
      replyOf(msg).headers.push(dateField(core.host.clock.wall()));
      return 1 as const;
    },
  }),
  append_time_to_request: fn({
    doc: "Puts a Date field behind the first header field.",
    in: "any",
    args: {},
    returns: { 1: "the field will be in the message", [-1]: "the message has no header field" },
    run({ msg, core }) {
      const [first] = msg.headers;
      if (!first) return -1;
      insertAfterAt(msg, first.end, dateField(core.host.clock.wall()));
      return 1;
    },
  }),

  remove_hf: fn({
    doc: "Removes every header field of a name.",
    in: "any",
    args: { name: headerName },
    returns: removal,
    run({ msg }, { name }, state) {
      const wanted = state.names.of(name);
      return wanted ? removeNamed(msg, wanted) : -1;
    },
  }),
  remove_hf_pv: fn({
    doc: "Removes every header field of a name that may hold variables.",
    in: "any",
    args: { name: str("Name of the header field.") },
    returns: { 1: "there is no such field any more", [-1]: "that is no header name, or a field is broken" },
    run({ msg }, { name }, state) {
      const wanted = state.names.of(name);
      if (!wanted || isBroken(msg)) return -1;
      removeNamed(msg, wanted);
      return 1;
    },
  }),
  remove_hf_idx: fn({
    doc: "Removes the header field of a name with that number, counted from 0, or from the last one with -1.",
    in: "any",
    args: { name: str("Name of the header field."), index: int("Which of them.") },
    returns: {
      1: "the field was removed, or there are fewer than a negative number counts",
      2: "there are not so many fields",
      [-1]: "that is no header name, or a field is broken",
    },
    run({ msg }, { name, index }) {
      if (!startsName(name) || isBroken(msg)) return -1;
      const wanted = new NamedHeader(name);
      const fields = msg.headers.filter((header) => wanted.has(msg, header));
      const at = Number(index);
      const header = fields[at < 0 ? fields.length + at : at];
      if (header) removeHeader(msg, header);
      return header || at < 0 ? 1 : 2;
    },
  }),
  remove_hf_re: fn({
    doc: "Removes every header field whose name matches.",
    in: "any",
    args: { match: regex("What the name must match.", { computed: true }) },
    returns: removal,
    run: ({ msg }, { match }) => removeWhere(msg, nameMatches(msg, match)),
  }),
  remove_hf_re_pv: fn({
    doc: "Removes every header field whose name matches an expression that may hold variables.",
    in: "any",
    args: { match: str("Regular expression for the name.") },
    returns: removal,
    run(call, { match }) {
      const re = compiled(call, match);
      return re ? removeWhere(call.msg, nameMatches(call.msg, re)) : -1;
    },
  }),
  remove_hf_exp: fn({
    doc: "Removes every header field whose name matches the first expression and not the second.",
    in: "any",
    args: {
      match: regex("What the name must match.", { computed: true }),
      skip: regex("What the name must not match.", { computed: true }),
    },
    returns: removal,
    run: ({ msg }, { match, skip }) => removeExcept(msg, match, skip),
  }),
  remove_hf_exp_pv: fn({
    doc: "remove_hf_exp with expressions that may hold variables.",
    in: "any",
    args: { match: str("Regular expression for the name."), skip: str("Regular expression of names to keep.") },
    returns: removal,
    run(call, args) {
      const match = compiled(call, args.match);
      const skip = match && compiled(call, args.skip);
      return match && skip ? removeExcept(call.msg, match, skip) : -1;
    },
  }),
  remove_hf_match: fn({
    doc: "Removes the header fields of a name whose value fits.",
    in: "any",
    args: {
      name: str("Name of the header field."),
      operator: str("`eq` equal, `ne` not equal, `in` contains, `re` matches a regular expression."),
      expression: str("What the value is compared with."),
    },
    returns: {
      1: "at least one field was removed",
      [-1]: "the name, operator or expression is not valid, or a field is broken",
      [-2]: "no field fits",
    },
    run(call, { name, operator, expression }) {
      const { msg } = call;
      if (!startsName(name) || isBroken(msg)) return -1;
      const wanted = new NamedHeader(name);
      const op = operator.toLowerCase();
      const re = op === "re" ? compiled(call, expression) : undefined;
      if (op === "re" ? !re : !["eq", "ne", "in"].includes(op)) return -1;
      const fits = (value: string): boolean =>
        re
          ? re.test(value)
          : op === "in"
            ? expression !== "" && value.includes(expression)
            : (value === expression) === (op === "eq");
      return removeWhere(msg, (header) => wanted.has(msg, header) && fits(msg.value(header))) === 1 ? 1 : -2;
    },
  }),

  is_present_hf: fn({
    doc: "Tells whether there is a header field of a name.",
    in: "any",
    args: { name: headerName },
    returns: presence,
    run: ({ msg }, { name }, state) => present(msg, name, state),
  }),
  is_present_hf_pv: fn({
    doc: "Tells whether there is a header field of a name that may hold variables.",
    in: "any",
    args: { name: str("Name of the header field.") },
    returns: presence,
    run: ({ msg }, { name }, state) => present(msg, name, state),
  }),
  is_present_hf_re: fn({
    doc: "Tells whether there is a header field whose name matches.",
    in: "any",
    args: { match: regex("What the name must match.", { computed: true }) },
    returns: presence,
    run: ({ msg }, { match }) => presentWhere(msg, nameMatches(msg, match)),
  }),
  is_present_hf_re_pv: fn({
    doc: "Tells whether there is a header field whose name matches an expression that may hold variables.",
    in: "any",
    args: { match: str("Regular expression for the name.") },
    returns: presence,
    run(call, { match }) {
      const re = compiled(call, match);
      return re ? presentWhere(call.msg, nameMatches(call.msg, re)) : -1;
    },
  }),
};

function present(msg: SipMessage, name: string, state: Textops): 1 | -1 {
  const wanted = state.names.of(name);
  return wanted ? presentWhere(msg, (header) => wanted.has(msg, header)) : -1;
}

const presentWhere = (msg: SipMessage, matches: (header: Header) => boolean): 1 | -1 =>
  !isBroken(msg) && msg.headers.some(matches) ? 1 : -1;

/** What replies made here get in addition. */
export function replyOf(msg: SipMessage): NonNullable<SipMessage["reply"]> {
  msg.reply ??= { headers: [], body: undefined, contentType: undefined };
  return msg.reply;
}

/** A Date field (RFC 3261, 20.17) with its line end. `wall` in milliseconds. */
const dateField = (wall: number): string => `Date: ${new Date(wall).toUTCString()}\r\n`;
