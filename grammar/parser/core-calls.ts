/** The core functions that Kamailio's grammar knows, with the arguments that it takes (cfg.y: cmd). */

/** One argument: `host` is a name, a string or an address; `interface` may also begin with a digit. */
type Arg =
  | "string"
  | "number"
  | "signed"
  | "host"
  | "interface"
  | "flag"
  | "address"
  | "protocol"
  | "uri:host"
  | "uri:port"
  | "avp"
  | "any";

export interface CoreCall {
  /** Every list of arguments that is legal. */
  readonly forms: readonly (readonly Arg[])[];
  /** May be written without parentheses. */
  readonly bare?: boolean;
}

const forward: CoreCall = {
  forms: [[], ["host"], ["host", "number"], ["uri:host"], ["uri:host", "number"], ["uri:host", "uri:port"]],
};
/** Only plain `forward` may stand without arguments. */
const forwardOver: CoreCall = { forms: forward.forms.slice(1) };
const text: CoreCall = { forms: [["string"]] };
const count: CoreCall = { forms: [["number"]] };
const nothing: CoreCall = { forms: [[]] };
const bare: CoreCall = { forms: [[]], bare: true };
const flag: CoreCall = { forms: [["flag"]] };
const avpFlag: CoreCall = { forms: [["avp", "flag"]] };

const named = (call: CoreCall, names: string): [string, CoreCall][] => names.split(" ").map((name) => [name, call]);

export const coreCalls: ReadonlyMap<string, CoreCall> = new Map([
  ...named(forward, "forward"),
  ...named(forwardOver, "forward_udp forward_tcp forward_tls forward_sctp"),
  ...named({ forms: [["string"], ["number", "string"]] }, "log"),
  ...named({ forms: [["string", "string"]] }, "error"),
  ...named(
    text,
    "exec rewritehost sethost seth rewritehostport sethostport sethp rewritehostporttrans sethostporttrans",
  ),
  ...named(text, "sethpt rewriteuser setuser setu rewriteuserpass setuserpass setup rewriteport setport setp"),
  ...named(text, "rewriteuri seturi prefix cfg_reset"),
  ...named(count, "strip strip_tail set_advertised_port"),
  ...named(nothing, "userphone clear_branches"),
  ...named(bare, "revert_uri force_rport add_rport add_local_rport set_forward_no_connect set_reply_no_connect"),
  ...named(bare, "set_forward_close set_reply_close"),
  ...named({ forms: [[], ["signed"]] }, "remove_branch"),
  ...named({ forms: [[], ["number"]], bare: true }, "force_tcp_alias add_tcp_alias"),
  ...named(flag, "setflag resetflag isflagset"),
  ...named(avpFlag, "setavpflag resetavpflag isavpflagset"),
  ...named({ forms: [["protocol"]] }, "udp_mtu_try_proto"),
  ...named({ forms: [["interface"]] }, "set_advertised_address"),
  ...named({ forms: [["address"]] }, "force_send_socket"),
  ...named({ forms: [["string", "any"]] }, "cfg_select"),
]);

/** An argument as the grammar read it. */
export type ArgShape =
  | "string"
  | "number"
  | "negative"
  | "word"
  | "host"
  | "interface"
  | "ip"
  | "address"
  | "protocol"
  | "uri:host"
  | "uri:port"
  | "other";

const accepted: Readonly<Record<Arg, readonly ArgShape[]>> = {
  string: ["string"],
  number: ["number"],
  signed: ["number", "negative"],
  host: ["string", "word", "host", "ip"],
  interface: ["string", "number", "word", "host", "interface", "ip"],
  flag: ["number", "string", "word"],
  address: ["string", "word", "host", "interface", "ip", "address"],
  protocol: ["protocol"],
  "uri:host": ["uri:host"],
  "uri:port": ["uri:port"],
  avp: ["string", "other"],
  any: ["string", "number", "negative", "other"],
};

const argNames: Readonly<Record<Arg, string>> = {
  string: '"text"',
  number: "number",
  signed: "number",
  host: "host",
  interface: "host",
  flag: "flag",
  address: "[proto:]host[:port]",
  protocol: "UDP|TCP|TLS|SCTP",
  "uri:host": "uri:host",
  "uri:port": "uri:port",
  avp: "$avp",
  any: "expression",
};

/** Undefined when the arguments are legal, else the index of the first bad one (their number when some are missing). */
export function firstBadArgument(call: CoreCall, shapes: readonly ArgShape[]): number | undefined {
  let furthest = 0;
  for (const form of call.forms) {
    const bad = shapes.findIndex((shape, index) => !form[index] || !accepted[form[index]].includes(shape));
    if (bad < 0 && form.length === shapes.length) return undefined;
    furthest = Math.max(furthest, bad < 0 ? shapes.length : bad);
  }
  return furthest;
}

/** How a call may be written, for messages. */
export const usage = (name: string, call: CoreCall): string =>
  call.forms.map((form) => `${name}(${form.map((arg) => argNames[arg]).join(", ")})`).join(" or ");
