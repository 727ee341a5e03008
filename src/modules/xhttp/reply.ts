/** HTTP answers on the connection a request came on. Kamailio builds them with sl, and hides the Via it made up as `Sia`. */
import type { Call } from "../../declare/call.ts";
import type { Answer } from "../../declare/value.ts";
import { after } from "../../declare/value.ts";
import type { ReceiveInfo } from "../../sip/address.ts";

/** The made-up Via, without its name: where the request came from. */
export const viaOf = (received: ReceiveInfo): string => {
  const host = received.srcIp.includes(":") ? `[${received.srcIp}]` : received.srcIp;
  return `SIP/2.0/${received.protocol.toUpperCase()} ${host}:${received.srcPort}`;
};

/** 1 when the answer was sent, -1 when it was not. An empty type or body is left out; `last` closes the connection. */
export function replyHttp(
  call: Call,
  code: number,
  reason: string,
  type: string,
  body: string,
  last = false,
): Answer<1 | -1> {
  const { msg, core } = call;
  const { received } = msg;
  const own = msg.reply;
  const text = body || (own?.body ?? "");
  const headers = (own?.headers ?? []).map((line) => (line.endsWith("\r\n") ? line : `${line}\r\n`));
  if (type) headers.push(`Content-Type: ${type}\r\n`);
  const server = core.config.int("server_signature") !== 0 ? core.config.str("server_header") : "";
  if (server) headers.push(`${server}\r\n`);
  const reply = [
    `HTTP/1.1 ${code} ${reason}\r\n`,
    `Sia: ${viaOf(received)}\r\n`,
    ...headers,
    `Content-Length: ${text.length}\r\n\r\n`,
    text,
  ].join("");
  const sent = core.sendRaw(
    {
      socket: received.socket,
      protocol: received.protocol,
      ip: received.srcIp,
      port: received.srcPort,
      connection: received.connection,
      noConnect: true,
      closeAfter: last,
    },
    reply,
  );
  return after(sent, (ok) => (ok ? 1 : -1));
}
