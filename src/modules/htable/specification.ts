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
  /** Not 0: the items are written to the database in the end. */
  readonly dbmode: number;
  readonly replicate: number;
  /** Columns of the database in the place of the usual ones: the key, and those whose values make one text. */
  readonly columns: string[] | undefined;
  /** Stands between the values of columns. */
  readonly delimiter: string;
  /** Stands for a value that is NULL. */
  readonly nullText: string;
  /** Seconds from one reading of the database to the next; 0: it is read once. */
  readonly reloadAt: number;
}

const MAX_COLUMNS = 8;
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
  let columns: string[] | undefined;
  const character: Record<string, string> = { coldelim: ",", colnull: "*" };
  for (const { name: option, body } of options) {
    if (option in number) {
      if (!/^[0-9]*$/.test(body) || Number(body) > MAX)
        return `\`${option}=${body}\` of the table \`${name}\` is no number`;
      number[option] = Number(body);
    } else if (option === "initval") {
      initial = strictInt(body);
      if (initial === undefined) return `\`initval=${body}\` of the table \`${name}\` is no number`;
    } else if (option === "dbtable") dbtable = body;
    else if (option in character) {
      if (body.length > 1) return `\`${option}=${body}\` of the table \`${name}\` is not one character`;
      character[option] = body;
    } else if (option === "cols") {
      columns = body.split(",");
      if (columns.length < 2) return `the table \`${name}\` needs two columns at least: key and value`;
      if (columns.length > MAX_COLUMNS) return `the table \`${name}\` has more than ${MAX_COLUMNS} columns`;
    } else return `the table \`${name}\` has an unknown option \`${option}\``;
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
    columns,
    delimiter: character["coldelim"]!,
    nullText: character["colnull"]!,
    reloadAt: number["reloadat"]!,
  };
}
