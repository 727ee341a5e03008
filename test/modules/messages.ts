/** Messages that the stories send. */
const sdp = [
  "v=0",
  "o=- 1 1 IN IP4 192.0.2.10",
  "s=-",
  "c=IN IP4 192.0.2.10",
  "t=0 0",
  "m=audio 4000 RTP/AVP 0",
  "a=sendonly",
  "",
].join("\r\n");

const parts = [
  "--b1",
  "Content-Type: text/plain",
  "",
  "hello",
  "--b1",
  "Content-Type: application/sdp",
  "",
  sdp.trimEnd(),
  "--b1--",
  "",
].join("\r\n");

function request(method: string, more: readonly string[], type: string, body: string): string {
  return [
    `${method} sip:bob@home.example SIP/2.0`,
    "Via: SIP/2.0/UDP 127.0.0.1:5080;branch=z9hG4bKpeer1;x=1",
    "Max-Forwards: 70",
    "From: <sip:alice@home.example>;tag=a1",
    "To: <sip:bob@home.example>",
    "Call-ID: call-1",
    `CSeq: 1 ${method}`,
    "Contact: <sip:alice@127.0.0.1:5080>",
    ...more,
    ...(type ? [`Content-Type: ${type}`] : []),
    `Content-Length: ${body.length}`,
    "",
    body,
  ].join("\r\n");
}

export const messages: Readonly<Record<string, string>> = {
  invite: request(
    "INVITE",
    ["X-A: one", "X-B: b1", "X-A: two", "Supported: timer, 100rel", 'X-P: v1;a=1;b="2", v2;a=3', "Privacy: id;user"],
    "application/sdp",
    sdp,
  ),
  parts: request("MESSAGE", [], "multipart/mixed;boundary=b1", parts),
  register: request("REGISTER", [], "", ""),
  plain: request("MESSAGE", [], "text/plain", "hello"),
};
