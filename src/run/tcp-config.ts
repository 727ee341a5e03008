/** The group `tcp` of `cfg.get` and `cfg.set_now_int`: core parameters of connections that can be changed while the server runs (Kamailio's tcp_options.c). */
import type { GenerationConfig } from "./config.ts";

/** Names in the group, with the core parameter behind each; those that are not `live` can only be read. */
const variables: readonly (readonly [name: string, parameter: string, live?: false])[] = [
  ["connect_timeout", "tcp_connect_timeout"],
  ["send_timeout", "tcp_send_timeout"],
  ["connection_lifetime", "tcp_connection_lifetime"],
  ["max_connections", "tcp_max_connections"],
  ["max_tls_connections", "tls_max_connections"],
  ["no_connect", "tcp_no_connect"],
  ["async", "tcp_async", false],
  ["conn_wq_max", "tcp_conn_wq_max"],
  ["wq_max", "tcp_wq_max"],
  ["keepalive", "tcp_keepalive"],
  ["keepidle", "tcp_keepidle"],
  ["keepintvl", "tcp_keepintvl"],
  ["keepcnt", "tcp_keepcnt"],
  ["crlf_ping", "tcp_crlf_ping"],
  ["accept_aliases", "tcp_accept_aliases"],
  ["accept_no_cl", "tcp_accept_no_cl"],
  ["reuse_port", "tcp_reuse_port", false],
  ["rd_buf_size", "tcp_rd_buf_size"],
  ["wait_data_ms", "tcp_wait_data"],
  ["close_rst", "tcp_close_rst"],
];

/** `changed` makes what was set take effect. */
export function exposeTcp(config: GenerationConfig, changed: () => void): void {
  for (const [name, parameter, live = true] of variables)
    config.expose("tcp", name, {
      doc: config.describe("core", parameter) ?? "",
      get: () => config.int(parameter),
      ...(live && {
        set(value) {
          const done = config.set("core", parameter, value);
          if (done) changed();
          return done;
        },
      }),
    });
}
