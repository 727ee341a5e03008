/** Putting another address into SDP bodies. */
import { mimeType, nextLine, partsOf, type Range } from "../../sip/body.ts";
import type { SipMessage } from "../../sip/message.ts";
import { isNull } from "./addresses.ts";
import type { Nathelper } from "./state.ts";

const Fix = { activeDirection: 1, mediaAddress: 2, noRtpProxy: 4, originAddress: 8 } as const;

/** The SDP without the line ends behind it; null when the message has none. */
function bodyRange(msg: SipMessage): Range | null {
  let range: Range = { start: msg.bodyStart, end: msg.bodyStart + msg.contentLength };
  if (msg.contentLength <= 0 || range.end > msg.text.length) return null;
  const type = mimeType(msg);
  if (type === "multipart/mixed") {
    const part = partsOf(msg, "application/sdp", range.end)?.[0];
    if (part === undefined) return null;
    range = part;
  } else if (type !== undefined && type !== "application/sdp") return null;
  let { end } = range;
  while (end > range.start && "\r\n".includes(msg.text[end - 1]!)) end--;
  return end === range.start ? null : { start: range.start, end };
}

/** Changes the SDP as the bits of `fixes` say. How many addresses were replaced; -1 when that cannot be done. */
export function fixSdp(msg: SipMessage, fixes: number, address: string, state: Nathelper): number {
  const body = bodyRange(msg);
  if (body === null) return -1;
  const { text } = msg;
  if (fixes & Fix.activeDirection) {
    for (let at = text.indexOf("\r\nm=", body.start); at >= 0 && at + 4 <= body.end; ) {
      const next = text.indexOf("\r\nm=", at + 4);
      addLine(msg, next >= 0 && next + 4 <= body.end ? next : body.end, "a=direction:active");
      at = next;
    }
  }
  if (fixes & Fix.noRtpProxy && state.noRtpProxy !== "") addLine(msg, body.end, state.noRtpProxy);
  if ((fixes & (Fix.mediaAddress | Fix.originAddress)) === 0) return 0;
  const counts = [replaceAddresses(msg, body, "a=rtcp", address, true, state)];
  if (fixes & Fix.mediaAddress) counts.push(replaceAddresses(msg, body, "c=", address, false, state));
  if (fixes & Fix.originAddress) counts.push(replaceAddresses(msg, body, "o=", address, false, state));
  return counts.includes(-1) ? -1 : counts.reduce((sum, count) => sum + count, 0);
}

/** Adds a line at the end of another, before its line end. */
function addLine(msg: SipMessage, at: number, line: string): void {
  msg.bodyEdits.insertAfter(msg.bodyEdits.anchor(at), `\r\n${line}`);
}

/** Replaces the address in each line that begins with `prefix`; -1 when one that must have an address has none. */
function replaceAddresses(
  msg: SipMessage,
  body: Range,
  prefix: string,
  address: string,
  mayLack: boolean,
  state: Nathelper,
): number {
  const { text } = msg;
  let family = "";
  let count = 0;
  for (let at = text.indexOf(prefix, body.start); at >= 0 && at < body.end; at = text.indexOf(prefix, at + 1)) {
    if (text[at - 1] !== "\n" && text[at - 1] !== "\r") continue;
    const found = /(?:^|\s)IP([46])\s+(\S+)/.exec(text.slice(at + prefix.length, nextLine(text, at, body.end)));
    if (found === null) {
      if (mayLack) continue;
      return -1;
    }
    const [whole, kind, old] = found as unknown as [string, string, string];
    family ||= kind;
    if (family !== kind) return -1;
    if (old === address || isNull(old, kind === "6" ? 6 : 4)) continue;
    if (state.keepsOldAddress) addLine(msg, body.end, `a=oldmediaip${kind === "6" ? "6" : ""}:${old}`);
    msg.bodyEdits.replace(at + prefix.length + found.index + whole.length - old.length, old.length, address);
    count++;
  }
  return count;
}
