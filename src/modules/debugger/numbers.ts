/** The numbers that Kamailio 6.1 has for actions (route_struct.h), which lines of the trace show. */
import type { Action } from "../../declare/module.ts";

const NUMBERS: Readonly<Record<string, number>> = {
  forward: 1,
  drop: 2,
  exit: 2,
  return: 2,
  break: 2,
  log: 3,
  error: 4,
  route: 5,
  exec: 6,
  sethost: 7,
  sethostport: 8,
  setuser: 9,
  setuserpass: 10,
  setport: 11,
  seturi: 12,
  sethostporttrans: 13,
  if: 16,
  switch: 21,
  while: 23,
  setflag: 39,
  resetflag: 40,
  isflagset: 41,
  prefix: 44,
  strip: 45,
  strip_tail: 46,
  append_branch: 47,
  remove_branch: 48,
  clear_branches: 49,
  revert_uri: 50,
  forward_tcp: 51,
  forward_udp: 52,
  forward_tls: 53,
  forward_sctp: 54,
  force_rport: 55,
  add_local_rport: 56,
  set_advertised_address: 57,
  set_advertised_port: 58,
  force_tcp_alias: 59,
  force_send_socket: 62,
  assign: 63,
  udp_mtu_try_proto: 65,
  set_forward_no_connect: 66,
  set_reply_no_connect: 67,
  set_forward_close: 68,
  set_reply_close: 69,
  cfg_select: 70,
  cfg_reset: 71,
};

/** Functions of modules count by their arguments: 24 for none, 31 for more than six. */
const FUNCTION = 24;
const MOST_COUNTED = 6;

export const numberOf = ({ name, args }: Action): number =>
  NUMBERS[name] ?? FUNCTION + Math.min(args ?? 0, MOST_COUNTED + 1);
