/** Short forms of messages, as the ladder lines that they stand for. */
import { reasonOf } from "../../src/transaction/errors.ts";

/** Undefined: the text is no short form. */
export function expanded(text: string): string | undefined {
  const [first, ...below] = text.split("\n");
  const line = request(first!) ?? answer(first!);
  return line && [line, ...below].join("\n");
}

/** `INVITE bob from alice with X-Account: 7`. */
function request(line: string): string | undefined {
  const [, method, target, from, rest] = /^([A-Z]{2,})(?:\s+(\S+))?\s+from\s+([\w.-]+)(.*)$/.exec(line) ?? [];
  return method === undefined ? undefined : arrow(from!, requestOf(method, target), rest!);
}

/** `bob 486 Busy Here`, `alice bye`, `alice INVITE carol`, `alice again`. */
function answer(line: string): string | undefined {
  const [, name, what, rest] = /^([\w.-]+)\s+(\d{3}|[A-Za-z]{3,})(?:\s+(.*))?$/.exec(line) ?? [];
  if (name === undefined) return undefined;
  const [before, fields] = cutFields(rest ?? "");
  if (/^\d/.test(what!)) {
    const reason = before === "" || before.startsWith("(") ? `${reasonOf(Number(what))} ${before}`.trim() : before;
    return arrow(name, `${what} ${reason}`.trimEnd(), fields);
  }
  if (/^(?:again|raw)$/.test(what!)) return arrow(name, `${what} ${before}`.trimEnd(), fields);
  const method = what!.toUpperCase();
  if (!methods.includes(method) || /\s/.test(before)) return undefined;
  return arrow(name, requestOf(method, before === "" ? undefined : before), fields);
}

/** What stands before the first ` with `, and the rest. */
function cutFields(text: string): [string, string] {
  const at = ` ${text}`.search(/\swith\s/);
  return at < 0
    ? [text.trim(), ""]
    : [text.slice(0, Math.max(0, at - 1)).trim(), ` ${text.slice(Math.max(0, at - 1)).trim()}`];
}

function arrow(from: string, start: string, rest: string): string | undefined {
  const fields = rest.split(/\s+with\s+/).slice(1);
  if (rest.trim() !== "" && (fields.length === 0 || !/^\s*with\s/.test(rest))) return undefined;
  return [`${from} -> proxy ${start}`, ...fields.map((it) => `    ${it}`)].join("\n");
}

function requestOf(method: string, target: string | undefined): string {
  if (target === undefined) return ofServer.has(method) ? `${method} sip:proxy` : method;
  if (/^(?:sips?|tel|urn):/i.test(target)) return `${method} ${target}`;
  if (target === "proxy" || target.includes("@")) return `${method} sip:${target}`;
  return `${method} sip:${target}@proxy`;
}

/** Requests that are for the server itself when no target is named. */
const ofServer = new Set(["OPTIONS", "REGISTER"]);

export const methods: readonly string[] = [
  "ACK",
  "BYE",
  "CANCEL",
  "INFO",
  "INVITE",
  "MESSAGE",
  "NOTIFY",
  "OPTIONS",
  "PRACK",
  "PUBLISH",
  "REFER",
  "REGISTER",
  "SUBSCRIBE",
  "UPDATE",
];
