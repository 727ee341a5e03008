/** Functions of textopsx that walk over header fields and over lines of the body. */
import type { Call } from "../../declare/call.ts";
import { declare, type Fn, type Pv, str } from "../../declare/module.ts";
import type { Read } from "../../declare/value.ts";
import type { Header, SipMessage } from "../../sip/message.ts";
import type { Textopsx } from "./textopsx.ts";

const { fn, pv } = declare<Textopsx>();

/** Iterators of a kind on one message, and the longest name, as in Kamailio. */
const MOST = 4;
const LONGEST_NAME = 31;

/** One walk over the header fields; offsets are those of the text when it began. */
interface HeaderWalk {
  readonly headers: readonly Header[];
  /** Position, -1 before the first field. */
  at: number;
  /** Where going back leads, -1 to the begin. */
  previous: number;
  ended: boolean;
}
interface LineWalk {
  /** Past the end of the body. */
  readonly end: number;
  /** The current line with its line end; -1 before the first. */
  start: number;
  next: number;
  ended: boolean;
}
/** The walks of one message by their names. */
export interface Walks {
  readonly headers: Map<string, HeaderWalk>;
  readonly lines: Map<string, LineWalk>;
}

function walksOf(msg: SipMessage, state: Textopsx): Walks {
  let walks = state.walks.get(msg);
  if (!walks) state.walks.set(msg, (walks = { headers: new Map(), lines: new Map() }));
  return walks;
}

const available = (walks: ReadonlyMap<string, unknown>, name: string): boolean =>
  walks.has(name) || (walks.size < MOST && name.length <= LONGEST_NAME);

function startHeaders(msg: SipMessage, name: string, state: Textopsx): 1 | -1 {
  const walks = walksOf(msg, state).headers;
  if (!available(walks, name)) return -1;
  walks.set(name, { headers: msg.headers, at: -1, previous: -1, ended: false });
  return msg.headers.length > 0 && msg.headersProblem === "" ? 1 : -1;
}

function previousHeader(msg: SipMessage, name: string, state: Textopsx): 1 | -1 {
  const walk = walksOf(msg, state).headers.get(name);
  if (!walk || walk.ended) return -1;
  if (walk.previous < 0) return startHeaders(msg, name, state);
  if (walk.previous !== walk.at) {
    walk.at = walk.previous;
    return 1;
  }
  if (walk.at < 2 && !(walk.at === 1 && walk.headers.length === 2)) return startHeaders(msg, name, state);
  walk.at--;
  walk.previous = walk.at - 1;
  return 1;
}

/** The header field that a walk stands on. */
function currentHeader({ msg }: Call, name: string, state: Textopsx): Header | undefined {
  const walk = state.walks.get(msg)?.headers.get(name);
  return walk?.headers[walk.at];
}
function currentLine({ msg }: Call, name: string, state: Textopsx): LineWalk | undefined {
  const walk = state.walks.get(msg)?.lines.get(name);
  return walk && walk.start >= 0 && walk.next > walk.start ? walk : undefined;
}

const name = { name: str("Name of the iterator, 31 characters at most.") };
const nameText = { ...name, text: str("What to put there, line ends included.") };
const started = { 1: "done", [-1]: "there are four others already, or there is nothing to walk over" } as const;
const stepped = { 1: "there is one", [-1]: "there is none, or no such iterator" } as const;
const ended = { 1: "done", [-1]: "there is no such iterator" } as const;
const edited = { 1: "the message will be so", [-1]: "the iterator stands on nothing" } as const;

export const iteratorFunctions: Record<string, Fn<Textopsx>> = {
  hf_iterator_start: fn({
    doc: "Begins a walk over the header fields, before the first one.",
    in: "any",
    args: name,
    returns: started,
    run: ({ msg }, { name }, state) => startHeaders(msg, name, state),
  }),
  hf_iterator_next: fn({
    doc: "Goes to the next header field.",
    in: "any",
    args: name,
    returns: stepped,
    run({ msg }, { name }, state) {
      const walk = walksOf(msg, state).headers.get(name);
      if (!walk || walk.ended) return -1;
      if (walk.at >= 0) walk.previous = walk.at;
      walk.at++;
      walk.ended = walk.at >= walk.headers.length;
      return walk.ended ? -1 : 1;
    },
  }),
  hf_iterator_prev: fn({
    doc: "Goes to the header field before, or to the begin.",
    in: "any",
    args: name,
    returns: { 1: "done", [-1]: "the walk is over, or there is no such iterator" },
    run: ({ msg }, { name }, state) => previousHeader(msg, name, state),
  }),
  hf_iterator_end: fn({
    doc: "Ends a walk over the header fields.",
    in: "any",
    args: name,
    returns: ended,
    run({ msg }, { name }, state) {
      const walk = walksOf(msg, state).headers.get(name);
      if (!walk) return -1;
      walk.at = -1;
      walk.ended = false;
      return 1;
    },
  }),
  hf_iterator_rm: fn({
    doc: "Removes the header field.",
    in: "any",
    args: name,
    returns: edited,
    run(call, { name }, state) {
      const header = currentHeader(call, name, state);
      if (!header) return -1;
      call.msg.edits.delete(header.start, header.end - header.start);
      return 1;
    },
  }),
  hf_iterator_append: fn({
    doc: "Puts header fields behind the header field.",
    in: "any",
    args: nameText,
    returns: edited,
    run(call, { name, text }, state) {
      const header = currentHeader(call, name, state);
      if (!header) return -1;
      const { edits } = call.msg;
      edits.insertBefore(edits.anchor(header.end), text);
      return 1;
    },
  }),
  hf_iterator_insert: fn({
    doc: "Puts header fields before the header field.",
    in: "any",
    args: nameText,
    returns: edited,
    run(call, { name, text }, state) {
      const header = currentHeader(call, name, state);
      if (!header) return -1;
      const { edits } = call.msg;
      edits.insertBefore(edits.anchor(header.start), text);
      return 1;
    },
  }),

  bl_iterator_start: fn({
    doc: "Begins a walk over the lines of the body, before the first one.",
    in: "any",
    args: name,
    returns: started,
    run({ msg }, { name }, state) {
      const walks = walksOf(msg, state).lines;
      if (!available(walks, name)) return -1;
      walks.set(name, { end: msg.text.length, start: -1, next: msg.bodyStart, ended: false });
      return 1;
    },
  }),
  bl_iterator_next: fn({
    doc: "Goes to the next line of the body.",
    in: "any",
    args: name,
    returns: stepped,
    run({ msg }, { name }, state) {
      const walk = walksOf(msg, state).lines.get(name);
      if (!walk || walk.ended) return -1;
      walk.start = walk.next;
      if (walk.start >= walk.end) {
        walk.start = -1;
        walk.ended = true;
        return -1;
      }
      const lineEnd = msg.text.indexOf("\n", walk.start);
      walk.next = lineEnd < 0 ? walk.end : lineEnd + 1;
      return 1;
    },
  }),
  bl_iterator_end: fn({
    doc: "Ends a walk over the lines of the body.",
    in: "any",
    args: name,
    returns: ended,
    run({ msg }, { name }, state) {
      const walk = walksOf(msg, state).lines.get(name);
      if (!walk) return -1;
      walk.start = -1;
      walk.next = walk.end;
      walk.ended = false;
      return 1;
    },
  }),
  bl_iterator_rm: fn({
    doc: "Removes the line.",
    in: "any",
    args: name,
    returns: edited,
    run(call, { name }, state) {
      const line = currentLine(call, name, state);
      if (!line) return -1;
      call.msg.bodyEdits.delete(line.start, line.next - line.start);
      return 1;
    },
  }),
  bl_iterator_append: fn({
    doc: "Puts text behind the line.",
    in: "any",
    args: nameText,
    returns: edited,
    run(call, { name, text }, state) {
      const line = currentLine(call, name, state);
      if (!line) return -1;
      const { bodyEdits } = call.msg;
      bodyEdits.insertBefore(bodyEdits.anchor(line.next), text);
      return 1;
    },
  }),
  bl_iterator_insert: fn({
    doc: "Puts text before the line.",
    in: "any",
    args: nameText,
    returns: edited,
    run(call, { name, text }, state) {
      const line = currentLine(call, name, state);
      if (!line) return -1;
      const { bodyEdits } = call.msg;
      bodyEdits.insertBefore(bodyEdits.anchor(line.start), text);
      return 1;
    },
  }),
};

const ofIterator = (doc: string, read: (call: Call, name: string, state: Textopsx) => Read): Pv<Textopsx> =>
  pv({
    doc,
    bind({ inner }, _core, state) {
      if (!inner) return "the name of an iterator is needed in parentheses";
      return { get: (call) => read(call, inner, state()) };
    },
  });

export const iteratorVariables: Record<string, Pv<Textopsx>> = {
  hfitname: ofIterator("Name of the header field that an iterator stands on.", (call, name, state) => {
    const header = currentHeader(call, name, state);
    return header ? call.msg.name(header) : null;
  }),
  hfitbody: ofIterator("Value of the header field that an iterator stands on.", (call, name, state) => {
    const header = currentHeader(call, name, state);
    return header ? call.msg.value(header) : null;
  }),
  blitval: ofIterator("Line of the body, with its line end, that an iterator stands on.", (call, name, state) => {
    const line = currentLine(call, name, state);
    return line ? call.msg.text.slice(line.start, line.next) : null;
  }),
};
