/** Looks at files for changes. Folders are watched, for editors put a new file in the place of the old one. */
import { type FSWatcher, watch } from "node:fs";
import { basename, dirname, resolve } from "node:path";

/** Milliseconds without another change: a file that is being written, or several that are saved together, are one change. */
const QUIET = 200;

export class Watched {
  readonly #changed: () => void;
  readonly #folders = new Map<string, FSWatcher>();
  /** Names of the files in each folder. */
  #names = new Map<string, Set<string>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Looks at these files from now on, and at no others. */
  look(files: readonly string[]): void {
    this.#names = new Map();
    for (const file of files) {
      const path = resolve(file);
      const folder = dirname(path);
      const names = this.#names.get(folder) ?? new Set();
      this.#names.set(folder, names.add(basename(path)));
    }
    for (const [folder, watcher] of this.#folders)
      if (!this.#names.has(folder)) {
        watcher.close();
        this.#folders.delete(folder);
      }
    for (const folder of this.#names.keys()) if (!this.#folders.has(folder)) this.#watch(folder);
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#folders.values()) watcher.close();
    this.#folders.clear();
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, (_, name) => {
        if (name === null || this.#names.get(folder)?.has(name)) this.#soon();
      });
      watcher.on("error", () => watcher.close());
      this.#folders.set(folder, watcher);
    } catch {
      // The folder is gone; the next load says what is missing.
    }
  }

  #soon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#changed, QUIET);
  }
}
