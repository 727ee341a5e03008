/**
 * The old text protocol of parameter `fifo`, over latin1 strings. A request is `:command:reply-fifo`, a line for each
 * parameter, and an empty line; the answer is `code reason` and a line for each value, a struct as `name:value,…`.
 * Follows Kamailio's ctl/fifo_server.c.
 */
import { RpcArray, RpcDouble, RpcStruct } from "../../declare/module.ts";
import { IntText } from "../../declare/value.ts";

export interface TextRequest {
  readonly method: string;
  readonly args: readonly string[];
  /** Name of the FIFO that takes the answer; "" when the transport takes it back. */
  readonly replyTo: string;
}

/** Longest request, in bytes. */
export const longestTextRequest = 65_536;

const escapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\", "\0": "\\0" };
const meanings: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "0": "\0", o: ":", c: "," };

/** `delimiters`: also what separates the members of a struct. */
const escaped = (text: string, delimiters: boolean): string => {
  const line = text.replace(/[\n\r\t\\\0]/g, (char) => escapes[char]!);
  return delimiters ? line.replace(/:/g, "\\o").replace(/,/g, "\\c") : line;
};
const unescaped = (text: string): string => text.replace(/\\(.)/g, (_, char: string) => meanings[char] ?? char);

/** Cuts a stream into requests: undefined stands for one that is none. */
export function textRequests(text: string): { readonly requests: (TextRequest | undefined)[]; readonly rest: string } {
  const requests: (TextRequest | undefined)[] = [];
  let rest = text.replace(/^[\r\n]+/, "");
  for (let end = /\r?\n\r?\n/.exec(rest); end; end = /\r?\n\r?\n/.exec(rest)) {
    const [line = "", ...args] = rest.slice(0, end.index).split(/\r?\n/);
    rest = rest.slice(end.index + end[0].length).replace(/^[\r\n]+/, "");
    const first = /^:([^:]+):(.*)$/.exec(line);
    requests.push(first ? { method: first[1]!, replyTo: first[2]!.trim(), args: args.map(unescaped) } : undefined);
  }
  return { requests, rest };
}

function scalar(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "1" : "0";
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : value.toFixed(6);
  if (typeof value === "bigint") return String(value);
  if (value === null || value === undefined) return "<null string>";
  if (value instanceof IntText) return value.text;
  if (value instanceof RpcDouble) return value.value.toFixed(6);
  return undefined;
}

/** Members of a struct or of an array, nested ones behind their name on the same line. */
function members(value: object): string {
  const items = value instanceof RpcArray ? value.items : Array.isArray(value) ? value : undefined;
  const fields: readonly (readonly [string, unknown])[] = items
    ? items.flatMap((it, i) => (scalar(it) === undefined ? fieldsOf(it as object) : [[String(i), it] as const]))
    : fieldsOf(value);
  return fields
    .map(([name, it]) => {
      const text = scalar(it);
      return `${escaped(name, true)}:${text === undefined ? members(it as object) : escaped(text, true)}`;
    })
    .join(",");
}

const fieldsOf = (value: object): readonly (readonly [string, unknown])[] =>
  value instanceof RpcStruct ? value.fields : Object.entries(value);

/** The answer to a command: an array is several values, undefined is none. */
export function textReply(answer: unknown): string {
  const values = answer === undefined || answer === null ? [] : Array.isArray(answer) ? answer : [answer];
  const lines = values.map((it) => {
    const text = scalar(it);
    return `${text === undefined ? members(it as object) : escaped(text, false)}\n`;
  });
  return `200 OK\n${lines.join("")}`;
}

export const textFault = (code: number, reason: string): string => `${code} ${reason}\n`;
