/** Lists of SIP methods, as functions of textops take them. */
import { methodBit } from "../../sip/methods.ts";

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
