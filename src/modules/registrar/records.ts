/** Where contacts are looked for: in memory, or in what the database has of the addresses in question (db_mode 3). */
import { type Answer, after } from "../../declare/value.ts";
import type { Domain } from "../usrloc/domain.ts";
import { aorOf, isAor } from "./aor.ts";
import { domainOf, type Registrar } from "./state.ts";

/**
 * Does something with a table that has the contacts of these URIs. A database that does not answer is one where nobody
 * is registered.
 */
export function atRecords<R extends number>(
  state: Registrar,
  table: string | Domain,
  uris: () => readonly string[],
  work: (domain: Domain) => Answer<R>,
): Answer<R | -1> {
  const { usrloc } = state;
  const domain = typeof table === "string" ? domainOf(state, table) : table;
  if (!usrloc.inDatabase) return work(domain);
  return after(find(state, domain, uris()), (it): Answer<R | -1> => (it ? work(it) : -1));
}

/** The same for one address of record. */
export const atRecord = <R extends number>(
  state: Registrar,
  table: string | Domain,
  uri: string,
  work: (domain: Domain) => Answer<R>,
): Answer<R | -1> => atRecords(state, table, () => [uri], work);

/** The contact of a temporary GRUU is found by its id. */
function find(state: Registrar, domain: Domain, uris: readonly string[]): Answer<Domain | undefined> {
  const aors = uris.map((it) => aorOf(it, state)).filter(isAor);
  const [only] = aors;
  if (aors.length === 1 && only!.uri.param("gr") === "") {
    const { user } = only!.uri;
    return state.usrloc.store!.recordOf(domain, user.slice(0, Math.max(0, user.lastIndexOf("-"))));
  }
  return state.usrloc.records(domain, () => aors.map((it) => it.aor));
}
