/** AVPs, XAVPs, XAVUs and XAVIs of one run: kept with the transaction once there is one. */
import { AvpStore } from "./avp.ts";
import type { Value } from "./value.ts";
import { XavpStore } from "./xavp.ts";

const NO_VARS: Value[] = [];

export class Lists {
  /** The `$var`s of the worker whose run used these lists last: a branch_route reads those of the run that relays. */
  vars: Value[] = NO_VARS;
  readonly avps = new AvpStore();
  readonly xavps = new XavpStore(false);
  readonly xavus = new XavpStore(false);
  readonly xavis = new XavpStore(true);
}
