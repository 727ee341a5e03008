/** Commands that show something. */
import type { TraceEvent } from "../../src/declare/trace.ts";
import { levelName } from "../../src/simulate/ladder/levels.ts";
import type { Command, Desk } from "./command.ts";
import {
  base,
  generationsText,
  linesText,
  peersText,
  routesText,
  time,
  timersText,
  transactionsText,
  variablesText,
} from "./show.ts";

/** Lines of the script that `lines` shows around one. */
const AROUND = 5;

export const looking: Readonly<Record<string, Command>> = {
  trace: {
    usage: "trace [all | CALL-ID] [full]",
    doc: "What the script did with the last call, statement by statement; `full` with whole messages.",
    topic: "What happened",
    needsScript: true,
    run: async ({ session, print, style }, rest) => {
      const words = rest.split(/\s+/).filter((it) => it !== "");
      const full = words.at(-1) === "full" && words.pop() !== undefined;
      const events = eventsOf(session.events, words[0]);
      if (typeof events === "string") return events;
      const { traceText } = await import("../../src/tools/trace-text.ts");
      print(traceText(events, { color: style.on, full }).trimEnd());
      return undefined;
    },
  },
  ladder: {
    usage: "ladder [all | CALL-ID]",
    doc: "The messages of the last call as a diagram; `all`: of every call.",
    topic: "What happened",
    needsScript: true,
    run: async ({ session, print, style, terminal }, rest) => {
      const events = eventsOf(session.events, rest === "" ? undefined : rest);
      if (typeof events === "string") return events;
      const { traceDiagram } = await import("../../src/tools/trace-text.ts");
      const names = new Map<string, string>();
      for (const it of session.peers.values()) {
        const { address, port } = it.behind ?? it;
        names.set(address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`, it.name);
      }
      for (const { address, port, family } of session.simulation.server.sockets.all)
        names.set(
          family === 6 ? `[${address}]:${port}` : `${address}:${port}`,
          port === 5060 ? "proxy" : `proxy:${port}`,
        );
      print(traceDiagram(events, { names, width: terminal.width, color: style.on }).trimEnd());
      return undefined;
    },
  },
  messages: {
    usage: "messages [NUMBER]",
    doc: "The messages that peers sent and got, or the whole text of one.",
    topic: "What happened",
    run: ({ session, print }, rest) => {
      if (rest === "") {
        const rows = session.kept.map((it) => {
          const start = it.text.slice(0, it.text.indexOf("\r\n")).replace(/ SIP\/2\.0$|^SIP\/2\.0 /, "");
          return `  #${it.number}  ${time(it.at)}  ${it.from} -> ${it.to}  ${start}`;
        });
        print(rows.join("\n") || "there were no messages");
        return undefined;
      }
      const found = session.kept[Number(rest.replace(/^#/, "")) - 1];
      if (!found) return `there is no message ${rest}`;
      print(found.text.replaceAll("\r\n", "\n").trimEnd());
      return undefined;
    },
  },
  log: {
    usage: "log [COUNT]",
    doc: "The last lines of the server's log. `log TEXT` looks whether that is the next line.",
    topic: "What happened",
    run: ({ session, print }, rest) => {
      const count = rest === "" ? 20 : Number(rest);
      if (!(count > 0)) return `not a number of lines: ${rest}`;
      const lines = session.simulation.log.slice(-count);
      print(
        lines.map((it) => `${time(it.at)}  ${levelName(it.level)}: ${it.text.trimEnd()}`).join("\n") ||
          "nothing was logged",
      );
      return undefined;
    },
  },
  problems: {
    usage: "problems",
    doc: "What the last load of the script had to say.",
    topic: "The script",
    run: async ({ session, print, style }) => {
      const { readable, report } = await import("../../src/check/index.ts");
      const { problems, sources } = readable(session.problems, session.sources);
      print(problems.length === 0 ? "no problems" : report(problems, { sources, colour: style.on }));
      return undefined;
    },
  },
  lines: {
    usage: "lines [FILE:][FROM[-TO]] | lines NAME",
    doc: "Lines of the script, or of the route block of that name. Without anything: around where it is stopped, or all.",
    topic: "The script",
    completes: "route",
    run: showLines,
  },
  routes: {
    usage: "routes",
    doc: "The route blocks of the script.",
    topic: "The script",
    needsScript: true,
    run: ({ session, print }) => print(routesText(session)) as undefined,
  },
  variables: {
    usage: "variables",
    doc: "What the last run holds (`$var`s that are not 0, AVPs, XAVPs), and what outlives it: `$shv`, tables.",
    topic: "How things are",
    needsScript: true,
    run: async ({ session, print }) => {
      const parts = [variablesText(session, true), await lasting(session)];
      print(parts.filter((it) => it !== "").join("\n") || "nothing is set");
      return undefined;
    },
  },
  peers: {
    usage: "peers",
    doc: "Who is there. Peers come by being named; `peer NAME [udp|tcp|tls|ws|wss] [ADDRESS][:PORT]` says where one is.",
    topic: "How things are",
    run: ({ session, print }) => print(peersText(session) || "there is nobody yet") as undefined,
  },
  transactions: {
    usage: "transactions",
    doc: "The transactions, those that are over and not yet forgotten included.",
    topic: "How things are",
    needsScript: true,
    run: ({ session, print }) => print(transactionsText(session) || "there are none") as undefined,
  },
  timers: {
    usage: "timers",
    doc: "What time will bring.",
    topic: "How things are",
    needsScript: true,
    run: ({ session, print }) => print(timersText(session)) as undefined,
  },
  generations: {
    usage: "generations",
    doc: "The scripts of this session: which serves, and which ones still have calls to end.",
    topic: "The script",
    needsScript: true,
    run: ({ session, print }) => print(generationsText(session)) as undefined,
  },
  help: {
    usage: "help [WORD]",
    doc: "About a command, a function, a `$variable`, a `{transformation}`, a module, a control command. Without a word: the commands.",
    topic: "Session",
    completes: "help",
    run: async (desk, rest) => {
      const { helpText } = await import("./help.ts");
      const text = helpText(desk, rest);
      if (text === undefined) return `nothing is known of ${rest}`;
      desk.print(text);
      return undefined;
    },
  },
};

/** Events of the last call, of the one that is named, or all. The text says why there are none. */
function eventsOf(events: readonly TraceEvent[], which: string | undefined): readonly TraceEvent[] | string {
  if (events.length === 0) return "nothing has happened yet";
  if (which === "all") return events;
  const last = events.findLast((it) => it.kind === "received")?.call ?? events.at(-1)!.call;
  const found = events.filter((it) => it.call === (which ?? last));
  return found.length > 0
    ? found
    : `there is no call ${which}; there are ${[...new Set(events.map((it) => it.call))].join(", ")}`;
}

function showLines({ session, print, style }: Desk, rest: string): string | undefined {
  const [stop] = session.debugger.held;
  const mark = (file: string): number => (stop?.place.span.file === file ? stop.place.span.line : 0);
  const show = (file: string, from: number, to: number): undefined => {
    print(linesText(session, file, from, to, style, mark(file)));
  };
  if (rest === "") {
    if (!stop) return show(session.script, 1, Number.POSITIVE_INFINITY);
    const { file, line } = stop.place.span;
    return show(file, line - AROUND, line + AROUND);
  }
  const [, named, from, to] = /^(?:(\S+):)?(\d+)(?:-(\d+))?$/.exec(rest) ?? [];
  if (from !== undefined) {
    const file =
      named === undefined
        ? session.script
        : [...session.sources.keys()].find((it) => it === named || base(it) === base(named));
    if (file === undefined) return `the script has no file ${named}`;
    return to === undefined
      ? show(file, Number(from) - AROUND, Number(from) + AROUND)
      : show(file, Number(from), Number(to));
  }
  const block = session.block(rest);
  if (!block) return `there is no block ${rest}; \`routes\` lists them`;
  return show(block.span.file, block.span.line, block.span.endLine);
}

/** What outlives a message, as far as modules list it. */
async function lasting({ simulation }: Desk["session"]): Promise<string> {
  const { core } = simulation.server.active;
  const { answerOf } = await import("../../src/simulate/ladder/commands.ts");
  const ask = async (method: string, ...args: string[]): Promise<unknown> => {
    if (!core.command(method)) return undefined;
    return JSON.parse((await answerOf(simulation.server, { kind: "rpc", line: 0, method, args })) ?? "null");
  };
  const out: string[] = [];
  const shared = (await ask("pv.shvGet")) as { items?: unknown } | undefined;
  for (const it of listOf(shared?.items)) {
    const { shv } = it as { shv?: { name?: string; value?: unknown } };
    if (shv?.name !== undefined) out.push(`  $shv(${shv.name})  ${JSON.stringify(shv.value)}`);
  }
  for (const it of listOf(await ask("htable.listTables"))) {
    const { name } = it as { name?: string };
    if (name === undefined) continue;
    const slots = await ask("htable.dump", name);
    for (const { slot } of listOf(slots) as { slot?: unknown }[])
      for (const { name: key, value } of listOf(slot) as { name: string; value: unknown }[])
        out.push(`  $sht(${name}=>${key})  ${JSON.stringify(value)}`);
  }
  return out.join("\n");
}

const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
