/** Core parameters and the form their values take (Kamailio 6.1: cfg.y, `assign_stm`). */

export type ParamShape =
  | "number" //  a number without sign, or yes/no/on/off
  | "signed" //  a number that may be negative
  | "string"
  | "word" //    a bare word
  | "name" //    a bare word or a string
  | "number-or-string"
  | "number-or-word"
  | "addresses" // `[proto:]host[:port]`, any number of them
  | "address" //   a host, without protocol and port
  | "ipv4"
  | "ipv6"
  | "protocol"
  | "tls-method";

const shapes: Readonly<Record<ParamShape, string>> = {
  number: `
    return_mode force_rport add_rport local_rport udp_mtu udp_receiver_mode udp4_raw_mtu udp4_raw_ttl udp_accept_proxy
    fork fork_delay modinit_delay log_stderror log_color log_prefix_mode auto_aliases auto_domains dns rev_dns
    dns_rev_via dns_try_ipv6 dns_try_naptr dns_srv_lb dns_srv_loadbalancing dns_retr_time dns_slow_query_ms dns_retr_no
    dns_servers_no dns_use_search_list dns_search_full_match dns_naptr_ignore_rfc dns_cache_init use_dns_cache
    dns_use_cache use_dns_failover dns_use_failover dns_cache_flags dns_cache_negative_ttl dns_cache_min_ttl
    dns_cache_max_ttl dns_cache_mem dns_cache_gc_interval dns_cache_del_nonexp dns_cache_delete_nonexpired
    dns_cache_rec_pref auto_bind_ipv6 bind_ipv6_link_local dst_blocklist_init use_dst_blocklist dst_blocklist_mem
    dst_blocklist_expire dst_blocklist_ttl dst_blocklist_gc_interval dst_blocklist_udp_imask dst_blocklist_tcp_imask
    dst_blocklist_tls_imask dst_blocklist_sctp_imask port maxbuffer maxsndbuffer sql_buffer_size msg_clone_extra_size
    msg_apply_changes_mode msg_recv_max_size tcp_msg_read_timeout tcp_msg_data_timeout tcp_accept_iplimit
    tcp_main_threads tcp_check_timer children socket_workers async_workers async_usleep async_nonblock check_via
    phone2tel sip_warning server_signature reply_to_via mhomed disable_tcp tcp_children tcp_accept_aliases
    tcp_accept_unique tcp_connection_match tcp_max_connections tls_max_connections tcp_no_connect tcp_fd_cache
    tcp_buf_write tcp_async tcp_conn_wq_max tcp_wq_max tcp_rd_buf_size tcp_wq_blk_size tcp_defer_accept
    tcp_delayed_ack tcp_syncnt tcp_linger2 tcp_keepalive tcp_keepidle tcp_keepintvl tcp_keepcnt tcp_crlf_ping
    tcp_listen_backlog tcp_accept_no_cl tcp_accept_hep3 tcp_accept_haproxy tcp_close_rst tcp_clone_rcvbuf
    tcp_reuse_port tls_connection_match_domain disable_tls tls_disable enable_tls tls_enable tls_threads_mode tlslog
    tls_log tls_port_no tls_verify tls_require_certificate tls_handshake_timeout tls_send_timeout disable_sctp
    enable_sctp sctp_children advertised_port disable_core_dump open_files_limit shm shm_mem shm_mem_size
    shm_force_alloc mlock_pages real_time rt_prio rt_policy rt_timer1_prio rt_fast_timer_prio rt_ftimer_prio
    rt_timer1_policy rt_ftimer_policy rt_timer2_prio rt_stimer_prio rt_timer2_policy rt_stimer_policy mcast_loopback
    mcast_ttl pmtu_discovery exit_timeout ser_kill_timeout max_while_loops pv_buffer_size pv_buffer_slots
    pv_cache_limit pv_cache_action http_reply_hack http_reply_parse verbose_startup server_id route_locks_size
    wait_worker1_mode wait_worker1_time wait_worker1_usleep max_recursive_level max_branches latency_limit_db
    latency_limit_action latency_limit_cfg rpc_exec_delta rpc_exec_locks rpc_exec_locks_mode msg_time
    onsend_route_reply`,
  signed: `
    udp4_raw debug dns_udp_pref dns_udp_preference dns_tcp_pref dns_tcp_preference dns_tls_pref dns_tls_preference
    dns_sctp_pref dns_sctp_preference ip_free_bind ipfreebind ip_nonlocal_bind memlog mem_log memdbg mem_dbg
    mem_summary mem_safety mem_add_size mem_join mem_status_mode corelog core_log sip_parser_log_oneline
    sip_parser_log sip_parser_mode tcp_send_timeout tcp_connect_timeout tcp_connection_lifetime tcp_wait_data
    tcp_script_mode received_route_mode latency_cfg_log latency_log`,
  string: `
    log_name log_prefix log_engine_type log_engine_data xavp_via_params xavp_via_fields xavp_via_reply_params
    ipv6_hex_style stats_name_separator async_workers_group async_tkv_gname async_tkv_evcb server_header
    user_agent_header tls_certificate tls_private_key tls_ca_list version_table uri_host_extra_chars
    hdr_name_extra_chars`,
  word: "log_facility",
  name: "user uid group gid chroot workdir wdir rundir run_dir tcp_poll_method mcast",
  "number-or-string": "tcp_accept_protocols tcp_accept_protos",
  "number-or-word": "tos",
  addresses: "alias domain",
  address: "advertised_address",
  ipv4: "tcp_source_ipv4",
  ipv6: "tcp_source_ipv6",
  protocol: "udp_mtu_try_proto",
  "tls-method": "tls_method",
};

/** Every core parameter that is written `name = value`, with the form of its value. */
export const coreParams: ReadonlyMap<string, ParamShape> = new Map(
  Object.entries(shapes).flatMap(([shape, names]) =>
    names
      .trim()
      .split(/\s+/)
      .map((name) => [name, shape as ParamShape] as const),
  ),
);

/** What a value of each form looks like, for messages. */
export const shapeNames: Readonly<Record<ParamShape, string>> = {
  number: "a number or yes/no",
  signed: "a number",
  string: "a string in quotes",
  word: "a bare word",
  name: "a name or a string",
  "number-or-string": "a number or a string in quotes",
  "number-or-word": "a number or a bare word",
  addresses: "addresses ([proto:]host[:port])",
  address: "a host name or an IP address",
  ipv4: "an IPv4 address",
  ipv6: "an IPv6 address",
  protocol: "UDP, TCP, TLS or SCTP",
  "tls-method": "SSLv2, SSLv23, SSLv3 or TLSv1",
};

/** `kemi.NAME = "function"`. */
export const kemiCallbacks: ReadonlySet<string> = new Set([
  "request_route_callback",
  "onsend_route_callback",
  "reply_route_callback",
  "event_route_callback",
  "received_route_callback",
  "pre_routing_callback",
]);

/** Words that syslog(3) knows as facilities, as Kamailio spells them. */
export const logFacilities: ReadonlySet<string> = new Set(
  (
    "LOG_AUTH LOG_CRON LOG_DAEMON LOG_KERN LOG_LOCAL0 LOG_LOCAL1 LOG_LOCAL2 LOG_LOCAL3 LOG_LOCAL4 LOG_LOCAL5 " +
    "LOG_LOCAL6 LOG_LOCAL7 LOG_LPR LOG_MAIL LOG_NEWS LOG_USER LOG_UUCP LOG_AUTHPRIV LOG_FTP LOG_SYSLOG"
  ).split(" "),
);

/** Values of `tcp_poll_method`, whichever of them the machine has. */
export const pollMethods: ReadonlySet<string> = new Set(
  "poll epoll_lt epoll_et sigio_rt select kqueue /dev/poll".split(" "),
);
