/**
 * What a reply does to the client transaction of a branch: RFC 3261 figures 5 and 6 with the 2xx of RFC 6026, in the
 * form that tm gives them (one record a branch; its state is the last status received).
 */

/** Classes of replies that the figures tell apart. */
export type ReplyClass = "1xx" | "2xx" | "3xx-6xx";

export interface ReplyRule {
  readonly invite: boolean;
  readonly reply: ReplyClass;
  /** What happens to the copies of the request: Timers A, E and B, F. */
  readonly timers: "stop-copies" | "slow-copies" | "stop-all";
  /** ACK it here, hop by hop. */
  readonly ack: boolean;
  /** The wait for a final reply starts anew, with fr_inv_timer (Timer C). */
  readonly restartFinal: boolean;
  readonly source: string;
}

export const REPLY_RULES: readonly ReplyRule[] = [
  {
    invite: true,
    reply: "1xx",
    timers: "stop-copies",
    ack: false,
    restartFinal: true,
    source: "RFC 3261 17.1.1.2, 16.7 (2)",
  },
  {
    invite: true,
    reply: "2xx",
    timers: "stop-all",
    ack: false,
    restartFinal: false,
    source: "RFC 3261 13.2.2.4, RFC 6026 7.2",
  },
  {
    invite: true,
    reply: "3xx-6xx",
    timers: "stop-all",
    ack: true,
    restartFinal: false,
    source: "RFC 3261 17.1.1.2, 17.1.1.3",
  },
  { invite: false, reply: "1xx", timers: "slow-copies", ack: false, restartFinal: false, source: "RFC 3261 17.1.2.2" },
  { invite: false, reply: "2xx", timers: "stop-all", ack: false, restartFinal: false, source: "RFC 3261 17.1.2.2" },
  { invite: false, reply: "3xx-6xx", timers: "stop-all", ack: false, restartFinal: false, source: "RFC 3261 17.1.2.2" },
];

const CLASSES: readonly ReplyClass[] = ["1xx", "2xx", "3xx-6xx"];
const indexed = [true, false].map((invite) =>
  CLASSES.map((reply) => REPLY_RULES.find((rule) => rule.invite === invite && rule.reply === reply)!),
);

/** The row for a reply with that status. */
export const replyRule = (invite: boolean, status: number): ReplyRule =>
  indexed[invite ? 0 : 1]![status < 200 ? 0 : status < 300 ? 1 : 2]!;
