/** The request that a route sees when there is none: event routes, timers, launched functions (Kamailio's faked_msg). */
import type { LocalSocket, ReceiveInfo } from "../sip/address.ts";
import { SipMessage } from "../sip/message.ts";

const TEXT = [
  "OPTIONS sip:kamailio.org SIP/2.0",
  "Via: SIP/2.0/UDP 127.0.0.1",
  "From: <sip:server@kamailio.org>;tag=xyz",
  "To: <sip:server@kamailio.org>",
  "Call-ID: aaa-bbb-ccc-ddd",
  "CSeq: 1 OPTIONS",
  "Content-Length: 0",
  "",
  "",
].join("\r\n");

const NOWHERE: LocalSocket = { protocol: "udp", address: "127.0.0.1", port: 5060, family: 4, virtual: true };

export function fakedRequest(socket: LocalSocket | undefined, time: number, text = TEXT): SipMessage {
  const local = socket ?? NOWHERE;
  const received: ReceiveInfo = {
    socket: local,
    protocol: "udp",
    srcIp: "127.0.0.1",
    srcPort: 5060,
    dstIp: "127.0.0.1",
    dstPort: 5060,
    connection: 0,
    time,
  };
  const msg = new SipMessage(text, received);
  msg.faked = true;
  return msg;
}
