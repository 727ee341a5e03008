/** Requests that a script starts: t_uac_send. */
import type { Call } from "../../declare/call.ts";
import type { Core } from "../../declare/core.ts";
import { Lists } from "../../declare/lists.ts";
import { str } from "../../declare/module.ts";
import { type Answer, after } from "../../declare/value.ts";
import { HeaderType } from "../../sip/headers.ts";
import { SipMessage } from "../../sip/message.ts";
import { parseUri } from "../../sip/uri.ts";
import { startRequest, type UacRequest } from "../../transaction/uac.ts";
import { fn } from "./state.ts";

/** The User-Agent line for requests made here; "" when server_signature is off. */
export const userAgentOf = (core: Core): string =>
  core.config.int("server_signature") !== 0 ? core.config.str("user_agent_header") : "";

/** Fields that a request made here gets from the layer, never from a block of further fields. */
const OWN = new Set<number>([
  HeaderType.via,
  HeaderType.from,
  HeaderType.to,
  HeaderType.callId,
  HeaderType.cseq,
  HeaderType.contentLength,
]);

export interface Parts {
  readonly method: string;
  readonly requestUri: string;
  /** "" or "." for none. */
  readonly nextHop: string;
  readonly socket: string;
  /** Header fields; From and To must be among them. */
  readonly headers: string;
  readonly body: string;
}

/** What t_uac_send and the tm.t_uac_… commands are given, as a request; a string says what is wrong with it. */
export function requestOf(core: Core, parts: Parts): UacRequest | string {
  const noAck = parts.method.endsWith(".");
  const method = noAck ? parts.method.slice(0, -1) : parts.method;
  if (method === "") return "Empty method";
  if (!parseUri(parts.requestUri)) return "Invalid request uri";
  const nextHop = parts.nextHop === "." ? "" : parts.nextHop;
  if (nextHop !== "" && !parseUri(nextHop)) return "Invalid next-hop uri";
  const name = parts.socket === "." ? "" : parts.socket;
  const socket = name === "" ? undefined : core.sockets.parse(name);
  if (name !== "" && !socket) return `No local socket for "${name}"`;
  const block = parts.headers.endsWith("\n") || parts.headers === "" ? parts.headers : `${parts.headers}\r\n`;
  const here = core.sockets.all[0];
  if (!here) return "no socket";
  // The block is read as the fields of a message.
  const message = new SipMessage(`${method} ${parts.requestUri} SIP/2.0\r\n${block}\r\n`, {
    socket: here,
    protocol: here.protocol,
    srcIp: here.address,
    srcPort: here.port,
    dstIp: here.address,
    dstPort: here.port,
    connection: 0,
    time: 0,
  });
  const { from, to } = message;
  if (parts.body !== "" && !message.find(HeaderType.contentType)) return "Content-Type missing";
  if (parts.body !== "" && message.find(HeaderType.contentLength)) return "Content-Length disallowed";
  if (!to) return "To missing";
  if (!from) return "From missing";
  let headers = "";
  for (const header of message.headers)
    if (!OWN.has(header.type)) headers += message.text.slice(header.start, header.end);
  return {
    method,
    requestUri: parts.requestUri,
    nextHop,
    socket,
    from: from.uri,
    fromDisplay: from.display,
    fromTag: from.tag,
    to: to.uri,
    toDisplay: to.display,
    toTag: to.tag,
    callId: message.callId,
    ...(message.cseq && { cseq: message.cseq.number }),
    headers,
    body: parts.body,
    noAck,
    userAgent: userAgentOf(core),
    lists: new Lists(),
  };
}

function send(call: Call, parts: Parts): Answer<1 | -1> {
  const { engine } = call.core.transactions;
  const request = requestOf(call.core, parts);
  if (typeof request === "string") {
    engine.ports.log("error", request);
    return -1;
  }
  return after(startRequest(engine, { ...request, owner: call.core.owner }), (result) =>
    typeof result === "object" ? 1 : -1,
  );
}

export const uacFunctions = {
  t_uac_send: fn({
    doc: "Sends a request of our own, with a transaction.",
    in: "any",
    args: {
      method: str("Its method; with a dot behind it the ACK to a 2xx is left to the script."),
      ruri: str("Its Request-URI."),
      nexthop: str("URI of the next hop; empty or `.`: by the Request-URI."),
      socket: str("Socket to send from; empty or `.`: one that fits."),
      headers: str("Header fields with their line ends; From and To are needed."),
      body: str("Its body; needs Content-Type."),
    },
    waits: true,
    returns: { 1: "it was sent", [-1]: "something given is not valid, or it could not be sent" },
    run: (call, args) =>
      send(call, {
        method: args.method,
        requestUri: args.ruri,
        nextHop: args.nexthop,
        socket: args.socket,
        headers: args.headers,
        body: args.body,
      }),
  }),
};
