/** Values in header fields that hold several, and their parameters, by offset in the message's text. */
import { HeaderType, headerType } from "../../sip/headers.ts";
import type { Header, SipMessage } from "../../sip/message.ts";

/** `Name[index].parameter` as it is written in a script. */
export interface ValueName {
  readonly name: string;
  /** Brackets were written. */
  readonly indexed: boolean;
  /** `[*]`. */
  readonly all: boolean;
  /** From 1, or from -1 for the last one; 0: none was written. */
  readonly index: number;
  /** "" when none was written. */
  readonly param: string;
}

const VALUE_NAME = /^\s*([0-9A-Za-z_-]+)\s*(?:\[\s*(\*|[+-]?\d+)?\s*\])?\s*(?:\.\s*([0-9A-Za-z_-]+))?$/;

/** Undefined when the text is not such a name. */
export function parseValueName(text: string): ValueName | undefined {
  const parts = VALUE_NAME.exec(text);
  if (!parts) return undefined;
  const [, name = "", index, param = ""] = parts;
  return {
    name,
    indexed: text.includes("["),
    all: index === "*",
    index: index === undefined || index === "*" ? 0 : Number(index),
    param,
  };
}

/** One value: itself, and with white space before and the comma behind. */
export interface HeaderValue {
  readonly header: Header;
  readonly start: number;
  readonly end: number;
  readonly fullStart: number;
  readonly fullEnd: number;
}

const isSpace = (c: string | undefined): boolean => c === " " || c === "\t" || c === "\r" || c === "\n";

export function fieldsOf(msg: SipMessage, name: string): Header[] {
  const type = headerType(name);
  if (type !== HeaderType.other) return msg.headers.filter((it) => it.type === type);
  const wanted = name.toLowerCase();
  return msg.headers.filter((it) => msg.name(it).toLowerCase() === wanted);
}

/** The values of a field between its commas; commas in quotes do not count. */
export function valuesIn(msg: SipMessage, header: Header): HeaderValue[] {
  const { text } = msg;
  const limit = header.valueEnd;
  const values: HeaderValue[] = [];
  let at = header.valueStart;
  do {
    const fullStart = at;
    while (at < limit && isSpace(text[at])) at++;
    const start = at;
    let quoted = false;
    while (at < limit && (text[at] !== "," || quoted)) {
      if (text[at] === '"' && (!quoted || text[at - 1] !== "\\")) quoted = !quoted;
      at++;
    }
    let end = at;
    while (end > start && isSpace(text[end - 1])) end--;
    if (at < limit) at++;
    values.push({ header, start, end, fullStart, fullEnd: at });
  } while (at < limit);
  return values;
}

/** The value with that number over all fields of the name. */
export function valueAt(msg: SipMessage, name: string, index: number): HeaderValue | undefined {
  const values = fieldsOf(msg, name).flatMap((header) => valuesIn(msg, header));
  return values.at(index > 0 ? index - 1 : index);
}

/** Where a parameter stands: what to delete of it, and what to replace when only its value changes. */
export interface ParamPlace {
  readonly found: boolean;
  readonly deleteStart: number;
  readonly deleteEnd: number;
  /** From the end of the name to the end of the value. */
  readonly valueStart: number;
  readonly valueEnd: number;
  /** What separates a parameter that is added at `deleteStart`. */
  readonly delimiter: string;
}

/** Where the parameters begin: the first semicolon outside quotes and angle brackets. */
export function paramsStart(text: string, start: number, end: number): number {
  let quoted = false;
  let inUri = false;
  for (let i = start; i < end; i++) {
    const c = text[i];
    if (c === '"' && !(quoted && text[i - 1] === "\\")) quoted = !quoted;
    else if (quoted) continue;
    else if (c === "<") inUri = true;
    else if (c === ">") inUri = false;
    else if (c === ";" && !inUri) return i;
  }
  return end;
}

/** Past the value of a parameter at `at`, quotes included. `stop` ends an unquoted one. */
function valueEnd(text: string, at: number, end: number, stop: string): number {
  if (text[at] === '"' && at < end) {
    const close = text.indexOf('"', at + 1);
    return close < 0 || close >= end ? end : close + 1;
  }
  let i = at;
  while (i < end && !isSpace(text[i]) && text[i] !== stop) i++;
  return i;
}

/** Finds `;name=value` from `start`. Not found: the place to add it is where the parameters end. */
export function findParam(text: string, start: number, end: number, name: string): ParamPlace {
  const wanted = name.toLowerCase();
  const skip = (from: number): number => {
    let i = from;
    while (i < end && isSpace(text[i])) i++;
    return i;
  };
  for (let at = start; ; ) {
    const deleteStart = at;
    at = skip(at);
    if (at >= end || text[at] !== ";")
      return {
        found: false,
        deleteStart,
        deleteEnd: deleteStart,
        valueStart: deleteStart,
        valueEnd: deleteStart,
        delimiter: ";",
      };
    const nameStart = skip(at + 1);
    at = nameStart;
    while (at < end && !isSpace(text[at]) && text[at] !== "=" && text[at] !== ";") at++;
    const nameEnd = at;
    at = skip(at);
    if (at < end && text[at] === "=") at = valueEnd(text, skip(at + 1), end, ";");
    if (text.slice(nameStart, nameEnd).toLowerCase() === wanted)
      return { found: true, deleteStart, deleteEnd: at, valueStart: nameEnd, valueEnd: at, delimiter: ";" };
  }
}

const isName = (c: string | undefined): boolean => c !== undefined && /[0-9A-Za-z_-]/.test(c);

/** Finds `name=value` among values that commas separate, as in `Digest realm="a", nonce="b"`. */
export function findListed(text: string, start: number, end: number, name: string): ParamPlace {
  const wanted = name.toLowerCase();
  const skip = (from: number): number => {
    let i = from;
    while (i < end && isSpace(text[i])) i++;
    return i;
  };
  let delimiter = "";
  let at = start;
  while (at < end) {
    const deleteStart = at;
    at = skip(at);
    const afterComma = text[at] === "," && at < end;
    if (afterComma) at = skip(at + 1);
    if (at < end && isName(text[at])) {
      delimiter ||= " ";
      const nameStart = at;
      while (at < end && isName(text[at])) at++;
      const nameEnd = at;
      at = skip(at);
      const equals = at;
      if (at < end && text[at] === "=") {
        delimiter = ",";
        at = valueEnd(text, skip(at + 1), end, ",");
        if (text.slice(nameStart, nameEnd).toLowerCase() === wanted) {
          const behind = skip(at);
          const deleteEnd = !afterComma && behind < end && text[behind] === "," ? behind + 1 : at;
          return { found: true, deleteStart, deleteEnd, valueStart: equals, valueEnd: at, delimiter };
        }
      }
      at = skip(at);
    } else {
      while (at < end && !isSpace(text[at]) && text[at] !== ",") at++;
      if (at < end && text[at] === ",") at++;
    }
  }
  return { found: false, deleteStart: at, deleteEnd: at, valueStart: at, valueEnd: at, delimiter };
}
