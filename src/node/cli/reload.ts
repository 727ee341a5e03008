/** `viaduct reload [FILE]`: has a server that runs change to its script as it is now, or to another one. */
import { resolve } from "node:path";
import { Command, CommanderError } from "commander";
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
      .option("--json", "print the answer as JSON"),
  );
  try {
    command.parse([...argv], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ASKED.done : ASKED.failed;
    throw error;
  }
  const [file] = command.args;
  const options = command.opts<Where & { ifGeneration?: string; force?: true; json?: true }>();
  const generation = options.ifGeneration ?? "0";
  if (!/^\d+$/.test(generation)) {
    process.stderr.write(`bad generation: ${generation}\n`);
    return ASKED.failed;
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

function words({ outcome, generation, previous, ms, warnings, remarks }: Answer): string {
  if (outcome === "unchanged") return `generation ${generation} has this script already: nothing was done\n`;
  const notes = (warnings ?? []).map((it) => `note: ${it}\n`).join("");
  const said = remarks ? `${remarks.trimEnd()}\n` : "";
  return `${said}${notes}generation ${generation} serves after ${ms} ms; generation ${previous} ends what it began\n`;
}
