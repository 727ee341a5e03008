/** Address literals: what kind they are and when two of them are the same. */
import type { Family } from "./socket.ts";

/** True for a dotted quad with four numbers up to 255. */
export const isIpv4 = (text: string): boolean => {
  let dots = 0;
  let value = -1;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 46) {
      if (value < 0 || ++dots > 3) return false;
      value = -1;
    } else if (c >= 48 && c <= 57) {
      value = value < 0 ? c - 48 : value * 10 + c - 48;
      if (value > 255) return false;
    } else return false;
  }
  return dots === 3 && value >= 0;
};

/** Takes the brackets of an IPv6 reference off. */
export const unbracket = (host: string): string =>
  host.length > 2 && host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;

/** The eight groups of an IPv6 literal (no brackets, no zone), undefined when it is none. */
export const ipv6Groups = (text: string): number[] | undefined => {
  if (text.length < 2 || text.length > 45 || !text.includes(":")) return undefined;
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const parts: number[][] = [];
  for (const [at, half] of halves.entries()) {
    const groups: number[] = [];
    const words = half === "" ? [] : half.split(":");
    for (const [i, word] of words.entries()) {
      if (word.includes(".")) {
        if (i !== words.length - 1 || at !== halves.length - 1 || !isIpv4(word)) return undefined;
        const [a, b, c, d] = word.split(".").map(Number) as [number, number, number, number];
        groups.push(a * 256 + b, c * 256 + d);
      } else {
        if (!/^[0-9a-fA-F]{1,4}$/.test(word)) return undefined;
        groups.push(Number.parseInt(word, 16));
      }
    }
    parts.push(groups);
  }
  const head = parts[0]!;
  const tail = parts[1];
  if (!tail) return head.length === 8 ? head : undefined;
  const missing = 8 - head.length - tail.length;
  return missing < 1 ? undefined : [...head, ...Array<number>(missing).fill(0), ...tail];
};

/** 4 or 6 for a literal (brackets allowed), undefined for a name. */
export const familyOf = (host: string): Family | undefined => {
  if (isIpv4(host)) return 4;
  return ipv6Groups(unbracket(host)) ? 6 : undefined;
};

/** One text for all spellings of an address; names come back in lower case. */
export const addressKey = (host: string): string => {
  if (isIpv4(host)) return host;
  const groups = ipv6Groups(unbracket(host));
  return groups ? groups.map((g) => g.toString(16)).join(":") : host.toLowerCase();
};

export const isLoopback = (address: string): boolean =>
  isIpv4(address) ? address.startsWith("127.") : addressKey(address) === "0:0:0:0:0:0:0:1";

export const isMulticast = (address: string): boolean => {
  if (isIpv4(address)) {
    const first = Number(address.slice(0, address.indexOf(".")));
    return first >= 224 && first < 240;
  }
  return (ipv6Groups(unbracket(address))?.[0] ?? 0) >> 8 === 0xff;
};

export const isLinkLocal = (address: string): boolean =>
  !isIpv4(address) && ((ipv6Groups(unbracket(address))?.[0] ?? 0) & 0xffc0) === 0xfe80;
