/** Requests that are being processed and may not have a transaction yet: their copies are seen by t_precheck_trans. */
import type { Call } from "../../declare/call.ts";
import { stateOf } from "../../transaction/run.ts";
import { fromTag, viaFacts } from "../../transaction/wire.ts";

export interface Tmx {
  readonly precheck: Precheck;
  readonly on: boolean;
}

export class Precheck {
  /** How many runs are at each request. */
  readonly #running = new Map<string, number>();

  /** Notes the run's request until the run ends. True when another run is at the same request. */
  enter(call: Call): boolean {
    const { msg } = call;
    const { cseq } = msg;
    if (cseq === null || cseq.method === "ACK" || cseq.method === "CANCEL") return false;
    const state = stateOf(call);
    if (state.atEnd !== undefined) return false;
    const key = `${viaFacts(msg)?.branch ?? ""}\r${msg.callId}\r${cseq.numberText}\r${cseq.method}\r${fromTag(msg)}`;
    const running = this.#running.get(key) ?? 0;
    this.#running.set(key, running + 1);
    state.atEnd = () => {
      const left = this.#running.get(key)! - 1;
      if (left > 0) this.#running.set(key, left);
      else this.#running.delete(key);
    };
    return running > 0;
  }
}
