/** The parameters of module tm: their documentation, and the settings they make. */
import { int, type Kind, type Received, text } from "../../declare/module.ts";
import { defaultSettings, type Settings } from "../../transaction/settings.ts";

const defaults = defaultSettings();
const ms = (doc: string, fallback: number) => int(`${doc} Milliseconds.`, { fallback });
const flag = (doc: string, on: boolean) => int(`${doc} 1 on, 0 off.`, { fallback: on ? 1 : 0 });
const number = (doc: string, fallback: number) => int(doc, { fallback });
export const parameters = {
  fr_timer: ms(
    "Time to wait for a final reply when no provisional one came, and for the ACK to a negative one.",
    defaults.frTimer,
  ),
  fr_inv_timer: ms("Time to wait for a final reply to an INVITE after a provisional one.", defaults.frInvTimer),
  fr_timer_avp: text("AVP whose seconds go before fr_timer for the transaction of a run: `$avp(name)`, or its name.", {
    fallback: "",
  }),
  fr_inv_timer_avp: text("AVP whose seconds go before fr_inv_timer.", { fallback: "" }),
  max_inv_lifetime: ms("Longest life of an INVITE transaction.", defaults.maxInvLifetime),
  max_noninv_lifetime: ms("Longest life of any other transaction.", defaults.maxNoninvLifetime),
  wt_timer: ms("Time that an ended transaction stays to absorb what comes late.", defaults.wtTimer),
  delete_timer: ms("Kept for old scripts; nothing depends on it, as in Kamailio.", 200),
  retr_timer1: ms("First interval between copies of a message over UDP (RFC 3261, T1).", defaults.retrTimer1),
  retr_timer2: ms("Longest interval between copies (RFC 3261, T2).", defaults.retrTimer2),
  ruri_matching: flag("Compare the Request-URI when matching requests of RFC 2543.", defaults.ruriMatching),
  via1_matching: flag("Compare the topmost Via when matching requests of RFC 2543.", defaults.via1Matching),
  callid_matching: flag("Compare the Call-ID when matching replies.", defaults.callidMatching),
  callid_cseq_matching: flag(
    "Compare Call-ID and CSeq of replies. They always fit here, because the branch names them.",
    false,
  ),
  reply_matching: number(
    "1: a reply to a transaction that has ended is forwarded without it, also copies of final replies and replies of branches that lost, as Kamailio 6.1 does unless told otherwise. 0: it is acknowledged and absorbed, as RFC 3261 (17.1.1.2) has it and Kamailio 5.6 does.",
    defaults.replyMatching,
  ),
  noisy_ctimer: flag("Answer INVITEs that time out without having had any reply.", defaults.noisyCtimer),
  auto_inv_100: flag("Answer each INVITE with 100 at once when it is relayed.", defaults.autoInv100),
  auto_inv_100_reason: text("Reason phrase of that 100.", { fallback: defaults.autoInv100Reason }),
  restart_fr_on_each_reply: flag("Each provisional reply restarts fr_inv_timer.", defaults.restartFrOnEachReply),
  pass_provisional_replies: flag(
    "Tell whoever started a request of provisional replies, too.",
    defaults.passProvisionalReplies,
  ),
  aggregate_challenges: flag(
    "A 401 or 407 of several branches carries the challenges of all.",
    defaults.aggregateChallenges,
  ),
  unmatched_cancel: number(
    "CANCEL without a transaction to cancel: 0 relay it with one of its own, 1 relay it without, 2 drop it.",
    defaults.unmatchedCancel,
  ),
  default_code: number("Code of t_reply when its argument is no number.", defaults.defaultCode),
  default_reason: text("Reason phrase of t_reply when its argument has no value.", {
    fallback: defaults.defaultReason,
  }),
  reparse_invite: flag("CANCEL and ACK are made from the INVITE as it was sent; off, from the one that came.", true),
  ac_extra_hdrs: text("Fields whose names start with this go from the INVITE into CANCEL and ACK.", { fallback: "" }),
  blst_503: flag("Leave the sender of a 503 alone for a while; takes `use_dst_blocklist`.", false),
  blst_503_def_timeout: number("For how many seconds when the 503 has no Retry-After; 0 for not at all.", 0),
  blst_503_min_timeout: number("For how many seconds at least.", 0),
  blst_503_max_timeout: number("For how many seconds at most.", 3600),
  blst_methods_add: number(
    "Methods whose silence puts a destination on the blocklist, as bits: 1 INVITE, 2 CANCEL, 4 ACK, 8 BYE…",
    1,
  ),
  blst_methods_lookup: number(
    "Methods that are not sent to destinations on the blocklist, as bits; -9 is all but BYE.",
    -9,
  ),
  cancel_b_method: number(
    "CANCEL of a branch that had no reply: 0 fake a 487, 1 go on sending the request, 2 send the CANCEL.",
    defaults.cancelBMethod,
  ),
  reparse_on_dns_failover: flag(
    "Reuse the text of the branch that failed when trying another address. It always is; only the Via is made anew.",
    true,
  ),
  failover_reply_codes: text(
    "Negative replies besides 503 after which the next address of a name is tried: `code=403;class=5`.",
    { fallback: "" },
  ),
  on_sl_reply: text("onreply_route for replies that belong to no transaction.", { fallback: "" }),
  contacts_avp: text("Name of the XAVP in which t_load_contacts keeps its contacts.", { fallback: "" }),
  contact_flows_avp: text("Name of the XAVP with further flows of the same instance.", { fallback: "" }),
  xavp_contact: text("Name of the XAVP with attributes of each contact.", { fallback: "" }),
  disable_6xx_block: flag("Treat 6xx like any other negative reply.", defaults.disable6xxBlock),
  local_ack_mode: number(
    "Where the ACK to a 2xx of a request started here goes: 0 by its route set, 1 to the source of the 2xx, 2 the same when it is behind NAT.",
    defaults.localAckMode,
  ),
  failure_reply_mode: number(
    "Replies of earlier branches after a failure_route: 0 keep, 1 drop all, 2 drop those of the last step, 3 drop all when it made new branches.",
    defaults.failureReplyMode,
  ),
  faked_reply_prio: number(
    "Added to the rank of replies made here: below 0 they are preferred, above 0 avoided.",
    defaults.fakedReplyPrio,
  ),
  remap_503_500: flag("A 503 goes upstream as 500.", defaults.remap503To500),
  failure_exec_mode: flag(
    "A branch that cannot be sent waits for fr_timer, so that its failure_route runs.",
    defaults.failureExecMode,
  ),
  local_cancel_reason: flag("Add Reason to a CANCEL made here because of a final reply.", defaults.localCancelReason),
  e2e_cancel_reason: flag("Copy the Reason fields of a CANCEL that came.", defaults.e2eCancelReason),
  e2e_cancel_hop_by_hop: flag(
    "A CANCEL is answered here and new ones are sent on each branch, as RFC 3261 16.10 has it. Viaduct always does so; off, none of its fields goes on.",
    true,
  ),
  relay_100: flag("Relay 100 as other provisional replies.", defaults.relay100),
  rich_redirect: number("Contact of a 3xx made here: 1 adds the branch flags, 2 the path.", defaults.richRedirect),
  reply_relay_mode: flag(
    "A further 2xx after the final reply leaves the transaction as it is.",
    defaults.replyRelayMode !== 0,
  ),
  enable_uac_fr: flag("Failure routes for requests that start here.", defaults.enableUacFr),
  exec_time_check: ms(
    "Longest time of a failure_route before Kamailio looks whether the transaction is still there; it always is here.",
    5000,
  ),
  reply_408_code: number("Code of a branch that timed out.", defaults.reply408Code),
  reply_408_reason: text("Reason phrase for that code.", { fallback: defaults.reply408Reason }),
  delayed_reply: flag(
    "An error of t_relay is replied when the script ends, so that it may reply itself.",
    defaults.delayedReply,
  ),
  event_callback: text(
    "Function of a script in another language for requests that start here; tm:local-request then does not run.",
    { fallback: "" },
  ),
  event_callback_lres_sent: text(
    "Function of such a script for replies made here. Without such a script tm:local-response runs all the same.",
    { fallback: "" },
  ),
  evcb_local_ack_sent: text(
    "Function of such a script for ACKs that start here. Without such a script tm:local-ack-sent runs all the same.",
    { fallback: "" },
  ),
  local_ack_branch_mode: number(
    "Via branch of the ACK to a 2xx of a request started here: 0 that of the INVITE, 1 and 2 another one, as RFC 3261 (17.1.1.3) has it.",
    defaults.localAckBranchMode,
  ),
  dns_reuse_rcv_socket: flag(
    "Send to further addresses of a name from the socket that the request came in on. It always is used when it fits.",
    false,
  ),
  headers_mode: number(
    "Fields of a CANCEL that came, as bits: 1 those that are no branch's own go into the CANCELs made here, 2 one that is forwarded without a transaction has no Via but the own.",
    defaults.headersMode,
  ),
  evlreq_mode: number(
    "event_route[tm:local-request] runs for hop-by-hop CANCEL (1) and ACK (2), too.",
    defaults.evlreqMode,
  ),
} satisfies Record<string, Kind<unknown>>;

export type Parameters = Received<typeof parameters>;

export function settingsOf(p: Parameters, maxBranches: number, appliesChanges: boolean): Settings {
  const hopByHop = Boolean(p.e2e_cancel_hop_by_hop);
  return {
    frTimer: Number(p.fr_timer),
    frInvTimer: Number(p.fr_inv_timer),
    maxInvLifetime: Number(p.max_inv_lifetime),
    maxNoninvLifetime: Number(p.max_noninv_lifetime),
    wtTimer: Number(p.wt_timer),
    retrTimer1: Number(p.retr_timer1),
    retrTimer2: Number(p.retr_timer2),
    ruriMatching: Boolean(p.ruri_matching),
    via1Matching: Boolean(p.via1_matching),
    callidMatching: Boolean(p.callid_matching),
    replyMatching: Number(p.reply_matching),
    noisyCtimer: Boolean(p.noisy_ctimer),
    askedTimers: undefined,
    runsLocalRequest: p.event_callback === "",
    autoInv100: Boolean(p.auto_inv_100),
    autoInv100Reason: p.auto_inv_100_reason,
    restartFrOnEachReply: Boolean(p.restart_fr_on_each_reply),
    passProvisionalReplies: Boolean(p.pass_provisional_replies),
    aggregateChallenges: Boolean(p.aggregate_challenges),
    unmatchedCancel: Number(p.unmatched_cancel),
    defaultCode: Number(p.default_code),
    defaultReason: p.default_reason,
    reparseInvite: Boolean(p.reparse_invite),
    acExtraHdrs: p.ac_extra_hdrs,
    cancelBMethod: Number(p.cancel_b_method),
    disable6xxBlock: Boolean(p.disable_6xx_block),
    localAckMode: Number(p.local_ack_mode),
    localAckBranchMode: Number(p.local_ack_branch_mode),
    failureReplyMode: Number(p.failure_reply_mode),
    fakedReplyPrio: Number(p.faked_reply_prio),
    remap503To500: Boolean(p.remap_503_500),
    failureExecMode: Boolean(p.failure_exec_mode),
    localCancelReason: Boolean(p.local_cancel_reason),
    e2eCancelReason: Boolean(p.e2e_cancel_reason) && hopByHop,
    relay100: Boolean(p.relay_100),
    richRedirect: Number(p.rich_redirect),
    replyRelayMode: Number(p.reply_relay_mode),
    enableUacFr: Boolean(p.enable_uac_fr),
    reply408Code: Number(p.reply_408_code),
    reply408Reason: p.reply_408_reason,
    delayedReply: Boolean(p.delayed_reply),
    evlreqMode: Number(p.evlreq_mode),
    headersMode: Number(p.headers_mode) & (hopByHop ? ~0 : ~1),
    maxBranches,
    appliesChanges,
    blocklist503: Boolean(p.blst_503),
    blocklist503Default: Number(p.blst_503_def_timeout),
    blocklist503Min: Number(p.blst_503_min_timeout),
    blocklist503Max: Number(p.blst_503_max_timeout),
    blocklistAdd: Number(p.blst_methods_add),
    blocklistLookup: Number(p.blst_methods_lookup),
    failsOver: failoverTest(p.failover_reply_codes),
  };
}

/** The test that `failover_reply_codes` describes; parts that name no negative reply are passed over. */
function failoverTest(list: string): (status: number) => boolean {
  const wanted = new Set<number>();
  for (const [, kind, digits] of list.matchAll(/(code|class)\s*=\s*(\d+)/gi)) {
    const number = Number(digits);
    if (kind!.toLowerCase() === "class" ? number >= 3 && number < 7 : number >= 300 && number < 700) wanted.add(number);
  }
  return (status) => wanted.has(status) || wanted.has(Math.trunc(status / 100));
}
