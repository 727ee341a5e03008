/** What is known of a word: from the commands, and from the declarations of every module. */
import { didYouMean } from "../../src/check/names.ts";
import type { Fn, Kind, Module, Rpc } from "../../src/declare/module.ts";
import { signature } from "../../src/tools/manual.ts";
import type { Command, Desk } from "./command.ts";
import { usages } from "./steps.ts";

const TOPICS: readonly Command["topic"][] = [
  "Messages",
  "Time",
  "What happened",
  "How things are",
  "Stops",
  "The script",
  "Session",
];

/** Undefined: nothing is known of the word. */
export function helpText(desk: Desk, word: string): string | undefined {
  if (word === "") return overview(desk);
  const { commands, session } = desk;
  const command = Object.hasOwn(commands, word) ? commands[word] : undefined;
  if (Object.hasOwn(usages, word) && !command)
    return `${desk.style.bold(usages[word]!)}\n  A line of ladders: docs/ladders.md tells of them.`;
  if (command) return `${desk.style.bold(command.usage)}\n  ${command.doc}`;
  if (word === "messages" || word === "short") return SHORT;
  const all = [...session.options.modules, ...session.options.builtin];
  const found = all.flatMap((module) =>
    aboutWord(module, word, session.loaded && session.simulation.server.active.modules.includes(module)),
  );
  if (found.length > 0) return found.join("\n\n");
  const names = [
    ...Object.keys(commands),
    ...all.flatMap((it) => [
      it.name,
      ...Object.keys(it.functions),
      ...Object.keys(it.variables).map((name) => `$${name}`),
    ]),
  ];
  const near = didYouMean(word, names);
  return near && `nothing is known of ${word}; ${near}`;
}

const SHORT = `Messages
  INVITE bob from alice           alice calls sip:bob@proxy; peers are there because they are named
  OPTIONS from alice              without a target: to the proxy itself
  INVITE sip:b@x from alice with X-One: 1 with X-Two: 2
  bob 180, bob 486 Busy Here      bob answers the last request that he got
  bob 200 (INVITE)                the last INVITE that he got
  alice ack, alice bye, alice cancel, alice again
  alice -> proxy INVITE sip:bob@proxy
                                  the same as a line of a ladder; lines follow when it ends with \\
  proxy -> bob INVITE             looks whether that is what came next
  a message, pasted, to its empty line and its body`;

function overview({ commands, style }: Desk): string {
  const out = [SHORT.replace("Messages", style.bold("Messages"))];
  for (const topic of TOPICS) {
    const names = Object.entries(commands).filter(([name, it]) => it.topic === topic && name !== "exit");
    if (topic !== "Messages") out.push(style.bold(topic));
    out.push(names.map(([, it]) => twoColumns(it.usage, firstSentence(it.doc))).join("\n"));
  }
  out.push(
    `${style.bold("Anything of the script language")} is run on the last message:
  \`$ru\`, \`$(ru{uri.host})\` or \`$ru{uri.host}\`, \`$var(x) + 1\`, \`is_method("INVITE")\`, \`$shv(x) = 1\`, \`"abc"{s.md5}\`
\n\`help WORD\` tells more, of functions and variables, too.`,
  );
  return out.join("\n\n").replace(/\n\n {2}(?=\S)/g, "\n  ");
}

/** Columns of the list of commands, and those that what they do begins behind. */
const WIDTH = 100;
const USAGE = 34;

function twoColumns(left: string, right: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of right.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > WIDTH - USAGE) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  lines.push(line);
  const below = `\n${" ".repeat(USAGE)}`;
  const first = `  ${left}`;
  return (first.length < USAGE ? first.padEnd(USAGE) : first + below) + lines.join(below);
}

const firstSentence = (text: string): string => text.split(/(?<=\.)\s|: `/)[0]!.replace(/[^.]$/, "$&.");

/** What a module has of that name. */
function aboutWord(module: Module, word: string, loaded: boolean): string[] {
  const out: string[] = [];
  const where = `(${module.name}${loaded ? "" : ", not loaded"})`;
  const fn = own(module.functions, word.replace(/\(\)?$/, ""));
  if (fn)
    for (const form of [fn, ...(fn.overloads ?? [])]) out.push(functionText(word.replace(/\(\)?$/, ""), form, where));
  const variable = word.startsWith("$")
    ? word
        .slice(1)
        .replace(/^\(/, "")
        .replace(/[({].*$/, "")
    : word;
  const pv = own(module.variables, variable);
  if (pv) {
    const keys = Object.entries((pv.keys ?? {}) as Readonly<Record<string, string>>).map(
      ([key, doc]) => `  $${variable}(${key})  ${doc}`,
    );
    out.push([`$${variable} ${where}`, `  ${pv.doc}${pv.set ? " It may be assigned to." : ""}`, ...keys].join("\n"));
  }
  const chain = word.replace(/^\{|\}$/g, "");
  for (const [name, it] of Object.entries(module.transformations ?? {})) {
    if (chain === name || chain === `${name}.`)
      out.push(
        [
          `{${name}.…} ${where}`,
          `  ${it.doc}`,
          ...Object.entries(it.names).map(
            ([full, doc]) => `  {${full.includes(".") ? full : `${name}.${full}`}}  ${doc}`,
          ),
        ].join("\n"),
      );
    else if (chain.startsWith(`${name}.`)) {
      const [key] = chain.slice(name.length + 1).split(",");
      const doc = own(it.names, key!) ?? own(it.names, `${name}.${key}`);
      if (doc !== undefined) out.push(`{${name}.${key}} ${where}\n  ${doc}`);
    }
  }
  const command = own(module.commands, word);
  if (command) out.push(commandText(word, command, where));
  const event = own(module.events, word);
  if (event !== undefined) out.push(`event_route[${word}] ${where}\n  ${event}`);
  if (module.name === word) out.push(moduleText(module, where));
  return out;
}

function functionText(name: string, fn: Fn, where: string): string {
  const args = Object.entries(fn.args as Readonly<Record<string, Kind<unknown>>>).map(
    ([arg, it]) => `  ${arg}: ${it.doc}`,
  );
  const codes = Object.entries(fn.returns as Readonly<Record<string, string>>)
    .sort(([a], [b]) => Number(b) - Number(a))
    .map(([code, doc]) => `  ${code.padStart(2)}  ${doc}`);
  return [`${signature(name, fn)} ${where}`, `  ${fn.doc}`, ...args, "  It gives", ...codes].join("\n");
}

function commandText(name: string, rpc: Rpc, where: string): string {
  const args = Object.entries(rpc.args as Readonly<Record<string, Kind<unknown>>>);
  const usage = args.map(([arg, it]) => ` ${it.optional ? `[${arg}]` : arg}`).join("");
  return [`rpc ${name}${usage} ${where}`, `  ${rpc.doc}`, ...args.map(([arg, it]) => `  ${arg}: ${it.doc}`)].join("\n");
}

function moduleText(module: Module, where: string): string {
  const names = (what: string, table: Readonly<Record<string, unknown>> | undefined, sign = ""): string[] => {
    const all = Object.keys(table ?? {});
    return all.length === 0 ? [] : [`  ${what}: ${all.map((it) => sign + it).join(" ")}`];
  };
  return [
    `module ${module.name} ${where}`,
    `  ${module.doc}`,
    ...names("parameters", module.params),
    ...names("functions", module.functions),
    ...names("variables", module.variables, "$"),
    ...names("transformations", module.transformations),
    ...names("commands", module.commands),
    ...names("event routes", module.events),
  ].join("\n");
}

const own = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;
