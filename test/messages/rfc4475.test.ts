/** The torture messages of RFC 4475: what the parser makes of them, and what a proxy with the sanity module does. */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { modules } from "../../src/modules/index.ts";
import { Simulation } from "../../src/simulate/simulation.ts";
import { HeaderType } from "../../src/sip/headers.ts";
import { parseNameAddrs } from "../../src/sip/nameaddr.ts";
import { messageOf } from "../sip/make.ts";

const folder = new URL("./rfc4475/", import.meta.url);
const raw = (name: string): string => readFileSync(new URL(`${name}.dat`, folder), "latin1");
const rows = readFileSync(new URL("expected.tsv", folder), "utf8")
  .split("\n")
  .slice(1)
  .filter((it) => it !== "")
  .map((it) => {
    const [name, section, title, , wellFormed, , allowed] = it.split("\t") as [string, ...string[]];
    return { name, section: section!, title: title!, wellFormed: wellFormed === "yes", allowed: allowed!.split(",") };
  });

/** The sanity checks of Kamailio's example configuration, and that of Proxy-Require. */
const SCRIPT = `
loadmodule "pv.so"
loadmodule "sl.so"
loadmodule "maxfwd.so"
loadmodule "sanity.so"
loadmodule "siputils.so"
modparam("sanity", "autodrop", 0)
modparam("sanity", "proxy_require", "path")
listen=udp:127.0.0.1:5060
request_route {
    force_rport();
    if (!sanity_check("18407", "7")) exit;
    if (!mf_process_maxfwd_header("10")) {
        sl_send_reply("483", "Too Many Hops");
        exit;
    }
    $du = "sip:127.0.0.1:5070";
    forward();
}
`;

const PROBE = [
  "OPTIONS sip:probe@example.com SIP/2.0",
  "Via: SIP/2.0/UDP 127.0.0.1:5061;branch=z9hG4bKprobe",
  "Max-Forwards: 70",
  "From: <sip:probe@example.com>;tag=1",
  "To: <sip:probe@example.com>",
  "Call-ID: probe",
  "CSeq: 1 OPTIONS",
  "Content-Length: 0",
  "",
  "",
].join("\r\n");

/** What the proxy did with a message: "drop", "forward" or the status of its reply; and whether it still serves. */
async function outcome(text: string): Promise<{ did: string; alive: boolean }> {
  const simulation = new Simulation({ modules, files: { "/k.cfg": SCRIPT }, script: "/k.cfg" });
  expect(await simulation.start()).toEqual([]);
  const sent: string[] = [];
  simulation.network.faults = ({ from, text: datagram }) => {
    if (from.port === 5060) sent.push(datagram);
    return [0];
  };
  const client = simulation.network.bindNow({ address: "127.0.0.1", port: 5061 }, { message() {}, failed() {} });
  client.send(text, "127.0.0.1", 5060);
  await simulation.advance(100);
  const first = sent.shift();
  client.send(PROBE, "127.0.0.1", 5060);
  await simulation.advance(100);
  await simulation.stop();
  const alive = sent.some((it) => it.startsWith("OPTIONS sip:probe@example.com SIP/2.0"));
  const did = first === undefined ? "drop" : (/^SIP\/2\.0 (\d+)/.exec(first)?.[1] ?? "forward");
  return { did, alive };
}

describe("a proxy", () => {
  for (const { name, section, title, allowed } of rows)
    test(`${section} ${title} (${name})`, async () => {
      const { did, alive } = await outcome(raw(name));
      expect(alive).toBe(true);
      expect(allowed).toContain(did);
    });
});

describe("the parser", () => {
  for (const { name, section, title, wellFormed } of rows)
    test(`${section} ${title} (${name})`, () => {
      const msg = messageOf(raw(name));
      if (wellFormed) expect(msg.malformed).toBe("");
      // Whatever it is: every value can be read.
      for (const header of msg.headers) expect(msg.name(header) + msg.value(header)).toBeTypeOf("string");
    });

  test("a short tortuous INVITE", () => {
    const msg = messageOf(raw("wsinv"));
    expect(msg.to?.tag).toBe("1918181833n");
    expect(msg.from).toMatchObject({
      tag: "98asjd8",
      display: String.raw`"J Rosenberg \\\""`,
      uri: "sip:jdrosen@example.com",
    });
    expect(msg.cseq).toMatchObject({ number: 9, method: "INVITE" });
    expect(msg.vias.map((it) => [it.transport, it.host, it.branch?.value])).toEqual([
      ["UDP", "192.0.2.2", "390skdjuw"],
      ["TCP", "spindle.example.com", "z9hG4bK9ikj8"],
      ["UDP", "192.168.255.111", "z9hG4bK30239"],
    ]);
    const contact = msg.find(HeaderType.contact)!;
    expect(parseNameAddrs(msg.text, contact.valueStart, contact.valueEnd)?.[0]).toMatchObject({
      display: String.raw`"Quoted string \"\""`,
      uri: "sip:jdrosen@example.com",
    });
  });

  test("escapes are not undone", () => {
    expect(messageOf(raw("esc02")).method).toBe("RE%47IST%45R");
    expect(messageOf(raw("semiuri")).parsedUri?.user).toBe("user;par=u%40example.net");
    expect(messageOf(raw("escnull")).from?.parsed?.user).toBe("null-%00-null");
  });

  test("octets behind a datagram's message are not its own", () => {
    expect(messageOf(raw("dblreq")).text).not.toContain("INVITE");
  });

  test("a long message is kept as it is", () => {
    const msg = messageOf(raw("longreq"));
    expect(msg.from?.parsed?.user.length).toBeGreaterThan(100);
    expect(msg.vias.length).toBeGreaterThan(30);
  });

  beforeAll(() => expect(rows.length).toBe(49));
});
