/** What the module pv keeps: `$shv` outlives reloads, the rest belongs to the generation. */
import type { AvpName } from "../../declare/avp.ts";
import type { Core } from "../../declare/core.ts";
import { declare } from "../../declare/module.ts";
import type { Int } from "../../declare/value.ts";
import type { Branch } from "../../sip/message.ts";

export interface SharedVariable {
  value: string | Int;
}

export interface Preset {
  readonly name: string;
  readonly value: string | Int;
}

export interface PvState {
  readonly core: Core;
  /** By name. Variables that the script no longer names keep their value. */
  readonly shared: Map<string, SharedVariable>;
  /** Values of `shvset` that are set when the generation serves. */
  readonly presets: readonly Preset[];
  readonly aliases: ReadonlyMap<string, AvpName>;
  /** `$sbranch`. */
  staticBranch: Branch;
  /** Wall-clock milliseconds that `$TV(sn)` last gave. */
  timeval: number;
}

export const { fn, pv, rpc, module } = declare<PvState>();

/** The shared variable of that name, made with the value 0 when it is new. */
export function sharedVariable(shared: Map<string, SharedVariable>, name: string): SharedVariable {
  let it = shared.get(name);
  if (!it) {
    it = { value: 0 };
    shared.set(name, it);
  }
  return it;
}
