/** Raw DNS look-ups by Node's resolver (c-ares): the name servers of the system, without its hosts file, as Kamailio's resolver. */
import { Resolver } from "node:dns/promises";
import type { Dns, DnsAnswer } from "../declare/host.ts";

/** Seconds to keep what the resolver gives no time for: other records than A and AAAA, and negative answers. */
const unknownTtl = 60;

/** Milliseconds until a name server is asked again, and how often each is asked. */
const timing = { timeout: 2000, tries: 2 };

export const createDns = (): Dns => {
  const resolver = new Resolver(timing);
  return {
    a: (name) => answer(() => resolver.resolve4(name, { ttl: true }), addresses),
    aaaa: (name) => answer(() => resolver.resolve6(name, { ttl: true }), addresses),
    srv: (name) =>
      answer(
        () => resolver.resolveSrv(name),
        (found) => ({
          records: found.map((r) => ({ priority: r.priority, weight: r.weight, port: r.port, target: r.name })),
          ttl: unknownTtl,
        }),
      ),
    naptr: (name) =>
      answer(
        () => resolver.resolveNaptr(name),
        (records) => ({ records, ttl: unknownTtl }),
      ),
    txt: (name) =>
      answer(
        () => resolver.resolveTxt(name),
        (found) => ({ records: found.map((parts) => parts.join("")), ttl: unknownTtl }),
      ),
    ptr: (address) =>
      answer(
        () => resolver.reverse(address),
        (records) => ({ records, ttl: unknownTtl }),
      ),
  };
};

const addresses = (found: readonly { address: string; ttl: number }[]): DnsAnswer<string> => ({
  records: found.map((r) => r.address),
  ttl: found.reduce((least, r) => Math.min(least, r.ttl), Number.MAX_SAFE_INTEGER),
});

/** Codes that say "there is no such record", which is an answer. */
const negative = new Set(["ENODATA", "ENOTFOUND", "EBADNAME"]);

const answer = async <R, T>(ask: () => Promise<R>, read: (found: R) => DnsAnswer<T>): Promise<DnsAnswer<T>> => {
  try {
    return read(await ask());
  } catch (error) {
    if (negative.has((error as NodeJS.ErrnoException).code ?? "")) return { records: [], ttl: unknownTtl };
    throw error;
  }
};
