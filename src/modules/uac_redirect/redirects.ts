/** The contacts of the branches that were redirected become branches. Follows Kamailio's rd_funcs.c. */
import type { Call } from "../../declare/call.ts";
import { HeaderType } from "../../sip/headers.ts";
import type { SipMessage } from "../../sip/message.ts";
import { branchTo } from "../../sip/message.ts";
import { parseNameAddrs } from "../../sip/nameaddr.ts";
import { BranchFlag } from "../../transaction/transaction.ts";
import { parseQ } from "../registrar/contacts.ts";
import type { Filters } from "./filters.ts";
import type { Redirect } from "./state.ts";

/** Contacts of a reply that are looked at. */
const MOST = 16;

interface Contact {
  readonly uri: string;
  readonly q: number;
  /** Undefined: it has no parameter `flags`, or nobody wants it. */
  readonly flags: number | undefined;
}

/** The URIs that became branches, in order. `total` and `perBranch` 0: any number. */
export function redirects(call: Call, total: number, perBranch: number, filters: Filters, state: Redirect): string[] {
  const branches = call.tx?.branches ?? [];
  // Those of the last t_relay: earlier ones were dealt with.
  const first = branches.findLastIndex((it) => (it.flags & BranchFlag.first) !== 0);
  const added: string[] = [];
  for (const { lastReceived, reply } of first < 0 ? [] : branches.slice(first)) {
    if (lastReceived < 300 || lastReceived > 399 || typeof reply !== "object") continue;
    const left = total === 0 ? Number.POSITIVE_INFINITY : total - added.length;
    const most = perBranch === 0 ? left : Math.min(left, perBranch);
    if (most <= 0) continue;
    const contacts = contactsOf(reply, filters, state);
    // The best stand last.
    for (const it of contacts.slice(Math.max(contacts.length - most, 0)))
      if (append(call, it, state)) added.push(it.uri);
  }
  return added;
}

/** By q, the lowest first; equal ones as they stand in the reply. */
function contactsOf(reply: SipMessage, filters: Filters, { q: usual, flagsMode }: Redirect): readonly Contact[] {
  const sorted: Contact[] = [];
  for (const { type, valueStart, valueEnd } of reply.headers) {
    if (type !== HeaderType.contact) continue;
    for (const it of parseNameAddrs(reply.text, valueStart, valueEnd) ?? []) {
      if (!filters.accepts(it.uri)) continue;
      const written = it.param("q")?.value ?? "";
      const q = written === "" ? usual : parseQ(written);
      if (q === null) continue;
      const flags = flagsMode === 0 ? undefined : it.param("flags")?.value;
      const contact = { uri: it.uri, q, flags: flags && /^\d+$/.test(flags) ? Number(flags) : undefined };
      const at = sorted.findIndex((other) => other.q > q);
      if (at >= 0) sorted.splice(at, 0, contact);
      else if (sorted.length < MOST) sorted.push(contact);
      sorted.length = Math.min(sorted.length, MOST);
    }
  }
  return sorted;
}

function append({ msg, core }: Call, { uri, q, flags }: Contact, { ids, bflags, flagsMode }: Redirect): boolean {
  if (msg.branches.length >= core.config.int("max_branches") - 1) return false;
  const id = ids.next();
  msg.addBranch({
    ...branchTo(uri),
    q,
    flags: flags === undefined ? bflags : flagsMode === 2 ? flags | bflags : flags,
    instance: id,
    ruid: id,
    locationUa: id,
  });
  return true;
}
