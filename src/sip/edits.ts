/**
 * What a script has changed in a message: a list of edits by offset into the text that was received,
 * applied when a message is sent (DESIGN.md, decision 3; Kamailio's lumps).
 */
import type { Destination, LocalSocket } from "./address.ts";

/** What is known only when a message is sent: the socket it leaves by and where it goes. */
export interface SendContext {
  /** The socket that the request came in on; undefined for a request made here. */
  readonly inbound: LocalSocket | undefined;
  readonly outbound: LocalSocket;
  readonly to: Destination;
}

/** Text to insert; a function gives text that depends on the sockets (Record-Route, Via), "" for nothing. */
export type EditText = string | ((send: SendContext) => string);

/** Where edits meet: a deletion, or a bare place between two bytes. */
export interface Anchor {
  readonly offset: number;
  /** Bytes of the original deleted here; 0 for a bare anchor. */
  readonly deleted: number;
  /** Header type the edit is about (HeaderType), 0 for none: `remove_hf` twice, `msg_apply_changes`, keep_hf look at it. */
  readonly header: number;
  /** In the order written out: `before`, then the deletion, then `after`. Copies of the edits share these arrays. */
  before: readonly EditText[];
  after: readonly EditText[];
  /** Set by the branch or failure route that added it, so that it can be dropped when that route's edits end. */
  readonly scope: number;
}

const NO_TEXT: readonly EditText[] = [];
/** Most messages have no edits, and many are kept: those share this. */
const NO_ANCHORS: Anchor[] = [];

export class Edits {
  #anchors = NO_ANCHORS;

  /** Sorted by offset; anchors of equal offset keep the order of their making. */
  get anchors(): readonly Anchor[] {
    return this.#anchors;
  }

  get empty(): boolean {
    return this.#anchors.length === 0;
  }

  /** A bare place at `offset` (anchor_lump). */
  anchor(offset: number, header = 0): Anchor {
    return this.#insert({ offset, deleted: 0, header, before: NO_TEXT, after: NO_TEXT, scope: 0 });
  }

  /** Deletes `length` bytes from `offset` (del_lump). */
  delete(offset: number, length: number, header = 0): Anchor {
    return this.#insert({ offset, deleted: length, header, before: NO_TEXT, after: NO_TEXT, scope: 0 });
  }

  /** Deletes and inserts in its place. */
  replace(offset: number, length: number, text: EditText, header = 0): Anchor {
    const anchor = this.delete(offset, length, header);
    anchor.after = [text];
    return anchor;
  }

  /** Puts text right behind the anchor: the newest stands first (insert_new_lump_after). */
  insertAfter(anchor: Anchor, text: EditText): void {
    anchor.after = [text, ...anchor.after];
  }

  /** Puts text before the anchor: the newest stands first (insert_new_lump_before). */
  insertBefore(anchor: Anchor, text: EditText): void {
    anchor.before = anchor.before.length === 0 ? [text] : [text, ...anchor.before];
  }

  /** Takes back an anchor with all its text (remove_lump). False when it is not one of these edits. */
  remove(anchor: Anchor): boolean {
    const at = this.#anchors.indexOf(anchor);
    if (at < 0) return false;
    this.#anchors.splice(at, 1);
    return true;
  }

  /** An anchor at exactly this offset, an existing one if there is any (anchor_lump2). */
  anchorAt(offset: number, header = 0): Anchor {
    for (const anchor of this.#anchors) if (anchor.offset === offset) return anchor;
    return this.anchor(offset, header);
  }

  copy(): Edits {
    const copy = new Edits();
    if (this.#anchors.length > 0)
      copy.#anchors = this.#anchors.map(({ offset, deleted, header, before, after, scope }) => ({
        offset,
        deleted,
        header,
        before,
        after,
        scope,
      }));
    return copy;
  }

  clear(): void {
    this.#anchors = NO_ANCHORS;
  }

  #insert(anchor: Anchor): Anchor {
    if (this.#anchors.length === 0) {
      this.#anchors = [anchor];
      return anchor;
    }
    const anchors = this.#anchors;
    let at = anchors.length;
    anchors.push(anchor);
    for (; at > 0 && anchors[at - 1]!.offset > anchor.offset; at--) anchors[at] = anchors[at - 1]!;
    anchors[at] = anchor;
    return anchor;
  }
}
