/** What parsing and writing messages costs, in nanoseconds an operation. The messages are cut from datagrams, as at work. */
import type { LocalSocket, ReceiveInfo } from "../../src/sip/address.ts";
import { buildForwardedReply, buildLocalReply, buildRequest } from "../../src/sip/build.ts";
import { buildAck } from "../../src/sip/build-local.ts";
import type { SendContext } from "../../src/sip/edits.ts";
import { SipMessage } from "../../src/sip/message.ts";
import { parseUri } from "../../src/sip/uri.ts";

const socket: LocalSocket = { protocol: "udp", address: "192.0.2.1", port: 5060, family: 4, virtual: false };
const received: ReceiveInfo = {
  socket,
  protocol: "udp",
  srcIp: "198.51.100.7",
  srcPort: 5070,
  dstIp: "192.0.2.1",
  dstPort: 5060,
  connection: 0,
  time: 0,
};
const send: SendContext = {
  inbound: socket,
  outbound: socket,
  to: { socket, protocol: "udp", ip: "203.0.113.9", port: 5060, connection: 0 },
};

const sdp = [
  "v=0",
  "o=alice 2890844526 2890844526 IN IP4 10.0.0.5",
  "s=-",
  "c=IN IP4 10.0.0.5",
  "t=0 0",
  "m=audio 49170 RTP/AVP 0 8 101",
  "a=rtpmap:101 telephone-event/8000",
  "",
].join("\r\n");
const fields = [
  "Max-Forwards: 70",
  'From: "Alice" <sip:alice@atlanta.example>;tag=9fxced76sl',
  "To: <sip:bob@biloxi.example>",
  "Call-ID: 3848276298220188511@atlanta.example",
  "CSeq: 1 INVITE",
  "Contact: <sip:alice@10.0.0.5:5062;transport=udp>",
  "User-Agent: softphone 1.0",
  "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS",
];
const via = "Via: SIP/2.0/UDP 10.0.0.5:5062;branch=z9hG4bK74bf9;rport";
const invite = [
  "INVITE sip:bob@biloxi.example SIP/2.0",
  via,
  ...fields,
  "Content-Type: application/sdp",
  `Content-Length: ${sdp.length}`,
  "",
  sdp,
].join("\r\n");
const ringing = [
  "SIP/2.0 180 Ringing",
  "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKcydzigwkX",
  via,
  ...fields.slice(1, 5),
  "Contact: <sip:bob@203.0.113.9:5060>",
  "Content-Length: 0",
  "",
  "",
].join("\r\n");

const bytes = { invite: Buffer.from(invite, "latin1"), ringing: Buffer.from(ringing, "latin1") };
const parsed = {
  invite: new SipMessage(bytes.invite.toString("latin1"), received),
  ringing: new SipMessage(bytes.ringing.toString("latin1"), received),
};
const edited = parsed.invite.clone();
edited.newUri = "sip:bob@203.0.113.9:5060";
edited.edits.insertBefore(edited.edits.anchor(edited.headers[0]!.start), "Record-Route: <sip:192.0.2.1;lr>\r\n");
edited.edits.delete(edited.headers[7]!.start, edited.headers[7]!.end - edited.headers[7]!.start);
edited.edits.insertBefore(edited.edits.anchor(edited.headersEnd), "X-Id: 1\r\n");
const branch = { branch: "z9hG4bKcydzigwkX" };
const out = Buffer.allocUnsafe(65_536);

const operations: Readonly<Record<string, () => unknown>> = {
  "parse an INVITE": () => new SipMessage(bytes.invite.toString("latin1"), received),
  "parse a 180": () => new SipMessage(bytes.ringing.toString("latin1"), received),
  "clone the INVITE": () => edited.clone(),
  "parse a URI": () => parseUri("sip:bob@203.0.113.9:5060;transport=tcp;ob"),
  "build the request, unchanged": () => out.write(buildRequest(parsed.invite, send, branch), 0, "latin1"),
  "build the request, edited": () => out.write(buildRequest(edited, send, branch), 0, "latin1"),
  "build a local 100": () => out.write(buildLocalReply(parsed.invite, 100, "trying", ""), 0, "latin1"),
  "forward the 180": () => out.write(buildForwardedReply(parsed.ringing, send), 0, "latin1"),
  "all of a relayed INVITE": () => {
    const msg = new SipMessage(bytes.invite.toString("latin1"), received);
    out.write(buildLocalReply(msg, 100, "trying", ""), 0, "latin1");
    out.write(buildRequest(msg.clone(), send, branch), 0, "latin1");
  },
  "build an ACK": () => buildAck(invite, { to: "To: <sip:bob@biloxi.example>;tag=b1\r\n" }),
};

const share = Number(process.env.BENCH_SECONDS ?? 1) * 1e9;
for (const [name, run] of Object.entries(operations)) {
  for (let i = 0; i < 20_000; i++) run();
  let best = Number.POSITIVE_INFINITY;
  let spent = 0;
  while (spent < share) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < 20_000; i++) run();
    const took = Number(process.hrtime.bigint() - start);
    spent += took;
    best = Math.min(best, took / 20_000);
  }
  console.log(`${name.padEnd(32)} ${best.toFixed(0).padStart(6)} ns`);
}
