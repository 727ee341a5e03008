/** `name=value` lists as Kamailio's parse_params2 reads them: lenient about quotes and empty names. */

export interface ListParam {
  readonly name: string;
  readonly body: string;
}

const isSpace = (c: string | undefined): boolean => c === " " || c === "\t" || c === "\r" || c === "\n";

/** In the order written; undefined when the list is malformed. Nothing at all gives no parameters. */
export function parseParamList(text: string, separator: string): ListParam[] | undefined {
  const list: ListParam[] = [];
  let at = 0;
  const skip = (): void => {
    while (isSpace(text[at])) at++;
  };
  if (text === "") return list;
  while (true) {
    const start = at;
    while (at < text.length && !isSpace(text[at]) && text[at] !== "," && text[at] !== "=" && text[at] !== separator)
      at++;
    const name = text.slice(start, at);
    let body = "";
    skip();
    if (text[at] === "=") {
      at++;
      skip();
      if (at < text.length) {
        const quote = text[at];
        if (quote === '"' || quote === "'") {
          const close = text.indexOf(quote, at + 1);
          if (close < 0) return undefined;
          body = text.slice(at + 1, close);
          at = close + 1;
        } else {
          const from = at;
          while (at < text.length && !isSpace(text[at]) && text[at] !== "," && text[at] !== separator) at++;
          if (at === from) return undefined;
          body = text.slice(from, at);
        }
        skip();
      }
    }
    list.push({ name, body });
    if (at >= text.length) return list;
    // A comma ends a header's parameters, a `>` those of a URI.
    if ((text[at] === "," && separator !== ",") || (text[at] === ">" && separator !== ">")) return list;
    if (text[at] !== separator) return undefined;
    at++;
    skip();
    if (at >= text.length) return undefined;
  }
}

/** The value of the last parameter of that name, which is compared without case. */
export function listValue(list: readonly ListParam[], name: string): string | undefined {
  const wanted = name.toLowerCase();
  return list.findLast((it) => it.name.toLowerCase() === wanted)?.body;
}
