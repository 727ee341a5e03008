/** The control commands about stream connections: `core.tcp_*`. Follows Kamailio's core_cmd.c. */
import type { ConnectionInfo, Core } from "../declare/core.ts";
import { declare, RpcFault } from "../declare/module.ts";

const { rpc } = declare<unknown>();

const enabled = (core: Core): void => {
  if (core.config.int("disable_tcp") !== 0) throw new RpcFault(500, "tcp support disabled");
};

const connections = (core: Core): readonly ConnectionInfo[] => core.connections?.() ?? [];

/** Options by their names in core.tcp_options, with the core parameter behind each. */
const options: readonly (readonly [shown: string, parameter: string])[] = [
  ["connect_timeout", "tcp_connect_timeout"],
  ["send_timeout", "tcp_send_timeout"],
  ["connection_lifetime", "tcp_connection_lifetime"],
  ["max_connections(soft)", "tcp_max_connections"],
  ["max_tls_connections(soft)", "tls_max_connections"],
  ["no_connect", "tcp_no_connect"],
  ["fd_cache", "tcp_fd_cache"],
  ["async", "tcp_async"],
  ["connect_wait", "tcp_connect_wait"],
  ["conn_wq_max", "tcp_conn_wq_max"],
  ["wq_max", "tcp_wq_max"],
  ["defer_accept", "tcp_defer_accept"],
  ["delayed_ack", "tcp_delayed_ack"],
  ["syncnt", "tcp_syncnt"],
  ["linger2", "tcp_linger2"],
  ["keepalive", "tcp_keepalive"],
  ["keepidle", "tcp_keepidle"],
  ["keepintvl", "tcp_keepintvl"],
  ["keepcnt", "tcp_keepcnt"],
  ["crlf_ping", "tcp_crlf_ping"],
  ["accept_aliases", "tcp_accept_aliases"],
  ["alias_flags", "tcp_alias_flags"],
  ["new_conn_alias_flags", "tcp_new_conn_alias_flags"],
];

const secure = new Set(["tls", "wss"]);

export const tcpCommands = {
  "core.tcp_info": rpc({
    doc: "How many connections there are and may be.",
    args: {},
    run(_, __, core) {
      enabled(core);
      const list = connections(core);
      return {
        readers: core.config.int("tcp_children") || core.config.int("children"),
        max_connections: core.config.int("tcp_max_connections"),
        max_tls_connections: core.config.int("tls_max_connections"),
        opened_connections: list.length,
        opened_tls_connections: list.filter(({ protocol }) => secure.has(protocol)).length,
        write_queued_bytes: list.reduce((sum, { queued }) => sum + queued, 0),
      };
    },
  }),
  "core.tcp_options": rpc({
    doc: "The core parameters about connections; 0 for what is not set.",
    args: {},
    run(_, __, core) {
      enabled(core);
      // What there is no such parameter for, or what the script leaves alone, is 0.
      return Object.fromEntries(options.map(([shown, parameter]) => [shown, core.config.int(parameter)]));
    },
  }),
  "core.tcp_list": rpc({
    doc: "The connections, with their peers.",
    args: {},
    run(_, __, core) {
      enabled(core);
      return connections(core).map((it) => ({
        id: it.id,
        type: it.protocol.toUpperCase(),
        state: it.state === "open" ? "CONN_OK" : "CONN_CONNECT",
        timeout: it.timeout,
        lifetime: it.lifetime,
        ref_count: 1,
        src_ip: it.srcIp,
        src_port: it.srcPort,
        dst_ip: it.dstIp,
        dst_port: it.dstPort,
      }));
    },
  }),
};
