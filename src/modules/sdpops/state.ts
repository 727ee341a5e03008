/** What the sdpops module keeps. */
import type { SipMessage } from "../../sip/message.ts";

/** A line iterator: the SDP it walks through and the line that it stands at. */
export interface LineIterator {
  readonly end: number;
  at: number;
  next: number;
}

export interface Sdpops {
  /** By message, then by name. */
  readonly iterators: WeakMap<SipMessage, Map<string, LineIterator>>;
}
