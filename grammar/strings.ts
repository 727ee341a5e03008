/** How string literals are written: cfg.lex states STRING1 (double quotes) and STRING2 (single quotes) of Kamailio. */

const SIMPLE: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  a: "\x07",
  t: "\t",
  '"': '"',
  "\\": "\\",
  "\n": "",
};
const HEX = /[0-9a-fA-F]{1,2}/y;
const OCTAL = /[0-7]{2,3}/y;

/** The value of a literal as written with its quotes; neighbours in double quotes are joined. Bytes as latin1. */
export function decodeString(raw: string): string {
  if (raw.startsWith("'")) return beforeNul(raw.slice(1, -1));
  if (!raw.includes("\\") && raw.indexOf('"', 1) === raw.length - 1) return beforeNul(raw.slice(1, -1));
  let value = "";
  let at = 0;
  while (at < raw.length) {
    const open = raw.indexOf('"', at);
    if (open < 0) break;
    const close = endOfDouble(raw, open);
    value += resolveEscapes(raw.slice(open + 1, close - 1));
    at = close;
  }
  return beforeNul(value);
}

/** Offset after the closing quote of the literal that opens at `open`, or -1 when there is none. */
export function endOfDouble(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code === 0x5c) at++;
  }
  return -1;
}

/** Unknown escapes keep their backslash; octal ones need two or three digits (cfg.lex says why: `\1` of subst). */
function resolveEscapes(body: string): string {
  let at = body.indexOf("\\");
  if (at < 0) return body;
  let value = "";
  let done = 0;
  while (at >= 0 && at + 1 < body.length) {
    const next = body[at + 1]!;
    const simple = SIMPLE[next];
    if (simple !== undefined) {
      value += body.slice(done, at) + simple;
      done = at + 2;
    } else if (next === "x") {
      HEX.lastIndex = at + 2;
      const digits = HEX.exec(body)?.[0];
      if (digits !== undefined) {
        value += body.slice(done, at) + String.fromCharCode(Number.parseInt(digits, 16));
        done = at + 2 + digits.length;
      }
    } else {
      OCTAL.lastIndex = at + 1;
      const digits = OCTAL.exec(body)?.[0];
      if (digits !== undefined) {
        value += body.slice(done, at) + String.fromCharCode(Number.parseInt(digits, 8) & 0xff);
        done = at + 1 + digits.length;
      }
    }
    at = body.indexOf("\\", Math.max(done, at + 1));
  }
  return value + body.slice(done);
}

/** Kamailio holds literals as C strings, so a NUL ends them. */
const beforeNul = (value: string): string => {
  const nul = value.indexOf("\0");
  return nul < 0 ? value : value.slice(0, nul);
};
