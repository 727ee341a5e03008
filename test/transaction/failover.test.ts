/** use_dns_failover: a name with several addresses, of which the first does not answer (RFC 3263 4.3). */
import { expect, test } from "vitest";
import { modules } from "../../src/modules/index.ts";
import { Simulation } from "../../src/simulate/simulation.ts";

const script = (failover: number): string => `
listen=udp:127.0.0.1:5060
use_dns_failover=${failover}
loadmodule "tm"
modparam("tm", "fr_timer", 1000)
request_route { t_relay_to_udp("gw.example", "5060"); }
`;
const invite = [
  "INVITE sip:bob@example.org SIP/2.0",
  "Via: SIP/2.0/UDP 127.0.0.9:5060;branch=z9hG4bK-1",
  "From: <sip:a@example.org>;tag=1",
  "To: <sip:bob@example.org>",
  "Call-ID: 1",
  "CSeq: 1 INVITE",
  "Content-Length: 0",
  "",
  "",
].join("\r\n");

async function play(failover: number): Promise<string[]> {
  const simulation = new Simulation({ modules, files: { "/t.cfg": script(failover) }, script: "/t.cfg" });
  const { host, network } = simulation;
  host.dns.records.a.set("gw.example", ["127.0.0.3", "127.0.0.4"]);
  expect(await simulation.start()).toEqual([]);
  const seen: string[] = [];
  const peer = (address: string) =>
    network.bindNow(
      { address, port: 5060 },
      {
        message: (text) => {
          const line = `${address} ${text.slice(0, 11)}`;
          if (!seen.includes(line)) seen.push(line);
        },
        failed: () => {},
      },
    );
  peer("127.0.0.3");
  peer("127.0.0.4");
  peer("127.0.0.9").send(invite, "127.0.0.1", 5060);
  await simulation.advance(5000);
  await simulation.stop();
  return seen;
}

test("the next address is tried, then the caller gets 408", async () => {
  expect(await play(1)).toEqual([
    "127.0.0.9 SIP/2.0 100",
    "127.0.0.3 INVITE sip:",
    "127.0.0.4 INVITE sip:",
    "127.0.0.9 SIP/2.0 408",
  ]);
});

test("without use_dns_failover only the first address is tried", async () => {
  expect(await play(0)).toEqual(["127.0.0.9 SIP/2.0 100", "127.0.0.3 INVITE sip:", "127.0.0.9 SIP/2.0 408"]);
});
