/** What `--watch` notices, on the real file system. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "vitest";
import { Watched } from "../../src/node/cli/watch.ts";

let folder: string;
let watched: Watched;
/** Settled by the next change that is noticed. */
let next: PromiseWithResolvers<void>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "watch-"));
  next = Promise.withResolvers();
  watched = new Watched(
    () => {
      next.resolve();
      next = Promise.withResolvers();
    },
    (name) => name.endsWith(".ladder"),
  );
});
afterEach(() => {
  watched.close();
  rmSync(folder, { recursive: true });
});

const file = (name: string, text = "debug=1\n"): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

test("a file that is written, one that takes its place, and one of a kind that comes", async () => {
  const path = file("a.cfg");
  watched.look([path]);
  let change = next.promise;
  file("a.cfg", "debug=2\n");
  await change;
  change = next.promise;
  renameSync(file("a.cfg.new", "debug=3\n"), path);
  await change;
  change = next.promise;
  file("b.ladder");
  await change;
});

test("the file behind a link, and a link that leads elsewhere", async () => {
  mkdirSync(join(folder, "one"));
  mkdirSync(join(folder, "two"));
  file("one/a.cfg");
  file("two/a.cfg");
  mkdirSync(join(folder, "etc"));
  const link = join(folder, "etc/a.cfg");
  symlinkSync("../one/a.cfg", link);
  watched.look([link]);
  let change = next.promise;
  file("one/a.cfg", "debug=2\n");
  await change;
  change = next.promise;
  symlinkSync("../two/a.cfg", `${link}.new`);
  renameSync(`${link}.new`, link);
  await change;
});

test("a folder in whose place another comes", async () => {
  mkdirSync(join(folder, "etc"));
  const path = file("etc/a.cfg");
  watched.look([path]);
  let change = next.promise;
  mkdirSync(join(folder, "etc.new"));
  file("etc.new/a.cfg", "debug=2\n");
  renameSync(join(folder, "etc"), join(folder, "etc.old"));
  renameSync(join(folder, "etc.new"), join(folder, "etc"));
  await change;
  // As after a reload.
  watched.look([path]);
  change = next.promise;
  file("etc/a.cfg", "debug=3\n");
  await change;
});
