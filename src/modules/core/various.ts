/** Log lines, shell commands and configuration groups. */
import type { Core } from "../../declare/core.ts";
import { LogLevel } from "../../declare/core.ts";
import { declare, int, text } from "../../declare/module.ts";

const { fn } = declare<Core>();

/** What `log("…")` without a level uses: one below L_DBG, so that it is shown from debug=4 on. */
const QUIET = LogLevel.dbg + 1;
/** How long `exec` may take, in milliseconds. */
const EXEC_TIMEOUT = 60_000;

export const variousFunctions = {
  log: fn({
    doc: "Writes a line to the log, as it stands, without variables (see xlog for those). Without a level it is shown from debug=4 on.",
    in: "any",
    args: { text: text("The line.", { computed: false }) },
    returns: { 1: "Always." },
    run(call, args) {
      call.core.log.write(QUIET, args.text, "<script>: ");
      return 1 as const;
    },
    overloads: [
      fn({
        doc: "Writes a line to the log with a level.",
        in: "any",
        args: {
          level: int("Log level, -5 to 3.", { computed: false }),
          text: text("The line.", { computed: false }),
        },
        returns: { 1: "Always." },
        run(call, args) {
          call.core.log.write(Number(args.level), args.text, "<script>: ");
          return 1 as const;
        },
      }),
    ],
  }),
  error: fn({
    doc: "Only writes both arguments to the log; Kamailio never gave it another meaning.",
    in: "any",
    args: { reason: text("A text.", { computed: false }), detail: text("Another.", { computed: false }) },
    returns: { 1: "Always." },
    run(call, { reason, detail }) {
      call.core.log.write(LogLevel.notice, `error("${reason}", "${detail}") does nothing\n`);
      return 1 as const;
    },
  }),
  exec: fn({
    doc: "Runs a command of the shell and waits for it to end.",
    in: "any",
    args: { command: text("The command line.", { computed: false }) },
    returns: { 1: "Always, whatever became of the command." },
    waits: true,
    async run(call, { command }) {
      const { status } = await call.core.host.exec.run(command, { timeout: EXEC_TIMEOUT });
      if (status !== 0) call.core.log.write(LogLevel.notice, `exec: \`${command}\` ended with ${status}\n`);
      return 1 as const;
    },
  }),
} as const;
