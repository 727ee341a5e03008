/** `GET http://service/users/* => 200 {…}`: what HTTP services answer from now on. */
import type { HttpGiven } from "../../src/simulate/ladder/ladder.ts";
import type { HttpRule } from "./session.ts";

/** The rule, or what is wrong with its text. */
export function httpRule(text: string): HttpRule | string {
  const [first, ...below] = text.split("\n");
  const parts = /^(?:([A-Z]+|\*)\s+)?(\S+)\s+=>\s+(\d{3}|refused|reset|hang)(?:\s+(.*))?$/.exec(first!);
  if (!parts) return "it is `http METHOD URL => STATUS [BODY]` or `http <= STATUS [BODY]`";
  const [, method = "*", url, status, body = ""] = parts;
  const pattern = new RegExp(`^${url!.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`);
  const answer: HttpGiven = {
    kind: "http-given",
    line: 0,
    status: /^\d/.test(status!) ? Number(status) : (status as "refused"),
    text: body,
    details: [],
    body: below,
  };
  return { text, answer, fits: (asked, at) => (method === "*" || method === asked) && pattern.test(at) };
}
