/** Functions of corex that forward without a transaction. */
import type { Call } from "../../declare/call.ts";
import { declare, type Fn, int, str } from "../../declare/module.ts";
import { type Answer, after } from "../../declare/value.ts";
import { HeaderType } from "../../sip/headers.ts";
import { parseUri } from "../../sip/uri.ts";
import { complain } from "./complain.ts";
import type { Corex } from "./corex.ts";

const { fn } = declare<Corex>();

const sent = { 1: "it was sent", [-1]: "the URI is malformed, or the destination cannot be found or reached" } as const;
const RECEIVED_AS_IT_IS = "via-noreceived";

/** Takes the received Vias away for good, as Kamailio does, and sends the request with the own one only. */
function forward(call: Call, uri: string, branch: number): Answer<1 | -1> {
  const { msg, core } = call;
  for (const header of msg.headers)
    if (header.type === HeaderType.via) msg.delete(header.start, header.end - header.start, header.type);
  if (!parseUri(uri)) return complain(call, `${uri} is no SIP URI`);
  return after(core.resolve(uri, msg.forceSendSocket ?? msg.received.socket), (to): Answer<1 | -1> => {
    if (!to) return complain(call, `${uri} cannot be resolved`);
    const before = msg.marked(RECEIVED_AS_IT_IS);
    msg.mark(RECEIVED_AS_IT_IS);
    return after(core.forwardStateless(msg, to, branch), (code): 1 | -1 => {
      if (!before) msg.unmark(RECEIVED_AS_IT_IS);
      return code >= 0 ? 1 : -1;
    });
  });
}

const branch = int("Number that ends the branch parameter of the Via.", { fallback: 0 });

export const forwardFunctions: Record<string, Fn<Corex>> = {
  forward_uac: fn({
    doc: "Sends the request on as if it were made here, with no Via but the own, to where `$du` or else the Request-URI leads.",
    in: ["request"],
    args: { branch },
    returns: sent,
    waits: true,
    run: (call, args) => forward(call, call.msg.dstUri || call.msg.uri, Number(args.branch)),
  }),
  forward_uac_uri: fn({
    doc: "Sends the request on as if it were made here, with no Via but the own, to where a URI leads.",
    in: ["request"],
    args: { uri: str("The SIP URI; empty for `$du` or else the Request-URI."), branch },
    returns: sent,
    waits: true,
    run: (call, args) => forward(call, args.uri || call.msg.dstUri || call.msg.uri, Number(args.branch)),
  }),
  forward_reply: fn({
    doc: "Passes the reply on to where its second Via leads, at once and without a transaction.",
    in: ["onreply"],
    args: {},
    returns: { 1: "always" },
    waits: true,
    run: ({ msg, core }) => after(core.forwardReply(msg), () => 1 as const),
  }),
};
