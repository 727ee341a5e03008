/** TLS profiles as Node's contexts. */
import { constants } from "node:crypto";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import type { TlsPort, TlsProfile } from "../../sip/secure.ts";

/** OpenSSL's suites of TLS 1.3, which no cipher list is about; Node would switch that version off without them. */
const newest = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";

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
  ciphers: `${newest}:${profile.ciphers ?? "DEFAULT"}`,
  // The server's order counts, as in Kamailio.
  honorCipherOrder: true,
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
