/** AVPs, XAVPs, XAVUs and XAVIs of one run: kept with the transaction once there is one. */
import { AvpStore } from "./avp.ts";
import { XavpStore } from "./xavp.ts";

export class Lists {
  readonly avps = new AvpStore();
  readonly xavps = new XavpStore(false);
  readonly xavus = new XavpStore(false);
  readonly xavis = new XavpStore(true);
}
