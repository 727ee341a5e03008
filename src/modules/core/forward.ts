/** Stateless forwarding. */
import type { Call } from "../../declare/call.ts";
import type { Core } from "../../declare/core.ts";
import { declare, type Fn, text } from "../../declare/module.ts";
import { type Answer, after } from "../../declare/value.ts";
import type { Protocol } from "../../sip/address.ts";
import { bracketed, parseIp, unbracketed } from "../../sip/ip.ts";
import { parseUri } from "../../sip/uri.ts";

const { fn } = declare<Core>();

/** What `forward` returns; the negative ones are Kamailio's errors. */
const SENT = {
  1: "It was sent.",
  [-1]: "The destination is malformed.",
  [-7]: "There is no socket to send from.",
  [-510]: "onsend_route has dropped it.",
  [-477]: "It could not be sent.",
  [-478]: "The destination cannot be found.",
} as const;
type Sent = keyof typeof SENT;

/** Sends the request to `uri`, over `protocol` when one is given. */
function send(call: Call, uri: string, protocol: Protocol | undefined): Answer<Sent> {
  return after(call.core.resolve(uri, call.msg.forceSendSocket ?? call.msg.received.socket), (found): Answer<Sent> => {
    if (!found) {
      call.core.log.write(-1, `forward: \`${uri}\` leads nowhere\n`);
      return -478;
    }
    const { msg } = call;
    const to = {
      ...found,
      ...(protocol !== undefined && { protocol }),
      noConnect: msg.marked("forward-no-connect"),
      closeAfter: msg.marked("forward-close"),
      ...(msg.marked("use-connection") && { connection: call.msg.outConnection }),
      ...(found.socket !== undefined && found.socket === call.msg.forceSendSocket && { bound: true }),
      lists: call.lists,
    };
    return after(
      call.core.forwardStateless(call.msg, to),
      (code): Sent => (code >= 0 ? 1 : code in SENT ? (code as Sent) : -1),
    );
  });
}

/** Where `forward` leads: to the host and port written, or to those of the destination or Request-URI. */
function target(
  call: Call,
  host: string | undefined,
  port: string | undefined,
  fixed: Protocol | undefined,
): string | undefined {
  if (host !== undefined && host !== "uri:host") {
    const protocol = fixed ?? call.msg.received.protocol;
    return `sip:${bracketed(host)}${port && port !== "0" ? `:${port}` : ""};transport=${protocol}`;
  }
  const text = call.msg.dstUri || call.msg.uri;
  const uri = parseUri(text);
  if (!uri || uri.host === "") return undefined;
  // A port that is written out takes the place of the URI's own.
  const number = port === undefined || port === "uri:port" ? uri.portNo : Number(port);
  const protocol = fixed ?? uri.protocol;
  const scheme = uri.secure && fixed === undefined ? "sips" : "sip";
  return `${scheme}:${uri.host}${number ? `:${number}` : ""}${protocol ? `;transport=${protocol}` : ""}`;
}

/** Whether a name could be looked up, or is an address. */
const isHost = (text: string): boolean => /^[A-Za-z0-9._-]+$/.test(text) || parseIp(unbracketed(text)) !== null;

const forwards = (over: Protocol | undefined): Fn<Core> =>
  fn({
    doc:
      over === undefined
        ? "Sends the request on without a transaction: to a host, or to where `$du` or else the Request-URI leads."
        : `Sends the request on without a transaction, over ${over.toUpperCase()}: to a host, or to where \`$du\` or else the Request-URI leads.`,
    in: "any",
    args: {
      host: text("Host name or address; `uri:host` takes it from the URI.", {
        computed: false,
        optional: true,
        check: (host) => (host === "uri:host" || isHost(host) ? undefined : `\`${host}\` is no host name or address`),
      }),
      port: text("Port; `uri:port` takes it from the URI.", { computed: false, optional: true }),
    },
    returns: SENT,
    waits: true,
    run(call, { host, port }) {
      const uri = target(call, host, port, over);
      if (uri === undefined) {
        call.core.log.write(-1, `forward: \`${call.msg.dstUri || call.msg.uri}\` is malformed\n`);
        return -1;
      }
      return send(call, uri, over);
    },
  });

export const forwardFunctions = {
  forward: forwards(undefined),
  forward_udp: forwards("udp"),
  forward_tcp: forwards("tcp"),
  forward_tls: forwards("tls"),
  // There are no SCTP sockets: the call fails as it does in Kamailio without its sctp module.
  forward_sctp: forwards("sctp"),
} as const;
