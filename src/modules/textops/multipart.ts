/** Functions of textops for bodies of several parts (RFC 2046, 5.1). */
import { declare, type Fn, type RouteKind, str, text, variable } from "../../declare/module.ts";
import { HeaderType } from "../../sip/headers.ts";
import type { SipMessage } from "../../sip/message.ts";
import { boundaryOf } from "../../sip/multipart.ts";
import { fromHex } from "./hex.ts";
import { mimeOf } from "./mime.ts";
import { bodyOffset, deleteAt, insertAfterAt, type Textops } from "./text.ts";

const { fn } = declare<Textops>();
const makers: readonly RouteKind[] = ["request", "failure", "branch"];
const readers: readonly RouteKind[] = ["request", "failure", "branch", "onreply"];

const isMixed = (msg: SipMessage): boolean => {
  const type = msg.first(HeaderType.contentType);
  return type !== undefined && mimeOf(type) === "multipart/mixed";
};

export interface Part {
  /** Of the line `Content-Type:`, or of what the search found before it. */
  readonly start: number;
  /** Of what follows the end of the Content-Type line. */
  readonly headersEnd: number;
  /** Of the boundary that ends the part. */
  readonly boundary: number;
  /** Past the line of that boundary. */
  readonly end: number;
}

const CONTENT_TYPE = /^(?:content-type|c)[ \t]*:[ \t]*/i;

/** The first part whose Content-Type line is exactly the given type; offsets are in the message. */
function findPart(msg: SipMessage, type: string): Part | undefined {
  const body = bodyOffset(msg);
  const boundary = boundaryOf(msg.first(HeaderType.contentType) ?? "");
  if (body < 0 || !boundary) return undefined;
  const { text } = msg;
  const wanted = type.toLowerCase();
  const delimiter = `--${boundary}`;
  for (let at = body; at < text.length; ) {
    const lineEnd = text.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const line = text.slice(at, lineEnd);
    const name = CONTENT_TYPE.exec(line);
    if (name && line.slice(name[0].length, name[0].length + wanted.length).toLowerCase() === wanted) {
      // Parameters behind the type are not expected.
      if (name[0].length + wanted.length !== line.length) return undefined;
      const headersEnd = lineEnd + 2;
      const next = lineStart(text, headersEnd, delimiter);
      if (next < 0) return undefined;
      const nextEnd = text.indexOf("\r\n", next);
      return { start: at, headersEnd, boundary: next, end: nextEnd < 0 ? text.length : nextEnd + 2 };
    }
    at = lineEnd + 2;
  }
  return undefined;
}

/** The offset of the first line at or behind `from` that begins with `prefix`; -1 when there is none. */
export function lineStart(text: string, from: number, prefix: string): number {
  for (let at = from; at >= 0 && at < text.length; ) {
    if (text.startsWith(prefix, at)) return at;
    const end = text.indexOf("\r\n", at);
    if (end < 0) return -1;
    at = end + 2;
  }
  return -1;
}

/** A part with the boundary that ends it, and, for the first part, the one that begins it. */
function partText(content: string, type: string, disposition: string, boundary: string, first: boolean): string {
  return (
    (first ? `--${boundary}\r\n` : "") +
    `Content-Type: ${type}\r\n` +
    (disposition ? `Content-Disposition: ${disposition}\r\n` : "") +
    `\r\n${content}${content.endsWith("\r\n\r\n") ? "" : "\r\n"}--${boundary}\r\n`
  );
}

/** The message's parts get their closing boundary when it is sent. */
const markMultipart = (msg: SipMessage): void => {
  msg.mark("body-multipart");
};

const DEFAULT_BOUNDARY = "unique-boundary-1";

function setMultipart(msg: SipMessage, content: string, type: string, boundary: string): 1 | -1 {
  if (msg.headersProblem !== "") return -1;
  const mixed = isMixed(msg);
  if (mixed && content === "") return 1;
  const delimiter = boundary || DEFAULT_BOUNDARY;
  const at = bodyOffset(msg);
  const old = msg.find(HeaderType.contentType);
  msg.bodyEdits.clear();
  if (at >= 0) deleteAt(msg, at, msg.text.length - at);
  const kept = content === "" && at >= 0;
  const inner = kept ? msg.text.slice(at) : content;
  if (inner === "" || delimiter.startsWith("-")) return -1;
  const innerType = (kept && old && msg.value(old)) || type || "text/plain";
  const body = partText(inner, innerType, "", delimiter, true);
  const { edits } = msg;
  const end = edits.anchor(msg.headersEnd);
  if (!msg.find(HeaderType.contentLength)) edits.insertAfter(end, `Content-Length: ${body.length}\r\n`);
  if (!mixed) {
    if (old) edits.delete(old.start, old.end - old.start);
    edits.insertAfter(end, `Content-Type: multipart/mixed;boundary="${delimiter}"\r\n`);
    edits.insertBefore(edits.anchor(msg.headersEnd), "Mime-Version: 1.0\r\n");
  }
  insertAfterAt(msg, msg.bodyStart, body);
  markMultipart(msg);
  return 1;
}

function appendPart(msg: SipMessage, content: string, type: string, disposition: string): 1 | -1 {
  if (content === "" || type === "" || bodyOffset(msg) < 0 || !isMixed(msg)) return -1;
  const boundary = boundaryOf(msg.first(HeaderType.contentType) ?? "");
  if (!boundary || boundary.startsWith("-")) return -1;
  insertAfterAt(msg, msg.text.length, partText(content, type, disposition, boundary, false));
  markMultipart(msg);
  return 1;
}

const content = str("The part's content.");
const type = str("Its content type.");
const disposition = str("Its Content-Disposition.", { fallback: "" });
const done = { 1: "the message will have the new body", [-1]: "there is nothing to make a part of" } as const;
const appended = {
  1: "the message will have the part",
  [-1]: "the body is not multipart/mixed, or an argument is empty",
} as const;

export const multipartFunctions: Record<string, Fn<Textops>> = {
  set_body_multipart: fn({
    doc: "Makes the body multipart/mixed, with the old body as its part.",
    in: makers,
    args: {},
    returns: done,
    run: ({ msg }) => setMultipart(msg, "", "", ""),
    overloads: [
      fn({
        doc: "With the boundary to use.",
        in: makers,
        args: { boundary: str("The boundary, without the dashes.") },
        returns: done,
        run: ({ msg }, { boundary }) => setMultipart(msg, "", "", boundary),
      }),
      fn({
        doc: "With a new part in place of the old body, and the boundary to use.",
        in: makers,
        args: { content, type, boundary: str("The boundary, without the dashes.", { fallback: "" }) },
        returns: done,
        run: ({ msg }, { content, type, boundary }) => setMultipart(msg, content, type, boundary),
      }),
    ],
  }),
  append_body_part: fn({
    doc: "Adds a part to a multipart/mixed body.",
    in: makers,
    args: { content, type, disposition },
    returns: appended,
    run: ({ msg }, { content, type, disposition }) => appendPart(msg, content, type, disposition),
  }),
  append_body_part_hex: fn({
    doc: "Adds a part, given in hexadecimal, to a multipart/mixed body.",
    in: makers,
    args: { content, type, disposition },
    returns: appended,
    run: ({ msg }, { content, type, disposition }) => appendPart(msg, fromHex(content) ?? "", type, disposition),
  }),
  remove_body_part: fn({
    doc: "Removes the first part of a type.",
    in: makers,
    args: { type: str("Its content type.") },
    returns: { 1: "the part will not be in the message", [-1]: "there is no such part" },
    run({ msg }, { type }) {
      const part = findPart(msg, type);
      if (!part) return -1;
      deleteAt(msg, part.start, part.end - part.start);
      markMultipart(msg);
      return 1;
    },
  }),
  get_body_part: reader("Stores the first part of a type, without its header fields up to the type.", true),
  get_body_part_raw: reader("Stores the first part of a type with its header fields and final boundary.", false),
  filter_body: fn({
    doc: "Leaves of a multipart/mixed body only the content of the first part of a type.",
    in: "any",
    args: { type: text("The content type.", { computed: true }) },
    returns: { 1: "the body will be that part", [-1]: "the body is not multipart/mixed, or has no such part" },
    run({ msg }, { type }) {
      const part = isMixed(msg) ? findPart(msg, type) : undefined;
      if (!part) return -1;
      const { text, bodyStart } = msg;
      let start = part.headersEnd;
      while (text[start] === "\r" || text[start] === "\n") start++;
      deleteAt(msg, bodyStart, start - bodyStart);
      deleteAt(msg, part.boundary - 2, text.length - part.boundary + 2);
      return 1;
    },
  }),
};

function reader(doc: string, contentOnly: boolean): Fn<Textops> {
  return fn({
    doc,
    in: readers,
    args: {
      type: str("Its content type.", { computed: false }),
      result: variable("Where to store it.", { writable: true }),
    },
    returns: { 1: "the variable holds the part, or all of a body without parts", [-1]: "there is no such part" },
    run(call, { type, result }) {
      const { msg } = call;
      const at = bodyOffset(msg);
      const contentType = msg.first(HeaderType.contentType);
      if (at < 0 || contentType === undefined || !result.set) return -1;
      if (!contentType.includes(";")) {
        result.set(call, msg.text.slice(at));
        return 1;
      }
      const part = findPart(msg, type);
      if (!part) return -1;
      result.set(
        call,
        contentOnly ? msg.text.slice(part.headersEnd, part.boundary) : msg.text.slice(part.start, part.end),
      );
      return 1;
    },
  });
}
