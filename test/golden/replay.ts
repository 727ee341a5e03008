/** Replays golden vectors in-process: in-memory network, virtual time. */
import { readFileSync } from "node:fs";
import type { ParseInput, SubstKind } from "../../grammar/index.ts";
import { coreCommands } from "../../src/control/core-commands.ts";
import { modules } from "../../src/modules/index.ts";
import { Simulation } from "../../src/simulate/simulation.ts";
import { composeScript, type Expectation, hasReplyRoute, PORT, type Vector } from "./vector.ts";

const here = new URL("./", import.meta.url);
const lines = (file: string): string[] =>
  readFileSync(new URL(file, here), "utf8")
    .split("\n")
    .filter((it) => it !== "");

export const readVectors = (): Vector[] => lines("open.jsonl").map((it) => JSON.parse(it) as Vector);
export const messages = JSON.parse(readFileSync(new URL("messages.json", here), "utf8")) as Record<string, string>;

/** Vectors that are known to differ, with the reason; `id reason` a line. */
export const readExceptions = (): Map<string, string> =>
  new Map(
    lines("exceptions.txt")
      .filter((it) => !it.startsWith("#"))
      .map((it) => [it.slice(0, it.indexOf(" ")), it.slice(it.indexOf(" ") + 1)]),
  );

const CTL = [
  "SIP/2.0 200 OK",
  `Via: SIP/2.0/UDP 127.0.0.1:${PORT.server};branch=z9hG4bKctl`,
  "From: <sip:ctl@127.0.0.1>;tag=c1",
  "To: <sip:ctl@127.0.0.1>;tag=c2",
  "Call-ID: golden-ctl",
  "CSeq: 1 OPTIONS",
  "Content-Length: 0",
  "",
  "",
].join("\r\n");

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
  const names = v.message === undefined ? ["invite"] : typeof v.message === "string" ? [v.message] : v.message;
  for (const name of names) {
    const raw = name.includes("\r\n") || name.startsWith("raw:") ? name.replace(/^raw:/, "") : messages[name]!;
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
  return result(
    v,
    log
      .slice(started)
      .filter((it) => it.prefix?.startsWith("<script>"))
      .map((it) => it.text),
    toClient,
    toSink,
  );
}

/** Time passes until the worker has dealt with the message before the mark (a script may sleep). */
async function untilMark(simulation: Simulation): Promise<void> {
  const marks = (): number => simulation.log.filter((it) => it.text.startsWith("@@END")).length;
  const wanted = marks() + 1;
  for (let ms = 0; ms < 4000 && marks() < wanted; ms += 5) await simulation.advance(ms === 0 ? 0 : 5);
}

/** Scripts are UTF-8 files; the engine holds their bytes. */
const latin1 = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

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

function replyTo(request: string, reply: number | readonly [number, string, (readonly string[])?]): string {
  const [code, reason, extra = []] = typeof reply === "number" ? ([reply, `R${reply}`] as const) : reply;
  const kept = request
    .split("\r\n\r\n")[0]!
    .split("\r\n")
    .slice(1)
    .filter((it) => /^(via|v|from|f|to|t|call-id|i|cseq|record-route)\s*:/i.test(it))
    .map((it) => (/^(to|t)\s*:/i.test(it) && !/;tag=/.test(it) && code > 100 ? `${it};tag=uas1` : it));
  return [`SIP/2.0 ${code} ${reason}`, ...kept, ...extra, "Content-Length: 0", "", ""].join("\r\n");
}

function result(
  v: Vector,
  logged: readonly string[],
  toClient: readonly string[],
  toSink: readonly string[],
): Expectation {
  const out: { log?: unknown[]; values?: unknown[] | null; sent?: unknown[] } = {};
  const log: unknown[] = [];
  const values: unknown[] = [];
  for (const whole of logged) {
    const line = whole.split("\n")[0]!;
    if (line.startsWith("> ")) {
      const text = printable(line.slice(2));
      log.push("v" in text ? text.v : text);
    } else {
      const seen = /^@@(\d+) (int|str|null|err) ([0-9a-f]*)$/.exec(line);
      if (seen) values[Number(seen[1])] = seenValue(seen[2]!, Buffer.from(seen[3]!, "hex").toString("latin1"));
    }
  }
  if (log.length > 0) out.log = log;
  if (v.observe && v.observe.length > 0) {
    if (values.length === 0) out.values = null;
    else out.values = v.observe.map((_, i) => values[i] ?? { t: "missing" });
  }
  const sent = [
    ...toClient.map((it) => ({ to: "client", ...normalised(it) })),
    ...toSink.map((it) => ({ to: "sink", ...normalised(it) })),
  ];
  if (sent.length > 0) out.sent = sent;
  return out;
}

function seenValue(type: string, bytes: string): unknown {
  if (type === "int") return { t: "int", v: Buffer.from(bytes, "latin1").toString() };
  return type === "str" ? { t: "str", ...printable(bytes) } : { t: type };
}

/** Text when the bytes are printable UTF-8, else hexadecimal; addresses of lists are masked. */
function printable(bytes: string): { v: string } | { hex: string } {
  const raw = Buffer.from(bytes, "latin1");
  const text = raw.toString("utf8").replace(/<<xav([pui]):(0x[0-9a-f]+|\(nil\))>>/g, "<<xav$1:PTR>>");
  if (text.includes(":PTR>>")) return { v: text };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  const plain = Buffer.from(text, "utf8").equals(raw) && !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(text);
  return plain ? { v: text } : { hex: raw.toString("hex") };
}

/** A datagram with what differs in each run masked: To tags made here, the branch of the topmost Via of a request. */
function normalised(text: string): Record<string, unknown> {
  const end = text.indexOf("\r\n\r\n");
  const [first, ...fields] = (end < 0 ? text : text.slice(0, end)).split("\r\n");
  const body = end < 0 ? "" : text.slice(end + 4);
  const reply = /^SIP\/2\.0 (\d+) ?(.*)$/.exec(first!);
  if (reply) {
    const tag = /;tag=[0-9a-f]{32}([.-][0-9a-fA-F.-]+)?/;
    const headers = fields.map((it) => (/^(To|t)\s*:/i.test(it) ? it.replace(tag, ";tag=<TAG>") : it));
    return { type: "reply", code: Number(reply[1]), reason: reply[2], headers, body };
  }
  const via = fields.findIndex((it) => /^(Via|v)\s*:/i.test(it));
  const headers = fields.map((it, i) => (i === via ? it.replace(/branch=[^;,\s]+/, "branch=<BRANCH>") : it));
  return { type: "request", first, headers, body };
}

/** Equal but for the order of members. */
export const same = (a: unknown, b: unknown): boolean => JSON.stringify(canonical(a)) === JSON.stringify(canonical(b));

function canonical(it: unknown): unknown {
  if (Array.isArray(it)) return it.map(canonical);
  if (it && typeof it === "object")
    return Object.fromEntries(
      Object.entries(it)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, value]) => [key, canonical(value)]),
    );
  return it;
}
