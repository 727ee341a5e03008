/** Core parameters of name resolution. */
import { int, type Kinds } from "../../declare/module.ts";

const on = (doc: string): ReturnType<typeof int> => int(doc, { fallback: 1 });
const off = (doc: string): ReturnType<typeof int> => int(doc, { fallback: 0 });

const MASK = "Failures that do not count, as bits: 2 not sent, 4 not connected, 16 silent, 32 a 503.";

export const dnsParameters: Kinds = {
  dns: off("Look up the name in a Via to compare it with the source address."),
  rev_dns: off("Look up the name of the source address to compare it with the Via."),
  dns_rev_via: off("Another spelling of `rev_dns`."),
  dns_try_ipv6: on("Ask for IPv6 addresses when there is no IPv4 address, or it failed; takes an IPv6 socket."),
  dns_try_naptr: off("Ask for NAPTR records first (RFC 3263)."),
  dns_udp_pref: int("Preference of UDP among NAPTR and SRV records, the greatest first; negative ignores it.", {
    fallback: 30,
  }),
  dns_udp_preference: int("Another spelling of `dns_udp_pref`.", { fallback: 30 }),
  dns_tcp_pref: int("Preference of TCP among NAPTR and SRV records, the greatest first; negative ignores it.", {
    fallback: 20,
  }),
  dns_tcp_preference: int("Another spelling of `dns_tcp_pref`.", { fallback: 20 }),
  dns_tls_pref: int("Preference of TLS among NAPTR and SRV records, the greatest first; negative ignores it.", {
    fallback: 10,
  }),
  dns_tls_preference: int("Another spelling of `dns_tls_pref`.", { fallback: 10 }),
  dns_sctp_pref: int(
    "Preference of SCTP among NAPTR and SRV records. There is no SCTP here: its records are ignored.",
    { fallback: 20 },
  ),
  dns_sctp_preference: int("Another spelling of `dns_sctp_pref`.", { fallback: 20 }),
  dns_retr_time: int("Seconds before a query is sent again; -1 leaves it to the system.", { fallback: -1 }),
  dns_retr_no: int("How often a server is asked; -1 leaves it to the system.", { fallback: -1 }),
  dns_servers_no: int("How many servers are asked; -1 leaves it to the system.", { fallback: -1 }),
  dns_slow_query_ms: off("Milliseconds from which a query is logged as slow; 0 for never."),
  dns_use_search_list: on("Complete names with the domains of resolv.conf."),
  dns_search_full_match: on(
    "Take an answer for a completed name only when its domain is on that list. It always is: names are completed here.",
  ),
  dns_naptr_ignore_rfc: on(
    "Choose among NAPTR records by the preferences set here first, and then by their order and preference.",
  ),
  dns_cache_init: on("Have a cache of names at all. Without one, the hosts file of the system is looked at."),
  use_dns_cache: on("Keep answers in that cache; takes `dns_cache_init`."),
  dns_use_cache: on("Another spelling of `use_dns_cache`."),
  use_dns_failover: off(
    "Try the next address of a name when one is silent, cannot be sent to, or answers 503; takes `use_dns_cache`.",
  ),
  dns_use_failover: off("Another spelling of `use_dns_failover`."),
  dns_srv_lb: off(
    "Choose among SRV records of one priority by chance and weight (RFC 2782); otherwise the heaviest is first.",
  ),
  dns_srv_loadbalancing: off("Another spelling of `dns_srv_lb`."),
  dns_cache_flags: off("1 asks for IPv4 only, 2 for IPv6 only, 4 prefers IPv6."),
  dns_cache_negative_ttl: int(
    "Seconds for which it is remembered that a name does not exist, or that no server answered.",
    {
      fallback: 60,
    },
  ),
  dns_cache_min_ttl: off("Seconds for which an answer is kept at least."),
  dns_cache_max_ttl: int("Seconds for which an answer is kept at most; -1 for no limit.", { fallback: -1 }),
  dns_cache_mem: int("Kilobytes that the cache may take.", { fallback: 500 }),
  dns_cache_gc_interval: int("Seconds between two removals of expired answers.", { fallback: 120 }),
  dns_cache_del_nonexp: off("Make room in a full cache by removing answers that have not expired."),
  dns_cache_delete_nonexpired: off("Another spelling of `dns_cache_del_nonexp`."),
  dns_cache_rec_pref: off(
    "Which answer stays when there is another one for the name: 0 and 2 the new, 1 the old, 3 the longer-lived.",
  ),
  use_dst_blocklist: off(
    "Do not send to destinations that failed lately. Refused datagrams (ICMP) do not show here: they count as silence.",
  ),
  dst_blocklist_init: on("Have such a list at all."),
  dst_blocklist_expire: int("Seconds for which a destination stays on it.", { fallback: 60 }),
  dst_blocklist_ttl: int("Another spelling of `dst_blocklist_expire`.", { fallback: 60 }),
  dst_blocklist_mem: int("Kilobytes that the list may take.", { fallback: 250 }),
  dst_blocklist_gc_interval: int("Seconds between two removals of expired entries.", { fallback: 60 }),
  dst_blocklist_udp_imask: off(MASK),
  dst_blocklist_tcp_imask: off(MASK),
  dst_blocklist_tls_imask: off(MASK),
  dst_blocklist_sctp_imask: off(MASK),
};
