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
