import { describe, expect, test } from "vitest";
import { parseCredentials } from "../../src/sip/auth.ts";
import { currentText } from "../../src/sip/build.ts";
import { HeaderType } from "../../src/sip/headers.ts";
import { parseNameAddr, parseNameAddrs } from "../../src/sip/nameaddr.ts";
import { sdpOf } from "../../src/sip/sdp.ts";
import { INVITE, lines, messageOf } from "./make.ts";

const via = "Via: SIP/2.0/UDP 10.0.0.5;branch=z9hG4bK1";
const rest = ["From: <sip:a@b>;tag=1", "To: <sip:c@d>", "Call-ID: x", "CSeq: 1 INVITE"];

describe("a message", () => {
  test("is indexed", () => {
    const msg = messageOf(INVITE);
    expect(msg).toMatchObject({
      isRequest: true,
      method: "INVITE",
      requestUri: "sip:bob@biloxi.example",
      malformed: "",
    });
    expect(msg.from).toMatchObject({ display: "Alice", uri: "sip:alice@atlanta.example", tag: "a1" });
    expect(msg.cseq).toMatchObject({ number: 1, method: "INVITE" });
    expect(msg.callId).toBe("c1@10.0.0.5");
    expect(msg.via1).toMatchObject({ host: "10.0.0.5", port: 5062 });
    expect(msg.first(HeaderType.maxForwards)).toBe("70");
    expect(msg.named("call-id")).toHaveLength(1);
  });

  test("may use compact names, folded lines and bare line feeds", () => {
    const msg = messageOf(
      "INVITE sip:c@d SIP/2.0\nv: SIP/2.0/UDP h\n ;branch=z9hG4bK2\nf: <sip:a@b>;tag=1\nt: <sip:c@d>\ni: x\nCSeq: 1 INVITE\n\n",
    );
    expect(msg.malformed).toBe("");
    expect(msg.via1?.branch?.value).toBe("z9hG4bK2");
    expect(msg.callId).toBe("x");
  });

  test("may be a reply", () => {
    const msg = messageOf(lines("SIP/2.0 180 Ringing", via, ...rest));
    expect(msg).toMatchObject({ isRequest: false, status: 180, reason: "Ringing", cseqMethod: "INVITE" });
  });

  test.each([
    ["nothing", ""],
    ["no line end", "INVITE sip:c@d SIP/2.0"],
    ["no Via", lines("INVITE sip:c@d SIP/2.0", ...rest)],
    ["a Via without host", lines("INVITE sip:c@d SIP/2.0", "Via: SIP/2.0/UDP ;branch=1", ...rest)],
    ["a status of four digits", lines("SIP/2.0 4294967301 x", via, ...rest)],
    ["no Call-ID", lines("INVITE sip:c@d SIP/2.0", via, rest[0]!, rest[1]!, rest[3]!)],
    ["binary rubbish", "\0\x01\x02\xff\r\n\r\n"],
  ])("is malformed: %s", (_why, text) => expect(messageOf(text).malformed).not.toBe(""));

  test("never makes the parser throw", () => {
    // Each message cut short at each place, and with each byte replaced.
    for (let at = 0; at < INVITE.length; at++) {
      for (const text of [INVITE.slice(0, at), `${INVITE.slice(0, at)}\0${INVITE.slice(at + 1)}`, INVITE.slice(at)]) {
        const msg = messageOf(text);
        for (const header of msg.headers) msg.value(header);
        void [msg.callId, msg.from?.tag, msg.to?.parsed, msg.parsedUri, sdpOf(msg)];
      }
    }
  });

  test("is copied with what the script changed", () => {
    const msg = messageOf(INVITE);
    msg.newUri = "sip:x@y";
    msg.edits.insertBefore(msg.edits.anchor(msg.headersEnd), "A: 1\r\n");
    const copy = msg.clone();
    copy.newUri = "sip:z@y";
    copy.edits.clear();
    expect(msg.uri).toBe("sip:x@y");
    expect(currentText(msg)).toContain("A: 1\r\n\r\n");
    expect(currentText(copy)).not.toContain("A: 1");
  });

  test("is kept when a new text does not parse", () => {
    const msg = messageOf(INVITE);
    expect(msg.rebuild("rubbish")).toBe(false);
    expect(msg.method).toBe("INVITE");
    expect(msg.rebuild(INVITE.replace("INVITE sip:bob", "INVITE sip:carol"))).toBe(true);
    expect(msg.parsedUri?.user).toBe("carol");
  });
});

describe("name-addr", () => {
  const one = (text: string) => parseNameAddr(text, 0, text.length);
  test.each([
    ["<sip:a@b>", { display: "", uri: "sip:a@b", enclosed: true }],
    ['"A \\"q\\" B" <sip:a@b;x=1>;tag=t', { display: '"A \\"q\\" B"', uri: "sip:a@b;x=1", tag: "t" }],
    ["Alice Smith <sip:a@b>", { display: "Alice Smith", uri: "sip:a@b" }],
    ["sip:a@b;tag=t", { uri: "sip:a@b", enclosed: false, tag: "t" }],
  ])("%s", (text, parts) => expect(one(text)).toMatchObject(parts));
  test.each(['"open <sip:a@b>', "<sip:a@b", "a b c", ""])("refuses %s", (text) => expect(one(text)).toBeNull());
  test("lists are split at commas outside quotes and brackets", () => {
    const text = '"a, b" <sip:a,1@b>;q=1, <sip:c@d>;x="1,2",sip:e@f';
    expect(parseNameAddrs(text, 0, text.length)?.map((it) => it.uri)).toEqual(["sip:a,1@b", "sip:c@d", "sip:e@f"]);
  });
});

test("SDP: streams, and the addresses they use", () => {
  const body = [
    "v=0",
    "o=- 17 18 IN IP4 10.0.0.1",
    "s=-",
    "c=IN IP4 10.0.0.1",
    "t=0 0",
    "m=audio 4000 RTP/AVP 0 96",
    "a=rtpmap:96 opus/48000/2",
    "a=sendonly",
    "m=video 0 RTP/SAVP 97",
    "c=IN IP6 2001:db8::1",
    "",
  ].join("\r\n");
  const text = INVITE.replace(
    "Content-Length: 0\r\n",
    `Content-Type: application/sdp\r\nContent-Length: ${body.length}\r\n`,
  );
  const [session] = sdpOf(messageOf(text + body))!.sessions;
  expect(session).toMatchObject({ version: "18", originIp: "10.0.0.1", ip: "10.0.0.1", family: 4 });
  expect(session!.streams).toMatchObject([
    { media: "audio", port: "4000", payloads: "0 96", mode: "sendonly", ip: "" },
    { media: "video", port: "0", transport: "RTP/SAVP", ip: "2001:db8::1", family: 6 },
  ]);
  expect(session!.streams[0]!.codecs.get("96")).toBe("opus");
  const mixed = text.replace("application/sdp", "multipart/mixed;boundary=b1");
  const parts = `--b1\r\nContent-Type: text/plain\r\n\r\nm=x\r\n--b1\r\nContent-Type: application/sdp\r\n\r\n${body}--b1--\r\n`;
  expect(sdpOf(messageOf(mixed + parts))!.sessions[0]!.streams).toHaveLength(2);
  expect(sdpOf(messageOf(text))).toBeUndefined();
  expect(sdpOf(messageOf(`${text}no sdp`))).toBeNull();
});

test("credentials", () => {
  expect(
    parseCredentials('Digest username="a@b", realm="r", nonce="n", uri="sip:x", response="00", qop=auth, nc=00000001'),
  ).toMatchObject({ user: "a", realm: "r", nonce: "n", qop: "auth" });
  expect(parseCredentials("Bearer abc")).toBe("other");
});
