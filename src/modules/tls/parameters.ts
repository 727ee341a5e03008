/** Parameters of the module tls, with Kamailio's defaults. */
import { int, type Received, text } from "../../declare/module.ts";
import type { Options } from "./file.ts";
import { isVerifyClient } from "./file.ts";

export const parameters = {
  config: text(
    "File of profiles by address and server name (tls.cfg), or a folder of such; it replaces the parameters below.",
    {
      fallback: "",
    },
  ),
  tls_method: text("Versions allowed: TLSv1.2 this one, TLSv1.2+ this one and later ones.", { fallback: "TLSv1" }),
  certificate: text("PEM file with the certificate and its chain.", { fallback: "cert.pem" }),
  private_key: text("PEM file with the key.", { fallback: "cert.pem" }),
  private_key_password: text("Password of the key.", { fallback: "" }),
  certificate2: text("A second certificate, with a key of another kind.", { fallback: "" }),
  private_key2: text("Its key.", { fallback: "" }),
  private_key_password2: text("Password of that key.", { fallback: "" }),
  key_password_mode: int("0 takes passwords from the configuration. Viaduct cannot ask for them (1).", { fallback: 0 }),
  ca_list: text("PEM file with the certificates that are trusted.", { fallback: "" }),
  ca_path: text("Folder with files of such.", { fallback: "" }),
  crl: text("PEM file with revoked certificates.", { fallback: "" }),
  verify_certificate: int("1 checks the certificates of servers that we connect to, and of clients that show one.", {
    fallback: 0,
  }),
  verify_depth: int("How many certificates may stand between a peer's and a trusted one.", { fallback: 9 }),
  require_certificate: int("1 refuses clients without a certificate that is trusted.", { fallback: 0 }),
  verify_client: text("off, on (as require_certificate), optional, or optional_no_ca, which asks and takes any.", {
    fallback: "off",
  }),
  cipher_list: text("Ciphers, in OpenSSL's notation; empty for its default.", { fallback: "" }),
  server_name: text("Server name of the profile.", { fallback: "" }),
  connection_timeout: int("Seconds that a TLS connection may stay before its first message; -1 for ever.", {
    fallback: 600,
  }),
  renegotiation: int("1 lets clients ask for new keys (TLS 1.2 and before).", { fallback: 0 }),
  xavp_cfg: text("XAVP with `server_name` and `server_id` for connections that are opened.", { fallback: "" }),
  con_ct_wq_max: int("Bytes that may wait for the handshake of one connection.", { fallback: 65536 }),
  ct_wq_max: int("Bytes that may wait for all handshakes; tcp_wq_max bounds them here.", { fallback: 10485760 }),
  ct_wq_blk_size: int("Size of such a queue's blocks; there are none here.", { fallback: 4096 }),
  tls_force_run: int("Starts in spite of an OpenSSL that does not fit; Node's always does.", { fallback: 0 }),
  session_cache: int("Keeps sessions for resumption; Node decides about that.", { fallback: 0 }),
  session_id: text("Context of such sessions.", { fallback: "kamailio-tls-5.x.y" }),
  tls_disable_compression: int("Has no compression; there never is any.", { fallback: 1 }),
  ssl_release_buffers: int("Frees OpenSSL's buffers early; Node decides about that.", { fallback: 1 }),
  ssl_freelist_max_len: int("OpenSSL's free memory; Node decides about that.", { fallback: 0 }),
  ssl_max_send_fragment: int("Length of TLS records; Node decides about that.", { fallback: -1 }),
  ssl_read_ahead: int("OpenSSL's reading ahead; Node decides about that.", { fallback: 0 }),
  send_close_notify: int("Tells the peer that a connection is closed; Node always does.", { fallback: 0 }),
  low_mem_threshold1: int("Free memory below which no connection is accepted; there is no such bound here.", {
    fallback: -1,
  }),
  low_mem_threshold2: int("Free memory below which TLS fails; there is no such bound here.", { fallback: -1 }),
  tls_log: int("Log level of lines about TLS; they have their own here.", { fallback: 3 }),
  tls_debug: int("Log level of tracing; there is none here.", { fallback: 3 }),
  init_mode: int("How libssl is set up; Node has done it.", { fallback: 0 }),
  rand_engine: text("Random numbers of libssl; Node's are used.", { fallback: "" }),
  engine: text("Hardware engine; only NONE.", { fallback: "NONE" }),
  engine_config: text("Its configuration.", { fallback: "NONE" }),
  engine_algorithms: text("Its algorithms.", { fallback: "NONE" }),
  provider_quirks: int("Set-up of OpenSSL's providers; only 0.", { fallback: 0 }),
  provider_quirks_config: text("Its configuration.", { fallback: "" }),
  keylog_mode: int("Logging of session keys; only 0.", { fallback: 0 }),
  keylog_file: text("Where session keys would be logged.", { fallback: "" }),
  keylog_peer: text("Whose session keys would be logged.", { fallback: "" }),
  event_callback: text("A function of an embedded language in place of the event route; there is none.", {
    fallback: "",
  }),
};
export type Settings = Received<typeof parameters>;

/** What cannot be done; undefined when nothing of it is asked for. */
export function impossible(it: Settings): string | undefined {
  if (Number(it.key_password_mode) !== 0) return "key_password_mode: passwords of keys cannot be asked for";
  if (it.engine !== "NONE" && it.engine !== "") return `engine: \`${it.engine}\` cannot be used`;
  if (Number(it.provider_quirks) !== 0) return "provider_quirks: providers of OpenSSL cannot be set up";
  if (Number(it.keylog_mode) !== 0) return "keylog_mode: session keys are not logged";
  if (it.event_callback !== "") return "event_callback: there are no embedded languages";
  if (!isVerifyClient(it.verify_client.toLowerCase()))
    return `verify_client is off, on, optional or optional_no_ca, not \`${it.verify_client}\``;
  return undefined;
}

/** The parameters as the options of a profile. */
export function optionsOf(it: Settings): Options {
  const verifyClient = it.verify_client.toLowerCase();
  return {
    method: it.tls_method,
    certificate: it.certificate,
    key: it.private_key,
    password: it.private_key_password,
    certificate2: it.certificate2,
    key2: it.private_key2,
    password2: it.private_key_password2,
    authorities: it.ca_list,
    authorityPath: it.ca_path,
    revoked: it.crl,
    ciphers: it.cipher_list,
    verify: Number(it.verify_certificate) !== 0,
    depth: Number(it.verify_depth),
    require: Number(it.require_certificate) !== 0,
    ...(isVerifyClient(verifyClient) && { verifyClient }),
    serverName: it.server_name,
  };
}
