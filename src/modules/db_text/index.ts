/** db_text: databases that are folders of text files. Follows Kamailio's src/modules/db_text. */
import { LogLevel } from "../../declare/core.ts";
import { declare, int, str, text } from "../../declare/module.ts";
import { FolderAccess, folderOf } from "./access.ts";
import { DbText } from "./state.ts";

const { module, rpc } = declare<DbText>();

export const dbText = module({
  name: "db_text",
  doc:
    "Databases that are folders of text files, a table each, for modules whose URL is `text://FOLDER`; a path that " +
    "begins with no `/` counts from the script's folder. What changes is kept in memory, and written when the server ends.",
  params: {
    db_mode: int("0: a table is read once; 1: again when its file has changed.", { fallback: 0 }),
    db_delim: text("The character between the fields of a row.", { fallback: ":" }),
    emptystring: int("Not 0: a field of no characters is an empty text, and not NULL.", { fallback: 0 }),
    file_buffer_size: int("Longest text in a file, in bytes.", { fallback: 16384 }),
    max_result_rows: int("Rows that a query may give.", { fallback: 100_000 }),
    default_connection: text("URL of the database that `db_text.query` asks.", { fallback: "" }),
  },
  start(params, core, old) {
    let delimiter = params.db_delim;
    if (delimiter.length !== 1) {
      core.log.write(LogLevel.err, "db_text: db_delim is one character; it is `:` now\n");
      delimiter = ":";
    }
    const options = {
      delimiter,
      emptyIsText: params.emptystring !== 0,
      longest: Number(params.file_buffer_size),
      watches: Number(params.db_mode) !== 0,
      mostRows: Number(params.max_result_rows),
      defaultUrl: params.default_connection,
    };
    return new DbText(core, options, old);
  },
  serve(state) {
    state.serves = true;
  },
  stop(state) {
    if (state.serves) state.write();
  },
  functions: {},
  variables: {},
  commands: {
    "db_text.dump": rpc({
      doc: "Writes the tables that have changed.",
      args: {},
      run: (_args, state) => (state.write() ? "Dump OK" : "Dump failed"),
    }),
    "db_text.query": rpc({
      doc: "Makes a query on the database of `default_connection`.",
      args: { query: str('The query: `select * from t where name="value"`.') },
      run(args, state, core) {
        const { defaultUrl, delimiter } = state.options;
        const folder = folderOf(defaultUrl, core);
        if (folder === undefined || !state.isDatabase(folder)) return `invalid connection : ${defaultUrl}`;
        const database = new FolderAccess(folder, () => state);
        return database.report(args.query, delimiter);
      },
    }),
  },
  events: {},
});
