/** `{nameaddr.*}` and `{tobody.*}`: what stands in From, To, Contact and their like. */
import type { Read } from "../../../declare/value.ts";
import { toText } from "../../../declare/variables-values.ts";
import { type NameAddr, parseNameAddr } from "../../../sip/nameaddr.ts";
import { parseUri } from "../../../sip/uri.ts";
import { type Declared, transformationClass } from "./class.ts";

interface Loose {
  readonly name: string;
  readonly uri: string;
  readonly length: number;
}

/** The next `char` from `at` that is not in double quotes; -1 for none. */
function unquoted(text: string, char: string, at: number): number {
  let quoted = false;
  for (let i = at; i < text.length; i++) {
    if (text[i] === '"' && (i === 0 || text[i - 1] !== "\\")) quoted = !quoted;
    else if (!quoted && text[i] === char) return i;
  }
  return -1;
}

/** Kamailio's parse_nameaddr: what stands before `<`, and between `<` and `>`. Without brackets all of it is the URI. */
function loose(text: string): Loose {
  const open = unquoted(text, "<", 0);
  if (open < 0) return { name: "", uri: text, length: text.length };
  const close = unquoted(text, ">", open + 1);
  // An open end is an error, of which only the length shows.
  if (close < 0) return { name: text.slice(0, open), uri: text.slice(open + 1), length: 0 };
  return { name: text.slice(0, open), uri: text.slice(open + 1, close), length: close + 1 };
}

const naPart = (doc: string, read: (it: Loose) => Read): Declared => ({
  doc,
  make: () => (value) => read(loose(toText(value))),
});

export const nameaddrClass = transformationClass("Parts of a name with an address.", "text", {
  name: naPart("What stands before the brackets.", (it) => it.name),
  uri: naPart("The URI.", (it) => it.uri),
  len: naPart("Length up to the closing bracket.", (it) => it.length),
});

const toPart = (doc: string, read: (it: NameAddr, text: string) => Read): Declared => ({
  doc,
  make: () => (value) => {
    const text = toText(value);
    const it = parseNameAddr(text, 0, text.length);
    return it && parseUri(it.uri) ? read(it, text) : undefined;
  },
});

export const tobodyClass = transformationClass(
  "Parts of the value of From, To and their like; fail when it is malformed.",
  "text",
  {
    uri: toPart("The URI.", (it) => it.uri),
    display: toPart("The display name with its quotes.", (it) => it.display),
    tag: toPart("The tag.", (it) => it.tag),
    user: toPart("User of the URI.", (it) => it.parsed!.user),
    host: toPart("Host of the URI.", (it) => it.parsed!.host),
    params: toPart("The parameters behind the address.", (it, text) =>
      it.params.length > 0 ? text.slice(it.params[0]!.start) : "",
    ),
  },
);
