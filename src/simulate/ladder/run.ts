/** Plays ladders: makes a simulation for each scene, with the files, defines and script that the ladder names. */
import type { ParseInput } from "../../../grammar/index.ts";
import type { Place, Watcher } from "../../compile/watch.ts";
import type { Module } from "../../declare/module.ts";
import type { Disk } from "../host.ts";
import { Simulation } from "../simulation.ts";
import type { Failure, RanLine } from "./failure.ts";
import type { Ladder, Scene } from "./ladder.ts";
import { Play } from "./play.ts";
import { readLadder } from "./read.ts";
import { Rewriting } from "./update.ts";

export interface LadderOptions {
  readonly modules: readonly Module[];
  /** Modules that are always there. */
  readonly builtin?: readonly Module[];
  /** Absolute path of the ladder: paths in it are relative to its folder. */
  readonly path?: string;
  /** Further files by absolute path. */
  readonly files?: Readonly<Record<string, string>>;
  /** Files that are there besides. */
  readonly disk?: Disk;
  readonly defines?: ParseInput["defines"];
  readonly missing?: "error" | "warn";
  readonly seed?: number;
  /** Watches every program, for coverage. */
  readonly watcher?: Watcher;
  /** Is handed each simulation before it starts: to trace what is sent, or to lose some of it. */
  readonly prepare?: (simulation: Simulation) => void;
}

const PROXY = "127.0.0.1";

/** The failures of a ladder, all its scenes: none when everything happened as written. */
export async function runLadder(text: string, options: LadderOptions): Promise<readonly Failure[]> {
  const ladder = readLadder(text);
  if (ladder.mistakes.length > 0) return ladder.mistakes;
  const failures: Failure[] = [];
  for (const scene of ladder.scenes) failures.push(...(await runScene(ladder, scene, options)));
  return failures;
}

/** The failures of one scene of a ladder. */
export async function runScene(ladder: Ladder, scene: Scene, options: LadderOptions): Promise<readonly Failure[]> {
  const play = playOf(ladder, scene, options);
  return await play.run().finally(() => play.stop());
}

/** The failures of a scene once more, each with the lines of the script that ran for it. */
export async function explainScene(ladder: Ladder, scene: Scene, options: LadderOptions): Promise<readonly Failure[]> {
  const recorder = new Recorder();
  const play = playOf(ladder, scene, { ...options, watcher: recorder }, () => recorder.take());
  return await play.run().finally(() => play.stop());
}

/** The ladder's text with what happened in place of what was expected; failures are what keeps a scene from being played. */
export async function updateLadder(
  text: string,
  options: LadderOptions,
  wanted: (scene: Scene) => boolean = () => true,
): Promise<{
  readonly text: string;
  readonly scenes: readonly { readonly scene: Scene; readonly failures: readonly Failure[] }[];
}> {
  const ladder = readLadder(text);
  const rewriting = new Rewriting();
  const scenes: { scene: Scene; failures: readonly Failure[] }[] = [];
  for (const scene of ladder.scenes) {
    if (!wanted(scene)) continue;
    const play = playOf(ladder, scene, options);
    scenes.push({ scene, failures: await play.update(rewriting).finally(() => play.stop()) });
  }
  return { text: rewriting.apply(text), scenes };
}

function playOf(ladder: Ladder, scene: Scene, options: LadderOptions, ran?: () => readonly RanLine[]): Play {
  const { path = "/ladder.cfg", disk } = options;
  const folder = path.slice(0, path.lastIndexOf("/"));
  const resolve = (it: string): string => normal(it.startsWith("/") ? it : `${folder}/${it}`);
  const files: Record<string, string> = { ...options.files };
  const [first, second] = ladder.uses;
  // A single script in a file is loaded as it is; else the ladder is the script, with an include where it says `use`.
  const script = first && !second && ladder.script === "" ? resolve(first.path) : path;
  if (script === path) {
    const lines = ladder.script.split("\n");
    for (const use of ladder.uses) lines[use.line - 1] = `include_file "${resolve(use.path)}"`;
    files[path] = (first ? "" : preamble(ladder)) + Array.from(lines, (it) => it ?? "").join("\n");
  }
  const defines = new Map(pairs(options.defines));
  for (const it of [...ladder.settings, ...scene.steps]) if (it.kind === "define") defines.set(it.name, it.value);
  const simulation = new Simulation({
    modules: options.modules,
    files,
    script,
    defines: [...defines],
    additions: { modules: [], params: [], aliases: ["proxy"] },
    ...(options.builtin && { builtin: options.builtin }),
    ...(disk && { disk }),
    ...(options.missing && { missing: options.missing }),
    ...(options.seed !== undefined && { seed: options.seed }),
    ...(options.watcher && { watcher: options.watcher }),
  });
  options.prepare?.(simulation);
  return new Play(
    simulation,
    { ...scene, steps: [...ladder.settings, ...scene.steps] },
    {
      resolve,
      preamble: (it) => (first ? "" : preamble({ script: it })),
      ...(ran && { ran }),
    },
  );
}

/** Without a listen line of its own a ladder's proxy listens on UDP 127.0.0.1:5060, and answers to the name `proxy`. */
export function preamble({ script }: Pick<Ladder, "script">): string {
  const listens = /^\s*(listen|socket)\s*=/m.test(script);
  return `${listens ? "" : `listen=udp:${PROXY}:5060 `}alias="proxy" auto_aliases=no `;
}

const pairs = (defines: ParseInput["defines"]): (readonly [string, string | undefined])[] =>
  defines === undefined ? [] : Symbol.iterator in defines ? [...defines] : Object.entries(defines);

/** Without `.` and `..`. */
function normal(path: string): string {
  const out: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") out.pop();
    else if (part !== "" && part !== ".") out.push(part);
  }
  return `/${out.join("/")}`;
}

/** How many statements are kept of a run that goes round in circles. */
const MOST = 1000;

/** Remembers the statements that ran. */
class Recorder implements Watcher {
  #ran: RanLine[] = [];

  watch(_core: unknown, places: readonly Place[]): ReturnType<Watcher["watch"]> {
    return {
      step: (_call, place) => {
        const { span, route } = places[place]!;
        const last = this.#ran.at(-1);
        if (last?.line === span.line && last.file === span.file) return;
        if (this.#ran.length < MOST) this.#ran.push({ file: span.file, line: span.line, route });
      },
      branch() {},
      value() {},
    };
  }

  /** What ran since it was last asked. */
  take(): readonly RanLine[] {
    return this.#ran.splice(0);
  }
}
