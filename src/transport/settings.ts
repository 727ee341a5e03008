/** The core parameters that the transports obey, with Kamailio's names and defaults. */

export interface TransportSettings {
  /** tcp_max_connections: open connections, accepted and made. */
  maxConnections: number;
  /** tls_max_connections: those among them that are secured. */
  maxSecure: number;
  /** tcp_connection_lifetime, seconds without traffic until a connection is closed. */
  lifetime: number;
  /** tcp_connect_timeout, seconds. */
  connectTimeout: number;
  /** tcp_send_timeout, seconds that queued bytes may wait. */
  sendTimeout: number;
  /** tcp_conn_wq_max: bytes that may wait on one connection. */
  connectionQueue: number;
  /** tcp_wq_max: bytes that may wait on all connections. */
  totalQueue: number;
  /** tcp_rd_buf_size: the longest message that is accepted on a stream. */
  readBuffer: number;
  /** msg_recv_max_size: messages of this length or more are dropped. */
  maxMessage: number;
  /** tcp_msg_read_timeout, seconds that one message may take to arrive. */
  messageTimeout: number;
  /** tcp_msg_data_timeout, seconds that an accepted connection may stay without a whole message. */
  dataTimeout: number;
  /** tcp_crlf_ping: answer CRLF CRLF with CRLF (RFC 5626, section 4.4.1). */
  crlfPing: boolean;
  /** tcp_accept_no_cl: a message without Content-Length ends with its header fields. */
  acceptNoLength: boolean;
  /** tcp_no_connect: never open a connection. */
  noConnect: boolean;
  /** tcp_keepalive, with tcp_keepidle, tcp_keepintvl (seconds) and tcp_keepcnt; 0 leaves the system's. */
  keepAlive: boolean;
  keepIdle: number;
  keepInterval: number;
  keepCount: number;
  /** tcp_delayed_ack has no counterpart here; tcp_close_rst: close with RST. */
  closeReset: boolean;
  /** tcp_accept_iplimit: open connections from one address; 0 for no bound. */
  perAddress: number;
  /** tcp_accept_unique: refuse a second connection between the same ends. */
  unique: boolean;
  /** tcp_accept_haproxy, or `haproxy` among tcp_accept_protocols: connections begin with a header of the PROXY protocol. */
  proxyHeader: "none" | "optional" | "required";
  /** tcp_wait_data: milliseconds to wait for that header. */
  proxyWait: number;
  /** tcp_source_ipv4 and tcp_source_ipv6: where connections are opened from; empty leaves it to the system. */
  source4: string;
  source6: string;
  /** tcp_script_mode: a message that is none does not close its connection. */
  keepAfterError: boolean;
  /** tcp_accept_aliases: honour `;alias` in Via (RFC 5923) when the script does not say it. */
  acceptAliases: boolean;
  /** tcp_listen_backlog; 0 leaves the system's. */
  backlog: number;
  /** tcp_connection_match: 1 compares the local port as well when a connection is looked up. */
  strictMatch: boolean;
  /**
   * Receive buffer to ask for on UDP sockets, bytes; 0 leaves the system's. It outlasts a pause of the garbage collector,
   * but what waits longer than T1 (500 ms) is sent again by its sender: more would turn a short overload into a long one.
   */
  udpReceiveBuffer: number;
  /** mhomed: ask the system for the route of each UDP destination. */
  mhomed: boolean;
}

export const defaultSettings = (): TransportSettings => ({
  maxConnections: 2048,
  maxSecure: 2048,
  lifetime: 120,
  connectTimeout: 10,
  sendTimeout: 10,
  connectionQueue: 32 * 1024,
  totalQueue: 10 * 1024 * 1024,
  readBuffer: 16384,
  maxMessage: 32767,
  messageTimeout: 20,
  dataTimeout: 20,
  crlfPing: true,
  acceptNoLength: false,
  noConnect: false,
  keepAlive: true,
  keepIdle: 0,
  keepInterval: 0,
  keepCount: 0,
  closeReset: false,
  perAddress: 1024,
  unique: false,
  proxyHeader: "none",
  proxyWait: 5000,
  source4: "",
  source6: "",
  keepAfterError: false,
  acceptAliases: false,
  backlog: 1024,
  strictMatch: false,
  udpReceiveBuffer: 1024 * 1024,
  mhomed: false,
});
