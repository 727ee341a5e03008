/** What modparam("tm", …) sets. Times are milliseconds; names and defaults are those of Kamailio's tm. */

export interface Settings {
  frTimer: number;
  frInvTimer: number;
  maxInvLifetime: number;
  maxNoninvLifetime: number;
  wtTimer: number;
  retrTimer1: number;
  retrTimer2: number;
  ruriMatching: boolean;
  via1Matching: boolean;
  callidMatching: boolean;
  /** 1 (Kamailio 6.1's default): a reply to a transaction that has ended is not matched. 0 (ours): as RFC 3261 has it. */
  replyMatching: number;
  noisyCtimer: boolean;
  /** event_route[tm:local-request] runs when there is one. */
  runsLocalRequest: boolean;
  /** Seconds that the AVPs of a run ask for in the place of frTimer and frInvTimer; 0 leaves one as it is. */
  askedTimers: ((lists: unknown) => { readonly fr: number; readonly frInvite: number }) | undefined;
  autoInv100: boolean;
  autoInv100Reason: string;
  restartFrOnEachReply: boolean;
  passProvisionalReplies: boolean;
  aggregateChallenges: boolean;
  /** 0 statefully, 1 statelessly, 2 drop. */
  unmatchedCancel: number;
  defaultCode: number;
  defaultReason: string;
  /** CANCEL and ACK are made from the INVITE that was sent, not from the one that came. */
  reparseInvite: boolean;
  /** Fields with this prefix go from the sent INVITE into CANCEL and ACK. */
  acExtraHdrs: string;
  /** What CANCEL does to a branch that had no reply: 0 fakes a 487, 1 goes on resending, 2 sends CANCEL. */
  cancelBMethod: number;
  disable6xxBlock: boolean;
  localAckMode: number;
  localAckBranchMode: number;
  failureReplyMode: number;
  fakedReplyPrio: number;
  remap503To500: boolean;
  failureExecMode: boolean;
  localCancelReason: boolean;
  e2eCancelReason: boolean;
  relay100: boolean;
  richRedirect: number;
  replyRelayMode: number;
  enableUacFr: boolean;
  reply408Code: number;
  reply408Reason: string;
  delayedReply: boolean;
  evlreqMode: number;
  /** Bits: 1 copies fields of a CANCEL that came into those sent on, 2 leaves the own Via alone in one that is forwarded statelessly. */
  headersMode: number;
  maxBranches: number;
  /** What a script has changed is part of the request that a transaction keeps (core parameter msg_apply_changes_mode). */
  appliesChanges: boolean;
  /** Seconds for which a sender of 503 is left alone, when it says none, and the bounds of what it says. */
  blocklist503: boolean;
  blocklist503Default: number;
  blocklist503Min: number;
  blocklist503Max: number;
  /** Bits of the methods whose silence puts a place on the blocklist, and of those that keep off it. */
  blocklistAdd: number;
  blocklistLookup: number;
  /** Negative replies besides 503 after which the next place of a name is tried. */
  failsOver(status: number): boolean;
}

export const defaultSettings = (): Settings => ({
  frTimer: 30000,
  frInvTimer: 120000,
  maxInvLifetime: 180000,
  maxNoninvLifetime: 32000,
  wtTimer: 5000,
  retrTimer1: 500,
  retrTimer2: 4000,
  ruriMatching: true,
  via1Matching: true,
  callidMatching: false,
  replyMatching: 0,
  noisyCtimer: true,
  runsLocalRequest: true,
  askedTimers: undefined,
  autoInv100: true,
  autoInv100Reason: "trying -- your call is important to us",
  restartFrOnEachReply: true,
  passProvisionalReplies: false,
  aggregateChallenges: true,
  unmatchedCancel: 0,
  defaultCode: 500,
  defaultReason: "Server Internal Error",
  reparseInvite: true,
  acExtraHdrs: "",
  cancelBMethod: 1,
  disable6xxBlock: false,
  localAckMode: 0,
  localAckBranchMode: 0,
  failureReplyMode: 3,
  fakedReplyPrio: 0,
  remap503To500: true,
  failureExecMode: false,
  localCancelReason: true,
  e2eCancelReason: true,
  relay100: false,
  richRedirect: 0,
  replyRelayMode: 1,
  enableUacFr: false,
  reply408Code: 408,
  reply408Reason: "Request Timeout",
  delayedReply: true,
  evlreqMode: 0,
  headersMode: 0,
  maxBranches: 12,
  appliesChanges: false,
  blocklist503: false,
  blocklist503Default: 0,
  blocklist503Min: 0,
  blocklist503Max: 3600,
  blocklistAdd: 1,
  blocklistLookup: -9,
  failsOver: () => false,
});
