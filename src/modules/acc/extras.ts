/** Further fields of a record: `name=$variable; name=$variable`, as parameters have them. */
import type { Call } from "../../declare/call.ts";
import type { Core } from "../../declare/core.ts";
import type { Read } from "../../declare/value.ts";
import type { VariableRef } from "../../declare/variable.ts";
import { cutVariable } from "../../declare/variables-text.ts";

export interface Extra {
  readonly name: string;
  readonly variable: VariableRef;
}

/** A field of each leg of a call: its values are those of an AVP, newest first. */
export interface Leg {
  readonly name: string;
  /** The value of the leg with that number; null when the AVP has no more. */
  value(call: Call, number: number): Read;
}

/** The most fields that a leg can have. */
const MOST_LEGS = 16;

const skipSpace = (text: string, at: number): number => {
  let i = at;
  while (/\s/.test(text[i] ?? "")) i++;
  return i;
};

/** At most `most` fields. A string is the problem. */
export function parseExtras(text: string, most: number, core: Core): readonly Extra[] | string {
  const extras: Extra[] = [];
  let at = 0;
  do {
    if (extras.length === most) return `there are more than ${most} fields`;
    const field = /^\s*([^\s=]+)\s*=\s*/.exec(text.slice(at));
    if (!field) return `\`name=$variable\` is wanted at \`${text.slice(at)}\``;
    at += field[0].length;
    const cut = cutVariable(text, at);
    if (typeof cut === "string") return cut;
    const variable = core.variables.variable(cut.text);
    if (typeof variable === "string") return variable;
    extras.push({ name: field[1]!, variable });
    at = skipSpace(text, at + cut.text.length);
    if (at < text.length && text[at++] !== ";") return `\`;\` is wanted at \`${text.slice(at - 1)}\``;
    // A semicolon at the end has nothing behind it, which is a mistake; so has an empty text.
  } while (at < text.length || text.endsWith(";"));
  return extras;
}

/** The same of AVPs. */
export function parseLegs(text: string, most: number, core: Core): readonly Leg[] | string {
  const extras = parseExtras(text, most, core);
  if (typeof extras === "string") return extras;
  if (extras.length > MOST_LEGS) return `a leg has at most ${MOST_LEGS} fields`;
  const legs: Leg[] = [];
  for (const { name, variable } of extras) {
    const cut = cutVariable(variable.text, 0);
    if (typeof cut === "string" || cut.name !== "avp") return `\`${variable.text}\` is no AVP`;
    legs.push({ name, value: valuesOf(cut.inner!, core) });
  }
  return legs;
}

/** Reads the AVP by index; a variable for each index is made when it is first needed. */
function valuesOf(avp: string, core: Core): Leg["value"] {
  const made: VariableRef[] = [];
  return (call, number) => {
    if (made[number] === undefined) {
      const variable = core.variables.variable(`$(avp(${avp})[${number}])`);
      if (typeof variable === "string") return null;
      made[number] = variable;
    }
    return made[number].get(call);
  };
}
