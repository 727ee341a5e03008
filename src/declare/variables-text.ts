/** How a pseudo-variable is written: `$name(inner)`, `$(name(inner)[index]{transformations})` (Kamailio's pvapi.c). */

/** A variable cut into its parts; nothing in it is resolved yet. */
export interface VariableText {
  /** The whole variable as written. */
  readonly text: string;
  /** `$` for the marker `$$`. */
  readonly name: string;
  readonly inner: string | undefined;
  readonly index: string | undefined;
  /** Offset in `text` of the first `{`; -1 when there is no transformation. */
  readonly braces: number;
}

const isNameChar = (c: number): boolean =>
  (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || (c >= 48 && c <= 57) || c === 95 || c === 46 || c === 63;

/** Offset past the `)` that closes the `(` before `from`; -1 when it never closes. */
function closing(text: string, from: number): number {
  let depth = 1;
  for (let i = from; i < text.length; i++) {
    if (text[i] === "(") depth++;
    else if (text[i] === ")" && --depth === 0) return i + 1;
  }
  return -1;
}

/** The variable that a text begins with: where one is asked for, Kamailio leaves what stands behind it alone. */
export function leadingVariable(text: string): string {
  const trimmed = text.trim();
  const end = variableEnd(trimmed, 0);
  return end > 0 ? trimmed.slice(0, end) : trimmed;
}

/** Offset past the variable that starts with the `$` at `at`, as pv_locate_name finds it; -1 when it has no end. */
export function variableEnd(text: string, at: number): number {
  if (text[at] !== "$" || at + 1 >= text.length) return -1;
  if (text[at + 1] === "$") return at + 2;
  if (text[at + 1] === "(") return closing(text, at + 2);
  let i = at + 1;
  while (i < text.length && isNameChar(text.charCodeAt(i))) i++;
  return text[i] === "(" ? closing(text, i + 1) : i;
}

/** Cuts the variable at `at` into its parts. A string says what is wrong with it. */
export function cutVariable(source: string, at: number): VariableText | string {
  const end = variableEnd(source, at);
  if (end < 0) return `the variable \`${source.slice(at)}\` is not closed`;
  const text = source.slice(at, end);
  if (text === "$$" || text === "$($)") return { text, name: "$", inner: undefined, index: undefined, braces: -1 };
  const wrapped = text[1] === "(";
  let i = wrapped ? 2 : 1;
  const nameStart = i;
  while (i < text.length && isNameChar(text.charCodeAt(i))) i++;
  const name = text.slice(nameStart, i);
  if (name === "") return `\`${text}\` has no variable name`;
  let inner: string | undefined;
  let index: string | undefined;
  if (text[i] === "(") {
    const close = closing(text, i + 1);
    if (close < 0) return `the parenthesis of \`${text}\` is not closed`;
    inner = text.slice(i + 1, close - 1);
    if (inner === "") return `\`$${name}\` needs a name between its parentheses`;
    i = close;
  }
  if (!wrapped) return { text, name, inner, index, braces: -1 };
  if (text[i] === "[") {
    const close = closingBracket(text, i + 1);
    if (close < 0) return `the index of \`${text}\` is not closed`;
    index = text.slice(i + 1, close);
    if (index === "") return `\`${text}\` has an empty index`;
    i = close + 1;
  }
  if (text[i] === "{") return { text, name, inner, index, braces: i };
  if (i !== text.length - 1) return `unexpected \`${text[i] ?? ""}\` in \`${text}\``;
  return { text, name, inner, index, braces: -1 };
}

function closingBracket(text: string, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    if (text[i] === "[") depth++;
    else if (text[i] === "]" && depth-- === 0) return i;
  }
  return -1;
}
