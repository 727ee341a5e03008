/** What module uac keeps for a generation. */
import type { Core } from "../../declare/core.ts";
import { declare } from "../../declare/module.ts";
import type { VariableRef } from "../../declare/variable.ts";
import type { LocalSocket } from "../../sip/address.ts";
import type { Registrations } from "./registrations.ts";

export interface Credential {
  readonly user: string;
  readonly realm: string;
  readonly password: string;
  /** The password is the HA1 already. */
  readonly ha1?: boolean;
}

/** The request that `$uac_req(…)` describes and uac_req_send sends. */
export interface RequestDraft {
  method: string;
  ruri: string;
  turi: string;
  ttag: string;
  furi: string;
  ftag: string;
  callid: string;
  hdrs: string;
  body: string;
  ouri: string;
  sock: string;
  auser: string;
  apasswd: string;
  evparam: string;
  cseqno: number;
  fr_timeout: number;
  fr_inv_timeout: number;
  evroute: number;
  evcode: number;
  evtype: number;
  flags: number;
}

export const emptyDraft = (): RequestDraft => ({
  method: "",
  ruri: "",
  turi: "",
  ttag: "",
  furi: "",
  ftag: "",
  callid: "",
  hdrs: "",
  body: "",
  ouri: "",
  sock: "",
  auser: "",
  apasswd: "",
  evparam: "",
  cseqno: 0,
  fr_timeout: 0,
  fr_inv_timeout: 0,
  evroute: 0,
  evcode: 0,
  evtype: 0,
  flags: 0,
});

export interface Uac {
  readonly core: Core;
  readonly restore: "none" | "manual" | "auto";
  readonly fromParam: string;
  readonly toParam: string;
  readonly password: string;
  /** Where the original values are kept for replies; undefined: nowhere. */
  readonly fromAvp: VariableRef | undefined;
  readonly toAvp: VariableRef | undefined;
  readonly credentials: readonly Credential[];
  readonly authUser: VariableRef | undefined;
  readonly authRealm: VariableRef | undefined;
  readonly authPassword: VariableRef | undefined;
  readonly defaultSocket: LocalSocket | undefined;
  draft: RequestDraft;
  /** Undefined: parameter reg_db_url is not set, and none are kept. */
  readonly registrations: Registrations | undefined;
}

export const { fn, pv, rpc, module } = declare<Uac>();
