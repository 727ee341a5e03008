/**
 * A SIP message is its bytes (DESIGN.md, decision 3): latin1 text, a parsed first line, an index of header fields,
 * and what the script has asked to change. Field values are parsed when somebody asks.
 */
import type { LocalSocket, Protocol, ReceiveInfo } from "./address.ts";
import type { DigestCredentials } from "./auth.ts";
import type { CSeq } from "./cseq.ts";
import { type Anchor, Edits } from "./edits.ts";
import { HeaderType, headerType } from "./headers.ts";
import type { NameAddr } from "./nameaddr.ts";
import { parseFirstLine, parseHeaders, withoutSecondMessage } from "./parse.ts";
import { parseUri, type Uri } from "./uri.ts";
import type { Via } from "./via.ts";

/** One header field: offsets into the text. The body ends before the line end; folded lines are inside it. */
export interface Header {
  /** HeaderType.other when the name is not one that we know. */
  readonly type: number;
  readonly start: number;
  readonly nameEnd: number;
  /** First and past-last offset of the value: white space before it and the line end are left out, blanks behind it are not. */
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

/** A branch to `uri` of which nothing else is said. */
export const branchTo = (uri: string): Branch => ({
  uri,
  dstUri: "",
  path: "",
  q: -1,
  flags: 0,
  socket: undefined,
  userAgent: "",
  instance: "",
  ruid: "",
  locationUa: "",
  regId: 0,
});

const NO_MARKS: readonly string[] = [];
const NO_BRANCHES: readonly Branch[] = [];

/** The parsed fields: what a message occupies beside its text. Messages of the same text share one. */
export class Index {
  headers: Header[] = [];
  vias: Via[] = [];
  from: NameAddr | null = null;
  to: NameAddr | null = null;
  cseq: CSeq | null = null;
  callId = "";
}

/** What a script adds to the Via fields of what is sent, asked for when it is sent (corex: via_add_srvid and its kin). */
export interface ViaAdditions {
  /** Parameters for the own Via, each with its semicolon. */
  params(msg: SipMessage): string;
  /** What the own Via shows instead of the socket. */
  fields(msg: SipMessage): ViaFields | undefined;
  /** Parameters for the topmost Via of replies, each with its semicolon. */
  replyParams(msg: SipMessage): string;
}

/** Undefined leaves what the socket says. */
export interface ViaFields {
  readonly address: string | undefined;
  readonly port: string | undefined;
  readonly protocol: Protocol | undefined;
}

export class SipMessage {
  text: string;
  /** Scripts may give it other addresses (set_source_address, set_recv_socket). */
  received: ReceiveInfo;

  isRequest = false;
  /** "sip", "http" (for xhttp; such a request need not have a Via) or "" for another version. */
  protocol: "sip" | "http" | "" = "sip";
  /** As written; "" in a reply. */
  method = "";
  /** The first line's Request-URI (`$ou`). */
  requestUri = "";
  version = "";
  status = 0;
  reason = "";
  /** Offset of the first line: line ends and white space before it are ignored. */
  firstLineStart = 0;
  /** Offsets of the Request-URI in the text. */
  requestUriStart = 0;
  firstLineEnd = 0;
  /** Offset of the empty line that ends the header fields. */
  headersEnd = 0;
  bodyStart = 0;
  /** Problem that keeps the message from being served; "" when there is none. */
  malformed = "";
  /** Status to answer a malformed request with when silence would be wrong (RFC 4475, 3.1.2.16); 0: say nothing. */
  refuse = 0;
  /** Problem in a field behind those that every message needs: what reads all fields (a local reply) fails. */
  headersProblem = "";
  /** The value of Content-Length; -1 when there is none. */
  contentLength = -1;
  /** What is made of the text anew when somebody asks after `forgetIndex`. */
  #index: Index | undefined = undefined;
  #uri: Uri | null = null;
  #uriText: string | undefined = undefined;

  // ── What the script changes ──
  #newUri: string | null = null;
  /** The Request-URI has been made a branch: relaying makes none of it again until it is set anew (ruri_mark_consumed). */
  uriConsumed = false;
  #dstUri: string | null = null;
  path: string | null = null;
  q = -1;
  /** Message flags (setflag). */
  flags = 0;
  /** Script flags (setsflag) belong to the run; branch flags of the first branch: */
  branchFlags = 0;
  forceSendSocket: LocalSocket | undefined = undefined;
  /** The connection to send on, used when it has the mark "use-connection" (tcp_set_otcpid); 0 for none. */
  outConnection = 0;
  /** Further branches (append_branch). */
  branches: readonly Branch[] = NO_BRANCHES;
  edits = new Edits();
  bodyEdits = new Edits();
  reply: ReplyEdits | undefined = undefined;
  /** `force_rport`, `add_local_rport`, `set_advertised_*`, … */
  forceRport = false;
  addLocalRport = false;
  advertisedAddress: string | undefined = undefined;
  advertisedPort: number | undefined = undefined;
  viaAdditions: ViaAdditions | undefined = undefined;
  /** Flags that the own Via carries as `kvf` (msg_vbflag_set). */
  viaFlags = 0;
  /** Parameters of the own Route that loose_route() has processed (rr module). */
  routed: string | undefined = undefined;
  /** XFLAGS and msg_flags that modules keep, by name. */
  marks: readonly string[] = NO_MARKS;
  /** Credentials that the script has accepted (auth module). */
  authorized: DigestCredentials | undefined = undefined;
  instance: string | undefined = undefined;
  ruid: string | undefined = undefined;
  locationUa: string | undefined = undefined;
  regId = 0;
  /** Made here (failure_route's request, event routes): the transaction's copy, not one received now. */
  faked = false;
  /** Unique number of the message in this server (`$mi`). */
  id = 0;

  /** `from` gives the index of a message with the same text, so that it need not be made again. */
  constructor(text: string, received: ReceiveInfo, from?: SipMessage) {
    this.text = text;
    this.received = received;
    if (from === undefined) this.#parse();
    else this.#adopt(from);
  }

  get #parsed(): Index {
    return this.#index ?? this.#indexAgain();
  }
  get headers(): Header[] {
    return this.#parsed.headers;
  }
  /** Every Via value in order, however they are spread over fields. Empty in a message without. */
  get vias(): readonly Via[] {
    return this.#parsed.vias;
  }
  /** The parsed From; null when it is missing or malformed. */
  get from(): NameAddr | null {
    return this.#parsed.from;
  }
  get to(): NameAddr | null {
    return this.#parsed.to;
  }
  get cseq(): CSeq | null {
    return this.#parsed.cseq;
  }
  /** Frees the memory of the parsed fields, for a message that is kept but will hardly be looked at again. */
  forgetIndex(): void {
    this.#index = undefined;
    this.#uriText = undefined;
    this.#uri = null;
  }
  #indexAgain(): Index {
    const index = new SipMessage(this.text, this.received).#parsed;
    this.#index = index;
    return index;
  }

  /** `$ru` when it was changed; null: as received (new_uri). Setting it makes the Request-URI a target again. */
  get newUri(): string | null {
    return this.#newUri;
  }
  set newUri(uri: string | null) {
    this.#newUri = uri;
    this.uriConsumed = false;
  }
  /** `$du`; null: none (dst_uri). Setting one makes the Request-URI a target again, too. */
  get dstUri(): string | null {
    return this.#dstUri;
  }
  set dstUri(uri: string | null) {
    this.#dstUri = uri || null;
    if (uri !== null) this.uriConsumed = false;
  }
  /** The Request-URI in force (`$ru`). */
  get uri(): string {
    return this.newUri ?? this.requestUri;
  }
  /** The Request-URI in force, taken apart; null when it is malformed. */
  get parsedUri(): Uri | null {
    const uri = this.newUri ?? this.requestUri;
    if (this.#uriText !== uri) {
      this.#uriText = uri;
      this.#uri = parseUri(uri);
    }
    return this.#uri;
  }
  /** The topmost Via. Undefined only in a malformed message. */
  get via1(): Via | undefined {
    return this.vias[0];
  }
  get via2(): Via | undefined {
    return this.vias[1];
  }
  get callId(): string {
    return this.#parsed.callId;
  }
  /** The method that a request or the request of a reply has. */
  get cseqMethod(): string {
    return this.cseq?.method ?? "";
  }

  marked(name: string): boolean {
    return this.marks.length > 0 && this.marks.includes(name);
  }
  mark(name: string): void {
    // An array that is spread takes room for sixteen more.
    if (this.marks.length === 0) this.marks = [name];
    else if (!this.marks.includes(name)) this.marks = [...this.marks, name];
  }
  unmark(name: string): void {
    if (this.marked(name)) this.marks = this.marks.filter((it) => it !== name);
  }

  addBranch(branch: Branch): void {
    this.branches = [...this.branches, branch];
  }
  removeBranch(at: number): void {
    this.branches = this.branches.filter((_, index) => index !== at);
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
    return this.headers.filter(
      (h) =>
        h.type === HeaderType.other && h.nameEnd - h.start === wanted.length && this.name(h).toLowerCase() === wanted,
    );
  }
  get body(): string {
    return this.text.slice(this.bodyStart);
  }

  /** Where an edit at `offset` belongs: to the header fields or to the body. */
  editsAt(offset: number): Edits {
    return offset > this.headersEnd ? this.bodyEdits : this.edits;
  }
  /** A bare place for insertions at `offset`, in the right list of edits. */
  anchor(offset: number, header = 0): Anchor {
    return this.editsAt(offset).anchor(offset, header);
  }
  /** Deletes `length` bytes from `offset`, in the right list of edits. */
  delete(offset: number, length: number, header = 0): Anchor {
    return this.editsAt(offset).delete(offset, length, header);
  }

  /** Writes over the text in place, as Kamailio does with Max-Forwards: visible at once, and no offset changes. */
  overwrite(at: number, text: string): void {
    this.text = this.text.slice(0, at) + text + this.text.slice(at + text.length);
  }

  /** Replaces the text and indexes it anew (msg_apply_changes, msg_set_buffer). False, and nothing changed, when it does not parse. */
  rebuild(text: string): boolean {
    const next = new SipMessage(text, this.received);
    // Kamailio notices missing fields only when a message is received.
    if (next.malformed !== "" && !next.malformed.startsWith("no ")) return false;
    next.malformed = "";
    this.text = text;
    this.#adopt(next);
    return true;
  }

  /** A copy for a branch or a transaction: the text and its index are shared, what the script changed is copied (`edits`: those, too). */
  clone(edits = true): SipMessage {
    const copy = new SipMessage(this.text, this.received, this);
    copy.takeChanges(this, edits);
    copy.faked = this.faked;
    copy.id = this.id;
    return copy;
  }

  /** Takes over what another run of the script has changed in its copy of this message; without `edits`, all but those. */
  takeChanges(from: SipMessage, edits = true): void {
    this.newUri = from.newUri;
    this.dstUri = from.dstUri;
    this.uriConsumed = from.uriConsumed;
    this.path = from.path;
    this.q = from.q;
    this.flags = from.flags;
    this.branchFlags = from.branchFlags;
    this.forceSendSocket = from.forceSendSocket;
    this.outConnection = from.outConnection;
    if (from.branches.length > 0 || this.branches.length > 0)
      this.branches = from.branches.map((branch) => ({ ...branch }));
    if (edits && (!from.edits.empty || !this.edits.empty)) this.edits = from.edits.copy();
    if (edits && (!from.bodyEdits.empty || !this.bodyEdits.empty)) this.bodyEdits = from.bodyEdits.copy();
    if (from.reply) this.reply = { ...from.reply, headers: [...from.reply.headers] };
    this.forceRport = from.forceRport;
    this.addLocalRport = from.addLocalRport;
    this.advertisedAddress = from.advertisedAddress;
    this.advertisedPort = from.advertisedPort;
    this.viaAdditions = from.viaAdditions;
    this.viaFlags = from.viaFlags;
    this.marks = from.marks;
    this.authorized = from.authorized;
    this.instance = from.instance;
    this.ruid = from.ruid;
    this.locationUa = from.locationUa;
    this.regId = from.regId;
  }

  #adopt(from: SipMessage): void {
    this.isRequest = from.isRequest;
    this.protocol = from.protocol;
    this.method = from.method;
    this.requestUri = from.requestUri;
    this.version = from.version;
    this.status = from.status;
    this.reason = from.reason;
    this.firstLineStart = from.firstLineStart;
    this.requestUriStart = from.requestUriStart;
    this.firstLineEnd = from.firstLineEnd;
    this.#index = from.#index;
    this.headersEnd = from.headersEnd;
    this.bodyStart = from.bodyStart;
    this.malformed = from.malformed;
    this.refuse = from.refuse;
    this.headersProblem = from.headersProblem;
    this.contentLength = from.contentLength;
    this.#uri = from.#uri;
    this.#uriText = from.#uriText;
  }

  #parse(): void {
    this.malformed = "";
    this.refuse = 0;
    this.headersProblem = "";
    const index = new Index();
    this.#index = index;
    const at = parseFirstLine(this);
    if (at < 0) return;
    parseHeaders(this, index, at);
    if (
      this.contentLength >= 0 &&
      this.bodyStart + this.contentLength < this.text.length &&
      this.received.protocol === "udp"
    )
      this.text = withoutSecondMessage(this);
  }
}
