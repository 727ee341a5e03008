/** Streams on hold in an SDP body (Kamailio's core/parser/sdp). */
import { HeaderType } from "../../sip/headers.ts";
import type { SipMessage } from "../../sip/message.ts";
import { boundaryOf } from "../../sip/multipart.ts";
import { bodyOffset } from "./text.ts";

/** Codes of the two ways to put a stream on hold. */
const RFC2543 = 1;
const RFC3264 = 2;
type Hold = 0 | 1 | 2;

/** Whether an audio stream of the message's SDP is on hold, and how; 0: none is. */
export function audioOnHold(msg: SipMessage): Hold {
  for (const sdp of sdpBodies(msg)) {
    const hold = holdIn(sdp);
    if (hold) return hold;
  }
  return 0;
}

/** The SDP bodies: all of the body, or the parts of a multipart one. */
function* sdpBodies(msg: SipMessage): Generator<string> {
  const at = bodyOffset(msg);
  if (at < 0) return;
  const type = msg.first(HeaderType.contentType) ?? "";
  const body = msg.text.slice(at);
  if (/^application\/sdp\b/i.test(type)) yield body;
  else if (/^multipart\//i.test(type)) {
    const boundary = boundaryOf(type);
    if (!boundary) return;
    for (const part of body.split(`--${boundary}`)) {
      const end = part.indexOf("\r\n\r\n");
      if (end >= 0 && /^content-type[ \t]*:[ \t]*application\/sdp/im.test(part.slice(0, end)))
        yield part.slice(end + 4);
    }
  }
}

const hold = (mode: string): Hold => (mode === "sendonly" || mode === "inactive" ? RFC3264 : 0);

function holdIn(sdp: string): Hold {
  const lines = sdp.split(/\r\n|\n|\r/);
  let common = { address: "", hold: 0 as Hold };
  let stream: { audio: boolean; port: string; address: string; hold: Hold; payloads: boolean } | undefined;
  let trickle = false;
  const check = (): Hold => {
    if (!stream?.audio) return 0;
    if (stream.hold) return stream.hold;
    // A port 9 while ICE trickles is no hold (RFC 8840).
    const zero = (stream.address || common.address) === "0.0.0.0" && !(trickle && stream.port === "9");
    return zero ? RFC2543 : common.hold;
  };
  for (const line of lines) {
    if (line.startsWith("m=")) {
      const found = check();
      if (found) return found;
      const [media = "", port = "", , ...payloads] = line.slice(2).split(" ");
      stream = { audio: media === "audio", port, address: "", hold: 0, payloads: payloads.length > 0 };
      trickle = false;
    } else if (line.startsWith("c=")) {
      const address = line.split(" ")[2] ?? "";
      if (stream) stream.address ||= address;
      else common = { ...common, address };
    } else if (line.startsWith("a=")) {
      const attribute = line.slice(2).toLowerCase();
      const mode = /^(sendrecv|sendonly|recvonly|inactive)\b/.exec(attribute)?.[1];
      if (mode && stream) {
        if (stream.payloads) stream.hold = hold(mode);
      } else if (mode) common = { ...common, hold: hold(mode) };
      else if (/^ice-options:.*\btrickle\b/.test(attribute)) trickle = true;
    }
  }
  return check();
}
