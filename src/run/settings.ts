/** Core parameters as the parts below want them. */
import type { BuildSettings } from "../sip/build.ts";
import { defaultSettings, type TransportSettings } from "../transport/settings.ts";
import type { GenerationConfig } from "./config.ts";

/** What Via, replies and friends show (advertised_*, local_rport, server_header, sip_warning). */
export interface WireSettings extends BuildSettings {
  readonly serverHeader?: string;
  readonly warningPid?: number;
}

export function buildSettingsOf(config: GenerationConfig, pid = 0): WireSettings {
  const address = config.str("advertised_address");
  const port = config.int("advertised_port");
  const server = config.int("server_signature") !== 0 ? config.str("server_header") : "";
  return {
    localRport: config.int("local_rport") !== 0,
    ...(address !== "" && { advertisedAddress: address }),
    ...(port !== 0 && { advertisedPort: port }),
    ...(server !== "" && { serverHeader: server }),
    ...(config.int("sip_warning") !== 0 && { warningPid: pid }),
  };
}

export function transportSettingsOf(config: GenerationConfig): TransportSettings {
  const fallback = defaultSettings();
  const int = (name: string, otherwise: number): number => (config.has(name) ? config.int(name) : otherwise);
  const flag = (name: string, otherwise: boolean): boolean => int(name, otherwise ? 1 : 0) !== 0;
  return {
    maxConnections: int("tcp_max_connections", fallback.maxConnections),
    maxSecure: int("tls_max_connections", fallback.maxSecure),
    lifetime: int("tcp_connection_lifetime", fallback.lifetime),
    connectTimeout: int("tcp_connect_timeout", fallback.connectTimeout),
    sendTimeout: int("tcp_send_timeout", fallback.sendTimeout),
    connectionQueue: int("tcp_conn_wq_max", fallback.connectionQueue),
    totalQueue: int("tcp_wq_max", fallback.totalQueue),
    readBuffer: int("tcp_rd_buf_size", fallback.readBuffer),
    maxMessage: int("msg_recv_max_size", fallback.maxMessage),
    messageTimeout: int("tcp_msg_read_timeout", fallback.messageTimeout),
    dataTimeout: int("tcp_msg_data_timeout", fallback.dataTimeout),
    crlfPing: flag("tcp_crlf_ping", fallback.crlfPing),
    acceptNoLength: flag("tcp_accept_no_cl", fallback.acceptNoLength),
    noConnect: flag("tcp_no_connect", fallback.noConnect),
    keepAlive: flag("tcp_keepalive", fallback.keepAlive),
    keepIdle: int("tcp_keepidle", fallback.keepIdle),
    keepInterval: int("tcp_keepintvl", fallback.keepInterval),
    keepCount: int("tcp_keepcnt", fallback.keepCount),
    closeReset: flag("tcp_close_rst", fallback.closeReset),
    perAddress: int("tcp_accept_iplimit", fallback.perAddress),
    unique: flag("tcp_accept_unique", fallback.unique),
    proxyHeader: flag("tcp_accept_haproxy", false) ? "required" : accepts(config, "haproxy", 128) ? "optional" : "none",
    proxyWait: int("tcp_wait_data", fallback.proxyWait),
    source4: config.str("tcp_source_ipv4"),
    source6: config.str("tcp_source_ipv6").replace(/^\[|\]$/g, ""),
    keepAfterError: flag("tcp_script_mode", fallback.keepAfterError),
    acceptAliases: flag("tcp_accept_aliases", fallback.acceptAliases),
    backlog: int("tcp_listen_backlog", fallback.backlog),
    strictMatch: flag("tcp_connection_match", fallback.strictMatch),
    udpReceiveBuffer: fallback.udpReceiveBuffer,
    mhomed: flag("mhomed", fallback.mhomed),
  };
}

/** Whether tcp_accept_protocols has a protocol, by its name or by its bit. */
function accepts(config: GenerationConfig, name: string, bit: number): boolean {
  const given = config.str("tcp_accept_protocols") || config.str("tcp_accept_protos");
  return /^\d+$/.test(given)
    ? (Number(given) & bit) !== 0
    : given
        .toLowerCase()
        .split(/[\s,]+/)
        .includes(name);
}
