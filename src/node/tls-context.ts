/** TLS profiles as Node's contexts. */
import { constants } from "node:crypto";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import type { TlsPort, TlsProfile } from "../sip/secure.ts";

/** Throws, with OpenSSL's words, when the profile cannot be used. */
export const contextOptions = (profile: TlsProfile): SecureContextOptions => ({
  cert: profile.credentials.map((it) => it.certificate),
  key: profile.credentials.map((it) => ({
    pem: it.key,
    ...(it.password !== undefined && { passphrase: it.password }),
  })),
  // None is not the same as not given, which would trust every authority that Node knows.
  ca: [...profile.authorities],
  ...(profile.revoked !== undefined && { crl: profile.revoked }),
  ...(profile.ciphers !== undefined && { ciphers: profile.ciphers }),
  ...(profile.oldest && { minVersion: profile.oldest }),
  ...(profile.newest && { maxVersion: profile.newest }),
  ...(profile.renegotiation === false && { secureOptions: constants.SSL_OP_NO_RENEGOTIATION }),
});

export const contextOf = (profile: TlsProfile): SecureContext => createSecureContext(contextOptions(profile));

export const createTls = (): TlsPort => ({
  problem(profile) {
    try {
      contextOf(profile);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  },
});
