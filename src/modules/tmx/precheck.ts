/** Requests that are being processed and may not have a transaction yet: their copies are seen by t_precheck_trans. */
import type { Call } from "../../declare/call.ts";
import type { SipMessage } from "../../sip/message.ts";
import { stateOf } from "../../transaction/run.ts";
import { fromTag } from "../../transaction/wire.ts";

export interface Tmx {
  readonly precheck: Precheck;
  readonly on: boolean;
}

export class Precheck {
  /** What the runs in progress are at: few, for workers bound them. */
  readonly #running: SipMessage[] = [];

  /** Notes the run's request until the run ends. True when another run is at the same request. */
  enter(call: Call): boolean {
    const { msg } = call;
    const { cseq } = msg;
    if (cseq === null || cseq.method === "ACK" || cseq.method === "CANCEL") return false;
    const state = stateOf(call);
    if (state.atEnd !== undefined) return false;
    const running = this.#running.some((it) => isCopy(it, msg));
    this.#running.push(msg);
    state.atEnd = () => {
      const last = this.#running.pop()!;
      if (last !== msg) this.#running[this.#running.indexOf(msg)] = last;
    };
    return running;
  }
}

const isCopy = (a: SipMessage, b: SipMessage): boolean =>
  a.callId === b.callId &&
  a.cseq?.numberText === b.cseq?.numberText &&
  a.cseqMethod === b.cseqMethod &&
  a.via1?.branch?.value === b.via1?.branch?.value &&
  fromTag(a) === fromTag(b);
