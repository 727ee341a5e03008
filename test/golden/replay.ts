/** Replays golden vectors in-process: in-memory network, virtual time. */
import { readFileSync } from "node:fs";
import type { ParseInput, SubstKind } from "../../grammar/index.ts";
import { coreCommands } from "../../src/control/core-commands.ts";
import { modules } from "../../src/modules/index.ts";
import { Simulation } from "../../src/simulate/simulation.ts";
import { CTL, goTo, latin1, outcome, replyTo } from "./outcome.ts";
import { composePack, composeScript, type Expectation, hasReplyRoute, PORT, type Vector } from "./vector.ts";

const here = new URL("./", import.meta.url);
const lines = (file: string): string[] =>
  readFileSync(new URL(file, here), "utf8")
    .split("\n")
    .filter((it) => it !== "");

export const readVectors = (): Vector[] => lines("open.jsonl").map((it) => JSON.parse(it) as Vector);
/** Facts like them, found by `golden:differ` and recorded from Kamailio 6.1.4. */
export const readFound = (): Vector[] => lines("found.jsonl").map((it) => JSON.parse(it) as Vector);
export const messages = JSON.parse(readFileSync(new URL("messages.json", here), "utf8")) as Record<string, string>;

/** Vectors that are known to differ, with the reason; `id reason` a line. */
export const readExceptions = (): Map<string, string> =>
  new Map(
    lines("exceptions.txt")
      .filter((it) => !it.startsWith("#"))
      .map((it) => [it.slice(0, it.indexOf(" ")), it.slice(it.indexOf(" ") + 1)]),
  );

/** What Viaduct did, in the form of an expectation. */
export async function replay(v: Vector): Promise<Expectation> {
  const files: Record<string, string> = { "/golden/k.cfg": latin1(composeScript(v)) };
  for (const [name, text] of Object.entries(v.files ?? {})) files[`/golden/${name}`] = latin1(text);
  const simulation = new Simulation({
    modules,
    builtin: [coreCommands],
    files,
    script: "/golden/k.cfg",
    ...fromCommandLine(v.args ?? []),
    env: { TZ: "UTC", LANG: "C", ...v.env },
  });
  const problems = await simulation.start();
  if (problems.length > 0) return { config_error: true };
  const { network, log } = simulation;
  const started = log.length;
  const toClient: string[] = [];
  const toSink: string[] = [];
  const peer = (port: number, message: (text: string, ip: string, port: number) => void) =>
    network.bindNow({ address: "127.0.0.1", port }, { message, failed: () => {} });
  const client = peer(PORT.client, (text) => toClient.push(text));
  const ctl = peer(PORT.ctl, () => {});
  const answered = [...(v.uas ?? [])];
  const sink = peer(PORT.sink, (text, ip, port) => {
    toSink.push(text);
    if (!v.uas || text.startsWith("SIP/2.0") || text.startsWith("ACK ")) return;
    (answered.shift() ?? []).forEach((reply, i) => {
      simulation.host.clock.after(i * 8, () => sink.send(replyTo(text, reply), ip, port));
    });
  });
  for (const raw of sentBy(v)) {
    client.send(raw, "127.0.0.1", PORT.server);
    if (hasReplyRoute(v)) await simulation.advance(150);
    else {
      ctl.send(CTL, "127.0.0.1", PORT.server);
      await untilMark(simulation);
    }
    if (v.wait_ms) await simulation.advance(v.wait_ms);
  }
  await simulation.advance(4);
  await simulation.stop();
  return outcome(
    v,
    log
      .slice(started)
      .filter((it) => it.prefix?.startsWith("<script>"))
      .map((it) => it.text),
    toClient,
    toSink,
  );
}

/** What Viaduct did with each of the vectors of a pack (`composePack`); undefined when it refuses the script. */
export async function replayPack(pack: readonly Vector[]): Promise<Expectation[] | undefined> {
  const simulation = new Simulation({
    modules,
    builtin: [coreCommands],
    files: { "/golden/k.cfg": latin1(composePack(pack)) },
    script: "/golden/k.cfg",
    env: { TZ: "UTC", LANG: "C" },
  });
  if ((await simulation.start()).length > 0) return undefined;
  const { network, log } = simulation;
  let toClient: string[] = [];
  let toSink: string[] = [];
  const peer = (port: number, message: (text: string) => void) =>
    network.bindNow({ address: "127.0.0.1", port }, { message, failed: () => {} });
  const client = peer(PORT.client, (text) => toClient.push(text));
  const ctl = peer(PORT.ctl, () => {});
  peer(PORT.sink, (text) => toSink.push(text));
  const outcomes: Expectation[] = [];
  for (const [i, v] of pack.entries()) {
    ctl.send(goTo(i), "127.0.0.1", PORT.server);
    await simulation.advance(0);
    [toClient, toSink, log.length] = [[], [], 0];
    for (const raw of sentBy(v)) {
      client.send(raw, "127.0.0.1", PORT.server);
      ctl.send(CTL, "127.0.0.1", PORT.server);
      await untilMark(simulation);
    }
    const texts = log.filter((it) => it.prefix?.startsWith("<script>")).map((it) => it.text);
    outcomes.push(outcome(v, texts, toClient, toSink));
  }
  await simulation.stop();
  return outcomes;
}

/** The messages of a vector, as they go on the wire. */
export const sentBy = (v: Vector): string[] =>
  (typeof v.message === "string" ? [v.message] : (v.message ?? ["invite"])).map((name) =>
    name.includes("\r\n") || name.startsWith("raw:") ? name.replace(/^raw:/, "") : messages[name]!,
  );

/** Time passes until the worker has dealt with the message before the mark (a script may sleep). */
async function untilMark(simulation: Simulation): Promise<void> {
  const marks = (): number => simulation.log.filter((it) => it.text.startsWith("@@END")).length;
  const wanted = marks() + 1;
  for (let ms = 0; ms < 4000 && marks() < wanted; ms += 5) await simulation.advance(ms === 0 ? 0 : 5);
}

/** `-A name[=value]`, `--subst=…` and their kin, in order. */
function fromCommandLine(args: readonly string[]): Pick<ParseInput, "defines" | "substitutions"> {
  const defines: [string, string | undefined][] = [];
  const substitutions: { kind: SubstKind; rule: string }[] = [];
  args.forEach((it, i) => {
    const [, kind, rule] = /^--(subst|substdef|substdefs)=(.*)$/s.exec(it) ?? [];
    if (kind !== undefined) substitutions.push({ kind: kind as SubstKind, rule: rule! });
    if (it !== "-A") return;
    const [name, ...value] = args[i + 1]!.split("=");
    defines.push([name!, value.length > 0 ? value.join("=") : undefined]);
  });
  return { defines, substitutions };
}
