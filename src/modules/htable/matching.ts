/** Which items a test of names or values fits: sht_rm_name, sht_match_name, `$shtcn` and their kin. */
import type { Core } from "../../declare/core.ts";
import type { Regex } from "../../declare/module.ts";
import type { Item, Table } from "./table.ts";

export type Test = (text: string) => boolean;

/** Ignoring case, line by line. Null: it is wrong, which is logged. */
export function tableRegex(core: Core, source: string): Regex | null {
  const regex = core.regex(source, { icase: true, newline: true });
  if (!regex) core.log.write(-1, `htable: bad regular expression \`${source}\`\n`);
  return regex;
}

/** The test that an operator such as `re` or `sw` means; undefined when there is none, or its operand is empty or wrong. */
export function testOf(core: Core, operator: string, operand: string, allowed: readonly string[]): Test | undefined {
  if (!allowed.includes(operator)) {
    core.log.write(0, `htable: unsupported match operator: ${operator}\n`);
    return undefined;
  }
  if (operand === "") return undefined;
  switch (operator) {
    case "eq":
      return (text) => text === operand;
    case "ne":
      return (text) => text !== operand;
    case "sw":
      return (text) => text.startsWith(operand);
    case "ew":
      return (text) => text.endsWith(operand);
    case "in":
      return (text) => text.includes(operand);
    default: {
      const regex = tableRegex(core, operand);
      return regex ? (text) => regex.test(text) : undefined;
    }
  }
}

/** The text that a test of names or of values looks at; undefined for an integer value. */
export const subject = (item: Item, of: "name" | "value"): string | undefined =>
  of === "name" ? item.name : typeof item.value === "string" ? item.value : undefined;

export function removeMatching(table: Table, of: "name" | "value", test: Test): void {
  for (const item of table.all()) {
    const text = subject(item, of);
    if (text !== undefined && test(text)) table.remove(item);
  }
}

export function hasMatching(table: Table, of: "name" | "value", test: Test): boolean {
  for (const slot of table.slots)
    for (const item of slot ?? []) {
      const text = subject(item, of);
      if (text !== undefined && test(text)) return true;
    }
  return false;
}

/** `$shtcn(table=>~~re)`: a two-character operator before the operand; without one, a regular expression. */
export function countMatching(core: Core, table: Table, of: "name" | "value", condition: string): number {
  if (condition === "") return 0;
  const operator = condition.slice(0, 2);
  if (operator === "**") return table.size;
  const operand = condition.slice(2);
  let fits: (item: Item) => boolean;
  if (operator === "eq") {
    if (operand === "" || of === "name") return 0;
    const wanted = /^[+-]?[0-9]+$/.test(operand) ? Number(operand) : 0;
    fits = (item) => item.value === wanted;
  } else {
    const test = countTest(core, operator, operand, condition);
    if (!test) return 0;
    fits = (item) => {
      const text = subject(item, of);
      return text !== undefined && test(text);
    };
  }
  let count = 0;
  for (const slot of table.slots) for (const item of slot ?? []) if (!table.isExpired(item) && fits(item)) count++;
  return count;
}

const COUNT_OPERATORS: Readonly<Record<string, string>> = { "~~": "re", "~%": "ew", "%~": "sw", "==": "eq" };

function countTest(core: Core, operator: string, operand: string, condition: string): Test | undefined {
  const meant = Object.hasOwn(COUNT_OPERATORS, operator) ? COUNT_OPERATORS[operator] : undefined;
  return meant ? testOf(core, meant, operand, [meant]) : testOf(core, "re", condition, ["re"]);
}
