/** Functions of textops that replace text in the message. */
import type { Call } from "../../declare/call.ts";
import { declare, type Fn, type Kind, type Regex, regex, str, text } from "../../declare/module.ts";
import type { SipMessage } from "../../sip/message.ts";
import { bodyOffset, cText, endsLine, execFrom, replaceAt, type Textops } from "./text.ts";

const { fn } = declare<Textops>();

/** A part of the message: its first offset and the one past its end. Undefined when there is none. */
type Part = (msg: SipMessage) => readonly [start: number, end: number] | undefined;

const afterFirstLine: Part = (msg) => [msg.firstLineEnd, msg.text.length];
const body: Part = (msg) => {
  const at = bodyOffset(msg);
  return at < 0 ? undefined : [at, msg.text.length];
};
const headers: Part = (msg) =>
  msg.headersProblem === "" && msg.headersEnd > msg.firstLineEnd ? [msg.firstLineEnd, msg.headersEnd] : undefined;

const replaced = { 1: "the message will have the new text", [-1]: "there is no match" } as const;

/** The first match, or all of them. */
type Amount = "first" | "all" | "all-as-one";

function replace(msg: SipMessage, part: Part, match: Regex, replacement: string, amount: Amount): 1 | -1 {
  const place = part(msg);
  if (!place) return -1;
  const [start, end] = place;
  const input = cText(msg.text.slice(start, end));
  let at = 0;
  let done: 1 | -1 = -1;
  while (at < input.length || at === 0) {
    const hit = execFrom(match, input, at, amount !== "all-as-one" && endsLine(input, at));
    if (!hit) break;
    // A single replacement may be of nothing: it then is an insertion.
    if (hit.index === hit.end && amount !== "first") return -1;
    replaceAt(msg, start + hit.index, hit.end - hit.index, replacement);
    done = 1;
    if (amount === "first") break;
    at = hit.end;
  }
  return done;
}

const byRegex = (doc: string, part: Part, amount: Amount, match: Kind<Regex>): Fn<Textops> =>
  fn({
    doc,
    in: "any",
    args: { match, replacement: text("What to put in its place.", { computed: true }) },
    returns: replaced,
    run: ({ msg }, { match, replacement }) => replace(msg, part, match, replacement, amount),
  });
const perLine = regex("What to look for, line by line.", { computed: true });
const atOnce = regex("What to look for, in the body as one line.", {
  computed: true,
  flags: { icase: true, newline: false },
});

const byText = (doc: string, part: Part): Fn<Textops> =>
  fn({
    doc,
    in: "any",
    args: {
      search: str("The text to look for."),
      replacement: str("What to put in its place."),
      amount: str("`f` the first occurrence, `a` all of them."),
    },
    returns: { 1: "done, whether the text was there or not", [-1]: "there is no such part of the message" },
    run: (call, { search, replacement, amount }) => replaceText(call, part, search, replacement, amount),
  });

function replaceText({ msg }: Call, part: Part, search: string, replacement: string, amount: string): 1 | -1 {
  const place = part(msg);
  if (!place) return -1;
  if (search === "") return 1;
  const all = !/^f/i.test(amount);
  let [at, end] = place;
  for (;;) {
    const hit = msg.text.indexOf(search, at);
    if (hit < 0 || hit + search.length > end) return 1;
    replaceAt(msg, hit, search.length, replacement);
    if (!all) return 1;
    at = hit + search.length;
    // Kamailio forgets the end of the part behind the first occurrence.
    end = msg.text.length;
  }
}

export const replaceFunctions: Record<string, Fn<Textops>> = {
  replace: byRegex("Replaces the first match after the first line.", afterFirstLine, "first", perLine),
  replace_all: byRegex("Replaces every match after the first line.", afterFirstLine, "all", perLine),
  replace_hdrs: byRegex("Replaces the first match in the header fields.", headers, "first", perLine),
  replace_body: byRegex("Replaces the first match in the body.", body, "first", perLine),
  replace_body_all: byRegex("Replaces every match in the body.", body, "all", perLine),
  replace_body_atonce: byRegex(
    "Replaces every match in the body, where `^` is its begin and `$` its end.",
    body,
    "all-as-one",
    atOnce,
  ),
  replace_str: byText("Replaces a text after the first line.", afterFirstLine),
  replace_hdrs_str: byText("Replaces a text in the header fields.", headers),
  replace_body_str: byText("Replaces a text in the body.", body),
};
