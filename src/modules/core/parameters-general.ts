/** Core parameters of logging, of script runs and of messages. */
import { int, type Kinds, text } from "../../declare/module.ts";

const on = (doc: string): ReturnType<typeof int> => int(doc, { fallback: 1 });
const off = (doc: string): ReturnType<typeof int> => int(doc, { fallback: 0 });

export const logParameters: Kinds = {
  debug: int("Lines up to this level are logged: -5 (alert) to 3 (debug), 0 is a warning.", { fallback: 0 }),
  log_stderror: off("Log to standard error rather than to syslog."),
  log_facility: text("Syslog facility, `LOG_DAEMON` and its like.", { fallback: "LOG_DAEMON" }),
  log_name: text("Name that stands before lines in syslog.", { fallback: "" }),
  log_prefix: text("Format that is expanded and put before each line that a message causes.", { fallback: "" }),
  log_prefix_mode: off("1 expands `log_prefix` anew before each statement."),
  log_color: off("Colour lines on standard error by their level."),
  log_engine_type: text("Which log engine takes the lines; empty for the built-in one.", { fallback: "" }),
  log_engine_data: text("What the log engine is told.", { fallback: "" }),
  corelog: int("Level of less important errors of the core.", { fallback: -1 }),
  core_log: int("Another spelling of `corelog`.", { fallback: -1 }),
  memlog: int("Level of lines about memory; Viaduct has none.", { fallback: 4 }),
  mem_log: int("Another spelling of `memlog`.", { fallback: 4 }),
  memdbg: int("Level of lines about each allocation; Viaduct has none.", { fallback: 4 }),
  mem_dbg: int("Another spelling of `memdbg`.", { fallback: 4 }),
  sip_parser_log_oneline: off("Log what could not be parsed on one line."),
  sip_parser_log: int("Level of lines about messages that do not parse.", { fallback: -1 }),
  latency_log: int("Level of lines about slow actions.", { fallback: -1 }),
  latency_cfg_log: int("Level of lines about how long route blocks took.", { fallback: 3 }),
  latency_limit_db: off("Milliseconds from which a database call is logged as slow; 0 for never."),
  latency_limit_action: off("Milliseconds from which an action of the script is logged as slow; 0 for never."),
  latency_limit_cfg: off("Milliseconds from which a whole run is logged as slow; 0 for never."),
  verbose_startup: off("Log more while starting."),
  stats_name_separator: text("What stands between group and name of a statistic.", { fallback: "_" }),
};

export const scriptParameters: Kinds = {
  max_while_loops: int("Rounds after which a while loop is cut; 0 for no limit.", { fallback: 100 }),
  max_recursive_level: int("How deep route blocks may be nested in each other.", { fallback: 256 }),
  max_branches: int("How many branches a request may have.", { fallback: 12 }),
  return_mode: off("1 takes every value but 0 as true and keeps the codes of routes and functions in expressions."),
  onsend_route_reply: off("Run onsend_route for replies, too."),
  received_route_mode: off("Run event_route[core:msg-received] for each message that comes in."),
  pv_buffer_size: int("Bytes that an expanded format may have.", { fallback: 8192 }),
  pv_buffer_slots: int("How many expanded formats are kept at once; Viaduct needs no such limit.", { fallback: 10 }),
  pv_cache_limit: int("How many names of variables that are only known at run time are kept.", { fallback: 2048 }),
  pv_cache_action: off("What happens when `pv_cache_limit` is reached: 0 logs it, 1 forgets one."),
  route_locks_size: off("Number of locks that keep messages of one call from running at once; 0 for none."),
  xavp_via_params: text("XAVP whose items become parameters of the Via that is added.", { fallback: "" }),
  xavp_via_fields: text("XAVP that replaces address and port of the Via that is added.", { fallback: "" }),
  xavp_via_reply_params: text("XAVP whose items become parameters of the Via in replies.", { fallback: "" }),
  server_id: off("Number of this server among its peers (`$sid`)."),
  rpc_exec_delta: off("Seconds that have to pass between two RPC commands that reload data."),
  rpc_exec_locks: off("How many RPC commands may run beside each other; 0 for no limit."),
  rpc_exec_locks_mode: off("What happens to an RPC command above that limit."),
  version_table: text("Table in which databases keep the versions of their tables.", { fallback: "version" }),
  sql_buffer_size: int("Bytes that an SQL query may have.", { fallback: 65535 }),
};

export const messageParameters: Kinds = {
  check_via: off("Drop replies whose topmost Via is not this server's."),
  phone2tel: on("Treat a SIP URI with `user=phone` as a TEL URI."),
  sip_warning: off("Add a Warning header field with details to replies made here."),
  server_signature: on("Add a Server header field to replies and a User-Agent to requests made here."),
  server_header: text("That Server header field, whole.", { fallback: "Server: viaduct" }),
  user_agent_header: text("That User-Agent header field, whole.", { fallback: "User-Agent: viaduct" }),
  reply_to_via: off(
    "Send replies made here to the address of the topmost Via rather than to where the request came from.",
  ),
  sip_parser_mode: off("1 refuses messages that Kamailio otherwise lets pass."),
  msg_time: off("1 notes the time at which each message came in."),
  msg_clone_extra_size: int("Bytes that Kamailio keeps free behind a message; Viaduct needs none.", { fallback: 0 }),
  msg_apply_changes_mode: off(
    "1 makes what a script has changed part of the request that a transaction keeps, and lets branch routes do so for their branch (t_msg_apply_changes).",
  ),
  msg_recv_max_size: int("Bytes that a message may have.", { fallback: 32767 }),
  http_reply_parse: off("Parse HTTP replies as if they were SIP ones."),
  http_reply_hack: off("Another spelling of `http_reply_parse`."),
  force_rport: off("Treat every request as if its Via asked for `rport`."),
  add_rport: off("Another spelling of `force_rport`."),
  local_rport: off("Ask for `rport` in every Via that is added."),
  uri_host_extra_chars: text("Characters beside letters, digits, `.` and `-` that a host name may have.", {
    fallback: "",
  }),
  hdr_name_extra_chars: text("Characters beside those of a token that the name of a header field may have.", {
    fallback: "",
  }),
};
