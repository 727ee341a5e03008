/** Registrations that module uac keeps at other registrars: RFC 3261 section 10.2, with Kamailio's records and commands. */
import { expect, test } from "vitest";
import type { Flow, Play } from "../flows/flow.ts";
import { playFlow } from "../flows/play.ts";

const HEAD = `
children=1
disable_tcp=yes
auto_aliases=no
dns=no
rev_dns=no
server_signature=no
listen=udp:127.0.0.1:5060
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "textops.so"
loadmodule "jsonrpcs.so"
modparam("jsonrpcs", "transport", 4)
loadmodule "uac.so"
modparam("tm", "fr_timer", 300)
modparam("uac", "reg_db_url", "")
modparam("uac", "reg_timer_interval", 1)
modparam("uac", "reg_retry_interval", 2)
modparam("uac", "reg_contact_addr", "127.0.0.1:5060")
modparam("uac", "auth_realm_avp", "$avp(realm)")
modparam("uac", "auth_username_avp", "$avp(user)")
modparam("uac", "auth_password_avp", "$avp(password)")
request_route {
  if ($rU == "add") {
    jsonrpc_exec('{"jsonrpc":"2.0","id":1,"method":"uac.reg_add","params":["1","me","flow.test","user1","gw.org",".","user1","secret",".","sip:127.0.0.3:5060",300,0,0,".",".","."]}');
    xlog("> add $jsonrpl(code)\\n");
  } else {
    $var(s) = uac_reg_status("1");
    xlog("> status $var(s)\\n");
    if (uac_reg_lookup("1", "$var(u)")) xlog("> lookup $var(u)\\n");
    if (uac_reg_request_to("1", "0")) xlog("> to $ru $du $avp(user)\\n");
  }
  sl_send_reply("200", "x");
}
`;

const options = (user: string, at: number): Play => ({
  at,
  peer: "alice",
  send:
    `OPTIONS sip:${user}@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bK-${at}\r\n` +
    `From: <sip:a@a>;tag=a1\r\nTo: <sip:b@b>\r\nCall-ID: c${at}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n`,
});

async function play(steps: readonly Play[]) {
  const flow: Flow = {
    id: "t",
    area: "t",
    title: "t",
    cfg: HEAD,
    peers: { alice: "127.0.0.2:5060", gw1: "127.0.0.3:5060" },
    play: [options("add", 0), ...steps, options("status", 2500)],
    duration_ms: 2800,
    expect: {},
  };
  const { outcome, complaints } = await playFlow(flow);
  expect(outcome.config_error, complaints.join("\n")).toBeUndefined();
  return { log: (outcome.log ?? []).map((it) => it.v), registers: outcome.recv?.gw1 ?? [] };
}

test("a challenge is answered, and the registration stands", async () => {
  const { log, registers } = await play([
    {
      peer: "gw1",
      on: "REGISTER",
      n: 1,
      reply: [{ after: 5, code: 401, headers: ['WWW-Authenticate: Digest realm="gw.org", nonce="n0nce1"'] }],
    },
    {
      peer: "gw1",
      on: "REGISTER",
      n: 2,
      reply: [{ after: 5, code: 200, contact: "<sip:1@127.0.0.1:5060>;expires=300" }],
    },
  ]);
  expect(log).toEqual([
    "add 200",
    "status 1",
    "lookup sip:me@flow.test",
    "to sip:user1@gw.org sip:127.0.0.3:5060 user1",
  ]);
  expect(registers.map((it) => it.first)).toEqual(Array(2).fill("REGISTER sip:gw.org SIP/2.0"));
  const [first, second] = registers.map((it) => it.headers ?? []);
  expect(first).toEqual(
    expect.arrayContaining([
      "CSeq: 10 REGISTER",
      "Contact: <sip:1@127.0.0.1:5060>",
      "Expires: 300",
      "To: <sip:user1@gw.org>",
    ]),
  );
  expect(second).toContain("CSeq: 11 REGISTER");
  expect(second!.find((it) => it.startsWith("Authorization:"))).toMatch(
    /^Authorization: Digest username="user1", realm="gw.org"/,
  );
});

test("a refusal is tried again after reg_retry_interval", async () => {
  const { log, registers } = await play([{ peer: "gw1", on: "REGISTER", reply: [{ after: 5, code: 403 }] }]);
  expect(log.slice(0, 2)).toEqual(["add 200", "status -99"]);
  expect(registers.map((it) => it.headers?.find((field) => field.startsWith("CSeq")))).toEqual(
    Array(registers.length).fill("CSeq: 10 REGISTER"),
  );
  expect(registers.length).toBeGreaterThan(1);
});
