/** How a table is described in the parameter `htable`: `name=>autoexpire=60;size=8;initval=0;`. */
import { strictInt } from "../../declare/variables-values.ts";
import { parseParamList } from "../pv/transformations/param-list.ts";

export interface Specification {
  readonly name: string;
  /** Number of slots, a power of two. */
  readonly slots: number;
  /** Seconds that an item lives; 0: for ever. */
  readonly autoexpire: number;
  /** A new value starts an item's life anew. */
  readonly updateExpire: boolean;
  /** What a missing item reads as. */
  readonly initial: number | bigint | undefined;
  readonly dbtable: string;
  readonly dbmode: number;
  readonly replicate: number;
}

const MAX = 4294967295;

/** A string is the problem. */
export function parseSpecification(text: string): Specification | string {
  const [, name, rest] = /^[ \t\r\n]*([^= \t\r\n]+)[ \t\r\n]*=>[ \t\r\n]*(.*)$/s.exec(text) ?? [];
  if (name === undefined || rest === undefined) return `\`${text}\` is not written name=>option=value;…`;
  const options = parseParamList(rest.replace(/[; \t\r\n]+$/, ""), ";");
  if (!options) return `cannot read the options of the table \`${name}\``;
  const number: Record<string, number> = {
    size: 4,
    autoexpire: 0,
    updateexpire: 1,
    dbmode: 0,
    dmqreplicate: 0,
    reloadat: 0,
  };
  let initial: number | bigint | undefined;
  let dbtable = "";
  for (const { name: option, body } of options) {
    if (option in number) {
      if (!/^[0-9]*$/.test(body) || Number(body) > MAX)
        return `\`${option}=${body}\` of the table \`${name}\` is no number`;
      number[option] = Number(body);
    } else if (option === "initval") {
      initial = strictInt(body);
      if (initial === undefined) return `\`initval=${body}\` of the table \`${name}\` is no number`;
    } else if (option === "dbtable") dbtable = body;
    else if (option === "coldelim" || option === "colnull") {
      if (body.length > 1) return `\`${option}=${body}\` of the table \`${name}\` is not one character`;
    } else if (option !== "cols") return `the table \`${name}\` has an unknown option \`${option}\``;
  }
  const size = number["size"]!;
  return {
    name,
    slots: size <= 1 ? 8 : 2 ** (size > 31 ? 14 : size),
    autoexpire: number["autoexpire"]!,
    updateExpire: number["updateexpire"] !== 0,
    initial,
    dbtable,
    dbmode: number["dbmode"]!,
    replicate: number["dmqreplicate"]!,
  };
}
