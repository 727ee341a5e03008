/** Groups of addresses, from a file or a table: hosts, subnets and domain names, each with a port and a tag. */
import { parseIp, unbracketed } from "../../sip/ip.ts";
import { type Row, textOf } from "../db/tables.ts";

export interface Entry {
  readonly group: number;
  /** As written. */
  readonly address: string;
  /** Undefined for a domain name. */
  readonly bytes: Uint8Array | undefined;
  readonly mask: number;
  /** 0 fits any. */
  readonly port: number;
  readonly tag: string;
}

export class Addresses {
  /** Newest first, as Kamailio's hash table gives them. */
  readonly hosts: Entry[] = [];
  /** By group, in the order of the file. */
  readonly subnets: Entry[] = [];
  readonly domains: Entry[] = [];
  readonly #byHost = new Map<string, Entry[]>();

  /** Of the subnets that fit, the longest one counts instead of the first. */
  readonly longest: boolean;

  constructor(longest: boolean) {
    this.longest = longest;
  }

  add(entry: Entry): void {
    if (!entry.bytes) this.domains.unshift(entry);
    else if (entry.mask === entry.bytes.length * 8) {
      this.hosts.unshift(entry);
      const key = entry.bytes.join(".");
      const same = this.#byHost.get(key);
      if (same) same.unshift(entry);
      else this.#byHost.set(key, [entry]);
    } else {
      let at = this.subnets.length;
      while (at > 0 && this.subnets[at - 1]!.group > entry.group) at--;
      this.subnets.splice(at, 0, entry);
    }
  }

  /** The entry of a group, or of any group, that an address or domain name fits. */
  find(address: string, port: number, group?: number): Entry | undefined {
    const fits = (it: Entry): boolean =>
      (group === undefined || it.group === group) && (it.port === 0 || it.port === port);
    const bytes = addressBytes(address);
    if (!bytes) return this.domains.find((it) => it.address === address && fits(it));
    const host = this.#byHost.get(bytes.join("."))?.find(fits);
    if (host) return host;
    let best: Entry | undefined;
    for (const it of this.subnets) {
      if (!fits(it) || it.mask <= (best?.mask ?? 0) || !inSubnet(bytes, it)) continue;
      best = it;
      if (!this.longest) break;
    }
    return best;
  }
}

/** What has a colon or a bracket is taken for IPv6. */
function addressBytes(text: string): Uint8Array | undefined {
  return parseIp(unbracketed(text)) ?? undefined;
}

function inSubnet(bytes: Uint8Array, { bytes: net, mask }: Entry): boolean {
  if (net?.length !== bytes.length) return false;
  const whole = mask >> 3;
  for (let i = 0; i < whole; i++) if (bytes[i] !== net[i]) return false;
  const rest = mask & 7;
  return rest === 0 || ((bytes[whole]! ^ net[whole]!) & (0xff00 >> rest) & 0xff) === 0;
}

/** Parses `group address [mask [port [tag]]]` lines; `#` begins a comment. A string is the problem. */
export function parseAddresses(content: string, longest: boolean, mostSubnets: number): Addresses | string {
  const addresses = new Addresses(longest);
  let number = 0;
  for (const line of content.split("\n")) {
    number++;
    const [group, address, mask = "0", port = "0", tag = ""] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (!group) continue;
    if (!address || ![group, mask, port].every((it) => /^\d+$/.test(it)))
      return `line ${number} is not \`group address mask port tag\``;
    const given = { group: Number(group), address, mask: Number(mask), port: Number(port), tag };
    const problem = addOne(addresses, given, mostSubnets);
    if (problem) return problem.aboutLine ? `line ${number}: ${problem.text}` : problem.text;
  }
  return addresses;
}

/** Takes rows of the table `address`: group, address, mask, port, tag. A string is the problem. */
export function addressesOf(rows: readonly Row[], longest: boolean, mostSubnets: number): Addresses | string {
  const addresses = new Addresses(longest);
  for (const [group, address, mask, port, tag] of rows) {
    const numbers = { group: Number(group), mask: Number(mask), port: Number(port) };
    if (address === null || mask === null || port === null || !(numbers.group > 0))
      return `there is an invalid row for ${textOf(address) || "no address"}`;
    const problem = addOne(addresses, { ...numbers, address: textOf(address), tag: textOf(tag) }, mostSubnets);
    if (problem) return problem.aboutLine ? `${textOf(address)}: ${problem.text}` : problem.text;
  }
  return addresses;
}

interface Problem {
  readonly text: string;
  /** It is this entry's, not that of all of them. */
  readonly aboutLine: boolean;
}

/** A mask of 0 stands for a whole address. */
function addOne(addresses: Addresses, given: Omit<Entry, "bytes">, mostSubnets: number): Problem | undefined {
  const bytes = addressBytes(given.address);
  const most = bytes ? bytes.length * 8 : Number.POSITIVE_INFINITY;
  if (bytes && (given.mask < 0 || given.mask > most))
    return { text: `the mask ${given.mask} is too long`, aboutLine: true };
  const entry = { ...given, bytes, mask: given.mask || (bytes ? most : 0) };
  if (addresses.subnets.length >= mostSubnets && bytes && entry.mask < most)
    return { text: `there are more than ${mostSubnets} subnets: see max_subnets`, aboutLine: false };
  addresses.add(entry);
  return undefined;
}
