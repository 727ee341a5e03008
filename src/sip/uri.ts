/**
 * SIP, SIPS, TEL and URN URIs, taken apart as Kamailio's parse_uri does: what it refuses is refused here, and where it is
 * lenient (white space in a user part, hosts without `@` that are no host names) so is this.
 */
import type { Protocol } from "./address.ts";
import { isAlnum, isDigit, sameText } from "./lex.ts";

export type UriScheme = "sip" | "sips" | "tel" | "tels" | "urn";

export interface UriOptions {
  /** A `user=phone` SIP URI counts as a TEL URI (core parameter phone2tel; default true). */
  readonly phone2tel?: boolean;
  /** Characters besides letters, digits, `.` and `-` that a host name may hold (uri_host_extra_chars). */
  readonly hostExtraChars?: string;
}

export class Uri {
  readonly text: string;
  readonly scheme: UriScheme;
  readonly user: string;
  readonly password: string;
  /** IPv6 addresses in brackets; "" for a TEL URI. */
  readonly host: string;
  /** As written; "" when there is none. */
  readonly port: string;
  /** 0 when there is none. */
  readonly portNo: number;
  /** Without the first semicolon. Those of the number for a `user=phone` URI. */
  readonly params: string;
  /** The SIP URI's own parameters, whatever `params` holds. */
  readonly sipParams: string;
  /** Without the question mark. */
  readonly headers: string;

  constructor(
    text: string,
    scheme: UriScheme,
    user: string,
    password: string,
    host: string,
    port: string,
    portNo: number,
    params: string,
    sipParams: string,
    headers: string,
  ) {
    this.text = text;
    this.scheme = scheme;
    this.user = user;
    this.password = password;
    this.host = host;
    this.port = port;
    this.portNo = portNo;
    this.params = params;
    this.sipParams = sipParams;
    this.headers = headers;
  }

  /** A colon stands behind the host, and no port behind the colon. */
  get portIsEmpty(): boolean {
    if (this.port !== "" || this.host === "") return false;
    const at = this.user === "" && this.password === "" ? this.text.indexOf(":") + 1 : this.text.indexOf("@") + 1;
    return this.text.startsWith(`${this.host}:`, this.text[at] === "@" ? at + 1 : at);
  }

  /** The URI is secure: `sips:` or a `sips:` URI with `user=phone`. */
  get secure(): boolean {
    return this.scheme === "sips" || this.scheme === "tels";
  }
  /** The last parameter of that name: its value, "" without one, undefined when it is absent. */
  param(name: string): string | undefined {
    return uriParam(this.sipParams, name);
  }
  /** The value of `transport` as written; "" when there is none. */
  get transport(): string {
    return this.sipParams === "" ? "" : (uriParam(this.sipParams, "transport") ?? "");
  }
  /** The transport that the parameter names; undefined when it names none that is known. */
  get protocol(): Protocol | undefined {
    const name = this.transport.toLowerCase();
    return name === "udp" || name === "tcp" || name === "tls" || name === "sctp" || name === "ws" ? name : undefined;
  }
  get lr(): boolean {
    return uriParam(this.sipParams, "lr") !== undefined;
  }
  get r2(): string | undefined {
    return uriParam(this.sipParams, "r2");
  }
  get maddr(): string {
    return uriParam(this.sipParams, "maddr") ?? "";
  }
  /** The host without the brackets of an IPv6 address. */
  get bareHost(): string {
    return this.host.startsWith("[") ? this.host.slice(1, -1) : this.host;
  }
  /** The port, or the one that the scheme and transport imply. */
  get effectivePort(): number {
    return this.portNo || (this.secure || this.protocol === "tls" ? 5061 : 5060);
  }
}

/** The last parameter of that name in `a=1;b`: its value, "" without one, undefined when it is absent. */
export function uriParam(params: string, name: string): string | undefined {
  let found: string | undefined;
  for (let at = 0; at < params.length; ) {
    let stop = params.indexOf(";", at);
    if (stop < 0) stop = params.length;
    const equals = params.indexOf("=", at);
    const nameEnd = equals >= 0 && equals < stop ? equals : stop;
    if (nameEnd - at === name.length && sameText(params.slice(at, nameEnd), name))
      found = nameEnd < stop ? params.slice(nameEnd + 1, stop) : "";
    at = stop + 1;
  }
  return found;
}

const INIT = 0;
const USER = 1;
const PASSWORD = 2;
const PASSWORD_ALPHA = 3;
const HOST = 4;
const HOST_NAME = 5;
const HOST6 = 6;
const HOST6_END = 7;
const PORT = 8;
const PARAM = 9;
const HEADERS = 10;

/** Null when the URI is malformed or its scheme is not one of sip, sips, tel and urn. */
export function parseUri(text: string, options?: UriOptions): Uri | null {
  const length = text.length;
  if (length < 5) return null;
  const s0 = text.charCodeAt(0) | 32;
  const s1 = text.charCodeAt(1) | 32;
  const s2 = text.charCodeAt(2) | 32;
  const s3 = text.charCodeAt(3);
  let scheme: UriScheme;
  let start = 4;
  if (s0 === 115 && s1 === 105 && s2 === 112) {
    if (s3 === 58) scheme = "sip";
    else if ((s3 | 32) === 115 && text.charCodeAt(4) === 58) {
      scheme = "sips";
      start = 5;
    } else return null;
  } else if (s3 !== 58) return null;
  else if (s0 === 116 && s1 === 101 && s2 === 108) scheme = "tel";
  else if (s0 === 117 && s1 === 114 && s2 === 110) scheme = "urn";
  else return null;
  const urn = scheme === "urn";

  // `from` is where the part being read began. Whether what stands first is a user or a host shows only at an `@`,
  // which may come as late as behind the parameters or headers ("sip:a;b?c@host").
  let from = start;
  let hostFrom = start;
  let hostTo = start;
  let user = "";
  let password = "";
  let port = "";
  let portNo = 0;
  let params = "";
  /** Offset of a colon behind which a password may stand; -1 for none. */
  let colon = -1;
  let userKnown = false;
  let badHeaders = false;
  let state = INIT;
  for (let p = start; p < length; p++) {
    const c = text.charCodeAt(p);
    switch (state) {
      case INIT:
        if (c === 91) state = HOST6;
        else if (c === 93 || c === 58) return null;
        else state = urn ? HOST : USER;
        break;
      case USER:
        if (c === 64) {
          user = text.slice(from, p);
          state = HOST;
          userKnown = true;
          from = p + 1;
        } else if (c === 58) {
          user = text.slice(from, p);
          hostFrom = from;
          hostTo = p;
          state = PASSWORD;
          from = p + 1;
        } else if (c === 59 || c === 63) {
          hostFrom = from;
          hostTo = p;
          state = c === 59 ? PARAM : HEADERS;
          from = p + 1;
        } else if (c === 91 || c === 93) return null;
        break;
      case PASSWORD:
        // Digits may be a port or a password.
        if (c === 64) {
          password = text.slice(from, p);
          portNo = 0;
          state = HOST;
          userKnown = true;
          from = p + 1;
        } else if (c === 59 || c === 63) {
          port = text.slice(from, p);
          user = "";
          userKnown = true;
          state = c === 59 ? PARAM : HEADERS;
          from = p + 1;
        } else if (isDigit(c)) {
          portNo = portNo * 10 + (c - 48);
          if (portNo > 65535) return null;
        } else if (c === 91 || c === 93 || c === 58) return null;
        else {
          portNo = 0;
          state = PASSWORD_ALPHA;
        }
        break;
      case PASSWORD_ALPHA:
        if (c === 64) {
          password = text.slice(from, p);
          state = HOST;
          userKnown = true;
          from = p + 1;
        } else if (c === 59 || c === 63 || c === 91 || c === 93 || c === 58) return null;
        break;
      case HOST:
        if (c === 91) state = HOST6;
        else if (isAlnum(c)) state = HOST_NAME;
        else return null;
        break;
      case HOST6:
        if (c === 93) state = HOST6_END;
        else if (c === 91 || c === 38 || c === 64 || c === 59 || c === 63) return null;
        break;
      case HOST_NAME:
      case HOST6_END:
        if (c === 58) {
          if (!urn) {
            hostFrom = from;
            hostTo = p;
            state = PORT;
            portNo = 0;
            from = p + 1;
          }
        } else if (c === 59 || c === 63) {
          hostFrom = from;
          hostTo = p;
          state = c === 59 ? PARAM : HEADERS;
          from = p + 1;
        } else if (c === 64) {
          if (!urn) return null;
        } else if (c === 38 || state === HOST6_END) return null;
        else if (!isAlnum(c) && c !== 46 && c !== 45 && !options?.hostExtraChars?.includes(text[p]!)) return null;
        break;
      case PORT:
        if (c === 59 || c === 63) {
          port = text.slice(from, p);
          state = c === 59 ? PARAM : HEADERS;
          from = p + 1;
        } else if (isDigit(c)) {
          portNo = portNo * 10 + (c - 48);
          if (portNo > 65535) return null;
        } else return null;
        break;
      case PARAM:
      case HEADERS:
        if (c === 64) {
          // Everything so far was the user part after all.
          if (userKnown) return null;
          user = text.slice(hostFrom, colon >= 0 ? colon : p);
          password = colon >= 0 ? text.slice(colon + 1, p) : "";
          port = "";
          portNo = 0;
          params = "";
          userKnown = true;
          badHeaders = false;
          state = HOST;
          from = p + 1;
        } else if (c === 58) {
          if (!userKnown) {
            if (colon >= 0) {
              userKnown = true;
              colon = -1;
            } else colon = p;
          }
        } else if (state === HEADERS) {
          if (c === 59) {
            if (userKnown) return null;
            badHeaders = true;
            if (colon >= 0) return null;
          } else if (c === 63 && colon >= 0) {
            userKnown = true;
            colon = -1;
          }
        } else if (c === 59 || c === 63) {
          if (colon >= 0) {
            userKnown = true;
            colon = -1;
          }
          if (c === 63) {
            params = text.slice(from, p);
            state = HEADERS;
            from = p + 1;
          }
        }
        break;
    }
  }

  let headers = "";
  switch (state) {
    case USER:
    case HOST_NAME:
    case HOST6_END:
      hostFrom = from;
      hostTo = length;
      break;
    case PASSWORD:
      port = text.slice(from);
      user = "";
      break;
    case PASSWORD_ALPHA:
      if (!urn) return null;
      hostFrom = from;
      hostTo = length;
      break;
    case PORT:
      port = text.slice(from);
      break;
    case PARAM:
      params = text.slice(from);
      break;
    case HEADERS:
      headers = text.slice(from);
      if (badHeaders) return null;
      break;
    default:
      // Nothing behind the scheme, an empty host, an address in brackets that does not end.
      return null;
  }
  let host = text.slice(hostFrom, hostTo);
  if (port.length > 5) return null;
  // "sip:@host": an empty user part.
  if (
    host !== "" &&
    user === "" &&
    scheme !== "tel" &&
    (text.charCodeAt(hostFrom - 1) === 64 || host.charCodeAt(0) === 64)
  )
    return null;
  const sipParams = params;
  if (scheme === "tel") {
    user = host;
    host = "";
  } else if (!urn && options?.phone2tel !== false && params !== "" && uriParam(params, "user") === "phone") {
    scheme = scheme === "sips" ? "tels" : "tel";
    const semicolon = user.indexOf(";");
    params = semicolon >= 0 ? user.slice(semicolon + 1) : "";
    if (semicolon >= 0) user = user.slice(0, semicolon);
  }
  return new Uri(text, scheme, user, password, host, port, portNo, params, sipParams, headers);
}
