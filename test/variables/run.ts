/** Runs a piece of a script over a message and shows what formats give afterwards. */
import { modules } from "../../src/modules/index.ts";
import { Simulation } from "../../src/simulate/simulation.ts";

const SERVER = 5060;
const CLIENT = 5070;

const INVITE = `INVITE sip:bob@biloxi.example:5080;transport=udp SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:${CLIENT};branch=z9hG4bK1
From: "Alice" <sip:alice@atlanta.example>;tag=a1
To: <sip:bob@biloxi.example>
Call-ID: call-1
CSeq: 7 INVITE
Max-Forwards: 70
X-Tone: do
X-Tone: re
Content-Type: application/json
Content-Length: 17

{"a":{"b":[1,2]}}`.replaceAll("\n", "\r\n");

const HEAD = `listen=udp:127.0.0.1:${SERVER}
loadmodule "pv.so"
loadmodule "kex.so"
loadmodule "textops.so"
loadmodule "xlog.so"
loadmodule "avpops.so"
loadmodule "htable.so"
loadmodule "json.so"
loadmodule "jansson.so"
`;

export class Run {
  readonly simulation: Simulation;
  readonly #peer: ReturnType<Simulation["network"]["bindNow"]>;

  private constructor(simulation: Simulation) {
    this.simulation = simulation;
    this.#peer = simulation.network.bindNow({ address: "127.0.0.1", port: CLIENT }, { message() {}, failed() {} });
  }

  /** A server with the script, or what refused it. */
  static async start(script: string): Promise<Run | readonly string[]> {
    const simulation = new Simulation({
      modules,
      files: { "/k.cfg": HEAD + script },
      script: "/k.cfg",
      env: { TZ: "UTC" },
    });
    const problems = await simulation.start();
    return problems.length > 0 ? problems.map((it) => it.message) : new Run(simulation);
  }

  /** Sends the request, lets `ms` pass, and gives what the script has logged since. */
  async request(ms = 0): Promise<readonly string[]> {
    const before = this.simulation.log.length;
    this.#peer.send(INVITE, "127.0.0.1", SERVER);
    await this.simulation.advance(ms);
    return this.logged(before);
  }

  /** Lets time pass. */
  async wait(ms: number): Promise<readonly string[]> {
    const before = this.simulation.log.length;
    await this.simulation.advance(ms);
    return this.logged(before);
  }

  logged(from: number): readonly string[] {
    return this.simulation.log
      .slice(from)
      .filter((it) => it.prefix?.startsWith("<script>"))
      .map((it) => it.text.replace(/\n$/, ""));
  }
}

/** What the formats give after the script; "refused" when it cannot be loaded. */
export async function values(script: string, formats: readonly string[]): Promise<readonly string[] | "refused"> {
  const shown = formats.map((it) => `xlog("${it.replace(/["\\]/g, "\\$&")}\\n");`).join("\n");
  const run = await Run.start(`request_route {\n${script}\n${shown}\n}\n`);
  if (!(run instanceof Run)) return "refused";
  const lines = await run.request();
  await run.simulation.stop();
  return lines;
}
