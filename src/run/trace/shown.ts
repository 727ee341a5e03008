/** How values, messages and changes stand in a trace. */
import type { Call } from "../../declare/call.ts";
import type { ShownValue } from "../../declare/trace.ts";
import { IntText, type Value } from "../../declare/value.ts";
import { XavpData, XavpList, type XavpValue } from "../../declare/xavp.ts";
import type { SendContext } from "../../sip/edits.ts";
import type { SipMessage } from "../../sip/message.ts";

/** Characters of one value, and of a whole message, at most. */
const LONGEST = 2048;
const LONGEST_MESSAGE = 8192;

const cut = (text: string, most = LONGEST): string => (text.length <= most ? text : `${text.slice(0, most)}...`);

/** A value that a script read, wrote or gave to a function. `name` is the variable's, where there is one. */
export function shownValue(value: Value, name = "", call?: Call): ShownValue {
  if (value === null || typeof value === "number") return value;
  if (typeof value === "bigint") return String(value);
  if (value instanceof IntText) return value.text === "" ? Number(value.int) : value.text;
  if (call && value.startsWith("<<xavp:")) return listOf(name, call) ?? value;
  return cut(CREDENTIALS.test(name) ? shortened(value) : value);
}

const CREDENTIALS = /authori[sz]ation|authenticate/i;

/** The beginning of what is secret or long, and how long it is. */
const shortened = (text: string): string =>
  text.length <= 24 ? text : `${text.slice(0, 24)}... (${text.length} bytes)`;

/** `$xavp(name)` or `$xavp(name[1])` whose value is a list: its members. */
function listOf(name: string, call: Call): string | undefined {
  const parts = /^\$(xavp|xavu|xavi)\(([^[\]=>]+)(?:\[(\d+)\])?\)$/.exec(name);
  if (!parts) return undefined;
  const store = call.lists[`${parts[1] as "xavp" | "xavu" | "xavi"}s`];
  const found = store.get(parts[2]!, Number(parts[3] ?? 0));
  return found && cut(members(found.value));
}

function members(value: XavpValue): string {
  if (value instanceof XavpList) return `{${value.items.map((it) => `${it.name}=${members(it.value)}`).join(", ")}}`;
  if (value instanceof XavpData) return "(data of a module)";
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/** The text of a message, the values of its credentials shortened. */
export const shownMessage = (text: string): string => cut(shownFields(text), LONGEST_MESSAGE);

const shownFields = (text: string): string =>
  CREDENTIALS.test(text)
    ? text.replace(
        /^((?:proxy-|www-)?auth(?:orization|enticate)[ \t]*:[ \t]*)(.*)$/gim,
        (_, name: string, value: string) => name + shortened(value.trimEnd()),
      )
    : text;

export const startLine = (text: string): string => {
  const end = text.indexOf("\r\n");
  return end < 0 ? text.slice(0, 200) : text.slice(0, end);
};

/** One thing that the script has changed in a message. */
interface Change {
  readonly sign: "+" | "-" | "";
  readonly text: string;
}

/** What the script has changed in a message so far, to be compared with what it has changed later. */
export class Changes {
  #before = new Map<string, number>();

  /** What was changed since the last time, in words. */
  since(msg: SipMessage): string[] {
    const now = changes(msg);
    if (now.length === 0 && this.#before.size === 0) return [];
    const counts = new Map<string, number>();
    const found: Change[] = [];
    for (const it of now) {
      const key = it.sign + it.text;
      const times = (counts.get(key) ?? 0) + 1;
      counts.set(key, times);
      if (times <= (this.#before.get(key) ?? 0)) continue;
      const last = found.at(-1);
      // A field is often put together from pieces; the last of them ends the line.
      if (it.sign === "+" && last?.sign === "+" && !last.text.endsWith("\n"))
        found[found.length - 1] = { sign: "+", text: last.text + it.text };
      else found.push(it);
    }
    let taken = 0;
    for (const [key, times] of this.#before) taken += Math.max(0, times - (counts.get(key) ?? 0));
    this.#before = counts;
    const said = found.map(({ sign, text }) => `${sign === "" ? "" : `${sign} `}${line(text)}`);
    return taken === 0
      ? said
      : [...said, `${taken} earlier ${taken === 1 ? "change is" : "changes are"} taken back or applied`];
  }
}

function changes(msg: SipMessage): Change[] {
  const found: Change[] = [];
  for (const { anchors } of [msg.edits, msg.bodyEdits])
    for (const { offset, deleted, before, after } of anchors) {
      if (deleted > 0) found.push({ sign: "-", text: msg.text.slice(offset, offset + deleted) });
      for (const it of [...before, ...after])
        found.push({ sign: "+", text: typeof it === "string" ? it : it(backFrom(msg)) });
    }
  for (const { uri, dstUri } of msg.branches)
    found.push({ sign: "", text: `branch ${uri}${dstUri === "" ? "" : ` by ${dstUri}`}` });
  for (const it of msg.reply?.headers ?? []) found.push({ sign: "", text: `reply + ${line(it)}` });
  if (msg.reply?.body !== undefined) found.push({ sign: "", text: `reply body of ${msg.reply.body.length} bytes` });
  return found;
}

/** Text that depends on where the message goes is shown as if it left by the socket that it came in by. */
function backFrom({ received }: SipMessage): SendContext {
  const { socket, protocol, srcIp, srcPort, connection } = received;
  return { inbound: socket, outbound: socket, to: { socket, protocol, ip: srcIp, port: srcPort, connection } };
}

const line = (text: string): string => cut(shownMessage(text.trim()).replace(/\r?\n/g, " | "));
