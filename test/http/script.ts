/** Runs statements of a script in virtual time, with HTTP services that answer as told: the lines it logged, the requests it sent. */
import type { HttpRequest } from "../../src/declare/host.ts";
import { modules } from "../../src/modules/index.ts";
import type { ServiceAnswer } from "../../src/simulate/http.ts";
import { Simulation } from "../../src/simulate/simulation.ts";

export interface Ran {
  /** Lines of xlog. */
  readonly log: string[];
  /** What the server complained about. */
  readonly complaints: string[];
  readonly requests: HttpRequest[];
  readonly problems: string[];
  readonly simulation: Simulation;
  /** Milliseconds at which the last line was logged. */
  readonly at: number;
}

const message = [
  "OPTIONS sip:bob@127.0.0.1 SIP/2.0",
  "Via: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bK-1",
  "From: <sip:alice@example.org>;tag=a",
  "To: <sip:bob@example.org>",
  "Call-ID: call-1",
  "CSeq: 1 OPTIONS",
  "Content-Length: 0",
  "",
  "",
].join("\r\n");

export async function run(
  head: string,
  body: string,
  answer: (request: HttpRequest) => ServiceAnswer = () => ({ status: 200, body: "" }),
  more = "",
): Promise<Ran> {
  const script = `
debug=2
listen=udp:127.0.0.1:5060
loadmodule "pv.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "xlog.so"
${head}
modparam("xlog", "prefix", "")
request_route {
${body}
}
${more}`;
  const simulation = new Simulation({ modules, files: { "/test.cfg": script }, script: "/test.cfg" });
  const requests: HttpRequest[] = [];
  simulation.host.http.services.set("api:80", (request) => {
    requests.push(request);
    return answer(request);
  });
  const problems = (await simulation.start()).map((it) => it.message);
  const before = simulation.log.length;
  const start = simulation.host.clock.now();
  if (problems.length === 0) {
    const peer = simulation.network.bindNow({ address: "127.0.0.2", port: 5060 }, { message() {}, failed() {} });
    peer.send(message, "127.0.0.1", 5060);
    await simulation.advance(10_000);
  }
  const lines = simulation.log.slice(before);
  const own = lines.filter((it) => it.text.startsWith("> "));
  return {
    log: own.map((it) => it.text.slice(2).trimEnd()),
    complaints: lines.filter((it) => !it.text.startsWith("> ")).map((it) => it.text.trimEnd()),
    requests,
    problems,
    simulation,
    at: (own.at(-1)?.at ?? start) - start,
  };
}
