/** sl, rr, maxfwd, sanity, siputils, ipops. */
import { describe, expect, test } from "vitest";
import { play, request } from "./play.ts";

const status = (sent: readonly string[]): string[] => sent.map((it) => it.split("\r\n")[0]!);

test("sl: an ACK to a stateless reply goes no further", async () => {
  const script = `
    event_route[sl:filtered-ack] { xlog("filtered\\n"); }
    request_route { xlog("$rm\\n"); sl_send_reply("404", "No"); }`;
  const { sent } = await play("sl", script, request("INVITE"));
  const tag = /^To: .*;tag=(.*)\r$/m.exec(sent[0]!)![1]!;
  const ack = request("ACK").replace("To: <sip:bob@example.org>", `To: <sip:bob@example.org>;tag=${tag}`);
  expect((await play("sl", script, request("INVITE"), ack)).log).toEqual(["INVITE", "filtered"]);
});

test("maxfwd: counts down, and tells when there is nothing left", async () => {
  const script = 'mf_process_maxfwd_header("10"); xlog("$rc $hdr(Max-Forwards)\\n");';
  const logged = async (value: string): Promise<string> =>
    (await play("maxfwd", script, request("BYE").replace("Max-Forwards: 70", value))).log[0]!;
  expect(await logged("Max-Forwards: 70")).toBe("1 69");
  expect(await logged("Max-Forwards: 5")).toBe("1 4");
  expect(await logged("Max-Forwards: 0")).toMatch(/^-1/);
  expect(await logged("Subject: none")).toMatch(/^2/);
});

describe("sanity", () => {
  test.each([
    ["a good request", [], [], "1"],
    [
      "another CSeq method",
      [["CSeq: 1 INVITE", "CSeq: 1 BYE"]],
      ["SIP/2.0 400 CSeq method does not match request method"],
      "-1",
    ],
    [
      "an unknown scheme",
      [["sip:bob@127.0.0.1 ", "nobody:x "]],
      ["SIP/2.0 416 Unsupported URI Scheme in Request URI"],
      "-1",
    ],
    [
      "an unknown extension",
      [["Max-F", "Proxy-Require: x\r\nMax-F"]],
      ["SIP/2.0 420 Bad Proxy Require Extension"],
      "-1",
    ],
  ] as const)("%s", async (_name, changes, replies, rc) => {
    const text = changes.reduce((it, [from, to]) => it.replace(from, to), request("INVITE"));
    const script = 'request_route { sanity_check("2023"); xlog("$rc\\n"); }';
    const { log, sent } = await play("sl sanity", `modparam("sanity", "autodrop", 0)\n${script}`, text);
    expect(log).toEqual([rc]);
    expect(status(sent)).toEqual(replies);
  });
});

describe("rr", () => {
  const relay = 'loose_route(); xlog("$rc $ru $du\\n"); forward();';
  const bye = (routes: readonly string[], uri: string): string =>
    request(
      "BYE",
      routes.map((it) => `Route: ${it}`),
      "",
      uri,
    ).replace("bob@example.org>", "bob@example.org>;tag=b1");

  test("loose routing follows the Route behind its own", async () => {
    const text = bye(["<sip:127.0.0.1;lr>", "<sip:127.0.0.3;lr>"], "sip:bob@192.0.2.9");
    const { log, sent } = await play("rr", relay, text);
    expect(log).toEqual(["1 sip:bob@192.0.2.9 sip:127.0.0.3;lr"]);
    expect(sent[0]).not.toContain("127.0.0.1;lr");
    expect(sent[0]).toContain("Route: <sip:127.0.0.3;lr>");
  });

  test("a strict router's Request-URI is taken from the last Route", async () => {
    const text = bye(["<sip:127.0.0.3;lr>", "<sip:bob@192.0.2.9>"], "sip:127.0.0.1;lr");
    expect((await play("rr", relay, text)).log).toEqual(["1 sip:bob@192.0.2.9 sip:127.0.0.3;lr"]);
  });

  test("is_direction tells caller from callee by the tag", async () => {
    const script = 'loose_route(); if (is_direction("downstream")) xlog("down\\n"); else xlog("up\\n");';
    const route = (tag: string): string =>
      bye([`<sip:127.0.0.1;lr;ftag=${tag}>`, "<sip:127.0.0.3;lr>"], "sip:b@192.0.2.9");
    expect((await play("rr", script, route("a1"))).log).toEqual(["down"]);
    expect((await play("rr", script, route("b1"))).log).toEqual(["up"]);
  });
});

test("siputils and ipops", async () => {
  const script = `
    if (has_totag()) xlog("tag\\n"); else xlog("no tag\\n");
    if (is_uri("sip:a@b")) xlog("uri\\n");
    if (is_numeric("123") && !is_numeric("12a")) xlog("number\\n");
    if (is_in_subnet("10.1.2.3", "10.0.0.0/8")) xlog("inside\\n");
    if (!is_ip("10.1.2")) xlog("no address\\n");
    if (is_ip_rfc1918("192.168.1.1")) xlog("private\\n");
    if (compare_ips("2001:db8::1", "[2001:DB8:0::1]")) xlog("same\\n");`;
  const { log } = await play("sl siputils ipops", script, request("MESSAGE"));
  expect(log).toEqual(["no tag", "uri", "number", "inside", "no address", "private", "same"]);
});
