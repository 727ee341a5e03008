/** `{s.*}`: transformations of texts. All of them fail on null. */
import type { Call } from "../../../declare/call.ts";
import type { Param } from "../../../declare/transformations-params.ts";
import { paramNumber, paramText } from "../../../declare/transformations-params.ts";
import { type Int, IntText, type Read } from "../../../declare/value.ts";
import { intOf, intWithText, strictInt, toText } from "../../../declare/variables-values.ts";
import { strftime, type Time, timeOf } from "../strftime.ts";
import { type Declared, onText, transformationClass, withNumber } from "./class.ts";
import * as codec from "./codecs.ts";
import { coreHash, coreHashIndex, crc32, sha3 } from "./hashes.ts";
import { cuts } from "./s-cut.ts";

const upper = (text: string): string => text.replace(/[a-z]+/g, (it) => it.toUpperCase());
const lower = (text: string): string => text.replace(/[A-Z]+/g, (it) => it.toLowerCase());

/** The integer and the text it is written as; the text is the value's own. */
function int(value: Read): Read {
  if (intOf(value) !== undefined) return value;
  const text = toText(value);
  const n = strictInt(text);
  return n === undefined ? undefined : intWithText(n, text);
}

/** As `int`, but an integer is printed anew, without a sign. */
function intValue(value: Read): Read {
  const n = intOf(value);
  return n === undefined ? int(value) : intWithText(n, unsigned(n));
}

const unsigned = (n: Int): string => BigInt.asUintN(64, BigInt(n)).toString();

const hash = (doc: string, algorithm: "md5" | "sha1" | "sha256" | "sha384" | "sha512"): Declared =>
  onText(doc, (text, call: Call) => call.core.host.hash(algorithm, text));

const keccak = (doc: string, variant: "sha3" | "keccak"): Declared => ({
  doc,
  params: ["text"],
  optional: true,
  make: ([param]) => {
    const bits = param === undefined ? 256 : typeof param === "string" ? Number.parseInt(param, 10) : 256;
    return (value) => (bits === 256 || bits === 384 || bits === 512 ? sha3(toText(value), bits, variant) : undefined);
  },
});

const escapeCommon = (text: string): string => text.replace(/['"\\\0]/g, (c) => (c === "\0" ? "\\0" : `\\${c}`));
const unescapeCommon = (text: string): string => text.replace(/\\(['"\\0])/g, (_, c: string) => (c === "0" ? "\0" : c));

/** Kamailio fails on the empty text here. */
const notEmpty =
  (apply: (text: string) => string) =>
  (text: string): Read =>
    text === "" ? undefined : apply(text);

const printable =
  (safe: string) =>
  (text: string): Read =>
    codec.isPrintable(text) ? codec.percentEncode(text, safe) : undefined;

/** Milliseconds from 1970 to the last day that a Date can hold. */
const LATEST = 8.64e15;

/** What C's localtime leaves behind when it fails, and its second as mktime counts. */
const NO_TIME: Time = {
  sec: 0,
  min: 0,
  hour: 0,
  mday: 0,
  mon: 0,
  year: 1900,
  wday: 0,
  yday: 0,
  isdst: 0,
  offset: 0,
  epoch: -2209075200,
};

function ftime([format]: readonly Param[]): (value: Read, call: Call) => Read {
  return (value, call) => {
    const seconds = intOf(value) ?? strictInt(toText(value));
    const layout = paramText(format!, call);
    if (seconds === undefined || layout === undefined) return undefined;
    const ms = Number(seconds) * 1000;
    return strftime(layout, Math.abs(ms) > LATEST ? NO_TIME : timeOf(ms, false));
  };
}

function indexedHash([size]: readonly Param[]): (value: Read, call: Call) => Read {
  return (value, call) => {
    const n = size === undefined ? 0 : paramNumber(size, call);
    return n === undefined ? undefined : String(coreHashIndex(coreHash(toText(value)), n >>> 0));
  };
}

/** A byte as C's signed char prints; -1 with no text when there is none. */
function byteAt(text: string, n: number): Read {
  if (n < 0 || n >= text.length) return new IntText(-1, "");
  const signed = (text.charCodeAt(n) << 24) >> 24;
  return intWithText(signed, unsigned(signed));
}

export const stringClass = transformationClass("Transformations of texts.", "value", {
  len: onText("How many bytes there are.", (text) => text.length),
  int: { doc: "The integer that is written here; fails on anything else.", make: () => int },
  intv: { doc: "As int, printing an integer anew.", make: () => intValue },
  md5: hash("MD5 in hexadecimal.", "md5"),
  sha1: hash("SHA-1 in hexadecimal.", "sha1"),
  sha256: hash("SHA-256 in hexadecimal.", "sha256"),
  sha384: hash("SHA-384 in hexadecimal.", "sha384"),
  sha512: hash("SHA-512 in hexadecimal.", "sha512"),
  sha3: keccak("SHA-3 in hexadecimal, of 256 bits or as many as given.", "sha3"),
  keccak: keccak("Keccak in hexadecimal, of 256 bits or as many as given.", "keccak"),
  crc32: onText("CRC-32 as a number.", crc32),
  corehash: {
    doc: "The server's own hash, or the slot of it in a table of that size.",
    params: ["number"],
    optional: true,
    make: indexedHash,
  },
  tolower: onText("ASCII letters in lower case.", lower),
  toupper: onText("ASCII letters in upper case.", upper),
  numeric: onText("Only the digits.", (text) => text.replace(/[^0-9]/g, "")),
  ftime: { doc: "Seconds since 1970 printed as strftime(3) does.", params: ["text"], make: ftime },
  "encode.hexa": onText("Bytes as hexadecimal.", codec.toHex),
  "decode.hexa": onText("Hexadecimal as bytes.", codec.fromHex),
  "encode.7bit": onText("GSM 7-bit packing.", codec.to7bit),
  "decode.7bit": onText("GSM 7-bit unpacking.", codec.from7bit),
  "encode.base58": onText("Base58.", codec.toBase58),
  "decode.base58": onText("Base58 decoded.", codec.fromBase58),
  "encode.base64": onText("Base64.", codec.toBase64),
  "decode.base64": onText("Base64 decoded.", codec.fromBase64),
  "encode.base64t": onText("Base64 without padding.", (text) => codec.withoutPadding(codec.toBase64(text))),
  "decode.base64t": onText("Base64 decoded, padding added.", (text) => codec.fromBase64(codec.withPadding(text))),
  "encode.base64url": onText("Base64 for URLs.", codec.toBase64Url),
  "decode.base64url": onText("Base64 for URLs decoded.", codec.fromBase64Url),
  "encode.base64urlt": onText("Base64 for URLs without padding.", (text) =>
    codec.withoutPadding(codec.toBase64Url(text)),
  ),
  "decode.base64urlt": onText("Base64 for URLs decoded, padding added.", (text) =>
    codec.fromBase64Url(codec.withPadding(text)),
  ),
  "escape.common": onText("Backslashes before quotes, backslashes and NUL.", escapeCommon),
  "unescape.common": onText("Undoes escape.common.", unescapeCommon),
  "escape.crlf": onText(
    "Line ends as \\r and \\n.",
    notEmpty((text) => text.replace(/[\r\n]/g, (c) => (c === "\n" ? "\\n" : "\\r"))),
  ),
  "unescape.crlf": onText(
    "Undoes escape.crlf.",
    notEmpty((text) => text.replace(/\\([nr])/g, (_, c: string) => (c === "n" ? "\n" : "\r"))),
  ),
  "escape.user": onText(
    "Percent escapes for the user of a URI; fails on what is not printable.",
    printable("-_.!~*'()&=+$,;?"),
  ),
  "unescape.user": onText("Undoes escape.user.", codec.percentDecode),
  "escape.param": onText("Percent escapes for a parameter of a URI.", printable("-_.!~*'()[]/:&+$")),
  "unescape.param": onText("Undoes escape.param.", codec.percentDecode),
  "escape.csv": onText("In double quotes, which are doubled inside.", (text) => `"${text.replaceAll('"', '""')}"`),
  "urlencode.param": onText("Percent escapes for a query.", (text) => codec.percentEncode(text, "-_.~")),
  "urldecode.param": onText("Undoes urlencode.param.", codec.urlDecode),
  byteat: withNumber("The byte at a position as a number.", byteAt),
  ...cuts,
});
