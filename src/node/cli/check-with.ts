/** `viaduct reload --check-with FILE`: recorded requests or ladders, tried with the script that serves and the new one. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { builtin } from "../../control/builtin.ts";
import { modules } from "../../modules/index.ts";
import { readLadder } from "../../simulate/ladder/read.ts";
import { runScene } from "../../simulate/ladder/run.ts";
import { readPcap } from "../../simulate/pcap.ts";
import { type Changed, compare, Listening, rehearse, type Transcript } from "../../simulate/rehearsal.ts";
import type { SimulationOptions } from "../../simulate/simulation.ts";
import { createFiles } from "../files.ts";
import type { SourcesAnswer } from "./live.ts";

/** What would be sent differently; a string says why that cannot be told. `file` is the new script. */
export async function checkWith(
  path: string,
  serving: SourcesAnswer,
  file: string,
): Promise<readonly Changed[] | string> {
  const after = optionsOf(serving, file, {});
  const before = optionsOf(serving, serving.file, serving.sources);
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    return (error as Error).message;
  }
  if (/\.ladder$/.test(path)) return ladders(bytes.toString("latin1"), resolve(path), before, after);
  const recorded = readPcap(bytes);
  return typeof recorded === "string" ? `${path}: ${recorded}` : rehearse(before, after, recorded);
}

/** Strings of an answer are UTF-8 that was read as such; scripts are held a char a byte. */
const bytesOf = (text: string): string => Buffer.from(text, "utf8").toString("latin1");

function optionsOf(
  { options }: SourcesAnswer,
  script: string,
  sources: Readonly<Record<string, string>>,
): SimulationOptions {
  const given = JSON.parse(options) as Pick<SimulationOptions, "defines" | "substitutions" | "listen" | "missing"> & {
    readonly additions?: {
      readonly modules: readonly string[];
      readonly aliases: readonly string[];
      readonly params: readonly { module: string; name: string; value: string; whole: boolean }[];
    };
    readonly overrides: readonly [string, string | number][];
  };
  const { additions, overrides, ...rest } = given;
  const params = additions?.params.map(({ module, name, value, whole }) => ({
    module,
    name,
    value: whole ? BigInt(value) : value,
  }));
  return {
    ...rest,
    ...(additions && { additions: { ...additions, params: params ?? [] } }),
    overrides: new Map([...overrides, ["debug", -5]]),
    modules,
    builtin,
    files: Object.fromEntries(Object.entries(sources).map(([name, text]) => [name, bytesOf(text)])),
    script,
    disk: createFiles(),
  };
}

/** A ladder plays its peers as they answer what comes; what is compared is what the server sends them. */
async function ladders(
  text: string,
  path: string,
  before: SimulationOptions,
  after: SimulationOptions,
): Promise<readonly Changed[] | string> {
  const ladder = readLadder(text);
  const [mistake] = ladder.mistakes;
  if (mistake) return `${path}:${mistake.line}: ${mistake.message}`;
  const used = ladder.uses.map((it) => resolve(path, "..", it.path));
  if (!used.includes(before.script))
    return `${path} does not use ${before.script}, so it says nothing about a change of it`;
  const changed: Changed[] = [];
  for (const scene of ladder.scenes) {
    const play = async (files: Readonly<Record<string, string>>, options: SimulationOptions): Promise<Transcript> => {
      let listening: Listening | undefined;
      await runScene(ladder, scene, {
        modules,
        builtin: options.builtin ?? [],
        path,
        files,
        disk: createFiles(),
        ...(options.defines && { defines: options.defines }),
        ...(options.missing && { missing: options.missing }),
        prepare: (simulation) => {
          listening = new Listening(simulation);
        },
      });
      return listening?.transcript ?? new Map();
    };
    const other = createFiles().read(after.script);
    // The new script may have another name than the one that the ladder uses.
    const now = after.script === before.script || other === null ? {} : { [before.script]: other };
    const found = compare(await play(before.files, before), await play(now, after));
    changed.push(...found.map((it) => ({ ...it, call: `${scene.title || path}: ${it.call}` })));
  }
  return changed;
}

/** For people: each call with what is sent now (-) and what would be (+). */
export const changedText = (changed: readonly Changed[]): string =>
  changed
    .map(({ call, before, after }) =>
      [call, ...before.map((it) => mark("-", it)), ...after.map((it) => mark("+", it))].join("\n"),
    )
    .join("\n\n");

const mark = (sign: string, text: string): string => text.replace(/^/gm, `  ${sign} `);
