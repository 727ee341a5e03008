/**
 * The text of a ladder: a script, a line `---`, then what happens, one step a line. An indented line adds to the arrow
 * above it. A line `=== title` begins a scene: the script is started anew for it, and what stands before the first
 * such line is done at the beginning of every scene. `#` begins a comment line.
 */

interface At {
  /** Line in the file, from 1. */
  readonly line: number;
}

/** `alice -> proxy   INVITE sip:bob@proxy`: a message from one to the other, with the lines indented below it. */
export interface Arrow extends At {
  readonly kind: "arrow";
  readonly from: string;
  readonly to: string;
  /** `INVITE sip:bob@proxy`, `486 Busy Here`, `ACK`. */
  readonly start: string;
  readonly details: readonly Detail[];
  /** Body lines, written below an indented empty header line `|` each. */
  readonly body: readonly string[];
}
/** `Name: value`; in an expectation also `Name: /pattern/`, `Name: 2 entries` and `Name: absent`. */
export interface Detail extends At {
  readonly name: string;
  readonly value: string;
}
/** `after 500ms`: time passes. */
export interface Pause extends At {
  readonly kind: "pause";
  readonly ms: number;
}
/** `proxy => GET http://host/path`: the script's HTTP request. */
export interface HttpSent extends At {
  readonly kind: "http-sent";
  readonly method: string;
  readonly url: string;
}
/** `http <= 200 OK` with an optional body after a blank, or `http <= refused`, `reset`, `hang`. */
export interface HttpGiven extends At {
  readonly kind: "http-given";
  readonly status: number | "refused" | "reset" | "hang";
  readonly body: string;
}
/** `log some text`: the next line that the script logged. */
export interface LogLine extends At {
  readonly kind: "log";
  readonly text: string;
}
/** `rpc pv.shvSet x int 0`, and `= …` for its answer as JSON. */
export interface Rpc extends At {
  readonly kind: "rpc";
  readonly method: string;
  readonly args: readonly string[];
  readonly answer?: string;
}

/** `peer gw tcp [fd00::3]:5062`: where a peer is; without it a peer has UDP, an address of its own and port 5060. */
export interface PeerLine extends At {
  readonly kind: "peer";
  readonly name: string;
  readonly protocol: "udp" | "tcp";
  readonly address: string | undefined;
  readonly port: number;
}
/** `dns a name 127.0.0.3`, `dns srv _sip._udp.name 1 0 5060 host`, `dns naptr name 10 50 s SIP+D2U _sip._udp.name`; `dns dead`. */
export interface DnsLine extends At {
  readonly kind: "dns";
  readonly type: "a" | "aaaa" | "srv" | "naptr" | "dead";
  readonly args: readonly string[];
}

/** `close gw`: the peer closes its TCP connection. */
export interface Close extends At {
  readonly kind: "close";
  readonly name: string;
}

export type Step = Arrow | Pause | HttpSent | HttpGiven | LogLine | Rpc | PeerLine | DnsLine | Close;

/** Steps that belong together; "" is the title of a ladder without scenes. */
export interface Scene {
  readonly title: string;
  readonly steps: readonly Step[];
}

export interface Ladder {
  readonly script: string;
  readonly scenes: readonly Scene[];
  /** Lines that are no ladder lines. */
  readonly mistakes: readonly { readonly line: number; readonly text: string }[];
}

export function readLadder(text: string): Ladder {
  const cut = /^---[ \t]*$/m.exec(text);
  const script = cut ? text.slice(0, cut.index) : text;
  const rest = cut ? text.slice(cut.index + cut[0].length + 1) : "";
  const first = script.split("\n").length + 1;
  const scenes: { title: string; steps: Step[] }[] = [{ title: "", steps: [] }];
  const mistakes: { line: number; text: string }[] = [];
  rest.split("\n").forEach((raw, i) => {
    const line = first + i;
    if (raw.trim() === "" || raw.startsWith("#")) return;
    const title = /^===\s+(\S.*)$/.exec(raw);
    if (title) {
      scenes.push({ title: title[1]!.trim(), steps: [] });
      return;
    }
    const { steps } = scenes.at(-1)!;
    const step = /^\s/.test(raw) ? addTo(steps.at(-1), raw.trim(), line) : read(raw.trimEnd(), line);
    if (step === undefined) mistakes.push({ line, text: raw });
    else if (step !== true) steps.push(step);
  });
  const [common, ...named] = scenes;
  const all = named.map(({ title, steps }) => ({ title, steps: [...common!.steps, ...steps] }));
  return { script, scenes: all.length > 0 ? all : [common!], mistakes };
}

function read(raw: string, line: number): Step | undefined {
  const arrow = /^([\w.-]+)\s+->\s+([\w.-]+)\s+(\S.*)$/.exec(raw);
  if (arrow) return { kind: "arrow", line, from: arrow[1]!, to: arrow[2]!, start: arrow[3]!, details: [], body: [] };
  const pause = /^after\s+(\d+(?:\.\d+)?)\s*(ms|s|min)$/.exec(raw);
  if (pause) return { kind: "pause", line, ms: Number(pause[1]) * { ms: 1, s: 1000, min: 60_000 }[pause[2] as "ms"]! };
  const sent = /^proxy\s+=>\s+([A-Z]+)\s+(\S+)$/.exec(raw);
  if (sent) return { kind: "http-sent", line, method: sent[1]!, url: sent[2]! };
  const given = /^http\s+<=\s+(\d{3}|refused|reset|hang)(?:\s+(.*))?$/.exec(raw);
  if (given) {
    const status = /^\d/.test(given[1]!) ? Number(given[1]) : (given[1] as "refused");
    return { kind: "http-given", line, status, body: given[2] ?? "" };
  }
  const log = /^log\s+(.*)$/.exec(raw);
  if (log) return { kind: "log", line, text: log[1]! };
  const rpc = /^rpc\s+(\S+)\s*(.*?)(?:\s+=\s+(.*))?$/.exec(raw);
  if (rpc) {
    const args = rpc[2]!.split(/\s+/).filter((it) => it !== "");
    return { kind: "rpc", line, method: rpc[1]!, args, ...(rpc[3] !== undefined && { answer: rpc[3] }) };
  }
  const peer = /^peer\s+([\w.-]+)(?:\s+(udp|tcp))?(?:\s+(?:\[([\da-fA-F:.]+)\]|([\d.]+))?(?::(\d+))?)?$/.exec(raw);
  if (peer) {
    const [, name, protocol = "udp", v6, v4, port = "5060"] = peer;
    return {
      kind: "peer",
      line,
      name: name!,
      protocol: protocol as "udp",
      address: v6 ?? v4,
      port: Number(port),
    };
  }
  const dns = /^dns\s+(a|aaaa|srv|naptr|dead)\b\s*(.*)$/.exec(raw);
  if (dns) return { kind: "dns", line, type: dns[1] as "a", args: dns[2]!.split(/\s+/).filter((it) => it !== "") };
  const close = /^close\s+([\w.-]+)$/.exec(raw);
  if (close) return { kind: "close", line, name: close[1]! };
  return undefined;
}

function addTo(step: Step | undefined, text: string, line: number): true | undefined {
  if (step?.kind !== "arrow") return undefined;
  if (text.startsWith("|")) {
    (step.body as string[]).push(text.slice(1).replace(/^ /, ""));
    return true;
  }
  const header = /^([\w-]+)\s*:\s*(.*)$/.exec(text);
  if (!header) return undefined;
  (step.details as Detail[]).push({ line, name: header[1]!, value: header[2]! });
  return true;
}
