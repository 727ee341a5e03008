/** The file system. */
import { appendFileSync, globSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Files } from "../declare/host.ts";
import { reasonOf } from "./system-error.ts";

/** What the system says of reading a file, as one who named it would. */
const WORDS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "its permissions do not allow it",
  ENOTDIR: "a part of its path is no folder",
};

export const createFiles = (): Files => ({
  read(path) {
    try {
      return readFileSync(path, "latin1");
    } catch {
      return null;
    }
  },
  problem(path) {
    try {
      readFileSync(path);
      return undefined;
    } catch (error) {
      return WORDS[(error as NodeJS.ErrnoException).code ?? ""] ?? reasonOf(error);
    }
  },
  write(path, text, append = false) {
    try {
      if (append) appendFileSync(path, text, "latin1");
      else writeFileSync(path, text, "latin1");
      return true;
    } catch {
      return false;
    }
  },
  resolve: (...parts) => resolve(...parts),
  dirname: (path) => dirname(path),
  glob: (pattern) => globSync(pattern).sort(),
  modified(path) {
    try {
      return statSync(path).mtimeMs;
    } catch {
      return null;
    }
  },
});
