/** Encodings of bytes as text, with what Kamailio makes of wrong input (core/basex.c, pv_trans.c). Undefined: it fails. */

const HEX = "0123456789abcdef";

export function toHex(text: string): string {
  let out = "";
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i) & 0xff;
    out += HEX[c >> 4]! + HEX[c & 15]!;
  }
  return out;
}

/** The value of a hexadecimal digit; -1 when it is none. */
function hexDigit(c: number): number {
  if (c >= 48 && c <= 57) return c - 48;
  const lower = c | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** An odd digit at the end is dropped. */
export function fromHex(text: string): string | undefined {
  let out = "";
  for (let i = 0; i + 1 < text.length; i += 2) {
    const high = hexDigit(text.charCodeAt(i));
    const low = hexDigit(text.charCodeAt(i + 1));
    if (high < 0 || low < 0) return undefined;
    out += String.fromCharCode((high << 4) | low);
  }
  return out;
}

const STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE = `${STANDARD.slice(0, 62)}-_`;

function encode64(text: string, alphabet: string): string {
  let out = "";
  for (let i = 0; i < text.length; i += 3) {
    const left = text.length - i;
    const block =
      ((text.charCodeAt(i) & 0xff) << 16) |
      (left > 1 ? (text.charCodeAt(i + 1) & 0xff) << 8 : 0) |
      (left > 2 ? text.charCodeAt(i + 2) & 0xff : 0);
    out += alphabet[block >> 18]! + alphabet[(block >> 12) & 63]!;
    out += left > 1 ? alphabet[(block >> 6) & 63]! : "=";
    out += left > 2 ? alphabet[block & 63]! : "=";
  }
  return out;
}

export const toBase64 = (text: string): string => encode64(text, STANDARD);
export const toBase64Url = (text: string): string => encode64(text, URL_SAFE);
export const withoutPadding = (text: string): string => text.replace(/={1,2}$/, "");
export const withPadding = (text: string): string => text + "=".repeat((4 - (text.length % 4)) % 4);

/** Kamailio does not check the digits: a wrong one counts as 255 and spoils its neighbours. */
export function fromBase64(text: string): string | undefined {
  const n = text.length;
  if (n === 0) return "";
  if (n < 4 || n % 4 !== 0 || (text[n - 2] === "=" && text[n - 1] !== "=")) return undefined;
  const size = (n / 4) * 3 - (text[n - 2] === "=" ? 1 : 0) - (text[n - 1] === "=" ? 1 : 0);
  const digit = (i: number): number => {
    const at = STANDARD.indexOf(text[i]!);
    return at < 0 ? 255 : at;
  };
  let out = "";
  for (let i = 0; i < n; i += 4) {
    const a = digit(i);
    const b = digit(i + 1);
    const c = digit(i + 2);
    const d = digit(i + 3);
    out += String.fromCharCode(((a << 2) | (b >> 4)) & 0xff, ((b << 4) | (c >> 2)) & 0xff, ((c << 6) | d) & 0xff);
  }
  return out.slice(0, size) || undefined;
}

export function fromBase64Url(text: string): string | undefined {
  if (text.length === 0) return "";
  let end = text.length;
  while (end > 0 && text[end - 1] === "=") end--;
  const size = Math.floor((text.length * 6) / 8) - (text.length - end);
  if (size <= 0) return undefined;
  let out = "";
  for (let i = 0; i < end; i += 4) {
    let block = 0;
    for (let j = 0; j < 4 && i + j < end; j++) {
      const digit = URL_SAFE.indexOf(text[i + j]!);
      if (digit < 0) return undefined;
      block += digit << (18 - 6 * j);
    }
    out += String.fromCharCode(block >> 16, (block >> 8) & 0xff, block & 0xff);
  }
  return out.slice(0, size);
}

const DIGITS58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

export function toBase58(text: string): string {
  let zeros = 0;
  while (zeros < text.length && text.charCodeAt(zeros) === 0) zeros++;
  const digits: number[] = [];
  for (let i = zeros; i < text.length; i++) {
    let carry = text.charCodeAt(i) & 0xff;
    for (let j = 0; j < digits.length; j++) {
      carry += digits[j]! * 256;
      digits[j] = carry % 58;
      carry = Math.floor(carry / 58);
    }
    for (; carry > 0; carry = Math.floor(carry / 58)) digits.push(carry % 58);
  }
  let out = "1".repeat(zeros);
  for (let i = digits.length - 1; i >= 0; i--) out += DIGITS58[digits[i]!]!;
  return out;
}

/** Leading zero bytes are lost, as in Kamailio. */
export function fromBase58(text: string): string | undefined {
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    let carry = DIGITS58.indexOf(text[i]!);
    if (carry < 0) return undefined;
    for (let j = 0; j < bytes.length; j++) {
      carry += bytes[j]! * 58;
      bytes[j] = carry & 0xff;
      carry >>= 8;
    }
    for (; carry > 0; carry >>= 8) bytes.push(carry & 0xff);
  }
  return String.fromCharCode(...bytes.reverse());
}

const UPPER_HEX = "0123456789ABCDEF";

/** GSM 03.38's packing of 7-bit characters, as hexadecimal. */
export function to7bit(text: string): string {
  const at = (i: number): number => (i < text.length ? text.charCodeAt(i) & 0xff : 0);
  let out = "";
  let left = 1;
  let p = 0;
  for (let i = 0; i < text.length; i++) {
    const byte = ((at(p) >> (left - 1)) | (at(p + 1) << (8 - left))) & 0xff;
    out += UPPER_HEX[byte >> 4]! + UPPER_HEX[byte & 15]!;
    if (++left === 8) {
      p++;
      i++;
      left = 1;
    }
    p++;
  }
  return out;
}

/** What Kamailio's hex_to_char makes of any character. */
const looseHex = (c: number): number => (c >= 48 && c <= 57 ? c - 48 : (c >= 65 && c <= 90 ? c + 32 : c) - 87) & 0xff;

export function from7bit(text: string): string {
  let out = "";
  let left = 1;
  let previous = 0;
  for (let i = 0; i < text.length; i += 2) {
    const second = i + 1 < text.length ? text.charCodeAt(i + 1) : 0;
    const byte = ((looseHex(text.charCodeAt(i)) << 4) | looseHex(second)) & 0xff;
    const fill = byte >> (8 - left);
    out += String.fromCharCode((((byte << (left - 1)) & 0x7f) | previous) & 0xff);
    previous = fill;
    if (++left === 8) {
      out += String.fromCharCode(previous);
      left = 1;
      previous = 0;
    }
  }
  return out;
}

/** `+` is a blank; an escape that is cut short loses its percent sign. */
export function urlDecode(text: string): string {
  let out = "";
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c !== "%") out += c === "+" ? " " : c;
    else if (i + 2 < text.length) {
      out += String.fromCharCode(((looseHex(text.charCodeAt(i + 1)) << 4) | looseHex(text.charCodeAt(i + 2))) & 0xff);
      i += 2;
    }
  }
  return out;
}

const percent = (c: number): string => `%${HEX[c >> 4]!}${HEX[c & 15]!}`;

const isAlnum = (c: number): boolean => (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122);

/** Everything but letters, digits and the characters in `safe` becomes an escape. */
export function percentEncode(text: string, safe: string): string {
  let out = "";
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    out += isAlnum(c) || safe.includes(text[i]!) ? text[i]! : percent(c);
  }
  return out;
}

/** Fails on a wrong escape and on one of a character that is not printable ASCII. */
export function percentDecode(text: string): string | undefined {
  let out = "";
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== "%") {
      out += text[i]!;
      continue;
    }
    const high = hexDigit(text.charCodeAt(i + 1));
    const low = hexDigit(text.charCodeAt(i + 2));
    const c = (high << 4) | low;
    if (i + 2 >= text.length || high < 0 || low < 0 || c < 32 || c > 126) return undefined;
    out += String.fromCharCode(c);
    i += 2;
  }
  return out;
}

/** True when every character is printable ASCII. */
export function isPrintable(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 32 || c > 126) return false;
  }
  return true;
}
