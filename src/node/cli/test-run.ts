/** Runs ladder files: reads them and what they use from disk, and tells what each scene gave. */
import { readFileSync, statSync } from "node:fs";
import { performance } from "node:perf_hooks";
import type { Watcher } from "../../compile/watch.ts";
import { builtin } from "../../control/builtin.ts";
import { modules } from "../../modules/index.ts";
import type { Disk } from "../../simulate/host.ts";
import type { Failure } from "../../simulate/ladder/failure.ts";
import { type Ladder, readLadder, type Scene } from "../../simulate/ladder/read.ts";
import { explainScene, type LadderOptions, runScene, updateLadder } from "../../simulate/ladder/run.ts";
import { createFiles } from "../files.ts";

export interface SceneResult {
  /** "" where the ladder has no scenes. */
  readonly title: string;
  readonly line: number;
  /** None when it went as written. */
  readonly failures: readonly Failure[];
  /** Milliseconds of real time. */
  readonly took: number;
}

export interface FileResult {
  /** Absolute. */
  readonly path: string;
  readonly scenes: readonly SceneResult[];
  /** With `update`: its text was changed. */
  readonly rewritten?: boolean;
}

export interface RunOptions {
  readonly defines: readonly (readonly [string, string | undefined])[];
  readonly seed?: number;
  /** What a module that Viaduct lacks is. */
  readonly missing: "error" | "warn";
  /** Only scenes whose `file: title` has this in it. */
  readonly filter?: string;
  readonly watcher?: Watcher;
}

/** What is on disk, read once: latin1 text by path, null for what cannot be read. */
export class CachedDisk implements Disk {
  readonly texts = new Map<string, string | null>();
  readonly #files = createFiles();

  read(path: string): string | null {
    let text = this.texts.get(path);
    if (text === undefined) this.texts.set(path, (text = this.#files.read(path)));
    return text;
  }
  glob(pattern: string): readonly string[] {
    return this.#files.glob(pattern);
  }
}

/** Runs the scenes of a ladder that the filter leaves. `shown` is its path as the filter sees it. */
export async function runFile(path: string, shown: string, disk: CachedDisk, options: RunOptions): Promise<FileResult> {
  const ladder = readLadder(disk.read(path) ?? "");
  const settings = settingsOf(path, disk, options);
  const scenes: SceneResult[] = [];
  if (ladder.mistakes.length > 0) {
    const whole = isWanted(shown, options)({ title: "" }) || ladder.scenes.some(isWanted(shown, options));
    if (whole) scenes.push({ title: "", line: 1, failures: ladder.mistakes, took: 0 });
    return { path, scenes };
  }
  for (const scene of ladder.scenes.filter(isWanted(shown, options))) {
    const start = performance.now();
    const failures = await failuresOf(ladder, scene, settings);
    scenes.push({ title: scene.title, line: scene.line, failures, took: performance.now() - start });
  }
  return { path, scenes };
}

/** Writes what happened over what the ladder expects. Gives its text too, for the caller to write. */
export async function updateFile(
  path: string,
  shown: string,
  disk: CachedDisk,
  options: RunOptions,
): Promise<FileResult & { readonly text: string }> {
  const text = disk.read(path) ?? "";
  const { mistakes } = readLadder(text);
  if (mistakes.length > 0)
    return { path, text, rewritten: false, scenes: [{ title: "", line: 1, failures: mistakes, took: 0 }] };
  const updated = await updateLadder(text, settingsOf(path, disk, options), isWanted(shown, options));
  const scenes = updated.scenes.map(({ scene, failures }) => ({
    title: scene.title,
    line: scene.line,
    failures,
    took: 0,
  }));
  return { path, text: updated.text, rewritten: updated.text !== text, scenes };
}

/** Undefined when it can be read; else why not. */
export function unreadable(path: string): string | undefined {
  try {
    if (statSync(path).isDirectory()) return undefined;
    readFileSync(path);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : (error as Error).message;
  }
}

const settingsOf = (
  path: string,
  disk: CachedDisk,
  { defines, missing, seed, watcher }: RunOptions,
): LadderOptions => ({
  modules,
  builtin,
  path,
  disk,
  defines: [...defines],
  missing,
  ...(seed !== undefined && { seed }),
  ...(watcher && { watcher }),
});

const isWanted =
  (shown: string, { filter }: RunOptions) =>
  ({ title }: Pick<Scene, "title">): boolean =>
    filter === undefined || `${shown}: ${title}`.includes(filter);

async function failuresOf(ladder: Ladder, scene: Scene, options: LadderOptions): Promise<readonly Failure[]> {
  try {
    const failures = await runScene(ladder, scene, options);
    if (failures.length === 0) return failures;
    // The same once more, watched: virtual time and a seed make it go the same way.
    const explained = await explainScene(ladder, scene, options);
    return explained.length === failures.length ? explained : failures;
  } catch (error) {
    const message = `Viaduct failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    return [{ line: scene.line, message }];
  }
}
