/**
 * Whether what came is what a ladder expects. Below an expected message stand `Name: value`, `/pattern/`, `N entries`,
 * `absent` and `not …`, of one entry `Name[0]`; and of the message as a whole `body`, `json`, `order` and `over`.
 */
import type { HttpRequest } from "../../declare/host.ts";
import type { SipMessage } from "../../sip/message.ts";
import type { Arrow, Detail } from "./ladder.ts";

/** What can be said of a message, SIP or HTTP. */
export interface Fields {
  /** Values of the fields of that name, whatever its case. */
  values(name: string): readonly string[];
  /** Names of all fields, in order. */
  readonly names: readonly string[];
  readonly body: string;
  /** The transport that it came over. */
  readonly over: string;
}

export const sipFields = (msg: SipMessage): Fields => ({
  values: (name) => valuesOf(msg, name),
  names: msg.headers.map((it) => msg.name(it)),
  body: msg.body,
  over: msg.received.protocol,
});

export const httpFields = ({ headers, body = "", url }: HttpRequest): Fields => ({
  values: (name) => headers.filter(([it]) => it.toLowerCase() === name.toLowerCase()).map(([, value]) => value),
  names: headers.map(([name]) => name),
  body,
  over: url.slice(0, url.indexOf(":")),
});

/** `/pattern/`, `/pattern/i`; undefined when the text is none, a text when it is one that cannot be read. */
export function patternOf(text: string): RegExp | string | undefined {
  const parts = /^\/(.*)\/(i?)$/s.exec(text);
  if (!parts) return undefined;
  try {
    return new RegExp(parts[1]!, parts[2]);
  } catch (error) {
    return (error as Error).message;
  }
}

/** Takes what a pattern's named groups matched, for `{name}` further down. */
export type Capture = (name: string, value: string) => void;

/** Whether a text is as written, or matches the pattern that is written. */
export function textFits(wanted: string, came: string, capture?: Capture): boolean {
  const pattern = patternOf(wanted);
  if (!(pattern instanceof RegExp)) return wanted === came;
  const found = pattern.exec(came);
  for (const [name, value] of Object.entries(found?.groups ?? {})) if (value !== undefined) capture?.(name, value);
  return found !== null;
}

/** `INVITE sip:bob@proxy`, `486 Busy Here`. */
export const startOf = (msg: SipMessage): string =>
  msg.isRequest ? `${msg.method} ${msg.requestUri}` : `${msg.status} ${msg.reason}`;

/** An arrow may leave out the Request-URI or the reason, or have a pattern for it. */
export function startFits({ start }: Arrow, msg: SipMessage, capture?: Capture): boolean {
  const first = msg.isRequest ? msg.method : String(msg.status);
  if (start === first || start === startOf(msg)) return true;
  if (!start.startsWith(`${first} /`)) return false;
  return textFits(start.slice(first.length + 1), msg.isRequest ? msg.requestUri : msg.reason, capture);
}

export const valuesOf = (msg: SipMessage, name: string): string[] => msg.named(name).map((it) => msg.value(it));

/** What is wrong with a field; undefined when it is as expected. */
export const detailDiffers = (msg: SipMessage, detail: Detail, capture?: Capture): string | undefined =>
  fieldDiffers(sipFields(msg), detail, capture);

/** What is wrong with a field; undefined when it is as expected. */
export function fieldDiffers(fields: Fields, { name, value: wanted }: Detail, capture?: Capture): string | undefined {
  if (name === "order") return orderDiffers(fields, wanted);
  const found = cameOf(fields, name);
  const not = /^not\s+(.*)$/.exec(wanted);
  if (not) return found.some((it) => textFits(not[1]!, it)) ? found.join(" | ") : undefined;
  const count = /^(\d+) entr(?:y|ies)$/.exec(wanted);
  if (count) {
    const { length } = found.flatMap(entriesOf);
    return length === Number(count[1]) ? undefined : `${length} ${length === 1 ? "entry" : "entries"}`;
  }
  if (wanted === "absent") return found.length === 0 ? undefined : found.join(" | ");
  const fits = name.startsWith("json")
    ? found.some((it) => jsonFits(wanted, it, capture))
    : found.some((it) => textFits(wanted, it, capture));
  return fits ? undefined : cameText(found);
}

/** What there is of a name: values of fields, one entry, the body, the transport, a part of a JSON body. */
export function cameOf(fields: Fields, name: string): readonly string[] {
  if (name === "body") return fields.body === "" ? [] : [fields.body.replace(/\r?\n$/, "")];
  if (name === "over") return [fields.over];
  if (name === "order") return [fields.names.join(", ")];
  if (/^json(?:$|[.[])/.test(name)) {
    const part = jsonPart(fields.body, name);
    return part === undefined ? [] : [JSON.stringify(part)];
  }
  const indexed = /^(.*)\[(-?\d+)\]$/.exec(name);
  if (!indexed) return fields.values(name);
  const entry = fields.values(indexed[1]!).flatMap(entriesOf).at(Number(indexed[2]));
  return entry === undefined ? [] : [entry];
}

export const cameText = (found: readonly string[]): string => (found.length === 0 ? "absent" : found.join(" | "));

/** `Via, From, X-One`: fields of those names stand in that order, whatever is between them. */
function orderDiffers({ names }: Fields, wanted: string): string | undefined {
  let at = 0;
  for (const name of wanted.split(/\s*,\s*/)) {
    at = names.findIndex((it, i) => i >= at && it.toLowerCase() === name.toLowerCase()) + 1;
    if (at === 0) return names.join(", ");
  }
  return undefined;
}

/** Entries of a field that is a list: commas in quotes and angle brackets separate nothing. */
const entriesOf = (value: string): string[] =>
  [...value.matchAll(/(?:"(?:[^"\\]|\\.)*"|<[^>]*>|[^,"<]|["<])+/g)].map(([it]) => it.trim());

function jsonPart(body: string, name: string): unknown {
  let part: unknown;
  try {
    part = JSON.parse(body);
  } catch {
    return undefined;
  }
  for (const [, key, index] of name.slice("json".length).matchAll(/\.([\w-]+)|\[(\d+)\]/g)) {
    if (typeof part !== "object" || part === null) return undefined;
    part = (part as Record<string, unknown>)[key ?? index!];
  }
  return part;
}

/** Whether JSON is what is written as JSON, whatever the order of its keys; a pattern sees a text without its quotes. */
export function jsonFits(wanted: string, came: string, capture?: Capture): boolean {
  const value: unknown = JSON.parse(came);
  if (patternOf(wanted) instanceof RegExp) return textFits(wanted, typeof value === "string" ? value : came, capture);
  try {
    return canonical(JSON.parse(wanted)) === canonical(value);
  } catch {
    return false;
  }
}

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, it: unknown) =>
    typeof it === "object" && it !== null && !Array.isArray(it)
      ? Object.fromEntries(Object.entries(it).sort(([a], [b]) => (a < b ? -1 : 1)))
      : it,
  );

/** Each line of a SIP body ends with CR LF. */
export const bodyDiffers = (msg: SipMessage, arrow: Arrow): boolean =>
  arrow.body.length > 0 && msg.body !== arrow.body.map((it) => `${it}\r\n`).join("");

/** Lines of an HTTP body end with LF, the last one with or without it. */
export const httpBodyDiffers = ({ body = "" }: HttpRequest, lines: readonly string[]): boolean =>
  lines.length > 0 && body.replace(/\r?\n$/, "").replaceAll("\r\n", "\n") !== lines.join("\n");
