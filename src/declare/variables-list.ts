/** Arguments that list variables: `$var(a), $avp(b);$ru` (Kamailio's parse_pvname_list). */
import type { VariableRef, Variables } from "./variable.ts";
import { cutVariable, variableEnd } from "./variables-text.ts";

/** The variables in their order, separated by commas, semicolons or white space. A string is the problem. */
export function variableList(text: string, variables: Variables, only?: string): readonly VariableRef[] | string {
  const found: VariableRef[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && " \t\r\n,;".includes(text[at]!)) at++;
    if (at >= text.length) break;
    const end = variableEnd(text, at);
    if (end < 0) return `\`${text.slice(at)}\` is no variable`;
    const parts = cutVariable(text, at);
    if (typeof parts === "string") return parts;
    if (only !== undefined && parts.name !== only) return `\`${parts.text}\` is no $${only}`;
    const variable = variables.variable(parts.text);
    if (typeof variable === "string") return variable;
    found.push(variable);
    at = end;
  }
  return found.length > 0 ? found : "no variable is named";
}
