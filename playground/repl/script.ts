/** The script of a session: changed while calls go on, and what was changed remembered for the ladder. */
import { LogLevel } from "../../src/declare/core.ts";
import type { Session } from "./session.ts";
import type { Outside } from "./terminal.ts";

/** Takes up the script as it is now, or another one. What is wrong; undefined when it serves, or is refused as expected. */
export async function reload(
  session: Session,
  outside: Outside,
  path?: string,
  refused = false,
): Promise<string | undefined> {
  const file = path === undefined ? undefined : outside.resolve(path);
  if (!session.loaded) {
    if (file !== undefined && file !== session.options.script) return "the first script has to be loaded first";
    if (await session.start()) return undefined;
    return "the script was refused: `problems` shows why";
  }
  const { simulation } = session;
  const result = await simulation.reload({ ...(file !== undefined && { file }) });
  session.problems = result.problems;
  if (result.sources.size > 0) session.sources = result.sources;
  noteFiles(session, result.sources);
  const unread = result.problems.some((it) => it.code === "unreadable-file");
  const line = `reload${file === undefined ? "" : ` "${file}"`}`;
  if (!unread) session.record.add(result.outcome === "refused" ? `${line} refused` : line);
  await session.settle();
  if (result.outcome === "refused") return refused ? undefined : "the script was refused: `problems` shows why";
  if (refused) return "the script serves";
  if (result.outcome === "unchanged") session.note("the script is as it was");
  if (result.outcome === "switched" && !simulation.server.log.enabled(LogLevel.notice))
    session.note(`generation ${result.generation} serves; what generation ${result.previous} began ends on it`);
  for (const it of result.warnings) session.note(it);
  return undefined;
}

/** A ladder is played with files as they are then: those that are different now are written down whole. */
function noteFiles(session: Session, sources: ReadonlyMap<string, string>): void {
  for (const [path, text] of sources) {
    if (session.fileTexts.get(path) === text) continue;
    session.fileTexts.set(path, text);
    session.record.add(fileLines(path, text));
  }
}

/** A file as a ladder has it. */
const fileLines = (path: string, text: string): string =>
  [
    `file "${path}"`,
    ...text
      .replace(/\n$/, "")
      .split("\n")
      .map((it) => `    | ${it}`.trimEnd()),
  ].join("\n");

/** The session as a ladder that is to stand at `path`. */
export function ladderText(session: Session, path: string): string {
  const { options, peers, record } = session;
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const head = [
    "# What was done in a session of viaduct repl, and what came of it.",
    ...(options.missing === "warn" && session.lacksModules ? ["# To be played with --missing warn."] : []),
    ...(options.seed === 1 ? [] : [`# To be played with --seed ${options.seed}.`]),
    `use "${options.script}"`,
    ...options.defines.map(([name, value]) => `define ${name}${value === undefined ? "" : `=${value}`}`),
  ];
  for (const [file, text] of session.firstSources)
    if (options.disk.read(file) !== text) head.push(fileLines(file, text));
  const steps = [...options.interfaces.map((it) => `interface ${it.name} ${it.address}\n`)].join("");
  return record
    .text(`${head.join("\n")}\n\n${steps}`, peers)
    .replaceAll(
      /^(use|file|reload)( ?)"([^"]*)"/gm,
      (_, word, blank, it) => `${word}${blank}"${relative(folder, it)}"`,
    );
}

/** The path as it is seen from the folder, where it is below it or beside it. */
function relative(folder: string, path: string): string {
  const [from, to] = [folder.split("/").slice(0, -1), path.split("/")];
  let same = 0;
  while (same < from.length && same < to.length - 1 && from[same] === to[same]) same++;
  return same <= 1 ? path : [...from.slice(same).map(() => ".."), ...to.slice(same)].join("/");
}
