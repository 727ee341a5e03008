/** `{line.*}`: lines of a text. Their results are texts, also the count, and lose a carriage return at their end. */
import { toText } from "../../../declare/variables-values.ts";
import { type Declared, transformationClass, withNumber, withText } from "./class.ts";

const withoutCr = (line: string): string => (line.endsWith("\r") ? line.slice(0, -1) : line);

function at(text: string, n: number): string {
  if (n >= 0) return withoutCr(text.split("\n")[n] ?? "");
  return withoutCr(fromEnd(text, -n));
}

/** Kamailio's search from the end, which takes an empty line together with the one before it. */
function fromEnd(text: string, n: number): string {
  let last = text.length - 1;
  if (text[last] === "\n") last--;
  let before = text.lastIndexOf("\n", last - 1);
  if (before >= last) before = -1;
  for (let i = 1; i < n; i++) {
    if (before < 0) return "";
    last = before - 1;
    before = last > 0 ? text.lastIndexOf("\n", last - 1) : -1;
  }
  return text.slice(before + 1, last + 1);
}

const count: Declared = {
  doc: "How many lines there are; a line end at the very end begins no new one.",
  make: () => (value) => {
    const text = toText(value);
    return String(text.split("\n").length - (text.endsWith("\n") ? 1 : 0));
  },
};

export const lineClass = transformationClass("Lines of a text.", "text", {
  count,
  at: withNumber("The n-th line, from 0; from the end with a negative index.", at),
  sw: withText("The first line that starts with a text; empty when there is none.", (text, start) =>
    withoutCr(text.split("\n").find((line) => line.startsWith(start)) ?? ""),
  ),
});
