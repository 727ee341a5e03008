/** Reads the first line of a step. */
import type { DnsLine, PeerLine, Protocol, Step } from "./ladder.ts";
import { levels } from "./levels.ts";

/** A form of line: `make` gets what its pattern captured, and may answer with what is wrong. */
interface Form {
  readonly pattern: RegExp;
  readonly make: (parts: readonly (string | undefined)[], line: number) => Step | string;
}

/** The text is what is wrong with the line. */
export function readStep(raw: string, line: number): Step | string {
  for (const { pattern, make } of forms) {
    const parts = pattern.exec(raw);
    if (parts) return make(parts, line);
  }
  return `not a ladder line: ${raw}`;
}

const words = (text: string): string[] => text.split(/\s+/).filter((it) => it !== "");

/** Words, of which those in double quotes may hold blanks. */
const quotedWords = (text: string): string[] =>
  [...text.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word);

const milliseconds = (number: string, unit: string): number =>
  Number(number) * { ms: 1, s: 1000, min: 60_000 }[unit as "ms"]!;

/** `500ms`, `2s`, `1min`; undefined when it is no time. */
export function timeOf(text: string): number | undefined {
  const time = /^(\d+(?:\.\d+)?)\s*(ms|s|min)$/.exec(text);
  return time ? milliseconds(time[1]!, time[2]!) : undefined;
}

const arrow: Form = {
  pattern: /^([\w.-]+)(?::(\d+))?\s+->\s+([\w.-]+)(?::(\d+))?\s+(\S.*)$/,
  make: ([, from, fromPort, to, toPort, start], line) => {
    if ((fromPort !== undefined && from !== "proxy") || (toPort !== undefined && to !== "proxy"))
      return "only the proxy has several ports: a peer's is said by a `peer` line";
    const port = fromPort ?? toPort;
    return {
      kind: "arrow",
      line,
      from: from!,
      to: to!,
      ...(port !== undefined && { port: Number(port) }),
      start: start!,
      details: [],
      body: [],
    };
  },
};

const forms: readonly Form[] = [
  arrow,
  {
    pattern: /^after\s+(\d.*)$/,
    make: ([, time], line) => {
      const ms = timeOf(time!);
      return ms === undefined ? `not a time: ${time}; write 500ms, 2s or 1min` : { kind: "pause", line, ms };
    },
  },
  {
    pattern: /^proxy\s+=>\s+([A-Z]+)\s+(\S+)$/,
    make: ([, method, url], line) => ({ kind: "http-sent", line, method: method!, url: url!, details: [], body: [] }),
  },
  {
    pattern: /^http(?:\s+(\S+))?\s+<=\s+(\d{3}|refused|reset|hang)(?:\s+(.*))?$/,
    make: ([, url, status, text = ""], line) => ({
      kind: "http-given",
      line,
      ...(url !== undefined && { url }),
      status: /^\d/.test(status!) ? Number(status) : (status as "refused"),
      text,
      details: [],
      body: [],
    }),
  },
  {
    pattern: /^log(?:\((\w+)\))?(\s+\.\.\.)?\s+(.*)$/,
    make: ([, level, skips, text], line) => {
      if (level !== undefined && !Object.hasOwn(levels, level))
        return `no log level: ${level}; they are ${Object.keys(levels).join(" ")}`;
      return {
        kind: "log",
        line,
        ...(level !== undefined && { level: levels[level as "ERR"] }),
        skips: skips !== undefined,
        text: text!,
      };
    },
  },
  {
    pattern: /^rpc\s+(\S+)((?:\s+(?!=\s)\S+)*?)(?:\s+=\s+(.*))?$/,
    make: ([, method, args, answer], line) => ({
      kind: "rpc",
      line,
      method: method!,
      args: quotedWords(args!),
      ...(answer !== undefined && { answer }),
    }),
  },
  { pattern: /^close\s+([\w.-]+)$/, make: ([, name], line) => ({ kind: "close", line, name: name! }) },
  {
    pattern: /^reload(?:\s+"([^"]+)")?(\s+refused)?$/,
    make: ([, path, refused], line) => ({
      kind: "reload",
      line,
      ...(path !== undefined && { path }),
      refused: refused !== undefined,
    }),
  },
  {
    pattern: /^(expect|state)\s+(\$.+?)\s+=\s+(.+)$/,
    make: ([, kind, variable, value], line) => {
      const plain = /^(?:-?\d+|".*"|null)$/.test(value!);
      if (!plain && !(kind === "expect" && /^\/.*\/i?$/.test(value!)))
        return `not a value: ${value}; write 1, "text" or null`;
      return { kind: kind as "expect", line, variable: variable!, value: value! };
    },
  },
  {
    pattern: /^nothing(\s+logged)?$/,
    make: ([, logged], line) => ({ kind: "nothing", line, logged: logged !== undefined }),
  },
  { pattern: /^peer\s+([\w.-]+)(.*)$/, make: ([, name, rest], line) => peer(name!, words(rest!), line) },
  {
    pattern: /^dns\s+(a|aaaa|srv|naptr|txt|ptr|nxdomain|dead|alive|delay)\b\s*(.*)$/,
    make: ([, type, args], line) => ({ kind: "dns", line, type: type as DnsLine["type"], args: quotedWords(args!) }),
  },
  {
    pattern: /^define\s+([A-Za-z_]\w*)(?:=(.*))?$/,
    make: ([, name, value], line) => ({ kind: "define", line, name: name!, value }),
  },
  {
    pattern: /^file\s+"([^"]+)"(?:\s+from\s+"([^"]+)")?$/,
    make: ([, path, from], line) => ({
      kind: "file",
      line,
      path: path!,
      ...(from !== undefined && { from }),
      body: [],
    }),
  },
  {
    pattern: /^interface\s+(\S+)\s+([\da-fA-F.:]+)$/,
    make: ([, name, address], line) => ({ kind: "interface", line, name: name!, address: address! }),
  },
  { pattern: /^use\b/, make: () => "use lines stand at the top of a ladder" },
];

const protocols = new Set(["udp", "tcp", "tls", "ws", "wss"]);

/** `[fd00::3]:5062`, `10.0.0.1`, `:5070`. */
const place = /^(?:\[([\da-fA-F:.]+)\]|(\d+\.\d+\.\d+\.\d+))?(?::(\d+))?$/;

function peer(name: string, rest: string[], line: number): PeerLine | string {
  const usage = `peer ${name} [udp|tcp|tls|ws|wss] [ADDRESS][:PORT] [behind ADDRESS:PORT]`;
  const spoken: Protocol[] = [];
  while (rest.length > 0 && protocols.has(rest[0]!)) spoken.push(rest.shift() as Protocol);
  const where = rest[0] === "behind" ? [] : place.exec(rest.shift() ?? "");
  if (!where) return usage;
  const [, v6, v4, port] = where;
  let behind: { address: string; port: number } | undefined;
  const next = rest.shift();
  if (next === "behind") {
    const [, outer6, outer4, outerPort] = place.exec(rest.shift() ?? "") ?? [];
    const address = outer6 ?? outer4;
    if (address === undefined || outerPort === undefined) return usage;
    behind = { address, port: Number(outerPort) };
  }
  if (rest.length > 0 || (next !== undefined && next !== "behind")) return usage;
  return {
    kind: "peer",
    line,
    name,
    protocols: spoken.length > 0 ? spoken : ["udp"],
    address: v6 ?? v4,
    port: port === undefined ? undefined : Number(port),
    ...(behind && { behind }),
  };
}
