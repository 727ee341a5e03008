/** What Node knows of a secured connection, in OpenSSL's words. */
import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import type { CertificateFacts, CertificateName, TlsFacts } from "../../sip/secure.ts";

/** To be called once, and after `depthOf`: on a client Node takes the certificate out of the chain that it hands out. */
export const factsOf = (socket: TLSSocket, profile: string, serverName: string | undefined): TlsFacts => {
  const cipher = socket.getCipher();
  const peer = socket.getPeerX509Certificate();
  const own = socket.getX509Certificate();
  return {
    profile,
    version: socket.getProtocol() ?? "",
    cipher: cipher.name,
    bits: bitsOf(cipher.name),
    serverName,
    own: own && certificateFacts(own),
    peer: peer && certificateFacts(peer),
    // Node's types say Error, its code gives the name of OpenSSL's verdict for servers and an error with it for clients.
    verdict: socket.authorized || !peer ? "" : verdictOf(socket.authorizationError),
  };
};

const verdictOf = (error: unknown): string =>
  typeof error === "string" ? error : ((error as { code?: string } | null)?.code ?? "UNSPECIFIED");

/** How many certificates stand between a peer's and the one that ends its chain. */
export const depthOf = (socket: TLSSocket): number => {
  let depth = 0;
  let certificate = socket.getPeerCertificate(true);
  while (certificate?.issuerCertificate && certificate.issuerCertificate !== certificate) {
    certificate = certificate.issuerCertificate;
    depth++;
  }
  return Math.max(depth - 1, 0);
};

/** Key length of OpenSSL's cipher names. */
const bitsOf = (cipher: string): number => {
  if (/CHACHA20|AES_?256|ARIA256|CAMELLIA256/.test(cipher)) return 256;
  if (/DES-CBC3/.test(cipher)) return 168;
  return cipher === "" || cipher.includes("NULL") ? 0 : 128;
};

const certificateFacts = (it: X509Certificate): CertificateFacts => ({
  pem: it.toString(),
  version: versionOf(it.raw),
  serial: BigInt(`0x${it.serialNumber || "0"}`).toString(),
  subject: nameOf(it.subject),
  issuer: nameOf(it.issuer),
  alternatives: alternativesOf(it.subjectAltName),
  notBefore: it.validFrom,
  notAfter: it.validTo,
});

/** The version stands first in what is signed, tagged [0]; it is missing in version 1, whose number is 0. */
const versionOf = (der: Buffer): number => {
  const inner = behindLength(der, behindLength(der, 0));
  return der[inner] === 0xa0 ? (der[inner + 4] ?? 0) : 0;
};

const behindLength = (der: Buffer, at: number): number => {
  const length = der[at + 1] ?? 0;
  return at + 2 + (length < 0x80 ? 0 : length & 0x7f);
};

/** One part a line, escaped as in RFC 2253. */
const nameOf = (text: string | undefined): CertificateName => {
  const parts: Record<string, string> = {};
  let line = "";
  for (const entry of (text ?? "").split("\n")) {
    const equals = entry.indexOf("=");
    if (equals < 0) continue;
    const name = entry.slice(0, equals);
    const value = entry.slice(equals + 1).replace(/\\(.)/g, "$1");
    const bytes = Buffer.from(value, "utf8").toString("latin1");
    parts[name] ??= bytes;
    line += `/${name}=${oneLine(bytes)}`;
  }
  return { line, parts };
};

const oneLine = (bytes: string): string =>
  bytes.replace(/[^ -~]/g, (c) => `\\x${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);

const kinds = { DNS: "dns", URI: "uri", email: "email", "IP Address": "ip" } as const;

/** `DNS:example.org, IP Address:192.0.2.1`; a value that has a comma or a quotation mark is a JSON string. */
const alternativesOf = (text: string | undefined): CertificateFacts["alternatives"] => {
  const found: { kind: (typeof kinds)[keyof typeof kinds]; value: string }[] = [];
  for (const [, name, quoted, plain] of (text ?? "").matchAll(
    /([A-Za-z ]+):(?:"((?:[^"\\]|\\.)*)"|([^,]*))(?:, |$)/g,
  )) {
    const kind = kinds[name as keyof typeof kinds];
    if (kind) found.push({ kind, value: quoted === undefined ? plain! : (JSON.parse(`"${quoted}"`) as string) });
  }
  return found;
};
