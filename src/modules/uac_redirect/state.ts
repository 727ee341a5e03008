/** What module uac_redirect keeps for a generation. */
import type { Core } from "../../declare/core.ts";
import { declare } from "../../declare/module.ts";
import type { SipMessage } from "../../sip/message.ts";
import type { Ruids } from "../usrloc/ruid.ts";
import type { Defaults, Filters } from "./filters.ts";

export type Accounting = "acc_log_request" | "acc_db_request" | "acc_request";

export interface Redirect {
  readonly core: Core;
  readonly defaults: Defaults;
  /** What the script has said of a message, until get_redirects has used it. */
  readonly filters: WeakMap<SipMessage, Filters>;
  readonly ids: Ruids;
  /** Undefined: nothing is accounted. */
  readonly accounting: Accounting | undefined;
  readonly table: string;
  readonly bflags: number;
  /** 0: the parameter `flags` of contacts is ignored; 1: it counts; 2: bflags are added to it. */
  readonly flagsMode: number;
  /** Thousandths, for contacts that have none. */
  readonly q: number;
}

export const { fn, module } = declare<Redirect>();
