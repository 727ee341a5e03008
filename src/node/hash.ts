/** Digests of latin1 bytes. */
import { hash as digest } from "node:crypto";

export const hash = (algorithm: "md5" | "sha1" | "sha256" | "sha384" | "sha512", bytes: string): string =>
  digest(algorithm, Buffer.from(bytes, "latin1"), "hex");
