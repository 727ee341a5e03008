/**
 * URLs as libcurl reads them: the bytes of path and query travel as they were written, where `URL` would encode them
 * (a latin1 string holds UTF-8 bytes, not characters). RFC 3986 for the syntax.
 */
import { domainToASCII } from "node:url";

export interface HttpUrl {
  readonly secure: boolean;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** `http://host:port`, the port left out when it is the scheme's own. */
  readonly origin: string;
  /** Path and query; begins with a slash. */
  readonly path: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
}

const decoded = (text: string): string =>
  text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** Removes `.` and `..` segments (RFC 3986, 5.2.4). */
function withoutDots(path: string): string {
  if (!path.includes("/.")) return path;
  const kept: string[] = [];
  const parts = path.split("/").slice(1);
  parts.forEach((part, i) => {
    const last = i === parts.length - 1;
    if (part === "..") kept.pop();
    else if (part !== ".") kept.push(part);
    if (last && (part === "." || part === "..")) kept.push("");
  });
  return `/${kept.join("/")}`;
}

/** Host names outside ASCII are UTF-8 bytes here; they become punycode. Empty when the name is not one. */
function asciiHost(host: string): string {
  if (!/[^\x21-\x7e]/.test(host)) return host.toLowerCase();
  return domainToASCII(Buffer.from(host, "latin1").toString("utf8"));
}

/** Undefined for what is no URL of http or https. A missing scheme is http, as libcurl guesses. */
export function parseHttpUrl(text: string): HttpUrl | undefined {
  // libcurl refuses control characters and spaces anywhere.
  if (/[\x00-\x20\x7f]/.test(text)) return undefined;
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text);
  const name = scheme ? scheme[1]!.toLowerCase() : "http";
  if (name !== "http" && name !== "https") return undefined;
  const rest = scheme ? text.slice(scheme[0].length) : text;
  const end = rest.search(/[/?#]/);
  let authority = end < 0 ? rest : rest.slice(0, end);
  let tail = end < 0 ? "" : rest.slice(end);
  const fragment = tail.indexOf("#");
  if (fragment >= 0) tail = tail.slice(0, fragment);

  let username: string | undefined;
  let password: string | undefined;
  const at = authority.lastIndexOf("@");
  if (at >= 0) {
    const credentials = authority.slice(0, at);
    authority = authority.slice(at + 1);
    const colon = credentials.indexOf(":");
    username = decoded(colon < 0 ? credentials : credentials.slice(0, colon));
    password = colon < 0 ? undefined : decoded(credentials.slice(colon + 1));
  }

  const parts = /^(?:\[([0-9a-f:.]+)(?:%25[^\]]*)?\]|([^:[\]]+))(?::(\d*))?$/i.exec(authority);
  if (!parts) return undefined;
  const host = parts[1] ?? asciiHost(parts[2]!);
  if (host === "") return undefined;
  const own = name === "https" ? 443 : 80;
  const port = parts[3] ? Number(parts[3]) : own;
  if (port > 65535) return undefined;

  const query = tail.indexOf("?");
  const path = query < 0 ? tail : tail.slice(0, query);
  return {
    secure: name === "https",
    host,
    port,
    origin: `${name}://${parts[1] ? `[${host}]` : host}${port === own ? "" : `:${port}`}`,
    path: (path === "" ? "/" : withoutDots(path)) + (query < 0 ? "" : tail.slice(query)),
    username,
    password,
  };
}

/** The address a Location header leads to, from the URL that answered with it. */
export function redirectTarget(from: HttpUrl, location: string): string {
  if (/^[a-z][a-z0-9+.-]*:/i.test(location)) return location;
  if (location.startsWith("//")) return `${from.secure ? "https" : "http"}:${location}`;
  if (location.startsWith("/")) return from.origin + location;
  const path = from.path.split("?")[0]!;
  if (location.startsWith("?")) return from.origin + path + location;
  return from.origin + path.slice(0, path.lastIndexOf("/") + 1) + location;
}
