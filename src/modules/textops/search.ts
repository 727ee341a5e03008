/** Functions of textops that search in the message and in texts. */
import { declare, type Fn, regex, str, text } from "../../declare/module.ts";
import type { Header } from "../../sip/message.ts";
import { bodyOffset, cText, headerNameProblem, insertAfterAt, NamedHeader, type Textops } from "./text.ts";

const { fn } = declare<Textops>();
const found = { 1: "there is a match", [-1]: "there is none" } as const;
const added = { 1: "the text will be in the message", [-1]: "there is no match" } as const;

export const searchFunctions: Record<string, Fn<Textops>> = {
  search: fn({
    doc: "Tells whether the message, with its first line, matches.",
    in: "any",
    args: { match: regex("What to look for.", { computed: true }) },
    returns: found,
    run: ({ msg }, { match }) => (match.test(cText(msg.text)) ? 1 : -1),
  }),
  search_body: fn({
    doc: "Tells whether the body matches.",
    in: "any",
    args: { match: regex("What to look for.", { computed: true }) },
    returns: { 1: "there is a match", [-1]: "there is none, or no body" },
    run({ msg }, { match }) {
      const at = bodyOffset(msg);
      return at >= 0 && match.test(cText(msg.text.slice(at))) ? 1 : -1;
    },
  }),
  search_hf: fn({
    doc: "Tells whether the value of a header field matches.",
    in: "any",
    args: {
      name: text("Name of the header field.", { check: headerNameProblem }),
      match: regex("What to look for."),
      which: text("`a` any field of the name, `f` the first, `l` the last."),
    },
    returns: found,
    run({ msg }, { name, match, which }) {
      if (msg.headersProblem !== "") return -1;
      const wanted = new NamedHeader(name);
      let last: Header | undefined;
      for (const header of msg.headers) {
        if (!wanted.has(msg, header)) continue;
        if (which[0] === "l") last = header;
        else if (match.test(cText(msg.value(header)))) return 1;
        else if (which[0] === "f") return -1;
      }
      return last && match.test(cText(msg.value(last))) ? 1 : -1;
    },
  }),
  search_str: fn({
    doc: "Tells whether a text matches, ignoring case.",
    in: "any",
    args: { subject: str("The text to search in."), match: str("Regular expression.") },
    returns: {
      1: "there is a match",
      2: "the expression is empty",
      [-1]: "there is none",
      [-2]: "the text is empty, or the expression is not valid",
    },
    run({ core }, { subject, match }) {
      if (match === "") return 2;
      if (subject === "") return -2;
      const re = core.regex(match, { icase: true, newline: true });
      return re ? (re.test(cText(subject)) ? 1 : -1) : -2;
    },
  }),
  search_append: fn({
    doc: "Puts text behind the first match after the first line.",
    in: "any",
    args: {
      match: regex("What to look for.", { computed: true }),
      text: text("What to put behind it.", { computed: true }),
    },
    returns: added,
    run({ msg }, { match, text }) {
      const at = msg.firstLineEnd;
      const hit = match.exec(cText(msg.text.slice(at)));
      if (!hit) return -1;
      insertAfterAt(msg, at + hit.end, text);
      return 1;
    },
  }),
  search_append_body: fn({
    doc: "Puts text behind the first match in the body.",
    in: "any",
    args: {
      match: regex("What to look for.", { computed: true }),
      text: text("What to put behind it.", { computed: true }),
    },
    returns: { 1: "the text will be in the message", [-1]: "there is no match, or no body" },
    run({ msg }, { match, text }) {
      const at = bodyOffset(msg);
      const hit = at >= 0 && match.exec(cText(msg.text.slice(at)));
      if (!hit) return -1;
      insertAfterAt(msg, at + hit.end, text);
      return 1;
    },
  }),
};
