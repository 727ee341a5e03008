/** usrloc, registrar and tsilo's lookups: what a REGISTER leaves behind, and who is found. */
import { describe, expect, test } from "vitest";
import { play, request } from "./play.ts";

const LOAD = "sl tm usrloc registrar";
const register = (cseq: number, ...fields: readonly string[]): string =>
  request("REGISTER", fields).replace("CSeq: 1 ", `CSeq: ${cseq} `).replace("z9hG4bK1", `z9hG4bK-r${cseq}`);
const contact = (user: string, more = ""): string => `Contact: <sip:${user}@10.0.0.9:5070>${more}`;
const contactsIn = (reply: string | undefined): string | undefined => /^Contact: (.*)\r$/m.exec(reply ?? "")?.[1];
const statusOf = (reply: string | undefined): string => reply?.split("\r\n")[0] ?? "";

const script = (parameters = "", options = "sip:bob@example.org"): string => `
  ${parameters}
  request_route {
    if (is_method("REGISTER")) { save("location"); xlog("save $rc\\n"); exit; }
    lookup("location", "${options}"); xlog("lookup $rc $ru $du\\n");
    $var(i) = 0;
    while ($var(i) < $branch(count)) { xlog("branch $(branch(uri)[$var(i)])\\n"); $var(i) = $var(i) + 1; }
    sl_send_reply("200", "OK");
  }`;

const playRegistrar = (text: string, ...messages: readonly string[]) =>
  play(`${LOAD} siputils textops`, text, ...messages);

describe("save", () => {
  test("adds, renews, removes and lists", async () => {
    const { log, sent } = await playRegistrar(
      script(),
      register(1, contact("a"), "Expires: 600"),
      register(2, contact("a"), "Expires: 700"),
      register(3, contact("b", ";q=0.5;expires=120")),
      register(4),
      register(5, contact("a", ";expires=0")),
      register(6, "Contact: *", "Expires: 0"),
      register(7),
    );
    expect(log).toEqual(["save 1", "save 2", "save 1", "save 4", "save 3", "save 3", "save 4"]);
    expect(sent.map(contactsIn)).toEqual([
      "<sip:a@10.0.0.9:5070>;expires=600",
      "<sip:a@10.0.0.9:5070>;expires=700",
      "<sip:b@10.0.0.9:5070>;q=0.5;expires=120, <sip:a@10.0.0.9:5070>;expires=700",
      "<sip:b@10.0.0.9:5070>;q=0.5;expires=120, <sip:a@10.0.0.9:5070>;expires=700",
      "<sip:b@10.0.0.9:5070>;q=0.5;expires=120",
      undefined,
      undefined,
    ]);
  });

  test.each([
    ["a star with a lifetime", [], ["Contact: *", "Expires: 5"], "400 Bad Request"],
    ["a star and a contact", [], ["Contact: *", contact("a"), "Expires: 0"], "400 Bad Request"],
    ["a malformed q value", [], [contact("a", ";q=2")], "400 Bad Request"],
    ["a reg-id that is no number", [], [contact("a", ';+sip.instance="<urn:x>";reg-id=x')], "400 Bad Request"],
    ["too many contacts", ["max_contacts", 1], [contact("a"), contact("b")], "503 Service Unavailable"],
    ["a short lifetime", ["min_expires_mode", 1], [contact("a", ";expires=5")], "423 Interval Too Brief"],
    ["no outbound", ["outbound_mode", 2], [contact("a")], "421 Extension Required"],
  ] as const)("refuses %s", async (_name, [parameter, value], fields, status) => {
    const parameters = parameter ? `modparam("registrar", "${parameter}", ${value})` : "";
    const { sent } = await playRegistrar(script(parameters), register(1, ...fields));
    expect(sent.map(statusOf)).toEqual([`SIP/2.0 ${status}`]);
    expect(sent[0]).toContain("P-Registrar-Error: ");
  });

  test("an older CSeq of the same Call-ID is refused, and the bindings are shown", async () => {
    const { sent } = await playRegistrar(script(), register(5, contact("a")), register(4, contact("a")));
    expect(sent.map(statusOf)).toEqual(["SIP/2.0 200 OK", "SIP/2.0 400 Bad Request"]);
    expect(contactsIn(sent[1])).toMatch(/^<sip:a@/);
  });

  test("a device with an instance moves to its new address", async () => {
    const instance = ';+sip.instance="<urn:uuid:1>"';
    const { sent } = await playRegistrar(
      script(),
      register(1, contact("a", instance)),
      register(2, contact("b", instance)),
    );
    expect(contactsIn(sent[1])).toBe(`<sip:b@10.0.0.9:5070>;expires=3600${instance}`);
  });

  test("lifetimes are kept within bounds", async () => {
    const parameters = 'modparam("registrar", "min_expires", 100)\nmodparam("registrar", "max_expires", 200)';
    const { sent } = await playRegistrar(
      script(parameters),
      register(1, contact("a", ";expires=5"), contact("b", ";expires=150"), contact("c", ";expires=9999")),
    );
    expect([...sent[0]!.matchAll(/expires=(\d+)/g)].map((it) => it[1])).toEqual(["100", "150", "200"]);
  });
});

describe("lookup", () => {
  test("the first contact is the target, the others are branches, by their q", async () => {
    const { log } = await playRegistrar(
      script(),
      register(1, contact("low", ";q=0.1"), contact("high", ";q=0.9"), contact("none")),
      request("OPTIONS"),
    );
    expect(log.slice(1)).toEqual([
      "lookup 1 sip:high@10.0.0.9:5070 <null>",
      "branch sip:low@10.0.0.9:5070",
      "branch sip:none@10.0.0.9:5070",
    ]);
  });

  test("nobody there, and a method that nobody takes", async () => {
    expect((await playRegistrar(script(), request("OPTIONS"))).log).toEqual(["lookup -1 sip:bob@127.0.0.1 <null>"]);
    const filtering = 'modparam("registrar", "method_filtering", 1)';
    const { log } = await playRegistrar(
      script(filtering),
      register(1, contact("a", ';methods="INVITE, BYE"')),
      request("OPTIONS"),
    );
    expect(log[1]).toBe("lookup -2 sip:bob@127.0.0.1 <null>");
  });

  test("a registered path leads to the contact", async () => {
    const parameters = 'modparam("registrar", "use_path", 1)';
    const { log, sent } = await playRegistrar(
      script(parameters),
      register(1, contact("a"), "Path: <sip:edge.example.org;lr>", "Supported: path"),
      request("OPTIONS"),
    );
    expect(sent[0]).toContain("Path: <sip:edge.example.org;lr>\r\n");
    expect(log[1]).toBe("lookup 1 sip:a@10.0.0.9:5070 sip:edge.example.org;lr");
  });

  test("an escaped user is the same user, a malformed escape is none", async () => {
    const found = await playRegistrar(script("", "sip:b%6fb@x"), register(1, contact("a")), request("OPTIONS"));
    expect(found.log[1]).toMatch(/^lookup 1 /);
    const broken = await playRegistrar(script("", "sip:bo%6@x"), register(1, contact("a")), request("OPTIONS"));
    expect(broken.log[1]).toMatch(/^lookup -3 /);
  });
});
