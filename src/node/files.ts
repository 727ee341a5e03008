/** The file system. */
import { appendFileSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Files } from "../declare/host.ts";

export const createFiles = (): Files => ({
  read(path) {
    try {
      return readFileSync(path, "latin1");
    } catch {
      return null;
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
});
