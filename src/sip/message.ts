/**
 * A SIP message is its bytes (DESIGN.md, decision 3): latin1 text, a parsed first line, an index of header fields,
 * and what the script has asked to change. Field values are parsed when somebody asks (see fields.ts).
 */
import type { LocalSocket, ReceiveInfo } from "./address.ts";
import { Edits } from "./edits.ts";
import { HeaderType, headerType } from "./headers.ts";

/** One header field: offsets into the text. The body ends before the line end; folded lines are inside it. */
export interface Header {
  /** HeaderType.other when the name is not one that we know. */
  readonly type: number;
  readonly start: number;
  readonly nameEnd: number;
  /** First and past-last offset of the value, white space at both ends left out. */
  readonly valueStart: number;
  readonly valueEnd: number;
  /** Past the line end: deleting [start, end) removes the field. */
  readonly end: number;
}

/** Headers and body that the script adds to replies made here (append_to_reply, set_reply_body). */
export interface ReplyEdits {
  readonly headers: string[];
  body: string | undefined;
  contentType: string | undefined;
}

/** An additional branch of the request (append_branch, `$branch(...)`): what the first branch keeps in the message itself. */
export interface Branch {
  uri: string;
  dstUri: string;
  path: string;
  /** q value times 1000; -1 unspecified (Q_UNSPECIFIED). */
  q: number;
  flags: number;
  socket: LocalSocket | undefined;
  userAgent: string;
  instance: string;
  ruid: string;
  locationUa: string;
  regId: number;
}

export class SipMessage {
  text: string;
  readonly received: ReceiveInfo;

  isRequest = false;
  /** As written. */
  method = "";
  /** The first line's Request-URI (`$ou`). */
  requestUri = "";
  version = "";
  status = 0;
  reason = "";
  /** Offsets of the Request-URI in the text. */
  requestUriStart = 0;
  firstLineEnd = 0;
  headers: Header[] = [];
  /** Offset of the empty line that ends the header fields. */
  headersEnd = 0;
  bodyStart = 0;
  /** Problem that keeps the message from being served; "" when there is none. */
  malformed = "";

  // ── What the script changes ──
  #newUri: string | null = null;
  /** The Request-URI has been made a branch: relaying makes none of it again until it is set anew (ruri_mark_consumed). */
  uriConsumed = false;
  /** `$du`; null: none (dst_uri). */
  dstUri: string | null = null;
  path: string | null = null;
  q = -1;
  /** Message flags (setflag). */
  flags = 0;
  /** Script flags (setsflag) belong to the run; branch flags of the first branch: */
  branchFlags = 0;
  forceSendSocket: LocalSocket | undefined = undefined;
  /** Further branches (append_branch). */
  branches: Branch[] = [];
  edits = new Edits();
  bodyEdits = new Edits();
  reply: ReplyEdits | undefined = undefined;
  /** `force_rport`, `add_local_rport`, `set_advertised_*`, … */
  forceRport = false;
  addLocalRport = false;
  advertisedAddress: string | undefined = undefined;
  advertisedPort: number | undefined = undefined;
  /** XFLAGS and msg_flags that modules keep, by name. */
  marks: Set<string> | undefined = undefined;
  instance: string | undefined = undefined;
  ruid: string | undefined = undefined;
  locationUa: string | undefined = undefined;
  regId = 0;
  /** Made here (failure_route's request, event routes): the transaction's copy, not one received now. */
  faked = false;
  /** Unique number of the message in this server (`$mi`). */
  id = 0;

  constructor(text: string, received: ReceiveInfo) {
    this.text = text;
    this.received = received;
    this.#parse();
  }

  /** `$ru` when it was changed; null: as received (new_uri). Setting it makes the Request-URI a target again. */
  get newUri(): string | null {
    return this.#newUri;
  }
  set newUri(uri: string | null) {
    this.#newUri = uri;
    this.uriConsumed = false;
  }
  /** The Request-URI in force (`$ru`). */
  get uri(): string {
    return this.newUri ?? this.requestUri;
  }

  name(header: Header): string {
    return this.text.slice(header.start, header.nameEnd);
  }
  value(header: Header): string {
    return this.text.slice(header.valueStart, header.valueEnd);
  }
  /** The first field of a known type. */
  find(type: number): Header | undefined {
    const headers = this.headers;
    for (let i = 0; i < headers.length; i++) if (headers[i]!.type === type) return headers[i];
    return undefined;
  }
  /** The value of the first field of a known type. */
  first(type: number): string | undefined {
    const header = this.find(type);
    return header && this.value(header);
  }
  /** Every field of that name, compact forms included, ignoring case. */
  named(name: string): Header[] {
    const type = headerType(name);
    if (type !== HeaderType.other) return this.headers.filter((h) => h.type === type);
    const wanted = name.toLowerCase();
    return this.headers.filter((h) => h.type === HeaderType.other && this.name(h).toLowerCase() === wanted);
  }
  get body(): string {
    return this.text.slice(this.bodyStart);
  }

  /** Replaces the text and indexes it anew (msg_apply_changes, msg_set_buffer). False, and nothing changed, when it does not parse. */
  rebuild(text: string): boolean {
    const next = new SipMessage(text, this.received);
    if (next.malformed) return false;
    this.text = text;
    this.#parse();
    return true;
  }

  /** A copy for a branch or a transaction: the text is shared, what the script changed is copied. */
  clone(): SipMessage {
    throw new Error("sip: clone is being built");
  }

  #parse(): void {
    throw new Error("sip: parse is being built");
  }
}
