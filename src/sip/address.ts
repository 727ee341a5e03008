/** Who a message came from and where one goes: the data that transports, transactions and scripts share. */

export type Protocol = "udp" | "tcp" | "tls" | "ws" | "wss" | "sctp";

/** An address without a name. IPv6 stands without brackets. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** One socket that the server listens on (Kamailio's `socket_info`). */
export interface LocalSocket {
  readonly protocol: Protocol;
  /** An address literal, IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
  readonly family: 4 | 6;
  /** `name "…"` of the listen line. */
  readonly name?: string;
  /** What Via, Record-Route and friends show instead of address and port. */
  readonly advertise?: { readonly host: string; readonly port?: number };
  readonly virtual: boolean;
  /** `socket_workers` in force for this listen line; undefined means the shared pools. */
  readonly workers?: number;
}

/** How a message reached us (Kamailio's `receive_info`). */
export interface ReceiveInfo {
  readonly socket: LocalSocket;
  readonly protocol: Protocol;
  readonly srcIp: string;
  readonly srcPort: number;
  readonly dstIp: string;
  readonly dstPort: number;
  /** Id of the connection for stream transports, 0 for UDP. */
  readonly connection: number;
  /** Milliseconds on the host's clock. */
  readonly time: number;
}

/** Where a message is to be sent (Kamailio's `dest_info`). */
export interface Destination {
  /** Undefined lets the transport choose one that fits protocol and family. */
  socket: LocalSocket | undefined;
  protocol: Protocol;
  /** An address literal, IPv6 without brackets. */
  ip: string;
  port: number;
  /** Reuse this connection when it is still open; 0 for none in particular. */
  connection: number;
  /** Fail rather than open a new connection (`set_forward_no_connect`, `set_reply_no_connect`). */
  noConnect?: boolean;
  /** Close the connection after the message was sent (`set_forward_close`, `set_reply_close`). */
  closeAfter?: boolean;
  /** A connection that is opened for it begins at the socket's address (`force_send_socket`). */
  bound?: boolean;
  /** The AVPs and XAVPs of the run that sends, for who secures a connection that is opened for it (module tls). */
  lists?: unknown;
  /** Places to try next when this one does not answer (RFC 3263 4.3, `use_dns_failover`). */
  alternatives?: readonly Destination[];
}

export const defaultPort = (protocol: Protocol): number =>
  protocol === "tls" ? 5061 : protocol === "ws" ? 80 : protocol === "wss" ? 443 : 5060;
