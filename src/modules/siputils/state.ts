/** What the siputils module keeps. */
import type { Call } from "../../declare/call.ts";
import type { VariableRef } from "../../declare/variable.ts";
import type { SipMessage } from "../../sip/message.ts";
import type { ChargingVector } from "./charging-vector.ts";

export interface Siputils {
  /** Header fields of the reply to OPTIONS. */
  readonly capabilities: string;
  readonly separator: string;
  readonly rpid: VariableRef;
  readonly rpidPrefix: string;
  readonly rpidSuffix: string;
  readonly e164MaxLength: number;
  readonly vectors: WeakMap<SipMessage, ChargingVector>;
}

/** The text of a variable; undefined when it has none. */
export function textOf(variable: VariableRef, call: Call): string | undefined {
  const value = variable.get(call);
  if (value === null || value === undefined) return undefined;
  return typeof value === "object" ? value.text : String(value);
}
