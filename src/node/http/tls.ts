/** TLS options of an HTTP request as Node's `tls.connect` takes them. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type ConnectionOptions, rootCertificates } from "node:tls";
import type { HttpTls } from "../../declare/host.ts";

/** Certificates of a file, or of every file of a directory (OpenSSL's CApath). Throws when it cannot be read. */
function authorities(path: string): string[] {
  if (!statSync(path).isDirectory()) return [readFileSync(path, "utf8")];
  return readdirSync(path)
    .map((name) => join(path, name))
    .filter((file) => statSync(file).isFile())
    .map((file) => readFileSync(file, "utf8"))
    .filter((text) => text.includes("-----BEGIN CERTIFICATE-----"));
}

/** Throws when a file that is named cannot be read: the exchange then fails with kind "tls". */
export function tlsOptions(tls: HttpTls | undefined): ConnectionOptions {
  if (!tls) return {};
  return {
    ...(tls.caPath && { ca: [...authorities(tls.caPath), ...rootCertificates] }),
    ...(tls.clientCert && { cert: readFileSync(tls.clientCert) }),
    // A certificate file may hold its key as well, and then no key is named.
    ...((tls.clientKey || tls.clientCert) && { key: readFileSync(tls.clientKey || tls.clientCert!) }),
    ...(tls.keyPassword && { passphrase: tls.keyPassword }),
    ...(tls.version && { minVersion: tls.version as NonNullable<ConnectionOptions["minVersion"]> }),
    ...(tls.cipherSuites && { ciphers: tls.cipherSuites }),
    ...(tls.verifyPeer === false && { rejectUnauthorized: false }),
    ...(tls.verifyHost === false && { checkServerIdentity: () => undefined }),
  };
}
