/** Messages for the tests of src/sip. */
import type { LocalSocket, ReceiveInfo } from "../../src/sip/address.ts";
import type { SendContext } from "../../src/sip/edits.ts";
import { SipMessage } from "../../src/sip/message.ts";

export const socket: LocalSocket = {
  protocol: "udp",
  address: "192.0.2.1",
  port: 5060,
  family: 4,
  virtual: false,
};

export const received: ReceiveInfo = {
  socket,
  protocol: "udp",
  srcIp: "198.51.100.7",
  srcPort: 5070,
  dstIp: "192.0.2.1",
  dstPort: 5060,
  connection: 0,
  time: 0,
};

export const send: SendContext = {
  inbound: socket,
  outbound: socket,
  to: { socket, protocol: "udp", ip: "203.0.113.9", port: 5060, connection: 0 },
};

export const messageOf = (text: string, from: Partial<ReceiveInfo> = {}): SipMessage =>
  new SipMessage(text, { ...received, ...from });

/** Lines with CRLF; the empty line and an empty body are added when the last line is a header field. */
export const lines = (...text: readonly string[]): string => `${text.join("\r\n")}\r\n\r\n`;

export const INVITE = lines(
  "INVITE sip:bob@biloxi.example SIP/2.0",
  "Via: SIP/2.0/UDP 10.0.0.5:5062;branch=z9hG4bK1;rport",
  "Max-Forwards: 70",
  "From: Alice <sip:alice@atlanta.example>;tag=a1",
  "To: <sip:bob@biloxi.example>",
  "Call-ID: c1@10.0.0.5",
  "CSeq: 1 INVITE",
  "Contact: <sip:alice@10.0.0.5:5062>",
  "Content-Length: 0",
);
