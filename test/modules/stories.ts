/**
 * Stories of modules: a script, what it does with one message, and what commands answer then.
 *
 *     # title
 *     loadmodule, modparam and route blocks as in a script; `message NAME` chooses what is sent, `file PATH TEXT` writes
 *     a file; every other line is a statement of request_route; `! name args` runs a command after the message
 *     --
 *     lines that the script logged, `+`/`-` lines that the forwarded message has more or less than the one received,
 *     answers of commands as JSON, `refused: …` when the script does not load
 */
import { modules } from "../../src/modules/index.ts";
import { Simulation } from "../../src/simulate/simulation.ts";
import { messages } from "./messages.ts";

export interface Story {
  readonly title: string;
  readonly script: readonly string[];
  readonly expected: readonly string[];
}

/** Stories stand between blank lines. */
export function parseStories(text: string): Story[] {
  return text
    .split(/\n\n+/)
    .filter((it) => it.trim() !== "")
    .map((block) => {
      const lines = block.trimEnd().split("\n");
      const cut = lines.indexOf("--");
      return { title: lines[0]!.slice(2), script: lines.slice(1, cut), expected: lines.slice(cut + 1) };
    });
}

export const writeStories = (stories: readonly Story[]): string =>
  stories
    .map((it) => [`# ${it.title}`, ...it.script, "--", ...it.expected].join("\n"))
    .join("\n\n")
    .concat("\n");

const ALWAYS = ["pv", "xlog", "sl", "tm", "kex", "corex", "textops", "textopsx"];
const SINK = 5070;

export async function tell(story: Story): Promise<string[]> {
  const head: string[] = [];
  const body: string[] = [];
  const blocks: string[] = [];
  const commands: string[] = [];
  const files: Record<string, string> = {};
  let message = "invite";
  for (const line of story.script) {
    if (/^(loadmodule|modparam|\w+ *= *\d+$)/.test(line)) head.push(line);
    else if (/^(route|reply_route|event_route|failure_route)\b/.test(line)) blocks.push(line);
    else if (line.startsWith("! ")) commands.push(line.slice(2));
    else if (line.startsWith("message ")) message = line.slice(8);
    else if (line.startsWith("file ")) {
      const [, path = "", text = ""] = /^file (\S+) (.*)$/.exec(line) ?? [];
      files[path] = text.replaceAll("\\n", "\n");
    } else body.push(line);
  }
  const script = [
    "debug=2",
    "listen=udp:127.0.0.1:5060",
    'alias="home.example"',
    ...ALWAYS.map((it) => `loadmodule "${it}.so"`),
    ...head,
    `request_route {\n${body.join("\n")}\n}`,
    ...blocks,
  ].join("\n");
  const simulation = new Simulation({ modules, files: { "/dir/test.cfg": script, ...files }, script: "/dir/test.cfg" });
  const problems = await simulation.start();
  if (problems.length > 0) return problems.map((it) => `refused: ${it.message}`);
  const sent = messages[message]!;
  const lines: string[] = [];
  const received = (port: number, text: (it: string) => void) =>
    simulation.network.bindNow({ address: "127.0.0.1", port }, { message: text, failed() {} });
  received(SINK, (it) => lines.push(...changes(sent, it)));
  const peer = received(5080, (it) => lines.push(it.split("\r\n")[0]!));
  const before = simulation.log.length;
  peer.send(sent, "127.0.0.1", 5060);
  await simulation.advance(20);
  const logged = simulation.log.slice(before).map(({ text, prefix, level }) => {
    const shown = text.replace(/\n$/, "");
    return prefix === "<script>: " ? shown : `${level}: ${prefix ?? ""}${shown}`;
  });
  const answers = await Promise.all(commands.map((it) => answer(simulation, it)));
  await simulation.stop();
  return [...logged, ...lines, ...answers];
}

async function answer(simulation: Simulation, line: string): Promise<string> {
  const [name = "", ...args] = line.split(" ");
  const command = simulation.server.active.core.command(name);
  if (!command) return `no command ${name}`;
  try {
    return JSON.stringify((await command.run(args.map((it) => (/^-?\d+$/.test(it) ? Number(it) : it)))) ?? null);
  } catch (error) {
    return `fault: ${(error as Error).message}`;
  }
}

/** Lines of the forwarded message that were not received, and the other way round; our own Via left out. */
function changes(before: string, after: string): string[] {
  const old = before.split("\r\n");
  const added = after.split("\r\n").filter((it) => !/^Via: SIP\/2\.0\/UDP 127\.0\.0\.1[;:].*z9hG4bK(?!peer)/.test(it));
  const out: string[] = [];
  for (const line of added) {
    const at = old.indexOf(line);
    if (at < 0) out.push(`+ ${line}`);
    else old.splice(at, 1);
  }
  return [...old.filter((it) => !it.startsWith("Via: ")).map((it) => `- ${it}`), ...out].map((it) =>
    it.replaceAll("\r", "\\r").trimEnd(),
  );
}
