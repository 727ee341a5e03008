/** Groups of addresses from a file: hosts, subnets and domain names, each with a port and a tag. */
import { parseIp, unbracketed } from "../../sip/ip.ts";

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
    const bytes = addressBytes(address);
    const most = bytes ? bytes.length * 8 : Number.POSITIVE_INFINITY;
    if (Number(mask) > most) return `line ${number}: the mask ${mask} is too long`;
    const entry = {
      group: Number(group),
      address,
      bytes,
      mask: Number(mask) || (bytes ? most : 0),
      port: Number(port),
      tag,
    };
    if (addresses.subnets.length >= mostSubnets && bytes && entry.mask < most)
      return `there are more than ${mostSubnets} subnets: see max_subnets`;
    addresses.add(entry);
  }
  return addresses;
}
