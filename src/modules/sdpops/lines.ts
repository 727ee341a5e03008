/** Taking lines and streams out of an SDP body. */
import { nextLine, type Range } from "../../sip/body.ts";
import type { SipMessage } from "../../sip/message.ts";
import { findLine, type SdpStream, sdpOf } from "../../sip/sdp.ts";

/** Removes the lines of a range that begin with `prefix`. */
export function removeLines(msg: SipMessage, range: Range, prefix: string): void {
  if (prefix === "") return;
  const { text } = msg;
  for (let at = findLine(text, range.start, range.end, prefix[0]!); at >= 0; ) {
    if (at + prefix.length > range.end) return;
    const next = nextLine(text, at, text.length);
    if (text.startsWith(prefix, at)) msg.bodyEdits.delete(at, next - at);
    at = findLine(text, at + 2, range.end, prefix[0]!);
  }
}

/** Removes streams as a whole; how many. */
export function removeStreams(msg: SipMessage, goes: (stream: SdpStream) => boolean): number {
  let count = 0;
  for (const session of sdpOf(msg)?.sessions ?? [])
    for (const stream of session.streams)
      if (goes(stream)) {
        msg.bodyEdits.delete(stream.start, stream.end - stream.start);
        count++;
      }
  return count;
}
