/** SIP methods as the bits that Kamailio gives them (enum request_method). */

const BITS = new Map(
  [
    ...["INVITE", "CANCEL", "ACK", "BYE", "INFO", "REGISTER", "SUBSCRIBE", "NOTIFY", "MESSAGE", "OPTIONS"],
    ...["PRACK", "UPDATE", "REFER", "PUBLISH", "KDMQ", "GET", "POST", "PUT", "DELETE"],
  ].map((name, i) => [name, 1 << i]),
);

/** The bit of every method that has none of its own. */
export const METHOD_OTHER = 1 << 19;

/** The bit of a method in any case. */
export const methodBit = (name: string): number => BITS.get(name) ?? BITS.get(name.toUpperCase()) ?? METHOD_OTHER;

/** Bits of `a|b` or `a,b`; undefined when it is no list of methods. */
export function methodList(text: string): number | undefined {
  let bits = 0;
  const names = text.replaceAll("|", ",").split(",");
  for (let i = 0; i < names.length; i++) {
    const name = names[i]!.trim();
    // A comma at the very end is passed over with a warning.
    if (name === "" && i > 0 && i === names.length - 1) break;
    if (!/^[A-Za-z0-9\-.!%*_+`'~]+$/.test(name)) return undefined;
    bits |= methodBit(name);
  }
  return bits;
}
