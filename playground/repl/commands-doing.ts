/** Commands that do something: messages, time, HTTP, the script, the session. */
import { readStep, timeOf } from "../../src/simulate/ladder/read-step.ts";
import type { Command, Desk } from "./command.ts";
import { httpRule } from "./http-rule.ts";
import { fromFile } from "./message-file.ts";
import { ladderText, reload } from "./script.ts";
import { time } from "./show.ts";

/** Milliseconds that `run` lets pass at most. */
const LONGEST_RUN = 600_000;

export const doing: Readonly<Record<string, Command>> = {
  after: {
    usage: "after TIME",
    doc: "Lets time pass: `after 500ms`, `after 2s`, `after 1min`. Timers fire on the way.",
    topic: "Time",
    needsScript: true,
    run: async ({ session, interrupted }, rest) => {
      const ms = timeOf(rest);
      if (ms === undefined) return `not a time: ${rest || "nothing"}; write 500ms, 2s or 1min`;
      await session.pass(ms, interrupted);
      return undefined;
    },
  },
  run: {
    usage: "run [TIME]",
    doc: "Lets time pass until no transaction is left and nothing is under way, 10 minutes at most unless TIME says else.",
    topic: "Time",
    needsScript: true,
    run: async ({ session, interrupted, print }, rest) => {
      const most = rest === "" ? LONGEST_RUN : timeOf(rest);
      if (most === undefined) return `not a time: ${rest}; write 500ms, 2s or 1min`;
      const passed = await session.pass(most, () => interrupted() || session.quiet);
      print(session.quiet ? `quiet after ${time(passed).trim()} s` : `${time(passed).trim()} s have passed`);
      return undefined;
    },
  },
  send: {
    usage: "send FILE [NUMBER] [from NAME]",
    doc: "Sends the message in a file, or the SIP message NUMBER of a recording (pcap, pcapng), whose messages it lists without one. The sender is whom From names (of a reply: To), or NAME.",
    topic: "Messages",
    completes: "file",
    needsScript: true,
    run: (desk, rest) => fromFile(desk, rest),
  },
  http: {
    usage: "http [URL] <= STATUS [BODY] | http METHOD URL => STATUS [BODY] | http forget",
    doc: "Answers the script's oldest HTTP request (or the oldest to URL); with `=>` all requests that fit from now on, `*` in the URL standing for anything. In place of a status: refused, reset, hang. Without anything: the rules.",
    topic: "Messages",
    needsScript: true,
    run: ({ session, print }, rest) => {
      if (rest === "") {
        print(session.rules.map((it) => `  http ${it.text}`).join("\n") || "there are no rules");
        return undefined;
      }
      if (rest === "forget") {
        session.rules.length = 0;
        return undefined;
      }
      const rule = httpRule(rest);
      if (typeof rule === "string") return rule;
      session.rules.unshift(rule);
      return undefined;
    },
  },
  dns: {
    usage: "dns a|aaaa|srv|naptr|txt|ptr NAME … | dns nxdomain NAME | dns dead|alive | dns delay TIME",
    doc: "What name servers answer: `dns a gw 10.0.0.1`, `dns srv _sip._udp.x 10 10 5060 gw`. Names of peers resolve by themselves. Without anything: the records.",
    topic: "Messages",
    run: ({ session, print }, rest) => {
      if (rest !== "") return `it is \`${doing["dns"]!.usage}\``;
      const { records } = session.simulation.host.dns;
      const rows = Object.entries(records).flatMap(([type, names]) =>
        [...names].map(
          ([name, found]) =>
            `  ${type} ${name} ${found.map((it: unknown) => (typeof it === "string" ? it : Object.values(it as object).join(" "))).join(", ")}`,
        ),
      );
      print(rows.join("\n") || "there are no records");
      return undefined;
    },
  },
  rpc: {
    usage: "rpc METHOD [ARGS]",
    doc: "Runs a control command and shows its answer; texts with blanks in double quotes.",
    topic: "How things are",
    completes: "rpc",
    needsScript: true,
    run: async ({ session, print }, rest) => {
      const step = readStep(`rpc ${rest}`, 1);
      if (typeof step === "string" || step.kind !== "rpc") return "it is `rpc METHOD [ARGS]`";
      const { answerOf } = await import("../../src/simulate/ladder/commands.ts");
      const answer = await answerOf(session.simulation.server, step);
      if (answer === undefined) {
        const { didYouMean } = await import("../../src/check/names.ts");
        const near = didYouMean(step.method, session.simulation.server.active.core.commands());
        return `there is no command ${step.method}${near === undefined ? "" : `; ${near}`}`;
      }
      print(JSON.stringify(JSON.parse(answer), null, 2));
      session.record.add(`rpc ${rest}`);
      await session.settle();
      return undefined;
    },
  },
  reload: {
    usage: "reload [FILE]",
    doc: "Takes up the script as it is in its file now, or another one. Calls that are under way end on the script that they began with.",
    topic: "The script",
    completes: "file",
    run: async (desk, rest) =>
      shownProblems(
        desk,
        await reload(desk.session, desk.outside, rest === "" ? undefined : rest.replace(/^"(.*)"$/, "$1")),
      ),
  },
  edit: {
    usage: "edit [FILE]",
    doc: "Opens the script, or another of its files, in $EDITOR, and reloads it then.",
    topic: "The script",
    completes: "file",
    run: async (desk, rest) => {
      const { session, outside } = desk;
      const path = rest === "" ? session.script : outside.resolve(rest);
      const before = session.simulation.host.files.read(path);
      if (before === null) return `cannot read ${path}`;
      const edited = await outside.edit(path, before);
      if ("wrong" in edited) return edited.wrong;
      if (edited.text === before) return undefined;
      // What is only in memory stays there; a file was changed where it is.
      if (session.simulation.host.files.contents.has(path)) session.simulation.host.files.write(path, edited.text);
      else {
        const wrong = outside.write(path, edited.text);
        if (wrong !== undefined) return wrong;
      }
      return shownProblems(desk, await reload(session, outside));
    },
  },
  write: {
    usage: "write FILE",
    doc: "Writes the script of this session to a file.",
    topic: "The script",
    completes: "file",
    run: ({ session, outside, print }, rest) => {
      if (rest === "") return "name the file";
      const text = session.simulation.host.files.read(session.script);
      if (text === null) return `cannot read ${session.script}`;
      const path = outside.resolve(rest);
      const wrong = outside.write(path, text);
      if (wrong === undefined) print(`written: ${rest}`);
      return wrong;
    },
  },
  save: {
    usage: "save FILE.ladder",
    doc: "Writes what was done and what came of it as a test for `viaduct test`, and plays it once.",
    topic: "Session",
    completes: "file",
    needsScript: true,
    run: save,
  },
  quit: {
    usage: "quit",
    doc: "Ends the session, as Ctrl-D does.",
    topic: "Session",
    run: ({ quit }) => {
      quit();
      return undefined;
    },
  },
  exit: {
    usage: "exit",
    doc: "The same as quit.",
    topic: "Session",
    run: ({ quit }) => {
      quit();
      return undefined;
    },
  },
};

async function save({ session, outside, print }: Desk, rest: string): Promise<string | undefined> {
  if (!/\.ladder$/.test(rest)) return "name a file that ends with .ladder";
  const path = outside.resolve(rest);
  const { modules, builtin, disk, missing, seed } = session.options;
  const text = ladderText(session, path);
  const wrong = outside.write(path, text);
  if (wrong !== undefined) return wrong;
  const { runLadder } = await import("../../src/simulate/ladder/run.ts");
  const { failureText } = await import("../../src/simulate/ladder/failure.ts");
  const failures = await runLadder(text, { modules, builtin, path, disk, missing, seed });
  const [first] = failures;
  if (!first) {
    print(`saved as ${rest}; played, it passes`);
    return undefined;
  }
  const why =
    session.record.unrepeatable.length > 0
      ? `\nit cannot repeat: ${[...new Set(session.record.unrepeatable)].join("; ")}`
      : "";
  return `saved as ${rest}, but played it fails in line ${first.line}: ${failureText(first)}${why}`;
}

/** Problems of a script that was refused are shown at once. */
async function shownProblems({ session, print, style }: Desk, wrong: string | undefined): Promise<string | undefined> {
  if (wrong === undefined || session.problems.length === 0) return wrong;
  const { readable, report } = await import("../../src/check/index.ts");
  const { problems, sources } = readable(
    session.problems.filter((it) => it.severity === "error"),
    session.sources,
  );
  print(report(problems, { sources, colour: style.on }));
  return "the script was refused";
}
