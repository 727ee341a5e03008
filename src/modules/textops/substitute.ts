/** Functions of textops that substitute as sed does, and the transformation `{re.subst,…}`. */
import type { Call } from "../../declare/call.ts";
import {
  declare,
  type Fn,
  int,
  type RouteKind,
  str,
  type TransformationClass,
  text,
  variable,
} from "../../declare/module.ts";
import { endOfParams } from "../../declare/transformations.ts";
import type { Read } from "../../declare/value.ts";
import { leadingVariable } from "../../declare/variables-text.ts";
import { toText } from "../../declare/variables-values.ts";
import { parseSubst, Subst, substOf } from "./subst.ts";
import { bodyOffset, headerNameProblem, NamedHeader, replaceAt, type Textops } from "./text.ts";

const { fn } = declare<Textops>();

const substituted = { 1: "the message will have the new text", [-1]: "there is no match" } as const;
const expression = text("`/regular expression/replacement/flags`; flags are g (all), i (ignore case), s (one line).");
const inRequests: readonly RouteKind[] = ["request", "onreply", "failure", "branch"];

/** Parses a substitution that is written in the script; the position among the arguments is `at`. */
const checkAt = (at: number) => (literals: readonly (string | undefined)[], state: Textops) => {
  const written = literals[at];
  const subst = written === undefined ? undefined : substOf(written, state);
  return typeof subst === "string" ? subst : undefined;
};

/** Makes the changes to the part of the message from `start` to `end`. */
function change(call: Call, start: number, end: number, written: string, state: Textops): 1 | -1 {
  const subst = substOf(written, state);
  const changes = typeof subst === "string" ? undefined : subst.changes(call.msg.text.slice(start, end), call);
  if (!changes?.length) return -1;
  for (const it of changes) replaceAt(call.msg, start + it.at, it.length, it.text);
  return 1;
}

export const substFunctions: Record<string, Fn<Textops>> = {
  subst: fn({
    doc: "Substitutes in the message, the first line left out.",
    in: "any",
    args: { expression },
    returns: substituted,
    check: checkAt(0),
    run: (call, { expression }, state) => change(call, call.msg.firstLineEnd, call.msg.text.length, expression, state),
  }),
  subst_body: fn({
    doc: "Substitutes in the body.",
    in: "any",
    args: { expression },
    returns: { 1: "the body will have the new text", [-1]: "there is no match, or no body" },
    check: checkAt(0),
    run(call, { expression }, state) {
      const at = bodyOffset(call.msg);
      return at < 0 ? -1 : change(call, at, call.msg.text.length, expression, state);
    },
  }),
  subst_hf: fn({
    doc: "Substitutes in the values of header fields.",
    in: "any",
    args: {
      name: text("Name of the header fields.", { check: headerNameProblem }),
      expression,
      which: text("`a` all fields of the name, `f` the first, `l` the last."),
    },
    returns: substituted,
    check: checkAt(1),
    run(call, { name, expression, which }, state) {
      const { msg } = call;
      if (msg.headersProblem !== "") return -1;
      const wanted = new NamedHeader(name);
      let fields = msg.headers.filter((header) => wanted.has(msg, header));
      if (which[0] === "f") fields = fields.slice(0, 1);
      else if (which[0] === "l") fields = fields.slice(-1);
      let done: 1 | -1 = -1;
      for (const header of fields)
        if (change(call, header.valueStart, header.valueEnd, expression, state) === 1) done = 1;
      return done;
    },
  }),
  subst_uri: fn({
    doc: "Substitutes in the Request-URI.",
    in: inRequests,
    args: { expression },
    returns: { 1: "the Request-URI is the new one", [-1]: "there is no match" },
    check: checkAt(0),
    run(call, { expression }, state) {
      const subst = substOf(expression, state);
      const uri = typeof subst === "string" ? undefined : subst.apply(call.msg.uri, call);
      if (uri === undefined) return -1;
      call.msg.newUri = uri;
      return 1;
    },
  }),
  subst_user: fn({
    doc: "Substitutes in the user part of the Request-URI; without one the user part is empty.",
    in: inRequests,
    args: { expression },
    returns: { 1: "the Request-URI has the new user", [-1]: "there is no match, or the URI is malformed" },
    check: checkAt(0),
    run(call, { expression }, state) {
      const uri = call.msg.parsedUri;
      const subst = substOf(expression, state);
      const user = !uri || typeof subst === "string" ? undefined : subst.apply(uri.user, call);
      if (!uri || user === undefined) return -1;
      return setUser(call, user);
    },
  }),
  subst_v: fn({
    doc: "Substitutes in a text and stores the result in a variable.",
    in: "any",
    args: {
      subject: str("The text to work on."),
      expression: str("`/regular expression/replacement/flags`."),
      result: variable("A variable to store the new text in.", { writable: true }),
    },
    returns: {
      1: "the variable holds the new text",
      [-1]: "there is no match, the expression is not valid, or the variable cannot be written",
    },
    run(call, args) {
      const subst = parseSubst(args.expression, call.core);
      if (!args.result.set || typeof subst === "string") return -1;
      const result = subst.apply(args.subject, call);
      if (result === undefined) return -1;
      args.result.set(call, result);
      return 1;
    },
  }),
  regex_substring: fn({
    doc: "Stores what a group of a regular expression matched in a variable.",
    in: inRequests,
    args: {
      subject: str("The text to search in.", { computed: false }),
      match: str("Regular expression; case counts.", { computed: false }),
      group: int("Number of the group, 0 for the whole match.", { computed: false }),
      groups: int("How many groups there are, the whole match among them.", { computed: false }),
      result: text("The variable to store the text in."),
    },
    returns: {
      1: "the variable holds the text",
      [-1]: "the group is empty or has no such number, or the expression or the variable is not valid",
      [-2]: "there is no match",
    },
    run(call, args) {
      const group = Number(args.group);
      if (group > Number(args.groups) - 1 || group < 0) return -1;
      const result = call.core.variables.variable(leadingVariable(args.result));
      if (typeof result === "string" || !result.set) return -1;
      const re = call.core.regex(args.match);
      if (!re) return -1;
      const hit = re.exec(args.subject);
      if (!hit) return -2;
      const found = group === 0 ? args.subject.slice(hit.index, hit.end) : hit.groups[group];
      if (!found) return -1;
      result.set(call, found);
      return 1;
    },
  }),
};

/** As the core's setuser: a password stays while there is a user. */
function setUser({ msg }: Call, user: string): 1 | -1 {
  const parsed = msg.parsedUri;
  if (!parsed) return -1;
  const text = msg.uri;
  const start = text.indexOf(":") + 1;
  const secret = text.startsWith(`${parsed.user}:${parsed.password}@`, start) ? `:${parsed.password}` : "";
  let rest = text.slice(start + parsed.user.length + secret.length);
  const hasHost = rest.startsWith("@") || parsed.user === "";
  if (rest.startsWith("@")) rest = rest.slice(1);
  const userInfo = user === "" ? "" : hasHost ? `${user}${secret}@` : user;
  msg.newUri = `${text.slice(0, start).toLowerCase()}${userInfo}${rest}`;
  return 1;
}

/** Braces in the expression and the replacement come in pairs. */
function endOfSubst(name: string, text: string, from: number): number {
  if (text[from] === "$") return endOfParams(name, text, from);
  let depth = 0;
  for (let at = from; at < text.length; at++)
    if (text[at] === "{") depth++;
    else if (text[at] === "}" && depth-- === 0) return at;
  return -1;
}

export const reClass: TransformationClass = {
  doc: "Regular expressions on a value.",
  names: {
    subst: "{re.subst,/expression/replacement/flags}: the value after a substitution; unchanged without a match.",
  },
  end: endOfSubst,
  bind(name, params, core, variables) {
    if (name.toLowerCase() !== "subst" || !params) return `unknown transformation re.${name}`;
    const services = { regex: core.regex.bind(core), variables };
    const written = params.trimEnd();
    if (written.startsWith("$")) {
      const source = variables.variable(written);
      if (typeof source === "string") return source;
      return (value, call) => {
        const subst = parseSubst(toText(source.get(call)), services);
        return typeof value === "string" && value !== "" && subst instanceof Subst
          ? substValue(value, value, subst, call)
          : undefined;
      };
    }
    const subst = parseSubst(params, services);
    if (typeof subst === "string") return subst;
    return (value, call) => {
      const subject = value === null ? "" : toText(value);
      return subject === "" ? undefined : substValue(value, subject, subst, call);
    };
  },
};

/** Longest value and result, as in Kamailio. */
const LONGEST_VALUE = 8191;

/** A value that nothing matches stays what it is, an integer also. */
function substValue(value: Read, text: string, subst: Subst, call: Call): Read {
  if (text.length >= LONGEST_VALUE) return undefined;
  const changes = subst.changes(text, call);
  if (!changes) return undefined;
  if (changes.length === 0) return value;
  const result = subst.apply(text, call);
  return result === undefined || result.length >= LONGEST_VALUE ? undefined : result;
}
