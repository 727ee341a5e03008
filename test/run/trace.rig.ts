/** A proxy on a simulated network with a caller and two gateways, for tests of traces. */
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { coreCommands } from "../../src/control/core-commands.ts";
import type { TraceEvent } from "../../src/declare/trace.ts";
import { modules } from "../../src/modules/index.ts";
import { Simulation } from "../../src/simulate/simulation.ts";

const script = readFileSync(new URL("trace/proxy.cfg", import.meta.url), "latin1");

export interface TraceRig {
  readonly simulation: Simulation;
  /** What the server has sent: where to, and the text. */
  readonly sent: string[];
  /** A request of `user`, in a call of its own. */
  request(method: string, user: string, fields?: readonly string[]): void;
  /** The gateway at `address` answers the request that it got last. */
  answer(address: string, status: string): void;
}

export async function traceRig(trace?: (event: TraceEvent) => void, text = script): Promise<TraceRig> {
  const simulation = new Simulation({
    modules,
    builtin: [coreCommands],
    files: { "/s/proxy.cfg": text },
    script: "/s/proxy.cfg",
    ...(trace && { trace }),
  });
  expect(await simulation.start()).toEqual([]);
  const sent: string[] = [];
  const latest = new Map<string, string>();
  const peer = (address: string) =>
    simulation.network.bindNow(
      { address, port: 5060 },
      {
        message(text) {
          sent.push(`${address} ${text}`);
          if (!text.startsWith("SIP/2.0") && !text.startsWith("ACK")) latest.set(address, text);
        },
        failed() {},
      },
    );
  const peers = new Map(["10.0.0.2", "10.0.0.3", "10.0.0.4"].map((it) => [it, peer(it)]));
  const send = (from: string, lines: readonly string[]): void => {
    peers.get(from)!.send([...lines, "Content-Length: 0", "", ""].join("\r\n"), "10.0.0.1", 5060);
  };
  return {
    simulation,
    sent,
    request: (method, user, fields = []) =>
      send("10.0.0.2", [
        `${method} sip:bob@example.org SIP/2.0`,
        `Via: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK${user}`,
        `From: <sip:${user}@example.org>;tag=${user}`,
        `To: <sip:bob@example.org>${method === "ACK" ? ";tag=9" : ""}`,
        `Call-ID: ${user}`,
        `CSeq: 1 ${method}`,
        "Max-Forwards: 70",
        ...fields,
      ]),
    answer(address, status) {
      const request = latest.get(address)!.split("\r\n");
      const copied = request.filter((it) => /^(Via|From|Call-ID|CSeq|Record-Route):/.test(it));
      send(address, [`SIP/2.0 ${status}`, ...copied, "To: <sip:bob@example.org>;tag=9"]);
    },
  };
}

/** An INVITE that is repeated, refused by the first gateway, and answered by the second. */
export async function wholeCall({ simulation, request, answer }: TraceRig): Promise<void> {
  request("INVITE", "alice", ["X-Secret: 5", 'Authorization: Digest username="alice", response="0123456789abcdef"']);
  await simulation.advance(600);
  answer("10.0.0.3", "486 Busy Here");
  await simulation.advance(100);
  answer("10.0.0.4", "200 OK");
  await simulation.advance(100);
}
