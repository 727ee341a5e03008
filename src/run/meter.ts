/** What measures a server that runs. There is none unless metrics were asked for: whoever calls it tests for undefined. */
import type { RouteKind } from "../declare/module.ts";
import type { SipMessage } from "../sip/message.ts";

export interface Meter {
  /** A message came that could be parsed. */
  received(msg: SipMessage): void;
  /** What came is no message. */
  malformed(): void;
  /** A message was handed to its socket. */
  sent(text: string): void;
  /** A route has run, `ms` from its start to its end, waiting included. */
  ran(kind: RouteKind, name: string, ms: number): void;
}
