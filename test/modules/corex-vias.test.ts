/** What corex puts into the Via fields of requests and replies. */
import { expect, test } from "vitest";
import { play, request } from "./play.ts";

const viasOf = (text: string | undefined): string[] =>
  (text ?? "")
    .split("\r\n")
    .filter((line) => line.startsWith("Via:"))
    .map((line) => line.replace(/z9hG4bK[^;]+/, "B"));

const FIELDS = `
    $xavp(via=>b) = "two"; $xavp(via[0]=>a) = -1; $xavp(via[0]=>c) = "";
    $xavp(self=>address) = "edge.example"; $xavp(self[0]=>port) = "5999"; $xavp(self[0]=>proto) = "tcp";
    via_add_srvid("1"); via_add_xavp_params("1"); via_use_xavp_fields("1"); via_reply_add_xavp_params("1");
    msg_vbflag_set("3"); msg_vbflag_set("1"); msg_vbflag_reset("1");`;

const script = (statements: string): string => `
  server_id=7
  xavp_via_params="via"
  xavp_via_fields="self"
  xavp_via_reply_params="via"
  request_route {${FIELDS}
    ${statements}
  }`;

test("the own Via shows the server's number, fields of XAVPs and flags", async () => {
  const { sent } = await play("corex", script(`$du = "sip:127.0.0.9:5080"; forward();`), request("OPTIONS"));
  expect(viasOf(sent[0])).toEqual([
    "Via: SIP/2.0/TCP edge.example:5999;branch=B;srvid=7;c;a=18446744073709551615;b=two;kvf=8",
    "Via: SIP/2.0/UDP 10.0.0.5:5062;received=127.0.0.2;branch=B",
  ]);
});

test("what is turned off is not shown", async () => {
  const off = `via_add_srvid("0"); via_add_xavp_params("0"); via_use_xavp_fields("0"); msg_vbflag_reset("3");`;
  const { sent } = await play("corex", script(`${off} $du = "sip:127.0.0.9:5080"; forward();`), request("OPTIONS"));
  expect(viasOf(sent[0])[0]).toBe("Via: SIP/2.0/UDP 127.0.0.1;branch=B");
});

test("forward_uac sends no Via but its own", async () => {
  const statements = `
    if (forward_uac()) xlog("there\\n"); else xlog("lost\\n");
    forward_uac_uri("sip:127.0.0.8");
    if (!forward_uac_uri("tel:5")) xlog("no URI\\n");`;
  const { log, sent } = await play(
    "corex",
    `request_route { $du = "sip:127.0.0.9:5080"; ${statements} }`,
    request("OPTIONS", ["Via: SIP/2.0/UDP 10.0.0.6"]),
  );
  expect(log).toContain("there");
  expect(log).toContain("no URI");
  expect(sent.map(viasOf)).toEqual([["Via: SIP/2.0/UDP 127.0.0.1;branch=B"], ["Via: SIP/2.0/UDP 127.0.0.1;branch=B"]]);
});

test("replies made here show the fields in the topmost Via", async () => {
  const { sent } = await play("corex sl", script(`sl_send_reply("200", "OK");`), request("OPTIONS"));
  expect(viasOf(sent[0])).toEqual([
    "Via: SIP/2.0/UDP 10.0.0.5:5062;branch=B;received=127.0.0.2;c;a=18446744073709551615;b=two",
  ]);
});

test("flags are read back from the parameter of the topmost Via", async () => {
  const message = request("OPTIONS").replace("branch=z9hG4bK1", "branch=z9hG4bK1;kvf=1000a");
  const { log } = await play(
    "corex",
    `request_route {
      if (msg_vbflag_parse() && msg_vbflag_is_set("3") && msg_vbflag_is_set("16") && !msg_vbflag_is_set("0")) xlog("read\\n");
      if (!msg_vbflag_is_set("32")) xlog("no such flag\\n");
    }`,
    message,
  );
  expect(log).toEqual(["read", "no such flag"]);
});

test("forward_uac and forward_uac_uri number the branch of their Via", async () => {
  const { sent } = await play(
    "corex",
    '$du = "sip:127.0.0.1:5070"; forward_uac(3); forward_uac_uri("sip:127.0.0.1:5071", "4");',
    request("OPTIONS"),
  );
  expect(sent.map((it) => /^Via: .*\.(\d+)\r$/m.exec(it)?.[1])).toEqual(["3", "4"]);
});
