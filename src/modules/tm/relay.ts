/** Functions that relay a request, in every form that tm has. */
import type { Call } from "../../declare/call.ts";
import { int, optional, str } from "../../declare/module.ts";
import { type Answer, after } from "../../declare/value.ts";
import type { Protocol } from "../../sip/address.ts";
import { parseUri } from "../../sip/uri.ts";
import { appendBranches } from "../../transaction/append.ts";
import { clearTargets, type Target } from "../../transaction/branch.ts";
import { cancelTransaction } from "../../transaction/cancel-request.ts";
import { forward, relay, relayRequest } from "../../transaction/forward.ts";
import { matchCanceled } from "../../transaction/lookup.ts";
import { create } from "../../transaction/newtran.ts";
import { TFlag } from "../../transaction/transaction.ts";
import { protocolNamed } from "../../transaction/wire.ts";
import { engineOf, fn, nextOf, transactionOf } from "./state.ts";

const REQUEST = ["request"] as const;
const RELAYING = ["request", "failure"] as const;
/** Every code that relaying can end with. */
const RELAYED = {
  1: "the request was relayed, or a copy of it was absorbed",
  [-1]: "it could not be relayed",
  [-4]: "it could not be relayed, and no reply for that is made (t_set_disable_internal_reply)",
  [-6]: "every branch was dropped in its branch_route",
  [-7]: "no socket fits the destination",
  [-9]: "the message lacks a field that names its transaction",
  [-12]: "there would be too many branches",
  [-400]: "the Request-URI is malformed",
  [-478]: "the destination cannot be resolved",
} as const;
type Relayed = keyof typeof RELAYED;
const relayed = (answer: Answer<number>): Answer<Relayed> => answer as Answer<Relayed>;

const host = optional(str("Host to send to, whatever the request's URIs say."));
const port = optional(str("Its port.", { check: (p) => (/^\d{1,5}$/.test(p) ? undefined : `bad port number <${p}>`) }));

const target = (protocol: Protocol | undefined, host: string | undefined, port: string | undefined): Target =>
  host === undefined ? { protocol } : { protocol, host, port: Number(port) };

/** `proto:host:port`, or parts of it, as t_relay_to and the like take it. */
export function parseAddress(text: string): Target | undefined {
  const match = /^(?:(udp|tcp|tls|sctp|ws|wss):)?(\[[0-9a-fA-F:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/i.exec(text);
  if (match === null) return undefined;
  return { protocol: match[1] && protocolNamed(match[1]), host: match[2]!, port: Number(match[3] ?? 0) } as Target;
}

const relayFn = (how: string, protocol: Protocol) =>
  fn({
    doc: `Relays the request over ${how}, to the given host and port or by the request's URIs.`,
    in: RELAYING,
    args: { host, port },
    arities: [0, 2],
    waits: true,
    returns: RELAYED,
    run: (call, args) => relayed(relay(engineOf(call), call, target(protocol, args.host, args.port))),
  });

const replicateFn = (how: string, protocol: Protocol | "received") =>
  fn({
    doc: `Sends a copy of the request ${how}; replies to it are not relayed.`,
    in: REQUEST,
    args: { host: str("Host to send to."), port: str("Its port.") },
    waits: true,
    returns: RELAYED,
    run: (call, args) =>
      replicate(call, target(protocol === "received" ? call.msg.received.protocol : protocol, args.host, args.port)),
  });

const replicate = (call: Call, to: Target): Answer<Relayed> => relayed(relayRequest(engineOf(call), call, to, true));

const forwardFn = (how: string, protocol: Protocol | undefined, args: boolean) =>
  fn({
    doc: `Sends the request ${how}, in a transaction that is there already (t_newtran).`,
    in: REQUEST,
    args: args ? { host: str("Host to send to."), port: str("Its port.") } : {},
    waits: true,
    returns: RELAYED,
    run: (call, given: { host?: string; port?: string }) =>
      forwardNonAck(call, target(protocol, given.host, given.port)),
  });

function forwardNonAck(call: Call, to: Target): Answer<Relayed> {
  const tx = transactionOf(call);
  if (tx === undefined || call.msg.method === "ACK") return -1;
  return relayed(forward(engineOf(call), call, tx, to));
}

/** Protocol and `host:port` as two arguments (t_relay_to_avp, t_replicate_to, t_forward_nonack_to). */
function addressed(
  call: Call,
  protocol: string,
  address: string,
  go: (to: Target) => Answer<Relayed>,
): Answer<Relayed> {
  const to = parseAddress(address);
  if (to === undefined) {
    engineOf(call).ports.log("error", `bad address <${address}>`);
    return -1;
  }
  return go({ ...to, protocol: protocolNamed(protocol), port: to.port || 5060 });
}
const twoParts = { protocol: str("udp, tcp, tls, sctp, ws or wss."), address: str("host:port to send to.") };

/** Flags of t_relay_to. */
function applyFlags(call: Call, flags: number): void {
  const set = flags & 2 ? TFlag.disableInternalReply : 0;
  const failover = flags & 4 ? TFlag.disableFailover : 0;
  const reset = flags & 1 ? TFlag.auto100 : 0;
  const { tx } = call;
  if (tx !== undefined) {
    tx.flags = (tx.flags | set | failover) & ~reset;
    return;
  }
  const next = nextOf(call);
  next.setFlags = (next.setFlags | set | failover) & ~reset;
  next.resetFlags |= reset;
}

const isNumber = (text: string): boolean => /^(0x[0-9a-fA-F]+|\d+)$/.test(text);

export const relayFunctions = {
  t_relay: fn({
    doc: "Relays the request statefully: to its Request-URI or destination URI and to its further branches. With host and port, there, over the protocol that it came with.",
    in: RELAYING,
    args: { host, port },
    arities: [0, 2],
    waits: true,
    returns: RELAYED,
    run: (call, args) =>
      relayed(
        relay(
          engineOf(call),
          call,
          args.host === undefined ? undefined : target(call.msg.received.protocol, args.host, args.port),
        ),
      ),
  }),
  t_relay_to_udp: relayFn("UDP", "udp"),
  t_relay_to_tcp: relayFn("TCP", "tcp"),
  t_relay_to_tls: relayFn("TLS", "tls"),
  t_relay_to_sctp: relayFn("SCTP", "sctp"),
  t_relay_to: fn({
    doc: "Relays the request, to an address if one is given. Flags: 1 no 100, 2 no reply for an error, 4 no DNS failover; without an address Kamailio takes them and forgets them, and so does this.",
    in: RELAYING,
    args: {
      address: optional(str("`proto:host:port`; a number when it is the only argument stands for flags.")),
      flags: optional(str("Flags as a number, decimal or 0x….")),
    },
    waits: true,
    returns: RELAYED,
    check: ([address, flags]) => {
      if (flags !== undefined && !isNumber(flags)) return `invalid flags <${flags}>`;
      if (address === undefined || (flags === undefined && isNumber(address))) return undefined;
      return parseAddress(address) ? undefined : `invalid proxy addr parameter <${address}>`;
    },
    run(call, args) {
      const { address, flags } = args;
      if (flags !== undefined) applyFlags(call, Number(flags));
      const none = address === undefined || (flags === undefined && isNumber(address));
      const to = none ? undefined : parseAddress(address);
      return relayed(relay(engineOf(call), call, to));
    },
  }),
  t_relay_to_proxy: fn({
    doc: "Relays the request to an address.",
    in: RELAYING,
    args: { address: str("`proto:host:port`; a variable may stand for it.") },
    waits: true,
    returns: RELAYED,
    run(call, args) {
      const to = parseAddress(args.address);
      return to === undefined ? -1 : relayed(relay(engineOf(call), call, to));
    },
  }),
  t_relay_to_avp: fn({
    doc: "Relays the request to protocol and address from two arguments.",
    in: REQUEST,
    args: twoParts,
    waits: true,
    returns: RELAYED,
    run: (call, args) =>
      addressed(call, args.protocol, args.address, ({ protocol: _, ...to }) =>
        relayed(relay(engineOf(call), call, to)),
      ),
  }),
  t_replicate: fn({
    doc: "Sends a copy of the request by its URIs, to a SIP URI, or to host and port; replies to it are not relayed.",
    in: REQUEST,
    args: { uri: optional(str("SIP URI, or the host when a port follows.")), port },
    waits: true,
    returns: RELAYED,
    run(call, args) {
      if (args.uri === undefined || args.uri === "") return replicate(call, {});
      if (args.port !== undefined) return replicate(call, target(call.msg.received.protocol, args.uri, args.port));
      const uri = parseUri(args.uri);
      if (!uri) {
        engineOf(call).ports.log("error", "bad replicate SIP address!");
        return -1;
      }
      // The destination is looked up before there is a transaction.
      return after(engineOf(call).ports.resolve(args.uri, uri.protocol, undefined, undefined), (to) =>
        to === null ? -1 : replicate(call, { protocol: uri.protocol, host: uri.host, port: uri.portNo }),
      );
    },
  }),
  t_replicate_udp: replicateFn("over UDP", "udp"),
  t_replicate_tcp: replicateFn("over TCP", "tcp"),
  t_replicate_tls: replicateFn("over TLS", "tls"),
  t_replicate_sctp: replicateFn("over SCTP", "sctp"),
  t_replicate_to: fn({
    doc: "Sends a copy of the request to protocol and address from two arguments; replies to it are not relayed.",
    in: REQUEST,
    args: twoParts,
    waits: true,
    returns: RELAYED,
    run: (call, args) => addressed(call, args.protocol, args.address, (to) => replicate(call, to)),
  }),
  t_forward_nonack: forwardFn("to host and port", undefined, true),
  t_forward_nonack_uri: forwardFn("by its URIs", undefined, false),
  t_forward_nonack_udp: forwardFn("over UDP to host and port", "udp", true),
  t_forward_nonack_tcp: forwardFn("over TCP to host and port", "tcp", true),
  t_forward_nonack_tls: forwardFn("over TLS to host and port", "tls", true),
  t_forward_nonack_sctp: forwardFn("over SCTP to host and port", "sctp", true),
  t_forward_nonack_to: fn({
    doc: "Sends the request to protocol and address from two arguments, in a transaction that is there already.",
    in: REQUEST,
    args: twoParts,
    waits: true,
    returns: RELAYED,
    run: (call, args) => addressed(call, args.protocol, args.address, (to) => forwardNonAck(call, to)),
  }),
  t_cell_append_branches: fn({
    doc: "Adds this message's further branches to another transaction that is under way.",
    in: "any",
    args: { index: int("$T(id_index) of the transaction."), label: int("$T(id_label) of the transaction.") },
    waits: true,
    returns: {
      1: "as many branches as the code says were sent",
      [-1]: "there is no such transaction, or nothing could be sent",
      [-2]: "it was canceled",
      [-3]: "it has been answered finally",
    },
    run(call, args) {
      const engine = engineOf(call);
      const tx = engine.find(Number(args.index), Number(args.label));
      if (tx === undefined) return -1;
      if (tx.isCanceled) return -2;
      if (tx.status >= 200) return -3;
      const targets = call.msg.branches;
      clearTargets(call.msg);
      return appendBranches(engine, tx, targets) as Answer<1 | -1>;
    },
  }),
  t_relay_cancel: fn({
    doc: "Relays a CANCEL whose INVITE is known and ends the script; lets any other request pass.",
    in: REQUEST,
    args: {},
    waits: true,
    returns: {
      1: "no CANCEL, or no INVITE for it",
      0: "relayed: the script ends",
      [-9]: "the message lacks a field",
      [-400]: "its Request-URI is malformed",
    },
    run(call) {
      const engine = engineOf(call);
      if (call.msg.method !== "CANCEL") return 1;
      const invite = matchCanceled(engine, call.msg);
      if (invite === undefined) return 1;
      const made = create(engine, call);
      if (made === -9 || made === -400) return made;
      if (made === 0 || call.tx === undefined) return 0;
      const canceled = cancelTransaction(engine, call, call.tx, invite);
      return canceled instanceof Promise ? canceled.then(() => 0 as const) : 0;
    },
  }),
};
