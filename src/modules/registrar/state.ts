/** What module registrar keeps for a generation. */
import type { Call } from "../../declare/call.ts";
import type { Core, Counter } from "../../declare/core.ts";
import type { Lists } from "../../declare/lists.ts";
import { declare } from "../../declare/module.ts";
import type { VariableRef } from "../../declare/variable.ts";
import type { SipMessage } from "../../sip/message.ts";
import type { Domain } from "../usrloc/domain.ts";
import type { Ruids } from "../usrloc/ruid.ts";
import type { Usrloc } from "../usrloc/state.ts";
import type { Problem } from "./problems.ts";
import type { Profile } from "./profiles.ts";

/** Modes of RFC 5626 support. */
export const Outbound = { none: 0, supported: 1, required: 2 } as const;
export const PathMode = { off: 0, lazy: 1, strict: 2 } as const;

/** Parameters, some of which cfg.set_now changes. */
export interface Settings {
  realmPrefix: string;
  defaultExpires: number;
  /** Percent by which lifetimes vary. */
  defaultExpiresRange: number;
  expiresRange: number;
  minExpires: number;
  maxExpires: number;
  maxContacts: number;
  retryAfter: number;
  caseSensitive: boolean;
  /** Thousandths; -1 for none. */
  defaultQ: number;
  appendBranches: boolean;
  useExpired: boolean;
  readonly receivedParam: string;
  readonly receivedAvp: VariableRef | undefined;
  /** Message flag under which `socketHeader` or the XAVP names the socket, as a bit; 0 for none. */
  readonly socketFlag: number;
  readonly socketHeader: string;
  readonly methodFiltering: boolean;
  readonly usePath: boolean;
  readonly pathMode: number;
  readonly pathUseReceived: boolean;
  readonly pathCheckLocal: boolean;
  readonly xavpCfg: string;
  readonly xavpRecord: string;
  readonly xavpRecordMask: number;
  readonly gruu: boolean;
  readonly outbound: number;
  /** The parameter reg-id is taken whether or not outbound is in use. */
  readonly regIdAlways: boolean;
  readonly flowTimer: number;
  readonly contactMaxSize: number;
  readonly lookupFilter: number;
  /** A lifetime below the least one is refused. */
  readonly refusesBrief: boolean;
}

/** What the reply to a registration will say. */
export interface Outcome {
  problem: Problem;
  /** The Contact field with its line end; "" for none. */
  contacts: string;
}

export interface Registrar {
  readonly core: Core;
  readonly usrloc: Usrloc;
  readonly settings: Settings;
  readonly ruids: Ruids;
  readonly accepted: Counter;
  readonly rejected: Counter;
  /** What save() found, for the reply that it or reg_send_reply() sends. */
  readonly outcomes: WeakMap<SipMessage, Outcome>;
  /** Contacts that reg_fetch_contacts() has copied, by name, for `$ulc`. */
  readonly profiles: WeakMap<Lists, Map<string, Profile>>;
}

export const { fn, pv, module } = declare<Registrar>();

export const domainOf = (state: Registrar, name: string): Domain => state.usrloc.domain(name);

/** An integer that the script has set for this registration in the XAVP of parameter xavp_cfg. */
export function configuredInt(call: Call, { settings }: Registrar, name: string): number | undefined {
  const value = fieldsOf(call, settings)?.items.find(
    (it) => it.name === name && (typeof it.value === "number" || typeof it.value === "bigint"),
  )?.value;
  return value === undefined ? undefined : Number(value);
}

/** A text that the script has set there. */
export function configuredText(call: Call, { settings }: Registrar, name: string): string {
  const value = fieldsOf(call, settings)?.items.find((it) => it.name === name && typeof it.value === "string")?.value;
  return typeof value === "string" ? value : "";
}

const fieldsOf = (call: Call, { xavpCfg }: Settings) => (xavpCfg === "" ? undefined : call.lists.xavps.sub(xavpCfg));
