/** AVPs, XAVPs, XAVUs and XAVIs of one run: kept with the transaction once there is one. */
import { AvpStore } from "./avp.ts";
import type { Value } from "./value.ts";
import { XavpStore } from "./xavp.ts";

const NO_VARS: Value[] = [];

/** Each store is made when it is first asked for: most messages need none. */
export class Lists {
  /** The `$var`s of the worker whose run used these lists last: a branch_route reads those of the run that relays. */
  vars: Value[] = NO_VARS;
  #avps: AvpStore | undefined = undefined;
  #xavps: XavpStore | undefined = undefined;
  #xavus: XavpStore | undefined = undefined;
  #xavis: XavpStore | undefined = undefined;

  get avps(): AvpStore {
    return (this.#avps ??= new AvpStore());
  }
  get xavps(): XavpStore {
    return (this.#xavps ??= new XavpStore(false));
  }
  get xavus(): XavpStore {
    return (this.#xavus ??= new XavpStore(false));
  }
  get xavis(): XavpStore {
    return (this.#xavis ??= new XavpStore(true));
  }
}
