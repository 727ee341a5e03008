/** nathelper: tells that a peer is behind a NAT, and puts the address into the message that it is reached at. Follows Kamailio's src/modules/nathelper. */
import type { Core } from "../../declare/core.ts";
import { declare, int, type Received, RpcFault, str, variable } from "../../declare/module.ts";
import { behindNat, isPrivate, recordRoutes, topRecordRoutes } from "./addresses.ts";
import {
  addGivenAlias,
  addReceived,
  addSourceAlias,
  aliasUri,
  fixContact,
  handleAlias,
  setAlias,
  sourceUri,
} from "./contacts.ts";
import { Pinger } from "./pinger.ts";
import { fixSdp } from "./sdp.ts";
import type { Nathelper } from "./state.ts";

const { fn, pv, rpc, module } = declare<Nathelper>();

const changing = ["request", "onreply", "branch", "local"] as const;
const testing = ["request", "onreply", "failure", "branch", "local"] as const;
const yes = { 1: "yes", [-1]: "no" } as const;

const settings = {
  natping_interval: int("Seconds in which every registered contact is pinged once; 0 for no pings. Needs usrloc.", {
    fallback: 0,
  }),
  ping_nated_only: int("Pings only contacts with the NAT flag.", { fallback: 0 }),
  nortpproxy_str: str("SDP line that tells other proxies not to relay the media.", { fallback: "a=nortpproxy:yes" }),
  received_avp: str("AVP for fix_nated_register(), the one that registrar reads.", { fallback: "" }),
  force_socket: str("Socket that pings are sent from.", { fallback: "" }),
  sipping_from: str("From of SIP pings.", { fallback: "" }),
  sipping_method: str("Method of SIP pings.", { fallback: "OPTIONS" }),
  sipping_bflag: int("Branch flag of contacts that want SIP pings.", { fallback: -1 }),
  natping_disable_bflag: int("Branch flag of contacts that want no pings.", { fallback: -1 }),
  natping_processes: int("Timers that send pings.", { fallback: 1 }),
  natping_socket: str("Source address of raw UDP pings.", { fallback: "" }),
  keepalive_timeout: int("Seconds without reply to a ping after which a contact is removed.", { fallback: 0 }),
  udpping_from_path: int("Takes the source address of UDP pings from Path.", { fallback: 0 }),
  ignore_path: int("Sends pings to the contact itself, not along its Path.", { fallback: 0 }),
  append_sdp_oldmediaip: int("Keeps a replaced media address in `a=oldmediaip`.", { fallback: 1 }),
  filter_server_id: int("Pings only contacts that this server has registered.", { fallback: 0 }),
  nat_addr_mode: int("1: 192.0.0.0/24 counts as private, too.", { fallback: 1 }),
  alias_name: str("Name of the URI parameter with the source address.", { fallback: "alias" }),
};

/** A branch flag as a bit; 0 for none. */
const bit = (flag: number): number => (flag < 0 ? 0 : 1 << flag);

/** What pings the contacts; undefined when nothing is to. A string is why it cannot be. */
function pingerOf(params: Received<typeof settings>, core: Core): Pinger | string | undefined {
  const interval = Number(params.natping_interval);
  if (interval <= 0) return undefined;
  if (!core.loaded("usrloc")) return "natping_interval needs the module usrloc";
  const socket = params.force_socket === "" ? undefined : core.sockets.parse(params.force_socket);
  if (params.force_socket !== "" && socket === undefined)
    return `force_socket: the server does not listen on \`${params.force_socket}\``;
  return new Pinger(core, {
    interval,
    natOnly: Number(params.ping_nated_only) !== 0,
    ownOnly: Number(params.filter_server_id) !== 0,
    ignorePath: Number(params.ignore_path) !== 0,
    keepalive: Number(params.keepalive_timeout) > 0,
    socket,
    from: params.sipping_from,
    method: params.sipping_method,
    sipFlag: bit(Number(params.sipping_bflag)),
    disableFlag: bit(Number(params.natping_disable_bflag)),
  });
}

export const nathelper = module({
  name: "nathelper",
  doc: "Finds out about NATs and reaches what is behind them.",
  params: settings,
  start(params, core) {
    const pinger = pingerOf(params, core);
    if (typeof pinger === "string") return pinger;
    const received = params.received_avp === "" ? undefined : core.variables.variable(params.received_avp);
    if (typeof received === "string") return received;
    if (received !== undefined && received.name !== "avp") return `received_avp: \`${params.received_avp}\` is no AVP`;
    return {
      alias: params.alias_name || "alias",
      received,
      noRtpProxy: params.nortpproxy_str,
      keepsOldAddress: Number(params.append_sdp_oldmediaip) !== 0,
      wide: Number(params.nat_addr_mode) === 1,
      replaced: new WeakMap(),
      pinger,
    };
  },
  open: (state) => state.pinger?.start(),
  cool: (state) => state.pinger?.stop(),
  stop: (state) => state.pinger?.stop(),
  onReply: (call, state) => state.pinger?.answered(call.msg),
  functions: {
    fix_nated_contact: fn({
      doc: "Puts the source address in place of host and port of the first contact.",
      in: changing,
      args: {},
      returns: { 1: "done", [-1]: "there is no contact, it cannot be parsed, or it was changed before" },
      run: ({ msg }, _args, state) => fixContact(msg, state),
    }),
    add_contact_alias: fn({
      doc: "Adds the source address, or the one given, as alias parameter to the first contact's URI.",
      in: ["request", "onreply", "branch", "failure", "local"],
      args: {
        ip: str("IP address.", { optional: true }),
        port: str("Port.", { optional: true }),
        protocol: str("Transport.", { optional: true }),
      },
      arities: [0, 3],
      returns: {
        1: "it was added",
        2: "there is no contact, or it is the source address already",
        [-1]: "the contact cannot be parsed or was changed before, or the address is none",
      },
      run: ({ msg }, args, state) =>
        args.ip === undefined
          ? addSourceAlias(msg, state)
          : addGivenAlias(msg, args.ip, args.port ?? "", args.protocol ?? "", state),
    }),
    set_contact_alias: fn({
      doc: "Adds the source address as alias parameter at the end of the first contact's URI.",
      in: changing,
      args: { trim: int("1: takes an alias out that is there already.", { fallback: 0 }) },
      returns: { 1: "done", [-1]: "there is no contact, it cannot be parsed, or it was changed before" },
      run: ({ msg }, args, state) => setAlias(msg, Number(args.trim) > 0, state),
    }),
    handle_ruri_alias: fn({
      doc: "Sends the request to the address in the alias parameter of its Request-URI, and removes the parameter.",
      in: ["request", "branch", "local"],
      args: { mode: int("0: takes the first such parameter; else the last.", { fallback: 0 }) },
      returns: { 1: "done", 2: "there is no alias parameter", [-1]: "it is malformed" },
      run: ({ msg }, args, state) => handleAlias(msg, Number(args.mode) !== 0, state),
    }),
    fix_nated_sdp: fn({
      doc: "Changes the SDP for a peer behind a NAT.",
      in: testing,
      args: {
        flags: int("1 `a=direction:active`, 2 addresses of `c=`, 4 the `nortpproxy_str` line, 8 the address of `o=`."),
        ip: str("The address to put there; the source address when not given.", { optional: true }),
      },
      returns: { 1: "addresses were replaced", 2: "none was", [-1]: "there is no SDP, or it cannot be changed" },
      run({ msg }, args, state) {
        const count = fixSdp(msg, Number(args.flags), args.ip || msg.received.srcIp, state);
        return count < 0 ? -1 : count > 0 ? 1 : 2;
      },
    }),
    nat_uac_test: fn({
      doc: "Tells whether the sender is behind a NAT.",
      in: testing,
      args: {
        flags: int(
          "1 private Contact, 2 Via is not the source, 4 private Via, 8 private SDP, 16 Via has another port, " +
            "32 private source, 64 WebSocket, 128 Contact has another port, 256 SDP is not the source, 512 other destination.",
        ),
      },
      returns: { 1: "one of the tests says so", [-1]: "none does" },
      run: ({ msg }, args, state) => (behindNat(msg, Number(args.flags), state) ? 1 : -1),
    }),
    fix_nated_register: fn({
      doc: "Puts the URI that the request came from into the `received_avp`.",
      in: ["request"],
      args: {},
      returns: { 1: "done", [-1]: "it could not be" },
      check: (_literals, state) =>
        state.received === undefined ? "fix_nated_register() needs the parameter received_avp" : undefined,
      run: (call, _args, state) => (state.received?.set?.(call, sourceUri(call.msg.received)) === false ? -1 : 1),
    }),
    add_rcv_param: fn({
      doc: "Adds the URI that the request came from as `received` parameter to every contact.",
      in: ["request"],
      args: { flag: int("1: to the contact's URI; only over UDP.", { fallback: 0 }) },
      returns: { 1: "done", [-1]: "a contact cannot be parsed, or the request did not come over UDP" },
      run: (call, args) => addReceived(call, Number(args.flag) !== 0),
    }),
    is_rfc1918: fn({
      doc: "Tells whether an address is private.",
      in: "any",
      args: { ip: str("IPv4 address.") },
      returns: { ...yes, [-2]: "there is no address" },
      run: (_call, args, state) => (args.ip === "" ? -2 : isPrivate(args.ip, state) ? 1 : -1),
    }),
    set_alias_to_pv: fn({
      doc: "Writes the URI of the alias in the only contact into a variable.",
      in: "any",
      args: { variable: variable("The variable.", { writable: true }) },
      returns: { 1: "done", [-1]: "there is no alias, or more than one contact" },
      run(call, args, state) {
        const uri = aliasUri(call.msg, state);
        if (uri === null) return -1;
        args.variable.set?.(call, uri);
        return 1;
      },
    }),
  },
  variables: {
    rr_count: pv({ doc: "How many Record-Routes the message has.", get: ({ msg }) => recordRoutes(msg) ?? undefined }),
    rr_top_count: pv({
      doc: "How many Record-Routes the topmost proxy has added: 2 when they are a pair.",
      get: ({ msg }) => topRecordRoutes(msg) ?? undefined,
    }),
  },
  commands: {
    "nathelper.enable_ping": rpc({
      doc: "Switches pinging on and off.",
      args: { on: int("1 or 0.") },
      run(args, state) {
        if (state.pinger === undefined) throw new RpcFault(500, "NATping disabled");
        state.pinger.on = Number(args.on) !== 0;
      },
    }),
  },
  events: {},
});
