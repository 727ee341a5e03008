/** Looks at files for changes. Folders are watched, for editors put a new file in the place of the old one. */
import { type FSWatcher, realpathSync, statSync, watch } from "node:fs";
import { basename, dirname, resolve } from "node:path";

/** Milliseconds without another change: a file that is being written, or several that are saved together, are one change. */
const QUIET = 200;

export class Watched {
  readonly #changed: () => void;
  readonly #also: (name: string) => boolean;
  readonly #folders = new Map<string, FSWatcher>();
  /** Names of the files in each folder. */
  #names = new Map<string, Set<string>>();
  #timer: NodeJS.Timeout | undefined;

  /** `also`: names of files that count as well when they come, change or go beside the others. */
  constructor(changed: () => void, also: (name: string) => boolean = () => false) {
    this.#changed = changed;
    this.#also = also;
  }

  /** Looks at these files from now on, and at no others. Of a link, the file behind it counts, too. */
  look(files: readonly string[]): void {
    this.#names = new Map();
    for (const file of files) {
      const path = resolve(file);
      this.#add(path);
      const behind = realpathOf(path);
      if (behind !== path) this.#add(behind);
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

  #add(path: string): void {
    const folder = dirname(path);
    const names = this.#names.get(folder) ?? new Set();
    this.#names.set(folder, names.add(basename(path)));
  }

  #watch(folder: string): void {
    try {
      const { ino } = statSync(folder);
      const watcher = watch(folder, (_, name) => {
        if (statSync(folder, { throwIfNoEntry: false })?.ino !== ino) this.#replaced(folder);
        else if (name === null || this.#names.get(folder)?.has(name) || this.#also(name)) this.#soon();
      });
      watcher.on("error", () => this.#replaced(folder));
      this.#folders.set(folder, watcher);
    } catch {
      // The folder is gone; the next load says what is missing.
    }
  }

  /** The folder is gone, or another stands in its place: the next `look` watches what is there then. */
  #replaced(folder: string): void {
    this.#folders.get(folder)?.close();
    this.#folders.delete(folder);
    this.#soon();
  }

  #soon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#changed, QUIET);
  }
}

function realpathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
