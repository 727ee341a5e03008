/** `{rest.escape}` and `{rest.unescape}`: percent-encoding as libcurl's (RFC 3986, 2.3 stays as it is). */
import type { TransformationClass } from "../../declare/module.ts";
import { toText } from "../../declare/variables-values.ts";

const encode = (text: string): string =>
  text.replace(/[^A-Za-z0-9._~-]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);

const decode = (text: string): string =>
  text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

export const restClass: TransformationClass = {
  doc: "Percent-encoding, for what goes into URLs.",
  names: { escape: "The text with all but letters, digits and -._~ encoded.", unescape: "The text decoded." },
  bind(name) {
    const change = name === "escape" ? encode : name === "unescape" ? decode : undefined;
    if (!change) return `there is no transformation {rest.${name}}`;
    return (value) => (value === null || value === undefined ? value : change(toText(value)));
  },
};
