/**
 * Nonces that tell by themselves whether this server has made them, when, and for whom (Kamailio's nonce.c):
 * expiry and time of making, a digest of both with a secret, one of parts of the request with another, and an id.
 */
import type { Host } from "../../declare/host.ts";
import { parseIp } from "../../sip/ip.ts";
import type { SipMessage } from "../../sip/message.ts";
import type { NonceCounts, NonceIds, UsedNonces } from "./counters.ts";

/** Parts of the request that a nonce is bound to: bits of the parameters auth_checks_…. */
const Check = { uri: 1, callId: 2, fromTag: 4, sourceIp: 8 } as const;

/** Flags of the last byte: the id counts for nonce-counts, or for one-time nonces. */
const COUNTED = 128;
const ONE_TIME = 64;

const DIGEST = 16;
/** Both times and the first digest, and as text in base64. */
const SHORTEST = 8 + DIGEST;
const SHORTEST_TEXT = 32;

export interface NonceRules {
  readonly host: Host;
  readonly secrets: readonly [string, string];
  /** Seconds. */
  readonly lifetime: number;
  /** Seconds by which the clock of a peer may be ahead. */
  readonly maxDrift: number;
  readonly checks: { readonly register: number; readonly noDialog: number; readonly inDialog: number };
  readonly ids: NonceIds;
  readonly counts: NonceCounts | undefined;
  readonly used: UsedNonces | undefined;
  /** Seconds since 1970: older nonces are of another server. */
  readonly startedAt: number;
}

/** "stale": the client may try again at once with another nonce. "reused": a one-time nonce was used before. */
export type NonceState = "good" | "stale" | "reused" | "bad";

/** Undefined stands for no request: the nonce is bound to none. */
function checksOf(msg: SipMessage | undefined, { checks }: NonceRules): number {
  if (msg === undefined) return 0;
  if (msg.method === "REGISTER") return checks.register;
  return msg.to?.tag ? checks.inDialog : checks.noDialog;
}

const word = (value: number): string =>
  String.fromCharCode((value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);

const wordAt = (bytes: string, at: number): number =>
  ((bytes.charCodeAt(at) << 24) |
    (bytes.charCodeAt(at + 1) << 16) |
    (bytes.charCodeAt(at + 2) << 8) |
    bytes.charCodeAt(at + 3)) >>>
  0;

/** MD5 as 16 bytes. */
const md5 = (host: Host, bytes: string): string =>
  host.hash("md5", bytes).replace(/../g, (hex) => String.fromCharCode(Number.parseInt(hex, 16)));

/** Both digests of a nonce; the second is "" when it is bound to nothing. `id` holds number and flags, or is "". */
function digestsOf(
  times: string,
  id: string,
  msg: SipMessage | undefined,
  rules: NonceRules,
): readonly [string, string] {
  const { host, secrets } = rules;
  const first = md5(host, times + id + secrets[0]);
  const checks = checksOf(msg, rules);
  if (checks === 0 || msg === undefined) return [first, ""];
  let parts = "";
  if (checks & Check.uri) parts += msg.uri;
  if (checks & Check.callId) parts += msg.callId;
  if (checks & Check.fromTag) parts += msg.from?.tag ?? "";
  if (checks & Check.sourceIp) parts += String.fromCharCode(...(parseIp(msg.received.srcIp) ?? []));
  return [first, md5(host, parts + secrets[1])];
}

const seconds = ({ host }: NonceRules): number => Math.floor(host.clock.wall() / 1000);

export function makeNonce(msg: SipMessage | undefined, rules: NonceRules): string {
  const now = seconds(rules);
  const times = word(now + rules.lifetime) + word(now);
  let id = "";
  if (rules.counts || rules.used) {
    const number = rules.ids.next();
    rules.counts?.made(number);
    rules.used?.made(number);
    id = word(number) + String.fromCharCode((rules.counts ? COUNTED : 0) | (rules.used ? ONE_TIME : 0));
  }
  const [first, second] = digestsOf(times, id, msg, rules);
  return btoa(times + first + second + id);
}

/** The bytes of base64 text; "" when it is none. */
const decoded = (text: string): string =>
  text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? atob(text) : "";

/** `count` is the nonce-count as written; `keep` says that it is used up now. */
export function checkNonce(
  nonce: string,
  count: string | undefined,
  msg: SipMessage,
  rules: NonceRules,
  keep: boolean,
): NonceState {
  const bytes = nonce.length < SHORTEST_TEXT ? "" : decoded(nonce);
  if (bytes.length < SHORTEST) return "bad";
  const now = seconds(rules);
  const since = wordAt(bytes, 4);
  if (since < rules.startedAt && since < now) return "stale";
  if (since > now && since - now > rules.maxDrift) return "stale";
  const bound = checksOf(msg, rules) !== 0;
  const idAt = bound ? SHORTEST + DIGEST : SHORTEST;
  const flags = bytes.length > idAt + 4 ? bytes.charCodeAt(idAt + 4) : 0;
  const hasId = (flags & (COUNTED | ONE_TIME)) !== 0;
  if (rules.used && (flags & ONE_TIME) === 0) return "stale";
  const [first, second] = digestsOf(bytes.slice(0, 8), hasId ? bytes.slice(idAt, idAt + 5) : "", msg, rules);
  if (bytes.slice(8, SHORTEST) !== first) return "bad";
  const expired = wordAt(bytes, 0) < now;
  const number = hasId ? wordAt(bytes, idAt) : 0;
  if (rules.counts && (flags & COUNTED) !== 0 && count) {
    if (!/^[0-9A-Fa-f]{8}$/.test(count)) return "bad";
    // A nonce-count that grows shows that nobody else has taken the nonce: neither of the other tests is made then.
    return rules.counts.accepts(number, Number.parseInt(count, 16), keep) && !expired ? "good" : "stale";
  }
  if (rules.used && !rules.used.accepts(number)) return "reused";
  if (bound) {
    if (bytes.length !== idAt + (hasId ? 5 : 0)) return "bad";
    if (bytes.slice(SHORTEST, SHORTEST + DIGEST) !== second) return "stale";
  }
  return expired ? "stale" : "good";
}
