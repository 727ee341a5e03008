/** One server transaction with its branches (Kamailio's cell). */
import type { SipMessage } from "../sip/message.ts";
import type { RouteHandle } from "./user.ts";

export class Transaction {
  /** The pair that names a transaction in `$T(id_index)`, `$T(id_label)`, t_continue and RPC. */
  readonly index: number;
  readonly label: number;
  /** The request as it was when the transaction was made, with what the script had changed by then. */
  request: SipMessage;
  /** AVPs and friends of the call (`Lists` of src/declare), opaque here. */
  lists: unknown;
  onFailure: RouteHandle | undefined;
  onReply: RouteHandle | undefined;
  onBranch: RouteHandle | undefined;

  constructor(index: number, label: number, request: SipMessage, lists: unknown) {
    this.index = index;
    this.label = label;
    this.request = request;
    this.lists = lists;
  }
}
