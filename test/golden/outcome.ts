/** What a server did with a golden vector, in the form of an expectation: the same from memory and from the wire. */
import { type Expectation, PORT, type Vector } from "./vector.ts";

/** A reply that is for nobody: when the script logs it, the server has dealt with what was sent before. */
export const CTL = [
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

/** A mark after which the next message is for the vector of that number in a pack. */
export const goTo = (index: number): string => CTL.replace("Content-Length", `X-Go: ${index}\r\nContent-Length`);

/** Scripts are UTF-8 files; the engine holds their bytes. */
export const latin1 = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

/** A reply of the peer behind the server: a code, or code, reason and further header lines. */
export function replyTo(request: string, reply: number | readonly [number, string, (readonly string[])?]): string {
  const [code, reason, extra = []] = typeof reply === "number" ? ([reply, `R${reply}`] as const) : reply;
  const kept = request
    .split("\r\n\r\n")[0]!
    .split("\r\n")
    .slice(1)
    .filter((it) => /^(via|v|from|f|to|t|call-id|i|cseq|record-route)\s*:/i.test(it))
    .map((it) => (/^(to|t)\s*:/i.test(it) && !/;tag=/.test(it) && code > 100 ? `${it};tag=uas1` : it));
  return [`SIP/2.0 ${code} ${reason}`, ...kept, ...extra, "Content-Length: 0", "", ""].join("\r\n");
}

/** `logged`: what the script wrote to the log; the others: datagrams as latin1 text. */
export function outcome(
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
