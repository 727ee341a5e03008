/** Requests that start here (tm's t_uac): no server side, replies end in callbacks. */
import type { SipMessage } from "../sip/message.ts";
import type { Transaction } from "./transaction.ts";

/** ACK for a 2xx to an INVITE that was started here (RFC 3261 13.2.2.4): made once, sent for each copy of the 2xx. */
export function localAck(tx: Transaction, index: number, _reply: SipMessage): void {
  const branch = tx.branches[index]!;
  const ack = branch.localAck;
  if (ack?.to !== undefined) void tx.engine.ports.send(ack.text, ack.to);
}
