/** A server on a simulated network with two callers' sides, for tests of what happens while calls are under way. */
import { coreCommands } from "../../src/control/core-commands.ts";
import { generationCommands } from "../../src/control/generation-commands.ts";
import { RpcFault } from "../../src/declare/module.ts";
import type { Value } from "../../src/declare/value.ts";
import { modules } from "../../src/modules/index.ts";
import type { ReloadResult } from "../../src/run/reload/reload.ts";
import { Simulation, type SimulationOptions } from "../../src/simulate/simulation.ts";
import { SipMessage } from "../../src/sip/message.ts";

const PROXY = { address: "127.0.0.1", port: 5060 };

/** Somebody with an address: keeps what came, sends what it is given. */
export class Peer {
  readonly inbox: SipMessage[] = [];
  readonly #simulation: Simulation;
  readonly #datagrams;
  readonly address: string;

  constructor(simulation: Simulation, address: string) {
    this.#simulation = simulation;
    this.address = address;
    this.#datagrams = simulation.network.bindNow(
      { address, port: 5060 },
      {
        message: (text, srcIp, srcPort) => {
          const received = { socket: { protocol: "udp", address, port: 5060, family: 4, virtual: false } } as const;
          this.inbox.push(
            new SipMessage(text, {
              ...received,
              protocol: "udp",
              srcIp,
              srcPort,
              dstIp: address,
              dstPort: 5060,
              connection: 0,
              time: 0,
            }),
          );
        },
        failed() {},
      },
    );
  }

  async send(text: string, to = PROXY): Promise<void> {
    this.#datagrams.send(text, to.address, to.port);
    await this.#simulation.advance(0);
  }

  /** First lines of what came since the last look, the version left out. */
  async came(): Promise<string[]> {
    await this.#simulation.advance(0);
    return this.inbox
      .splice(0)
      .map((it) => (it.isRequest ? `${it.method} ${it.requestUri}` : `${it.status} ${it.reason}`));
  }
  /** The last message, which stays. */
  get last(): SipMessage {
    return this.inbox.at(-1)!;
  }

  /** Answers a request that came. */
  reply(request: SipMessage, status: number, reason: string): Promise<void> {
    const fields = request.headers
      .map((it) => request.text.slice(it.start, it.end))
      .filter((it) => /^(Via|From|Call-ID|CSeq|Record-Route):/i.test(it));
    const to = request.headers.map((it) => request.text.slice(it.start, it.end)).find((it) => /^To:/i.test(it))!;
    const tagged = status > 100 && !to.includes("tag=") ? to.replace(/\r\n$/, ";tag=callee\r\n") : to;
    return this.send(
      `SIP/2.0 ${status} ${reason}\r\n${fields.join("")}${tagged}Contact: <sip:bob@${this.address}>\r\nContent-Length: 0\r\n\r\n`,
    );
  }
}

export interface Rig {
  readonly simulation: Simulation;
  readonly alice: Peer;
  readonly gw: Peer;
  /** Requests of alice's call number `n`. */
  request(
    method: string,
    n?: number,
    more?: { readonly to?: string; readonly cseq?: number; readonly branch?: string },
  ): string;
  /** Writes the script and reloads it. */
  reload(script: string): Promise<ReloadResult>;
  /** What `generation.list` says that a generation waits for; undefined when it is retired. */
  waiting(number: number): string | undefined;
  /** Calls a control command: its answer, or the fault that it gave. */
  rpc(name: string, ...args: Value[]): Promise<unknown>;
  log(): string[];
}

/** What every script of these tests begins with. */
export const HEAD = `loadmodule "pv.so"
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "textops.so"
loadmodule "xlog.so"
debug=1
`;

export async function rig(
  script: string,
  files: Readonly<Record<string, string>> = {},
  maxAge?: SimulationOptions["maxAge"],
  probation?: SimulationOptions["probation"],
): Promise<Rig> {
  const simulation = new Simulation({
    modules,
    builtin: [coreCommands, generationCommands],
    files: { "/proxy.cfg": HEAD + script, ...files },
    script: "/proxy.cfg",
    ...(maxAge && { maxAge }),
    ...(probation && { probation }),
  });
  const problems = await simulation.start();
  if (problems.length > 0) throw new Error(problems.map((it) => `${it.span.line}: ${it.message}`).join("\n"));
  return {
    simulation,
    alice: new Peer(simulation, "127.0.0.2"),
    gw: new Peer(simulation, "127.0.0.3"),
    request(method, n = 1, { to = "", cseq = 1, branch = `z9hG4bK-${n}-${cseq}` } = {}) {
      return [
        `${method} sip:bob@127.0.0.1 SIP/2.0`,
        `Via: SIP/2.0/UDP 127.0.0.2:5060;branch=${branch}`,
        "From: <sip:alice@127.0.0.2>;tag=caller",
        `To: <sip:bob@127.0.0.1>${to}`,
        `Call-ID: call-${n}`,
        `CSeq: ${cseq} ${method}`,
        "Max-Forwards: 70",
        "Contact: <sip:alice@127.0.0.2>",
        "Content-Length: 0",
        "",
        "",
      ].join("\r\n");
    },
    reload(next) {
      simulation.host.files.write("/proxy.cfg", HEAD + next);
      return simulation.reload();
    },
    waiting(number) {
      return simulation.server.generations.find(number)?.generation?.waitsFor();
    },
    async rpc(name, ...args) {
      try {
        return await simulation.server.active.core.command(name)!.run(args);
      } catch (error) {
        if (error instanceof RpcFault) return `${error.code} ${error.message}`;
        throw error;
      }
    },
    log: () => simulation.log.filter((it) => it.prefix !== undefined).map((it) => it.text.trim()),
  };
}
