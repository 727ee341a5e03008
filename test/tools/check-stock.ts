/**
 * `npm run check:stock -- [FILE] [--random N] [--all]`: the stock script (Debian's place, when no file is named) with
 * combinations of the `WITH_` switches that it tests. What `kamailio -c` accepts, apart from modules that are not
 * installed, must have no error in `viaduct check --missing=warn`. Of n switches there are 2^n combinations, which
 * `--all` tries; else it is every one of at most three switches, all, all but each, and N seeded random ones (200 if
 * not said). What Kamailio refuses for its text must be refused here, too.
 */
import { existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { createServer } from "../../src/node/cli/engine.ts";
import { defaults } from "../../src/node/cli/flags.ts";
import { combinations, switchesOf } from "./combinations.ts";
import { askKamailio, kamailioVersion } from "./kamailio.ts";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { random: { type: "string", default: "200" }, all: { type: "boolean", default: false } },
});
const file = positionals[0] ?? "/etc/kamailio/kamailio.cfg";
const version = kamailioVersion();
if (version === undefined || !existsSync(file)) {
  process.stderr.write(version === undefined ? "there is no kamailio here\n" : `there is no ${file}\n`);
  process.exit(2);
}

const switches = switchesOf(readFileSync(file, "latin1"));
const sets = combinations(switches, options.all ? "all" : Number(options.random));
const counts = { both: 0, lacking: 0, refused: 0, unnoticed: 0, false: 0 };
/** What was said, with the number of combinations and the smallest of them. */
const said = {
  refused: new Map<string, Said>(),
  unnoticed: new Map<string, Said>(),
  false: new Map<string, Said>(),
  lacking: new Map<string, Said>(),
};
interface Said {
  number: number;
  set: readonly string[];
}
const note = (kind: keyof typeof said, text: string, set: readonly string[]): void => {
  const before = said[kind].get(text);
  said[kind].set(text, {
    number: (before?.number ?? 0) + 1,
    set: before && before.set.length <= set.length ? before.set : set,
  });
};

for (const set of sets) {
  const theirs = await askKamailio(
    file,
    set.flatMap((it) => ["-A", it]),
  );
  const defines = set.map((it): [string, undefined] => [it, undefined]);
  const { generation, problems } = await createServer({ ...defaults(), missing: "warn", defines }, { line() {} }).load(
    file,
  );
  await generation?.stop();
  // `kamailio -c` starts no modules, so it does not miss the files that they read.
  const errors = problems.filter(({ severity, code }) => severity === "error" && code !== "module-refused");
  const lacking = problems.filter(({ code }) => code === "unknown-module");
  const refusal = theirs.problems.find((it) => !it.aboutModules || theirs.missing.length === 0);
  if (refusal || (!theirs.loads && theirs.missing.length === 0)) {
    const kind = errors.length > 0 ? "refused" : "unnoticed";
    counts[kind]++;
    note(kind, refusal ? `line ${refusal.line}: ${refusal.message}` : "after it was read", set);
  } else if (errors.length > 0) {
    counts.false++;
    for (const { span, code, message } of errors) note("false", `line ${span.line}: ${code}: ${message}`, set);
  } else {
    counts[lacking.length + theirs.missing.length > 0 ? "lacking" : "both"]++;
    for (const { message } of lacking) note("lacking", message, set);
    for (const module of theirs.missing) note("lacking", `${module} is not installed for Kamailio`, set);
  }
}

const list = (kind: keyof typeof said): string =>
  [...said[kind]]
    .map(([text, { number, set }]) => `  ${number} x ${text} (${set.join(" ") || "no switch"})\n`)
    .join("");
process.stdout.write(
  `${file}, Kamailio ${version}: ${switches.length} switches, ${sets.length} of ${2 ** switches.length} combinations
accepted by both                               ${counts.both}
accepted by both, but for modules not there    ${counts.lacking}
${list("lacking")}refused by both                                ${counts.refused}
${list("refused")}refused by Kamailio alone                      ${counts.unnoticed}
${list("unnoticed")}with a false problem                           ${counts.false}
${list("false")}`,
);
process.exitCode = counts.false + counts.unnoticed > 0 ? 1 : 0;
