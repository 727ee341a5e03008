/** `$tls_…`: the connection that the message came on, and the certificates of both ends (Kamailio's tls_select.c). */
import type { Pv } from "../../declare/module.ts";
import { urlEncoded } from "../../declare/semantics-select-tls.ts";
import { IntText, type Read } from "../../declare/value.ts";
import { describeCipher } from "../../sip/cipher.ts";
import type { CertificateFacts, TlsFacts } from "../../sip/secure.ts";
import { factsOf, pv, type Tls } from "./state.ts";

const fact = (doc: string, read: (facts: TlsFacts) => Read): Pv<Tls> =>
  pv({
    doc,
    get(call) {
      const facts = factsOf(call);
      return (facts && read(facts)) ?? null;
    },
  });

type End = "peer" | "my";
const whose = { peer: "the peer's certificate", my: "our own certificate" } as const;
const certificateOf = (facts: TlsFacts, end: End): CertificateFacts | undefined =>
  end === "peer" ? facts.peer : facts.own;

const certificate = (end: End, doc: string, read: (it: CertificateFacts) => Read): Pv<Tls> =>
  fact(`${doc} of ${whose[end]}.`, (facts) => {
    const it = certificateOf(facts, end);
    return it && read(it);
  });

/** Parts of subject and issuer, by the end of the variable's name. */
const parts = {
  cn: ["CN", "Common name"],
  locality: ["L", "Locality"],
  country: ["C", "Country"],
  state: ["ST", "State"],
  organization: ["O", "Organization"],
  unit: ["OU", "Organizational unit"],
} as const;

type Kind = CertificateFacts["alternatives"][number]["kind"];
const kinds = { DNS: "dns", URI: "uri", EMAIL: "email", IP: "ip" } as const;
const alternatives = { email: "email", hostname: "dns", uri: "uri", ip: "ip" } as const;

const alternative = (end: End, doc: string, kind: Kind): Pv<Tls> =>
  pv({
    doc: `${doc} among the alternative names of ${whose[end]}; with an index the one of that number, from 0.`,
    bind({ inner, index = "0" }) {
      if (inner !== undefined) return "takes no name in parentheses";
      if (!/^\d+$/.test(index)) return `\`${index}\` is no index: 0 is the first`;
      return {
        get(call) {
          const facts = factsOf(call);
          const names = facts && certificateOf(facts, end)?.alternatives.filter((it) => it.kind === kind);
          return names?.[Number(index)]?.value ?? null;
        },
      };
    },
  });

function ofEnd(end: End): Record<string, Pv<Tls>> {
  const found: Record<string, Pv<Tls>> = {
    raw_cert: certificate(end, "PEM text", (it) => it.pem),
    urlencoded_cert: certificate(end, "PEM text, encoded for URLs,", (it) => urlEncoded(it.pem)),
    version: certificate(end, "X.509 version (2 for version 3)", (it) => String(it.version)),
    serial: certificate(end, "Serial number", (it) => it.serial),
    subject_uid: certificate(end, "User id in the subject", (it) => it.subject.parts.UID),
    san_count: pv({
      doc: `How many alternative names of a kind there are in ${whose[end]}.`,
      keys: { DNS: "host names", URI: "URIs", EMAIL: "email addresses", IP: "IP addresses" },
      get(call, key) {
        const facts = factsOf(call);
        const it = facts && certificateOf(facts, end);
        return it && it.alternatives.length > 0
          ? it.alternatives.filter(({ kind }) => kind === kinds[key]).length
          : null;
      },
    }),
  };
  for (const role of ["subject", "issuer"] as const) {
    found[role] = certificate(end, role === "subject" ? "Subject" : "Issuer", (it) => it[role].line);
    for (const [name, [part, doc]] of Object.entries(parts))
      found[`${role}_${name}`] = certificate(end, `${doc} in the ${role}`, (it) => it[role].parts[part]);
  }
  for (const [name, kind] of Object.entries(alternatives)) found[`san_${name}`] = alternative(end, "The first", kind);
  return Object.fromEntries(Object.entries(found).map(([name, it]) => [`tls_${end}_${name}`, it]));
}

/** 1 when the peer has a certificate and OpenSSL's verdict on it is this one, else 0. */
const verdict = (doc: string, wanted: string): Pv<Tls> =>
  fact(doc, (facts) => {
    const yes = facts.peer !== undefined && facts.verdict === wanted;
    return new IntText(yes ? 1 : 0, yes ? "1" : "0");
  });

export const variables: Readonly<Record<string, Pv<Tls>>> = {
  tls_version: fact("Version of TLS: `TLSv1.3`.", (it) => it.version),
  tls_description: fact("OpenSSL's description of the cipher, a line.", (it) => describeCipher(it.cipher, it.bits)),
  tls_cipher_info: fact("OpenSSL's name of the cipher.", (it) => it.cipher),
  tls_cipher_bits: fact("Length of the cipher's key.", (it) => new IntText(it.bits, String(it.bits))),
  ...ofEnd("peer"),
  ...ofEnd("my"),
  tls_peer_verified: verdict("1 when the peer has a certificate that is trusted, else 0.", ""),
  tls_peer_revoked: verdict("1 when the peer's certificate is revoked, else 0.", "CERT_REVOKED"),
  tls_peer_expired: verdict("1 when the peer's certificate has expired, else 0.", "CERT_HAS_EXPIRED"),
  tls_peer_selfsigned: verdict(
    "1 when the peer has signed its certificate itself, and it is not trusted, else 0.",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
  ),
  tls_peer_notBefore: certificate("peer", "First moment", (it) => it.notBefore),
  tls_peer_notAfter: certificate("peer", "Last moment", (it) => it.notAfter),
  tls_peer_server_name: fact("The server name that the peer asked for (SNI).", (it) => it.serverName),
  tls: pv({
    doc: "Subject and issuer of both certificates, as a line: `/C=DE/CN=example.org`.",
    keys: {
      m_subject_line: "our subject",
      m_issuer_line: "our issuer",
      p_subject_line: "the peer's subject",
      p_issuer_line: "the peer's issuer",
    },
    get(call, key) {
      const facts = factsOf(call);
      const it = facts && certificateOf(facts, key.startsWith("m_") ? "my" : "peer");
      return it?.[key.endsWith("subject_line") ? "subject" : "issuer"].line ?? null;
    },
  }),
};
