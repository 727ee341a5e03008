/** Challenges: WWW-Authenticate and Proxy-Authenticate (RFC 3261, 22). */
import type { Call } from "../../declare/call.ts";
import { type Answer, after } from "../../declare/value.ts";
import type { SipMessage } from "../../sip/message.ts";
import { replyStateless, sendReply } from "../sl.ts";
import { makeNonce } from "./nonce.ts";
import { type Auth, type Side, withoutPrefix } from "./state.ts";

/** Bits of the flags of the challenge functions. */
const Flag = { qopAuth: 1, qopAuthInt: 2, silent: 4, stale: 16 } as const;

export type Qop = "auth" | "auth-int" | "";

/** The field with its line end. Without a request the nonce is bound to none. */
export function challengeField(
  msg: SipMessage | undefined,
  realm: string,
  side: Side,
  qop: Qop,
  stale: boolean,
  state: Auth,
): string {
  const name = side === "www" ? state.wwwHeader : state.proxyHeader;
  return (
    `${name}: Digest realm="${withoutPrefix(realm, state)}", nonce="${makeNonce(msg, state.nonces)}"` +
    `${qop && `, qop="${qop}"`}${stale ? ", stale=true" : ""}, algorithm=${state.algorithm}\r\n`
  );
}

export const flaggedField = (
  msg: SipMessage | undefined,
  realm: string,
  flags: number,
  side: Side,
  state: Auth,
): string => {
  const qop = flags & Flag.qopAuthInt ? "auth-int" : flags & Flag.qopAuth ? "auth" : "";
  return challengeField(msg, realm, side, qop, (flags & Flag.stale) !== 0, state);
};

/** 401 or 407. -1: there is no realm, which is answered with 500. -3, -4: the reply could not be sent. */
export function challenge(call: Call, realm: string, flags: number, side: Side, state: Auth): Answer<1 | -1 | -3 | -4> {
  if (realm === "") return after(reply(call, 500, "Internal Server Error", "", state), (sent) => (sent ? -1 : -4));
  const field = flaggedField(call.msg, realm, flags, side, state);
  const sending =
    side === "www"
      ? reply(call, 401, "Unauthorized", field, state)
      : reply(call, 407, "Proxy Authentication Required", field, state);
  return after(sending, (sent) => (sent ? 1 : -3));
}

function reply(call: Call, code: number, reason: string, field: string, state: Auth): Answer<boolean> {
  const { msg } = call;
  if (field !== "") {
    msg.reply ??= { headers: [], body: undefined, contentType: undefined };
    msg.reply.headers.push(field);
  }
  return after(state.stateless ? replyStateless(call, code, reason) : sendReply(call, code, reason), (it) => it > 0);
}
