/** Runs the statements of a script on one message: what they logged, and what the server sent. */
import { modules } from "../../src/modules/index.ts";
import { Simulation } from "../../src/simulate/simulation.ts";

export const SERVER = "127.0.0.1:5060";
const PEER = { address: "127.0.0.2", port: 40000 };

export interface Played {
  readonly log: readonly string[];
  readonly sent: readonly string[];
}

/** `script` is a whole one when it has a route of its own, else the body of request_route; `load` are its modules. */
export async function play(load: string, script: string, ...messages: readonly string[]): Promise<Played> {
  const text = [
    "listen=udp:127.0.0.1:5060",
    ...`pv xlog ${load}`.split(" ").map((it) => `loadmodule "${it}"`),
    script.includes("request_route") ? script : `request_route {\n${script}\n}`,
  ].join("\n");
  const simulation = new Simulation({ modules, files: { "/play.cfg": text }, script: "/play.cfg" });
  const problems = await simulation.start();
  if (problems.length > 0) throw new Error(problems.map((it) => it.message).join("; "));
  const sent: string[] = [];
  simulation.network.faults = ({ from, text: datagram }) => {
    if (from.port === 5060) sent.push(datagram);
    return [0];
  };
  const started = simulation.log.length;
  const peer = simulation.network.bindNow(PEER, { message() {}, failed() {} });
  for (const message of messages) {
    peer.send(message, "127.0.0.1", 5060);
    await simulation.advance(50);
  }
  await simulation.stop();
  const log = simulation.log
    .slice(started)
    .filter((it) => it.prefix?.startsWith("<script>"))
    .map((it) => it.text.trimEnd());
  return { log, sent };
}

/** A request from the peer, which is not where its Via and Contact say. */
export function request(method: string, fields: readonly string[] = [], body = "", uri = "sip:bob@127.0.0.1"): string {
  return [
    `${method} ${uri} SIP/2.0`,
    "Via: SIP/2.0/UDP 10.0.0.5:5062;branch=z9hG4bK1",
    "Max-Forwards: 70",
    "From: <sip:alice@example.org>;tag=a1",
    "To: <sip:bob@example.org>",
    "Call-ID: c1",
    `CSeq: 1 ${method}`,
    ...fields,
    `Content-Length: ${body.length}`,
    "",
    body,
  ].join("\r\n");
}
