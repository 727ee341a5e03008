/** uac_req_send: sends the request that `$uac_req(…)` describes, answers a challenge once, and tells an event route. */
import type { Call } from "../../declare/call.ts";
import { Lists } from "../../declare/lists.ts";
import { type Answer, after, IntText, type Read, type Value } from "../../declare/value.ts";
import type { StoredReply } from "../../transaction/transaction.ts";
import { startRequest, type UacRequest } from "../../transaction/uac.ts";
import { userAgentOf } from "../tm/uac.ts";
import { authorization, challengeOf } from "./auth.ts";
import { emptyDraft, type RequestDraft, type Uac } from "./state.ts";

type TextKey = { [K in keyof RequestDraft]: RequestDraft[K] extends string ? K : never }[keyof RequestDraft];

export const draftKeys = {
  all: "All of them: $null empties them.",
  method: "Method.",
  ruri: "Request-URI.",
  turi: "URI of To; the Request-URI when empty.",
  ttag: "Tag of To.",
  furi: "URI of From; the Request-URI when empty.",
  ftag: "Tag of From; made when empty.",
  callid: "Call-ID; made when empty.",
  cseqno: "CSeq number; 10 when 0.",
  hdrs: "Further header fields with their line ends.",
  body: "Body.",
  ouri: "URI of the next hop.",
  sock: "Socket to send from.",
  auser: "User name for a challenge.",
  apasswd: "Password for a challenge.",
  fr_timeout: "Milliseconds without a provisional reply.",
  fr_inv_timeout: "Milliseconds after a provisional reply.",
  evroute: "1: event_route[uac:reply] runs with the final reply.",
  evparam: "Text for that event route.",
  evcode: "In that event route the status.",
  evtype: "In that event route 1 for a reply that came, 2 for none.",
  flags: "1: the password is the HA1.",
} as const;
export type DraftKey = keyof typeof draftKeys;

export function readDraft(state: Uac, key: DraftKey): Read {
  if (key === "all") return state.draft.flags;
  const value = state.draft[key];
  return value === "" ? null : value;
}

const LONGEST: Partial<Record<DraftKey, number>> = {
  method: 31,
  ttag: 127,
  ftag: 127,
  callid: 127,
  auser: 127,
  apasswd: 63,
};

export function writeDraft(state: Uac, key: DraftKey, value: Value): boolean {
  const { draft } = state;
  if (key === "all") {
    if (value === null) Object.assign(draft, emptyDraft(), { auser: draft.auser, apasswd: draft.apasswd });
    return true;
  }
  if (typeof draft[key] === "number") {
    const number = value === null ? 0 : value instanceof IntText ? Number(value.int) : value;
    if (typeof number === "string") return false;
    Object.assign(draft, { [key]: Number(number) });
    return true;
  }
  if (value === null) draft[key as TextKey] = "";
  else if (typeof value !== "string" || value.length > (LONGEST[key] ?? 4095)) return false;
  else draft[key as TextKey] = value;
  return true;
}

export function sendDraft(call: Call, state: Uac): Answer<1 | -1> {
  const { core } = call;
  const draft = { ...state.draft };
  if (draft.ruri === "" || draft.method === "") return -1;
  const socket = draft.sock === "" ? state.defaultSocket : core.sockets.parse(draft.sock);
  if (draft.sock !== "" && socket === undefined) return -1;
  const request: UacRequest = {
    method: draft.method,
    requestUri: draft.ruri,
    nextHop: draft.ouri,
    socket,
    from: draft.furi || draft.ruri,
    fromTag: draft.ftag,
    to: draft.turi || draft.ruri,
    toTag: draft.ttag,
    callId: draft.callid,
    ...(draft.cseqno > 0 && { cseq: draft.cseqno }),
    headers: draft.hdrs,
    body: draft.body,
    userAgent: userAgentOf(core),
    lists: new Lists(),
    frTimer: draft.fr_timeout,
    frInvTimer: draft.fr_inv_timeout,
    onEnd: (code, reply) => {
      ended(call, state, draft, code, reply);
      if ((code === 401 || code === 407) && draft.apasswd !== "" && typeof reply === "object")
        again(call, state, draft, request, code, reply);
    },
  };
  return after(startRequest(core.transactions.engine, { ...request, owner: core.owner }), (result) =>
    typeof result === "number" ? -1 : 1,
  );
}

/** event_route[uac:reply], which sees the request's description with the outcome in it. */
function ended(call: Call, state: Uac, draft: RequestDraft, code: number, reply: StoredReply): void {
  if (draft.evroute === 0) return;
  Object.assign(state.draft, draft, { evcode: code, evtype: typeof reply === "object" ? 1 : 2 });
  void call.core.runEvent("uac:reply", typeof reply === "object" ? reply : undefined);
}

/** The same request once more, with credentials. */
function again(
  call: Call,
  state: Uac,
  draft: RequestDraft,
  request: UacRequest,
  code: number,
  reply: Exclude<StoredReply, "faked" | undefined>,
): void {
  const { core } = call;
  const challenge = challengeOf(reply);
  if (challenge === undefined) return;
  const credential = {
    user: draft.auser,
    realm: challenge.realm,
    password: draft.apasswd,
    ...(draft.flags & 1 && { ha1: true }),
  };
  const field = authorization(core, code, draft.method, draft.ruri, credential, challenge);
  if (field === "") return;
  void startRequest(core.transactions.engine, {
    ...request,
    owner: core.owner,
    headers: draft.hdrs + field,
    callId: reply.callId,
    fromTag: reply.from?.tag ?? "",
    cseq: (reply.cseq?.number ?? 0) + 1,
    lists: new Lists(),
    onEnd: (second, answer) => ended(call, state, draft, second, answer),
  });
}
