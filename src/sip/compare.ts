/** Comparing URIs and header field names as Kamailio does (RFC 3261, 19.1.4). */
import { HeaderType, headerType } from "./headers.ts";
import { sameText } from "./lex.ts";
import { type Uri, uriParam } from "./uri.ts";

export interface NamedValue {
  readonly name: string;
  readonly value: string;
}

/** The parameters of `a=1;b` in order; those without name are left out. */
export function splitParams(params: string): NamedValue[] {
  const out: NamedValue[] = [];
  for (const part of params.split(";")) {
    const equals = part.indexOf("=");
    const name = (equals < 0 ? part : part.slice(0, equals)).trim();
    if (name !== "") out.push({ name, value: equals < 0 ? "" : part.slice(equals + 1).trim() });
  }
  return out;
}

/** True when two URIs are equivalent. A parameter that only one of them has matters only for user, ttl, method and maddr. */
export function sameUri(a: Uri, b: Uri): boolean {
  if (a.scheme !== b.scheme || a.user !== b.user || a.port !== b.port || a.password !== b.password) return false;
  if (!sameText(a.host, b.host)) return false;
  if (a.params === "" && hasTelling(b)) return false;
  if (b.params === "" && hasTelling(a)) return false;
  const others = splitParams(b.params);
  return splitParams(a.params).every((one) =>
    others.every((other) => !sameText(one.name, other.name) || sameText(one.value, other.value)),
  );
}

/** True when two URIs name the same address of record: user, host and port. */
export function sameAor(a: Uri, b: Uri): boolean {
  if (a.user !== b.user || !sameText(a.host, b.host)) return false;
  if (a.port === b.port) return true;
  return !(a.port === "" && b.portNo !== 5060) && !(b.port === "" && a.portNo !== 5060);
}

/** The name that a text begins with. */
const HEADER_NAME = /^[0-9A-Za-z\-._+~]+(?=[ \t:]|$)/;

/** How two header field names compare: "invalid" when one is none, else "same", or whether a known name is among them ("known") or not ("other"). */
export function compareHeaderNames(a: string, b: string): "same" | "known" | "other" | "invalid" {
  const [nameA, nameB] = [HEADER_NAME.exec(a)?.[0], HEADER_NAME.exec(b)?.[0]];
  if (nameA === undefined || nameB === undefined) return "invalid";
  const x = headerType(nameA);
  const y = headerType(nameB);
  if (x !== HeaderType.other || y !== HeaderType.other) return x === y ? "same" : "known";
  return sameText(a.trimEnd(), b.trimEnd()) ? "same" : "other";
}

const TELLING = ["user", "ttl", "method", "maddr"];
const hasTelling = (uri: Uri): boolean => TELLING.some((name) => uriParam(uri.sipParams, name));
