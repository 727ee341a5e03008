import { describe, expect, test } from "vitest";
import { type DigestInput, digestHa1, digestResponse } from "../../src/sip/auth.ts";
import { applyChanges, buildForwardedReply, buildLocalReply, buildRequest, currentText } from "../../src/sip/build.ts";
import { buildAck, buildCancel, buildLocalRequest } from "../../src/sip/build-local.ts";
import type { SipMessage } from "../../src/sip/message.ts";
import { INVITE, lines, messageOf, send, socket } from "./make.ts";

const branch = { branch: "z9hG4bKown" };
const head = (text: string): string[] => text.split("\r\n\r\n")[0]!.split("\r\n");
const insertTop = (msg: SipMessage, text: string): void =>
  msg.edits.insertBefore(msg.edits.anchor(msg.headers[0]!.start), text);

describe("a request that goes on", () => {
  test("has an own Via, and its sender's address in the one below", () => {
    expect(head(buildRequest(messageOf(INVITE), send, branch)).slice(0, 4)).toEqual([
      "INVITE sip:bob@biloxi.example SIP/2.0",
      "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKown",
      "Via: SIP/2.0/UDP 10.0.0.5:5062;received=198.51.100.7;branch=z9hG4bK1;rport=5070",
      "Max-Forwards: 70",
    ]);
  });

  test("has the new Request-URI and a Route for its Path", () => {
    const msg = messageOf(INVITE);
    msg.newUri = "sip:bob@203.0.113.9";
    msg.path = "<sip:edge.example;lr>";
    const sent = head(buildRequest(msg, send, branch));
    expect(sent[0]).toBe("INVITE sip:bob@203.0.113.9 SIP/2.0");
    expect(sent).toContain("Route: <sip:edge.example;lr>");
  });

  test("has edits where they were made, in their order, above the own Via", () => {
    const msg = messageOf(INVITE);
    insertTop(msg, "X-A: 1\r\n");
    insertTop(msg, "X-B: 1\r\n");
    const contact = msg.headers[6]!;
    msg.edits.replace(contact.start, contact.end - contact.start, "Contact: <sip:new@h>\r\n");
    const sent = head(buildRequest(msg, send, branch));
    expect(sent.slice(1, 4).map((it) => it.split(":")[0])).toEqual(["X-A", "X-B", "Via"]);
    expect(sent).toContain("Contact: <sip:new@h>");
    expect(sent).not.toContain("Contact: <sip:alice@10.0.0.5:5062>");
  });

  test("has text that depends on where it goes", () => {
    const msg = messageOf(INVITE);
    const anchor = msg.edits.anchor(msg.headers[0]!.start);
    msg.edits.insertBefore(anchor, ({ outbound }) => `Record-Route: <sip:${outbound.address};lr>\r\n`);
    expect(buildRequest(msg, send, branch)).toContain("Record-Route: <sip:192.0.2.1;lr>\r\n");
    const other = { ...send, outbound: { ...socket, address: "192.0.2.2" } };
    expect(buildRequest(msg, other, branch)).toContain("Record-Route: <sip:192.0.2.2;lr>\r\n");
  });

  test("has the length of its body", () => {
    const msg = messageOf(`${INVITE.replace("Content-Length: 0", "Content-Length: 5")}hello`);
    msg.bodyEdits.replace(msg.bodyStart, 5, "hello world");
    expect(buildRequest(msg, send, branch)).toMatch(/Content-Length: 11\r\n\r\nhello world$/);
  });

  test("over a stream, names its connection and always its length", () => {
    const tcp = { ...socket, protocol: "tcp" } as const;
    const to = { ...send.to, protocol: "tcp" } as const;
    const text = INVITE.replace("Content-Length: 0\r\n", "").replace("/UDP", "/TCP");
    const msg = messageOf(text, { protocol: "tcp", socket: tcp, connection: 26 });
    const sent = buildRequest(msg, { inbound: tcp, outbound: tcp, to }, branch);
    expect(sent).toContain("Via: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bKown;i=a1\r\n");
    expect(sent).toContain("Content-Length: 0\r\n");
  });
});

describe("a reply made here", () => {
  test("copies what it must, in the request's order", () => {
    const reply = head(buildLocalReply(messageOf(INVITE), 486, "Busy", "tt", { serverHeader: "Server: viaduct" }));
    expect(reply).toEqual([
      "SIP/2.0 486 Busy",
      "Via: SIP/2.0/UDP 10.0.0.5:5062;branch=z9hG4bK1;rport=5070;received=198.51.100.7",
      "From: Alice <sip:alice@atlanta.example>;tag=a1",
      "To: <sip:bob@biloxi.example>;tag=tt",
      "Call-ID: c1@10.0.0.5",
      "CSeq: 1 INVITE",
      "Server: viaduct",
      "Content-Length: 0",
    ]);
  });

  test("has Record-Route only when it may start a dialog", () => {
    const msg = messageOf(INVITE.replace("Max-Forwards", "Record-Route: <sip:p;lr>\r\nMax-Forwards"));
    expect(buildLocalReply(msg, 180, "Ringing", "t")).toContain("Record-Route: <sip:p;lr>\r\n");
    expect(buildLocalReply(msg, 404, "Not Found", "t")).not.toContain("Record-Route");
  });

  test("has the script's header fields and body", () => {
    const msg = messageOf(INVITE);
    msg.reply = { headers: ["X-Why: so\r\n"], body: "text", contentType: "text/plain" };
    expect(buildLocalReply(msg, 200, "OK", "t")).toMatch(
      /X-Why: so\r\nContent-Type: text\/plain\r\nContent-Length: 4\r\n\r\ntext$/,
    );
  });
});

test("a reply that goes on loses its topmost Via", () => {
  const [own, theirs] = ["Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKown", "Via: SIP/2.0/UDP 10.0.0.5;branch=z9hG4bK1"];
  const rest = ["From: <sip:a@b>;tag=1", "To: <sip:c@d>;tag=2", "Call-ID: x", "CSeq: 1 INVITE", "Content-Length: 0"];
  const wanted = lines("SIP/2.0 200 OK", theirs!, ...rest);
  expect(buildForwardedReply(messageOf(lines("SIP/2.0 200 OK", own!, theirs!, ...rest)))).toBe(wanted);
  const joined = `${own}, ${theirs!.slice(5)}`;
  expect(buildForwardedReply(messageOf(lines("SIP/2.0 200 OK", joined, ...rest)))).toBe(wanted);
});

test("CANCEL and ACK follow the request as it was sent", () => {
  const sent = buildRequest(messageOf(INVITE), send, branch);
  const cancel = head(buildCancel(sent));
  expect(cancel[0]).toBe("CANCEL sip:bob@biloxi.example SIP/2.0");
  expect(cancel.filter((it) => it.startsWith("Via"))).toEqual(["Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKown"]);
  expect(cancel).toContain("CSeq: 1 CANCEL");
  const ack = head(buildAck(sent, { to: "To: <sip:bob@biloxi.example>;tag=b9\r\n" }));
  expect(ack).toContain("CSeq: 1 ACK");
  expect(ack).toContain("To: <sip:bob@biloxi.example>;tag=b9");
  for (const text of [buildCancel(sent), buildAck(sent, {})]) expect(messageOf(text).malformed).toBe("");
});

test("a request that starts here", () => {
  const request = {
    method: "OPTIONS",
    requestUri: "sip:gw",
    to: "sip:gw",
    from: "sip:me",
    fromTag: "f",
    callId: "c",
    cseq: 10,
  };
  const msg = messageOf(buildLocalRequest(request, { ...send, inbound: undefined }, branch));
  expect(msg).toMatchObject({ malformed: "", method: "OPTIONS", callId: "c", contentLength: 0 });
  expect(msg.from).toMatchObject({ uri: "sip:me", tag: "f", enclosed: true });
});

test("changes are taken as the original", () => {
  const msg = messageOf(INVITE);
  insertTop(msg, "X-A: 1\r\n");
  expect(applyChanges(msg)).toBe(true);
  expect(msg.edits.empty).toBe(true);
  expect(msg.named("X-A")).toHaveLength(1);
  expect(currentText(msg)).toBe(msg.text);
});

test("digest responses (RFC 2617, 3.5)", () => {
  const asked: string[] = [];
  const hash = (text: string): string => {
    asked.push(text);
    return `h${asked.length}`;
  };
  const ha1 = digestHa1(hash, "Mufasa", "testrealm@host.com", "Circle Of Life");
  const input: DigestInput = {
    ha1,
    method: "GET",
    uri: "/dir/index.html",
    nonce: "n",
    nc: "00000001",
    cnonce: "0a",
    qop: "auth",
  };
  digestResponse(hash, input);
  expect(asked).toEqual([
    "Mufasa:testrealm@host.com:Circle Of Life",
    "GET:/dir/index.html",
    "h1:n:00000001:0a:auth:h2",
  ]);
});
