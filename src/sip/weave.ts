/** Applying edits: the received text with what was deleted left out and what was inserted put in (Kamailio's process_lumps). */
import type { Anchor, Edits, EditText, SendContext } from "./edits.ts";

/** An edit that only the message being built has, as the Via that this server adds. */
export interface Patch {
  readonly offset: number;
  readonly deleted: number;
  readonly text: string;
}

/**
 * text[from, to) with the edits and patches applied. At equal offsets edits come before patches, and each in its own
 * order. What is inserted inside a deleted stretch appears behind it. `patches` are sorted by offset.
 */
export function weave(
  text: string,
  from: number,
  to: number,
  edits: Edits,
  patches: readonly Patch[],
  send: SendContext | undefined,
): string {
  const anchors = edits.anchors;
  let out = "";
  let at = from;
  let a = 0;
  let p = 0;
  while (a < anchors.length || p < patches.length) {
    const anchor: Anchor | undefined = anchors[a];
    const patch: Patch | undefined = patches[p];
    if (anchor !== undefined && (patch === undefined || anchor.offset <= patch.offset)) {
      a++;
      if (anchor.offset > at) {
        out += text.slice(at, anchor.offset);
        at = anchor.offset;
      }
      if (anchor.before.length > 0) out += join(anchor.before, send);
      if (anchor.offset + anchor.deleted > at) at = anchor.offset + anchor.deleted;
      if (anchor.after.length > 0) out += join(anchor.after, send);
    } else {
      p++;
      if (patch!.offset > at) {
        out += text.slice(at, patch!.offset);
        at = patch!.offset;
      }
      if (patch!.offset + patch!.deleted > at) at = patch!.offset + patch!.deleted;
      out += patch!.text;
    }
  }
  return at < to ? out + text.slice(at, to) : out;
}

/** True when text[start, end) is deleted as a whole by one edit. */
export function isDeleted(edits: Edits, start: number, end: number): boolean {
  for (const anchor of edits.anchors)
    if (anchor.deleted > 0 && anchor.offset <= start && anchor.offset + anchor.deleted >= end) return true;
  return false;
}

function join(texts: readonly EditText[], send: SendContext | undefined): string {
  let out = "";
  for (const text of texts) {
    if (typeof text === "string") out += text;
    else if (send !== undefined) out += text(send);
  }
  return out;
}
