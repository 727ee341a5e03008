/** What the script may see of a registered contact: the XAVP of parameter xavp_rcd. */
import type { Call } from "../../declare/call.ts";
import type { XavpValue } from "../../declare/xavp.ts";
import type { Contact } from "../usrloc/contact.ts";
import type { Registrar } from "./state.ts";

/** Bits of xavp_rcd_mask: fields to leave out. */
const Omit = { ruid: 1, contact: 2, expires: 4, received: 8, path: 16 } as const;

export function addRecord(call: Call, contact: Contact, { settings, usrloc }: Registrar): void {
  const { xavpRecord, xavpRecordMask } = settings;
  if (xavpRecord === "") return;
  const { xavps } = call.lists;
  const list = xavps.sub(xavpRecord) ?? xavps.addList(xavpRecord);
  const add = (name: keyof typeof Omit, value: XavpValue): void => {
    if ((xavpRecordMask & Omit[name]) === 0 && value !== "") list.add(name, value);
  };
  add("ruid", contact.ruid);
  add("received", contact.received);
  add("contact", contact.uri);
  add("expires", contact.expires - usrloc.now);
  add("path", contact.path);
}
