/** IP addresses as text: recognising, comparing, and the bytes behind them (RFC 4291 for IPv6). */

/** The four bytes of an IPv4 address in dotted notation; null when it is none. */
export function parseIPv4(text: string): Uint8Array | null {
  const bytes = new Uint8Array(4);
  return isIPv4(text, bytes) ? bytes : null;
}

/** Whether the text is an IPv4 address in dotted notation; its bytes are written to `bytes`. */
export function isIPv4(text: string, bytes?: Uint8Array): boolean {
  const length = text.length;
  if (length < 7 || length > 15) return false;
  let at = 0;
  for (let part = 0; part < 4; part++) {
    if (part > 0 && text.charCodeAt(at++) !== 46) return false;
    const start = at;
    let value = 0;
    while (at < length) {
      const c = text.charCodeAt(at);
      if (c < 48 || c > 57) break;
      value = value * 10 + (c - 48);
      if (value > 255) return false;
      at++;
    }
    if (at === start || at - start > 3) return false;
    if (bytes !== undefined) bytes[part] = value;
  }
  return at === length;
}

/** The sixteen bytes of an IPv6 address, with or without brackets; null when it is none. */
export function parseIPv6(text: string): Uint8Array | null {
  if (text.charCodeAt(0) === 91) {
    if (text.charCodeAt(text.length - 1) !== 93) return null;
    text = text.slice(1, -1);
  }
  if (text.length < 2 || text.length > 45 || !text.includes(":")) return null;
  const gap = text.indexOf("::");
  if (gap >= 0 && text.indexOf("::", gap + 1) >= 0) return null;
  const head = words(gap < 0 ? text : text.slice(0, gap));
  const tail = gap < 0 ? [] : words(text.slice(gap + 2));
  if (head === null || tail === null) return null;
  const count = head.length + tail.length;
  if (gap < 0 ? count !== 8 : count > 7) return null;
  const all = [...head, ...new Array<number>(8 - count).fill(0), ...tail];
  const bytes = new Uint8Array(16);
  for (let i = 0; i < 8; i++) {
    bytes[2 * i] = all[i]! >> 8;
    bytes[2 * i + 1] = all[i]! & 255;
  }
  return bytes;
}

/** The bytes of either kind of address. */
export function parseIp(text: string): Uint8Array | null {
  return text.includes(":") ? parseIPv6(text) : parseIPv4(text);
}

/** An IPv6 address in brackets; anything else as it is. */
export function bracketed(host: string): string {
  return host.charCodeAt(0) !== 91 && host.includes(":") ? `[${host}]` : host;
}

/** Without the brackets that an IPv6 address may have. */
export function unbracketed(host: string): string {
  return host.charCodeAt(0) === 91 && host.charCodeAt(host.length - 1) === 93 ? host.slice(1, -1) : host;
}

/** True when both are the same address, however written. Host names are compared as text. */
export function sameAddress(a: string, b: string): boolean {
  if (a === b) return true;
  if (!a.includes(":") || !b.includes(":")) return false;
  const x = parseIPv6(a);
  const y = parseIPv6(b);
  return x !== null && y !== null && x.every((byte, i) => byte === y[i]);
}

/** Colon-separated words of 16 bits; the last may be an IPv4 address. */
function words(text: string): number[] | null {
  if (text === "") return [];
  const parts = text.split(":");
  const out: number[] = [];
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!;
    if (i === parts.length - 1 && part.includes(".")) {
      const v4 = parseIPv4(part);
      if (v4 === null) return null;
      out.push(v4[0]! * 256 + v4[1]!, v4[2]! * 256 + v4[3]!);
    } else {
      if (part.length < 1 || part.length > 4 || !/^[0-9a-fA-F]+$/.test(part)) return null;
      out.push(Number.parseInt(part, 16));
    }
  }
  return out;
}

/** True when the first `bits` bits of two addresses of one family are the same. */
export function inPrefix(bytes: Uint8Array, prefix: Uint8Array, bits: number): boolean {
  if (bytes.length !== prefix.length) return false;
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (bytes[i] !== prefix[i]) return false;
  const rest = bits & 7;
  return rest === 0 || (bytes[whole]! ^ prefix[whole]!) >> (8 - rest) === 0;
}
