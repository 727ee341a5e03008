/** What of an answer has to be the same. */

/**
 * An answer as kamcmd prints it, reduced to what a program relies on: one line for each field, as the path of names to
 * it with its type, once and sorted; values outside structs in their order; faults with code and text. What is said
 * about parameters that are missing or wrong is ours: there the code has to do.
 */
export function shape(text: string): string {
  if (/^error: /m.test(text))
    return /parameter|wrong format|expected|Invalid/i.test(text) ? "error: parameters" : text.trim();
  const found: string[] = [];
  const path: string[] = [];
  const type = (value: string): string =>
    /^-?\d+$/.test(value) ? "int" : /^-?\d+\.\d+$/.test(value) ? "double" : "text";
  for (const line of text.split("\n")) {
    const it = line.trim();
    if (it === "") continue;
    const opened = /^(?:(.*?): )?\{$/.exec(it);
    if (opened) path.push(opened[1] ?? "");
    else if (it === "}") path.pop();
    else {
      const field = path.length > 0 ? /^([^:]*): ?(.*)$/.exec(it) : null;
      found.push(field ? `${[...path, field[1]].join(".")}: ${type(field[2]!)}` : type(it));
    }
  }
  const fieldsFound = found.filter((it) => it.includes(": "));
  return [...new Set(fieldsFound)]
    .sort()
    .concat(collapse(found.filter((it) => !it.includes(": "))))
    .join("\n");
}

/** Many values one after the other are a list of no certain length. */
const collapse = (values: readonly string[]): readonly string[] =>
  values.length > 4 ? [`list of ${[...new Set(values)].sort().join(" or ")}`] : values;
