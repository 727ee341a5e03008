/** acc: accounting of transactions in the log and in a database. Follows Kamailio's src/modules/acc. */
import type { Call } from "../../declare/call.ts";
import { str } from "../../declare/module.ts";
import type { Answer } from "../../declare/value.ts";
import { tableStatistics } from "../db/tables.ts";
import { Newest } from "../newest.ts";
import { accountOf } from "./account.ts";
import { directionProblem, parameters, settingsOf } from "./parameters.ts";
import { type Entry, tableName, writeLine, writeRows } from "./record.ts";
import { type Acc, type Book, complain, fn, module } from "./state.ts";

/** `404 Not here`: three digits in front are the code. */
function entryOf(call: Call, comment: string): Entry | undefined {
  const { msg } = call;
  if (msg.from === null) {
    complain(call.core, "a message without a From is not accounted");
    return undefined;
  }
  const code = /^[0-9]{3}/.exec(comment)?.[0] ?? "";
  const reason = code === "" ? comment : comment.slice(3).replace(/^[ \t\n\v\f\r]+/, "");
  return { call, to: msg.to, toTag: "", code, reason };
}

function toLog(entry: Entry, acc: Acc): 1 {
  writeLine("request accounted", entry, acc);
  return 1;
}

function toTable(table: string, entry: Entry, acc: Acc, book: Book): Answer<1 | -1> {
  const written = writeRows(table, entry, acc, book);
  return book.inBackground ? 1 : written.then((done) => (done ? 1 : -1));
}

const notEmpty = (literal: string): string | undefined => (literal === "" ? "it is empty" : undefined);
const comment = str("What to account: a reason, or a status code with a reason.", { check: notEmpty });
const table = str("The table.", { check: notEmpty });

export const acc = module({
  name: "acc",
  doc: "Accounting of transactions in the log and in a database.",
  needs: ["tm"],
  params: parameters,
  start(params, core, old) {
    const state = settingsOf(params, core, old?.newest ?? new Newest());
    if (typeof state === "string") return state;
    (core.owner.watchers ??= []).push({ began: (tx, run) => accountOf(state, tx, run) });
    return state;
  },
  async open({ book, core, detectDirection }) {
    const problem = (detectDirection ? directionProblem(core) : undefined) ?? (await book?.tables.problem());
    if (problem) throw new Error(`acc: ${problem}`);
  },
  serve: (state) => state.newest.add(state),
  async stop(state) {
    const { book, newest } = state;
    newest.remove(state);
    if (book === undefined) return;
    await Promise.all(book.writing);
    await book.tables.close();
  },
  functions: {
    acc_log_request: fn({
      doc: "Accounts the message in the log.",
      in: "any",
      args: { comment },
      returns: { 1: "done", [-1]: "the message has no usable From" },
      run(call, args, state) {
        const entry = entryOf(call, args.comment);
        return entry === undefined ? -1 : toLog(entry, state);
      },
    }),
    acc_db_request: fn({
      doc: "Accounts the message in a table.",
      in: "any",
      args: { comment, table },
      returns: {
        1: "done",
        [-1]: "there is no db_url, the row could not be written, or the message has no usable From",
      },
      waits: true,
      run(call, args, state) {
        const { book } = state;
        if (book === undefined) return complain(state.core, "there is no db_url");
        const entry = entryOf(call, args.comment);
        const name = tableName(args.table, call);
        return entry === undefined || name === undefined ? -1 : toTable(name, entry, state, book);
      },
    }),
    acc_request: fn({
      doc: "Accounts the message in the log and, when there is a db_url, in a table.",
      in: "any",
      args: {
        comment: str("What to account: a reason, or a status code with a reason. There is no `$` in it."),
        table: str("The table."),
      },
      returns: {
        1: "done",
        [-1]: "the comment cannot be used, the row could not be written, or there is no usable From",
      },
      waits: true,
      run(call, args, state) {
        if (args.comment === "" || args.comment.includes("$"))
          return complain(state.core, `a comment is neither empty nor does it have a \`$\`: ${args.comment}`);
        const entry = entryOf(call, args.comment);
        if (entry === undefined) return -1;
        const logged = toLog(entry, state);
        return state.book === undefined ? logged : toTable(args.table, entry, state, state.book);
      },
    }),
  },
  variables: {},
  commands: {},
  events: {},
  statistics: tableStatistics("acc"),
});
