/** `viaduct reload [FILE]`: has a server that runs change to its script as it is now, or to another one. */
import { resolve } from "node:path";
import { Command, CommanderError } from "commander";
import type { SourcesAnswer } from "./live.ts";
import { ASKED, complain, request, type Where, withWhere } from "./rpc.ts";

interface Answer {
  readonly outcome: "switched" | "unchanged";
  readonly generation: number;
  readonly previous?: number;
  readonly ms?: number;
  readonly warnings?: readonly string[];
  readonly remarks?: string;
}

/** The fault of a generation that does not serve any more. */
const OUTDATED = 409;

export async function main(argv: readonly string[]): Promise<number> {
  const command = withWhere(
    new Command("viaduct reload")
      .description("Has the server load its script anew. Calls that are under way end on the script they began with.")
      .argument("[file]", "another script")
      .option("--if-generation <number>", "refuse unless this generation serves")
      .option("--force", "load the script even when it is what serves already")
      .option("--check-with <file>", "recording (.pcap) or ladder (.ladder) to try with both scripts first")
      .option("--accept", "reload even when --check-with finds that something would be answered differently")
      .option("--json", "print the answer as JSON"),
  );
  try {
    command.parse([...argv], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ASKED.done : ASKED.failed;
    throw error;
  }
  const [file] = command.args;
  const options = command.opts<
    Where & { ifGeneration?: string; force?: true; json?: true; checkWith?: string; accept?: true }
  >();
  const generation = options.ifGeneration ?? "0";
  if (!/^\d+$/.test(generation)) {
    process.stderr.write(`bad generation: ${generation}\n`);
    return ASKED.failed;
  }
  if (options.checkWith !== undefined) {
    const status = await check(options, options.checkWith, file, options.accept === true);
    if (status !== ASKED.done) return status;
  }
  const params = [file === undefined ? "" : resolve(file), Number(generation), options.force ? 1 : 0];
  const outcome = await request(options, "generation.reload", params);
  if (outcome.kind === "fault" && outcome.fault.code === OUTDATED) {
    process.stderr.write(`${outcome.fault.message}\n`);
    return ASKED.outdated;
  }
  if (outcome.kind !== "result") return complain(outcome);
  process.stdout.write(options.json ? `${JSON.stringify(outcome.value, null, 2)}\n` : words(outcome.value as Answer));
  return ASKED.done;
}

/** Tries both scripts; `done` when the reload may go on. */
async function check(where: Where, recording: string, file: string | undefined, accept: boolean): Promise<number> {
  const serving = await request(where, "generation.sources", []);
  if (serving.kind !== "result") return complain(serving);
  const answer = serving.value as SourcesAnswer;
  const { changedText, checkWith } = await import("./check-with.ts");
  const changed = await checkWith(recording, answer, file === undefined ? answer.file : resolve(file));
  if (typeof changed === "string") {
    process.stderr.write(`${changed}\n`);
    return ASKED.failed;
  }
  if (changed.length === 0) {
    process.stdout.write("both scripts send the same\n");
    return ASKED.done;
  }
  process.stdout.write(`${changedText(changed)}\n`);
  if (accept) return ASKED.done;
  process.stderr.write(
    `calls that would be answered differently: ${changed.length}. Nothing was done (--accept reloads)\n`,
  );
  return ASKED.different;
}

function words({ outcome, generation, previous, ms, warnings, remarks }: Answer): string {
  if (outcome === "unchanged") return `generation ${generation} has this script already: nothing was done\n`;
  const notes = (warnings ?? []).map((it) => `note: ${it}\n`).join("");
  const said = remarks ? `${remarks.trimEnd()}\n` : "";
  return `${said}${notes}generation ${generation} serves after ${ms} ms; generation ${previous} ends what it began\n`;
}
