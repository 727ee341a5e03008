/** Codecs of a stream by name and by payload type. */
import { nextLine } from "../../sip/body.ts";
import type { SipMessage } from "../../sip/message.ts";
import { type Sdp, type SdpStream, streamsOf } from "../../sip/sdp.ts";

/** The static payload types of audio codecs (RFC 3551). */
const STATIC: Readonly<Record<string, readonly string[]>> = {
  PCMU: ["0"],
  GSM: ["3"],
  G723: ["4"],
  DVI4: ["5", "6", "16", "17"],
  LPC: ["7"],
  PCMA: ["8"],
  G722: ["9"],
  L16: ["10", "11"],
  QCELP: ["12"],
  CN: ["13"],
  MPA: ["14"],
  G728: ["15"],
  G729: ["18"],
};

/** The items of a comma-separated list, up to the first empty one. */
export function listed(list: string): string[] {
  const items: string[] = [];
  let at = 0;
  for (;;) {
    if (list[at] === ",") at++;
    while (at < list.length && " \t\r\n".includes(list[at]!)) at++;
    const start = at;
    while (at < list.length && !",\r\n\0".includes(list[at]!)) at++;
    if (at === start) return items;
    items.push(list.slice(start, at));
  }
}

/** The payload types that codec names stand for in this SDP; null when they stand for none. */
export function idsOf(sdp: Sdp, names: string): string[] | null {
  const ids: string[] = [];
  for (const name of listed(names)) {
    const fixed = STATIC[name.toUpperCase()];
    if (fixed !== undefined) ids.push(...fixed);
    else
      for (const { codecs } of streamsOf(sdp))
        for (const [id, codec] of codecs) if (codec.toLowerCase() === name.toLowerCase()) ids.push(id);
  }
  return ids.length === 0 ? null : ids;
}

/** The payload types of a stream, with the offset of each. */
function formats(stream: SdpStream): { readonly id: string; readonly at: number }[] {
  return [...stream.payloads.matchAll(/[^ ]+/g)].map((it) => ({ id: it[0], at: stream.payloadsStart + it.index }));
}

export const idsIn = (stream: SdpStream): string[] => formats(stream).map(({ id }) => id);

/** True when the stream is of that media type, or none is asked for. */
const isOf = (stream: SdpStream, media: string | undefined): boolean =>
  !media || stream.media.toLowerCase() === media.toLowerCase();

/** Removes the payload types that `goes` names from `m=` with their `a=rtpmap`, `a=fmtp` and `a=rtcp-fb` lines. */
export function removeCodecs(
  msg: SipMessage,
  sdp: Sdp,
  media: string | undefined,
  goes: (stream: SdpStream) => readonly string[],
): void {
  for (const stream of streamsOf(sdp)) {
    if (!isOf(stream, media)) continue;
    const present = formats(stream);
    for (const id of goes(stream)) {
      const format = present.find((it) => it.id === id);
      // With the blank before it.
      if (format !== undefined) msg.bodyEdits.delete(format.at - 1, id.length + 1);
      removeAttributes(msg, stream, id);
    }
  }
}

function removeAttributes(msg: SipMessage, stream: SdpStream, id: string): void {
  const { text } = msg;
  for (let at = stream.start; stream.end - at > 5; ) {
    const next = nextLine(text, at, stream.end);
    const name = /^a=(?:rtpmap|fmtp|rtcp-fb):/i.exec(text.slice(at, next));
    if (name !== null && text.startsWith(`${id} `, at + name[0].length)) msg.bodyEdits.delete(at, next - at);
    at = next;
  }
}
