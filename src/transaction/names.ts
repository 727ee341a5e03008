/**
 * How transactions are named on the wire. A Via branch of ours is the cookie, the slot that Call-ID and CSeq number
 * choose, 16 digits made of what tells requests apart (tm's char_msg_val), and the number of the branch:
 * copies of a request get the same branch even after a restart, and so does an ACK that is forwarded statelessly.
 */
import type { SipMessage } from "../sip/message.ts";

export const COOKIE = "z9hG4bK";

/** Seeds of the two halves of a key; random, so that nobody else can make the branches of this server. */
export type Seeds = readonly [number, number];

/** Slot of the transaction table for a Call-ID and CSeq number, 30 bits. */
export function slotOf(callId: string, cseq: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < callId.length; i++) h = Math.imul(h ^ callId.charCodeAt(i), 0x01000193);
  for (let i = 0; i < cseq.length; i++) h = Math.imul(h ^ cseq.charCodeAt(i), 0x01000193);
  return (h ^ (h >>> 15)) & 0x3fffffff;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

const hex8 = (n: number): string => HEX[n >>> 24]! + HEX[(n >>> 16) & 255]! + HEX[(n >>> 8) & 255]! + HEX[n & 255]!;

/** 16 hexadecimal digits as two numbers (int32), which are faster to compare and smaller to keep than the text. */
export interface Key {
  readonly high: number;
  readonly low: number;
}

/** The key of a text that is given in pieces. */
class Digits {
  #a: number;
  #b: number;

  constructor(seeds: Seeds) {
    this.#a = seeds[0];
    this.#b = seeds[1];
  }

  /** The next piece. */
  add(text: string): void {
    let a = this.#a;
    let b = this.#b;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      a = Math.imul(a ^ code, 0x01000193);
      b = Math.imul((b << 7) ^ (b >>> 25) ^ code, 0x85ebca6b);
    }
    this.#a = a;
    this.#b = b;
  }

  get key(): Key {
    const a = Math.imul(this.#a ^ (this.#b >>> 13), 0xc2b2ae35);
    return { high: a, low: this.#b ^ (a >>> 15) };
  }
}

/** The key of a text. */
export function keyOf(text: string, seeds: Seeds): Key {
  const digits = new Digits(seeds);
  digits.add(text);
  return digits.key;
}

/** What tells a request from any other, its method left out: INVITE, CANCEL and ACK of one call have the same. */
export function requestKey(msg: SipMessage, seeds: Seeds): Key {
  const via = msg.via1;
  const call = msg.method === "INVITE" || msg.method === "ACK" || msg.method === "CANCEL";
  const digits = new Digits(seeds);
  digits.add(msg.from?.tag ?? "");
  digits.add("\r");
  digits.add(call ? "" : (msg.to?.tag ?? ""));
  digits.add("\r");
  digits.add(msg.callId);
  digits.add("\r");
  digits.add(msg.requestUri);
  digits.add("\r");
  digits.add(msg.cseq?.numberText ?? "");
  digits.add("\r");
  digits.add(via?.host ?? "");
  digits.add("\r");
  digits.add(via?.portText ?? "");
  digits.add("\r");
  digits.add(via?.branch?.value ?? "");
  return digits.key;
}

export const branchName = (slot: number, { high, low }: Key, branch: number): string =>
  `${COOKIE}${hex8(slot)}.${hex8(high)}${hex8(low)}.${branch.toString(16)}`;

/** The number that text[at, end) is in small hexadecimal digits, at most eight; -1 when it is none. */
function hexAt(text: string, at: number, end: number): number {
  if (at >= end || end - at > 8) return -1;
  let value = 0;
  for (let i = at; i < end; i++) {
    const c = text.charCodeAt(i);
    if (c >= 48 && c <= 57) value = value * 16 + (c - 48);
    else if (c >= 97 && c <= 102) value = value * 16 + (c - 87);
    else return -1;
  }
  return value;
}

/** A branch of ours taken apart; undefined for one that is not. */
export function parseBranch(text: string): (Key & { readonly slot: number; readonly branch: number }) | undefined {
  if (!text.startsWith(COOKIE)) return undefined;
  const dot = text.indexOf(".", COOKIE.length);
  if (dot < 0 || text.charCodeAt(dot + 17) !== 46) return undefined;
  const slot = hexAt(text, COOKIE.length, dot);
  const high = hexAt(text, dot + 1, dot + 9);
  const low = hexAt(text, dot + 9, dot + 17);
  const branch = hexAt(text, dot + 18, text.length);
  if (slot < 0 || high < 0 || low < 0 || branch < 0) return undefined;
  return { slot, high: high | 0, low: low | 0, branch };
}
