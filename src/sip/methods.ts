/** SIP methods, and their names as the bits that Kamailio gives them (enum request_method). */

const NAMES = [
  ...["INVITE", "CANCEL", "ACK", "BYE", "INFO", "REGISTER", "SUBSCRIBE", "NOTIFY", "MESSAGE", "OPTIONS"],
  ...["PRACK", "UPDATE", "REFER", "PUBLISH", "KDMQ", "GET", "POST", "PUT", "DELETE"],
];
const BITS = new Map(NAMES.map((name, i) => [name, 1 << i]));

const byLength = Array.from({ length: 10 }, (_, length) => NAMES.filter((name) => name.length === length));

/** The method in text[at, end). One of the known is always the same string, which is fast to compare and kept once. */
export function methodAt(text: string, at: number, end: number): string {
  const known = byLength[end - at];
  if (known !== undefined) for (let i = 0; i < known.length; i++) if (text.startsWith(known[i]!, at)) return known[i]!;
  return text.slice(at, end);
}

/** The bit of every method that has none of its own. */
export const METHOD_OTHER = 1 << 19;

/** The bit of a method in any case. */
export const methodBit = (name: string): number => BITS.get(name) ?? BITS.get(name.toUpperCase()) ?? METHOD_OTHER;
