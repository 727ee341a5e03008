/** TLS as transports, modules and the platform share it: how connections are to be secured, and what is known of one that is. */

export type TlsVersion = "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";

/** A certificate, with its chain, and its key, as PEM texts. */
export interface TlsCredentials {
  readonly certificate: string;
  readonly key: string;
  readonly password?: string;
}

/** How the connections of one address and server name are secured (a section of tls.cfg), with all files read. */
export interface TlsProfile {
  /** As log lines and `tls.list` show it. */
  readonly name: string;
  /** Several when there are keys of several kinds (RSA and ECDSA). */
  readonly credentials: readonly TlsCredentials[];
  /** Certificates that are trusted, as PEM texts. */
  readonly authorities: readonly string[];
  /** Revocation list, a PEM text. */
  readonly revoked?: string;
  /** OpenSSL's cipher list; undefined leaves its default. */
  readonly ciphers?: string;
  readonly oldest?: TlsVersion;
  readonly newest?: TlsVersion;
  /** Servers: whether clients are asked for a certificate. */
  readonly ask: boolean;
  /** A peer without certificate is refused. */
  readonly demand: boolean;
  /** A peer whose certificate is not valid is refused. */
  readonly verify: boolean;
  /** How many certificates may stand between the peer's and a trusted one. */
  readonly depth: number;
  /** Clients: the server name to ask for. */
  readonly serverName?: string;
  /** Whether the peer may ask for new keys on an open connection (TLS 1.2 and before); it may when not given. */
  readonly renegotiation?: boolean;
}

/** The profiles in force. Another object takes their place when they are loaded again. */
export interface TlsProfiles {
  /** For a connection that was accepted on this socket; `serverName` is what the client asked for. */
  server(address: string, port: number, serverName?: string): TlsProfile;
  /** Whether any client may be asked for a certificate. */
  readonly asks: boolean;
  /**
   * For a connection that is opened from this local address, with what the script has said about it: `lists` is what
   * the run or transaction carries (`Destination.lists`).
   */
  client(address: string, port: number, lists?: unknown): TlsProfile;
  /** Seconds that a connection may stay before its first message; undefined: as any other, -1: for ever. */
  readonly idle?: number;
  /** Bytes that may wait for a handshake on one connection; undefined: as for a connection that is open. */
  readonly waiting?: number;
  /** A connection that we opened is secured. False: nothing is sent over it. */
  opened?(connection: number): boolean;
}

/** Checks what only the platform can: keys, certificates, cipher names. */
export interface TlsPort {
  /** Why a profile cannot be used; undefined when it can. */
  problem(profile: TlsProfile): string | undefined;
}

export interface CertificateFacts {
  /** PEM text. */
  readonly pem: string;
  /** 2 for X.509 version 3. */
  readonly version: number;
  /** Serial number, decimal. */
  readonly serial: string;
  readonly subject: CertificateName;
  readonly issuer: CertificateName;
  readonly alternatives: readonly { readonly kind: "email" | "dns" | "uri" | "ip"; readonly value: string }[];
  /** As OpenSSL prints them: `Nov 21 06:31:51 2026 GMT`. */
  readonly notBefore: string;
  readonly notAfter: string;
}
export interface CertificateName {
  /** `/C=DE/O=Example/CN=example.org` */
  readonly line: string;
  /** First value of each part, by its short name: C, ST, L, O, OU, CN, UID. */
  readonly parts: Readonly<Record<string, string>>;
}

/** What is known of a connection whose handshake is done. */
export interface TlsFacts {
  /** Name of the profile in use. */
  readonly profile: string;
  readonly version: string;
  /** OpenSSL's name. */
  readonly cipher: string;
  /** Length of the cipher's key. */
  readonly bits: number;
  /** The server name that the peer asked for. */
  readonly serverName: string | undefined;
  readonly own: CertificateFacts | undefined;
  readonly peer: CertificateFacts | undefined;
  /** OpenSSL's name for what is wrong with the peer's certificate (`CERT_HAS_EXPIRED`); empty when nothing is. */
  readonly verdict: string;
}
