/**
 * `npm run check:kamailio -- FOLDER`: every file in a folder is read by `kamailio -c` and by `viaduct check`, and the
 * table tells where they differ: over the text of a script always, over what modules bring only where both have all of
 * them. Differences that are known stand in kamailio-exceptions.txt with their reasons. Exit status 1: there is another.
 */
import { readdirSync, readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import type { Problem } from "../../grammar/tree.ts";
import { createServer } from "../../src/node/cli/engine.ts";
import { defaults } from "../../src/node/cli/flags.ts";
import { askKamailio, type KamailioVerdict, kamailioVersion } from "./kamailio.ts";

const [folder] = process.argv.slice(2);
const version = kamailioVersion();
if (folder === undefined || version === undefined) {
  process.stderr.write(
    folder === undefined ? "usage: npm run check:kamailio -- FOLDER\n" : "there is no kamailio here\n",
  );
  process.exit(2);
}

/** Problems that say what modules bring, not how the script is written. */
const MODULE_CODES: ReadonlySet<string> = new Set([
  "argument-count",
  "duplicate-module",
  "function-not-here",
  "function-not-loaded",
  "not-supported",
  "parameter-module",
  "parameter-type",
  "parameter-value",
  "unknown-function",
  "unknown-module",
  "unknown-parameter",
  "unknown-variable",
]);
/** What `kamailio -c` does not look at: it prepares no arguments and starts no modules. */
const LATER_CODES: ReadonlySet<string> = new Set([
  "argument-kind",
  "argument-not-constant",
  "bad-regex",
  "cannot-listen",
  "module-refused",
  "needs-module",
  "unknown-route",
]);

interface Verdict {
  readonly text: Problem | undefined;
  readonly modules: Problem | undefined;
  /** The same, but for variables: those in arguments that are strings are known to Kamailio only when it starts. */
  readonly surely: Problem | undefined;
  readonly complete: boolean;
  readonly included: readonly string[];
}

async function askViaduct(file: string): Promise<Verdict> {
  const server = createServer({ ...defaults(), missing: "warn" }, { line() {} });
  const { generation, problems, files } = await server.load(file);
  await generation?.stop();
  const errors = problems.filter(({ severity, code }) => severity === "error" && !LATER_CODES.has(code));
  return {
    text: errors.find(({ code }) => !MODULE_CODES.has(code)),
    modules: errors.find(({ code }) => MODULE_CODES.has(code)),
    surely: errors.find(({ code }) => MODULE_CODES.has(code) && code !== "unknown-variable"),
    complete: problems.every(({ code }) => code !== "unknown-module"),
    included: files.slice(1).map((it) => resolve(file, "..", it)),
  };
}

/** `PATTERN<blank>reason` a line; `*` in a pattern stands for anything. Undefined: the difference is not known. */
function exceptions(): (name: string) => string | undefined {
  const rows = readFileSync(new URL("kamailio-exceptions.txt", import.meta.url), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [pattern, reason] = line.split("\t") as [string, string];
      const source = pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
      return { pattern: new RegExp(`(?:^|/)${source}$`), reason };
    });
  return (name) => rows.find(({ pattern }) => pattern.test(name))?.reason;
}

const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((it) => it.isFile())
  .map((it) => resolve(it.parentPath, it.name))
  .sort();
const verdicts = new Map<string, readonly [Verdict, KamailioVerdict]>();
const included = new Set<string>();
for (const file of files) {
  const ours = await askViaduct(file);
  for (const other of ours.included) included.add(other);
  verdicts.set(file, [ours, await askKamailio(file)]);
}

const known = exceptions();
const counts = new Map<string, number>();
const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);
let text = "";
let unknown = 0;
for (const [file, [ours, theirs]] of verdicts) {
  if (included.has(file)) {
    count("judged by what includes them");
    continue;
  }
  const refusal = theirs.problems.find((it) => !it.aboutModules);
  let differs = false;
  const differ = (what: string, we: string | undefined, they: string | undefined): void => {
    const name = relative(folder, file);
    const reason = known(name);
    differs = true;
    count(`${what} differs${reason === undefined ? "" : ", for a known reason"}`);
    if (reason === undefined) unknown++;
    text += `${name}: ${what}${reason === undefined ? "" : ` (${reason})`}\n  viaduct  ${we ?? "accepts"}\n  kamailio ${they ?? "accepts"}\n`;
  };
  const line = (it: Problem): string => `${it.span.file}:${it.span.line}: ${it.code}: ${it.message}`;
  const theirLine = (it: (typeof theirs.problems)[number]): string => `${it.file}:${it.line}: ${it.message}`;
  if (ours.text && !refusal && theirs.stopped) {
    count("text refused here, Kamailio stops before");
    continue;
  }
  if ((ours.text === undefined) !== (refusal === undefined))
    differ("text", ours.text && line(ours.text), refusal && theirLine(refusal));
  else if (ours.complete && theirs.missing.length === 0 && !refusal) {
    const first = theirs.problems[0];
    const our = first ? ours.modules : ours.surely;
    if ((our === undefined) !== (first === undefined))
      differ("use of modules", our && line(our), first && theirLine(first));
  }
  if (differs) continue;
  if (refusal) count("text refused by both");
  else if (!ours.complete || theirs.missing.length > 0) count("text accepted by both, modules lacking");
  else count(theirs.problems.length > 0 ? "use of modules refused by both" : "accepted by both");
}
process.stdout.write(`${text}${text === "" ? "" : "\n"}Kamailio ${version}\n`);
process.stdout.write(`${"files".padEnd(44)}${String(files.length).padStart(6)}\n`);
for (const [what, number] of [...counts].sort())
  process.stdout.write(`${what.padEnd(44)}${String(number).padStart(6)}\n`);
process.exitCode = unknown > 0 ? 1 : 0;
