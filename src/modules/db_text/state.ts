/** What the module db_text keeps: the folders that are databases, and their tables once somebody has asked for them. */
import { type Core, LogLevel } from "../../declare/core.ts";
import { type Format, parseTable, printTable } from "./file.ts";
import type { Table } from "./table.ts";

export interface Options extends Format {
  /** A table whose file has changed is read again. */
  readonly watches: boolean;
  /** Rows that a query may give. */
  readonly mostRows: number;
  readonly defaultUrl: string;
}

interface Kept {
  readonly table: Table;
  /** What `Files.modified` gave when the table was read or written. */
  modified: number | null;
}

export class DbText {
  readonly options: Options;
  /** It has been taken up: only then it writes. */
  serves = false;
  readonly #core: Core;
  /** By the path of the file. */
  readonly #tables = new Map<string, Kept>();

  /** What `old` has not written yet, and what is as in its file, is taken over. */
  constructor(core: Core, options: Options, old?: DbText) {
    this.#core = core;
    this.options = options;
    for (const [path, kept] of old === undefined ? [] : old.#tables)
      if (kept.table.changed || kept.modified === core.host.files.modified(path)) this.#tables.set(path, kept);
  }

  isDatabase(folder: string): boolean {
    const { files } = this.#core.host;
    return files.glob(`${folder}/*`).length > 0 || files.glob(folder).length > 0;
  }

  /** A string is the problem. */
  table(folder: string, name: string): Table | string {
    if (name === "" || name.includes("/")) return `\`${name}\` is no name of a table`;
    const path = `${folder}/${name}`;
    const { files } = this.#core.host;
    const kept = this.#tables.get(path);
    if (kept && !(this.options.watches && files.modified(path) !== kept.modified)) return kept.table;
    const modified = files.modified(path);
    const text = files.read(path);
    if (text === null) return kept?.table ?? `the file ${path} cannot be read`;
    const table = parseTable(text, this.options);
    if (typeof table === "string") return `${path}: ${table}`;
    this.#tables.set(path, { table, modified });
    return table;
  }

  /** Writes the tables that are not as in their files. False when one could not be written. */
  write(): boolean {
    const { host, log } = this.#core;
    let all = true;
    for (const [path, kept] of this.#tables) {
      if (!kept.table.changed) continue;
      if (host.files.write(path, printTable(kept.table, this.options.delimiter))) {
        kept.table.changed = false;
        kept.modified = host.files.modified(path);
      } else {
        all = false;
        log.write(LogLevel.err, `db_text: the file ${path} cannot be written\n`);
      }
    }
    return all;
  }
}
