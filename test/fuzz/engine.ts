/** A server that has loaded every module, to bind variables against and to run them over messages. */
import { readdirSync, readFileSync } from "node:fs";
import { Call } from "../../src/declare/call.ts";
import { Lists } from "../../src/declare/lists.ts";
import { modules } from "../../src/modules/index.ts";
import type { Generation } from "../../src/run/generation.ts";
import type { LoadResult } from "../../src/run/load.ts";
import { Simulation } from "../../src/simulate/simulation.ts";
import type { ReceiveInfo } from "../../src/sip/address.ts";
import { SipMessage } from "../../src/sip/message.ts";

const NAMES =
  "kex corex tm tmx sl rr pv maxfwd textops textopsx siputils xlog sanity json jansson avpops htable cfgutils regex ipops nathelper sdpops";
const HEAD = `listen=udp:127.0.0.1:5060
${NAMES.split(" ")
  .map((name) => `loadmodule "${name}.so"\n`)
  .join("")}modparam("htable", "htable", "a=>size=4;")
`;

export const received: ReceiveInfo = {
  socket: { protocol: "udp", address: "127.0.0.1", port: 5060, family: 4, virtual: false },
  protocol: "udp",
  srcIp: "10.0.0.9",
  srcPort: 5062,
  dstIp: "127.0.0.1",
  dstPort: 5060,
  connection: 0,
  time: 0,
};

/** Loads `text` behind the lines that load the modules. */
export function load(text: string): Promise<LoadResult> {
  const simulation = new Simulation({
    modules,
    files: { "/k.cfg": HEAD + text },
    script: "/k.cfg",
    env: { TZ: "UTC" },
  });
  return simulation.server.load("/k.cfg");
}

export interface Engine {
  readonly generation: Generation;
  /** A run of request_route over the message. */
  call(message: string): Call;
}

export async function engine(): Promise<Engine> {
  const { generation, problems } = await load("request_route { exit; }\n");
  if (!generation) throw new Error(problems.map((it) => it.message).join("\n"));
  return { generation, call: (message) => callOf(generation, message) };
}

export const callOf = (generation: Generation, message: string): Call =>
  new Call(generation.core, new SipMessage(message, received), "request", generation.slots.fresh(), new Lists());

const folder = (name: string): URL => new URL(`../${name}/`, import.meta.url);
const texts = (at: URL, ending: string): string[] =>
  readdirSync(at)
    .filter((it) => it.endsWith(ending))
    .map((it) => readFileSync(new URL(it, at), "latin1"));

/** Messages of RFC 4475. */
export const torture = (): string[] => texts(folder("messages/rfc4475"), ".dat");

/** Scripts to begin with: those that come with Viaduct, and what the golden vectors try. */
export function scripts(): string[] {
  const vectors = readFileSync(new URL("open.jsonl", folder("golden")), "utf8")
    .split("\n")
    .filter(Boolean);
  return [
    ...texts(folder("../configs"), ".cfg"),
    ...vectors.map((line) => {
      const { preamble = "", cfg, script = "", routes = "" } = JSON.parse(line) as Record<string, string>;
      return Buffer.from(`${preamble}\n${cfg ?? `request_route {\n${script}\n}\n${routes}`}\n`, "utf8").toString(
        "latin1",
      );
    }),
  ];
}
