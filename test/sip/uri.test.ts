import { describe, expect, test } from "vitest";
import { aliasParam, takeAlias } from "../../src/sip/alias.ts";
import { sameUri } from "../../src/sip/compare.ts";
import { parseIp, sameAddress } from "../../src/sip/ip.ts";
import { rewriteUri } from "../../src/sip/rewrite.ts";
import { parseUri } from "../../src/sip/uri.ts";

describe("parseUri", () => {
  test.each([
    ["sip:bob@biloxi.example", { scheme: "sip", user: "bob", host: "biloxi.example", port: "", portNo: 0 }],
    ["sips:bob:secret@biloxi.example:5061", { scheme: "sips", user: "bob", password: "secret", portNo: 5061 }],
    ["sip:biloxi.example:5080;lr", { user: "", host: "biloxi.example", portNo: 5080, lr: true }],
    ["sip:bob@[2001:db8::1]:5070", { host: "[2001:db8::1]", bareHost: "2001:db8::1", portNo: 5070 }],
    ["sip:u;p=1@h.example;transport=TCP", { user: "u;p=1", params: "transport=TCP", protocol: "tcp" }],
    ["sip:a;b?c@h.example", { user: "a;b?c", host: "h.example", params: "", headers: "" }],
    ["sip:bob@h.example?Subject=x&Priority=y", { headers: "Subject=x&Priority=y" }],
    ["sip:+123;isub=1@gw.example;user=phone", { scheme: "tel", user: "+123", params: "isub=1" }],
    ["tel:+1-201-555-0123;ext=5", { scheme: "tel", user: "+1-201-555-0123", host: "", params: "ext=5" }],
    ["urn:service:sos", { scheme: "urn", host: "service:sos" }],
  ])("%s", (text, parts) => expect(parseUri(text)).toMatchObject(parts));

  test.each([
    "",
    "sip:",
    "sip:@h.example",
    "http://h.example",
    "sip:bob@",
    "sip:bob@h.example:70000",
    "sip:bob@h.example:50x",
    "sip:bob@[2001:db8::1",
    "sip:bob@h_x.example&",
  ])("refuses %s", (text) => expect(parseUri(text)).toBeNull());

  test("a number with user=phone stays a SIP URI when the script says so", () => {
    expect(parseUri("sip:+123@gw.example;user=phone", { phone2tel: false })).toMatchObject({ scheme: "sip" });
  });

  test("the last of several parameters counts", () => {
    expect(parseUri("sip:h.example;x=1;x=2")?.param("X")).toBe("2");
    expect(parseUri("sip:h.example;x")?.param("x")).toBe("");
    expect(parseUri("sip:h.example;xy")?.param("x")).toBeUndefined();
  });
});

test("URIs that are the same", () => {
  const same = (a: string, b: string): boolean => sameUri(parseUri(a)!, parseUri(b)!);
  expect(same("sip:bob@H.example", "sip:bob@h.EXAMPLE")).toBe(true);
  expect(same("sip:Bob@h.example", "sip:bob@h.example")).toBe(false);
  expect(same("sip:bob@h.example:5060", "sip:bob@h.example:5061")).toBe(false);
});

test("parts of a URI are replaced", () => {
  const uri = parseUri("sip:bob:pw@h.example:5070;ob")!;
  expect(rewriteUri(uri, "host", "g.example")).toBe("sip:bob:pw@g.example:5070;ob");
  expect(rewriteUri(uri, "user", "carol")).toMatch(/^sip:carol/);
});

test("addresses", () => {
  expect(parseIp("192.0.2.256")).toBeNull();
  expect(parseIp("1.2.3")).toBeNull();
  expect([...parseIp("::ffff:192.0.2.1")!].slice(10)).toEqual([255, 255, 192, 0, 2, 1]);
  expect(parseIp("1::2::3")).toBeNull();
  expect(sameAddress("2001:DB8::1", "[2001:db8:0:0:0:0:0:1]")).toBe(true);
});

test("the alias parameter holds an address, and gives it back", () => {
  const from = { srcIp: "2001:db8::7", srcPort: 40123, protocol: "tcp" } as const;
  const uri = `sip:a@10.0.0.1${aliasParam(from)};ob`;
  expect(uri).toBe("sip:a@10.0.0.1;alias=[2001:db8::7]~40123~2;ob");
  expect(takeAlias(uri)).toMatchObject({
    uri: "sip:a@10.0.0.1;ob",
    target: "sip:[2001:db8::7]:40123;transport=tcp",
  });
  expect(takeAlias("sip:a@10.0.0.1;alias=1.2.3.4~5060")).toBeNull();
});
