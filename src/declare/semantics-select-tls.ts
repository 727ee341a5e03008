/** `@tls…`: the selects of the module tls (Kamailio's tls_select.c), for the connection that the message came on. */
import { describeCipher } from "../sip/cipher.ts";
import type { CertificateFacts, TlsFacts } from "../sip/secure.ts";
import type { BoundSelect, SelectPart } from "./semantics-select.ts";

type Read<T> = (it: T) => string | undefined;

const facts =
  (read: Read<TlsFacts>): BoundSelect =>
  ({ core, msg }) => {
    const { protocol, connection } = msg.received;
    const found = protocol === "tls" || protocol === "wss" ? core.streams?.secured(connection) : undefined;
    return found && read(found);
  };

const spelled = <T>(table: Readonly<Record<string, T>>): Map<string, T> =>
  new Map(Object.entries(table).flatMap(([names, it]) => names.split(" ").map((name) => [name, it] as const)));

/** Parts of a subject or issuer, by every spelling. */
const components = spelled({
  "cn commonName common_name name": "CN",
  "l localityName locality_name locality": "L",
  "c countryName country_name country": "C",
  "st stateOrProvinceName state_or_province_name state": "ST",
  "o organizationName organization_name organization": "O",
  "ou organizationalUnitName organizational_unit_name unit": "OU",
  "uid uniqueIdentifier": "UID",
});

const plain = spelled<Read<CertificateFacts>>({
  version: (it) => String(it.version),
  "rawCert raw_cert": (it) => it.pem,
  "URLEncodedCert urlencoded_cert": (it) => urlEncoded(it.pem),
  "sn serialNumber serial_number": (it) => it.serial,
  "notBefore not_before": (it) => it.notBefore,
  "notAfter not_after": (it) => it.notAfter,
});

/** OpenSSL's verdict on the peer's certificate that each asks about. */
const verdicts = spelled({
  verified: "",
  revoked: "CERT_REVOKED",
  expired: "CERT_HAS_EXPIRED",
  self_signed: "DEPTH_ZERO_SELF_SIGNED_CERT",
});

const alternatives = spelled<CertificateFacts["alternatives"][number]["kind"]>({
  "email emailAddress email_address": "email",
  "host hostname dns": "dns",
  "uri url urn": "uri",
  "ip IPAddress ip_address": "ip",
});

/** Everything but letters, digits and `-_.~` as %xx. */
export const urlEncoded = (text: string): string =>
  text.replace(/[^A-Za-z0-9\-_.~]/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, "0")}`);

function certificate(peer: boolean, [part, next, ...rest]: readonly SelectPart[]): BoundSelect | undefined {
  const read = (of: Read<CertificateFacts>): BoundSelect =>
    facts((it) => {
      const found = peer ? it.peer : it.own;
      return found && of(found);
    });
  if (!part) return read((it) => it.subject.line);
  if (part.name === "subject" || part.name === "subj" || part.name === "issuer") {
    const role = part.name === "issuer" ? "issuer" : "subject";
    if (!next) return read((it) => it[role].line);
    const component = components.get(next.name);
    return component && rest.length === 0 ? read((it) => it[role].parts[component]) : undefined;
  }
  if (next) return undefined;
  const verdict = peer ? verdicts.get(part.name) : undefined;
  if (verdict !== undefined) return facts((it) => (it.peer && it.verdict === verdict ? "1" : "0"));
  const kind = alternatives.get(part.name);
  if (kind) {
    const at = Number(part.index ?? 0);
    return read((it) => it.alternatives.filter((each) => each.kind === kind)[at]?.value);
  }
  const of = plain.get(part.name);
  return of && read(of);
}

/** What stands behind `@tls`; undefined when there is no such select. */
export function tlsSelect(_self: SelectPart, parts: readonly SelectPart[]): BoundSelect | undefined {
  const [part, ...rest] = parts;
  switch (part?.name) {
    case "peer":
      return certificate(true, rest);
    case "my":
    case "me":
    case "myself":
      return certificate(false, rest);
    case "cipher":
      if (rest.length === 0) return facts((it) => it.cipher);
      return rest.length === 1 && rest[0]!.name === "bits" ? facts((it) => String(it.bits)) : undefined;
  }
  if (rest.length > 0) return undefined;
  switch (part?.name) {
    case undefined:
    case "desc":
    case "description":
      return facts((it) => describeCipher(it.cipher, it.bits));
    case "version":
      return facts((it) => it.version);
    case "serverName":
    case "server_name":
      return facts((it) => it.serverName);
    default:
      return undefined;
  }
}
