/** The command line: Kamailio's flags with getopt's rules, and the subcommands. */
import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import { readArguments } from "../../src/node/cli/arguments.ts";
import { defaults, flags, type Options } from "../../src/node/cli/flags.ts";
import { usageText } from "../../src/node/cli/usage.ts";

/** What differs from the defaults; maps as objects. */
const read = (line: string): unknown => {
  const command = readArguments(line === "" ? [] : line.split(" "));
  if (command.kind === "wrong") return command.message;
  if (command.kind === "tool") return { [command.name]: command.argv };
  const plain = (it: Options) => ({
    ...it,
    overrides: Object.fromEntries(it.overrides),
    levels: Object.fromEntries(it.levels),
  });
  const before = plain(defaults());
  const changed = Object.entries(plain(command.options)).filter(
    ([name, value]) => !isDeepStrictEqual(value, before[name as keyof Options]),
  );
  return { ...(command.kind === "check" && { check: command.files }), ...Object.fromEntries(changed) };
};

const rows: [string, unknown][] = [
  ["", {}],
  ["-f a.cfg", { file: "a.cfg" }],
  ["-fa.cfg", { file: "a.cfg" }],
  // As the harnesses and Debian's unit start Kamailio.
  [
    "-DD -E -f k.cfg -m 16 -M 4 -Y d -w d -P d/pid -L m/",
    { foreground: 2, stderr: true, file: "k.cfg", runtimeDir: "d", workdir: "d", pidFile: "d/pid" },
  ],
  [
    "-P p -f k.cfg -m 64 -M 8 --atexit=no -u kamailio -g kamailio",
    { pidFile: "p", file: "k.cfg", user: "kamailio", group: "kamailio" },
  ],
  ["-DDEef x", { foreground: 2, stderr: true, colours: true, file: "x" }],
  [
    "-A A -A B=1 -AC=x=y",
    {
      defines: [
        ["A", undefined],
        ["B", "1"],
        ["C", "x=y"],
      ],
    },
  ],
  ["-n 4 -N 2", { overrides: { children: 4, tcp_children: 2 } }],
  ["-n4", { overrides: { children: 4 } }],
  ["-dd -d", { debug: 3 }],
  ["--debug=-1", { debug: -1 }],
  ["--debug 2", { debug: 2 }],
  ["-l udp:a:1 -l b", { listen: ["udp:a:1", "b"] }],
  ["-a no -T -K -r -R", { overrides: { auto_aliases: 0, disable_tcp: 1, check_via: 1, dns: 1, rev_dns: 1 } }],
  [
    "--alias=a.b --loadmodule=tm --modparam=tm:fr_timer:i:5 --modparam x:y:s:a:b",
    {
      aliases: ["a.b"],
      modules: ["tm"],
      modparams: [
        { module: "tm", name: "fr_timer", value: 5n },
        { module: "x", name: "y", value: "a:b" },
      ],
    },
  ],
  ["--modparam=tm:fr_timer:i:x", "bad module parameter: tm:fr_timer:i:x"],
  ["--modparam=tm", "bad module parameter: tm"],
  [
    "--subst=/A/B/ --substdef=!X!9! --substdefs=!Y!8!",
    {
      substitutions: [
        { kind: "subst", rule: "/A/B/" },
        { kind: "substdef", rule: "!X!9!" },
        { kind: "substdefs", rule: "!Y!8!" },
      ],
    },
  ],
  // Kamailio has no such long form of -A.
  ["--define=X=8", "Unknown option '--define=X=8'. Use -h for help."],
  ["-c", { checkOnly: true }],
  ["-x fm -X tlsf -W poll -O 3 -Q 2 -S -s 1 -B 3", {}],
  ["-b 65536 -G g --server-id=3", { receiveBuffer: 65536, groupFile: "g", overrides: { server_id: 3 } }],
  ["--metrics 9090", { metrics: "9090" }],
  ["--metrics=x:y", "bad address for metrics: x:y"],
  ["-v", { print: "version" }],
  ["--version", { print: "version" }],
  ["-h", { print: "help" }],
  ["-I", { print: "internals" }],
  ["stray words -E", { stderr: true }],
  ["chekc a.cfg", "there is no command chekc; did you mean `check`?"],
  ["a.cfg", "to run a script, use run a.cfg"],
  ["run a.cfg -A X", { file: "a.cfg", foreground: 1, stderr: true, defines: [["X", undefined]] }],
  ["check a.cfg b.cfg", { check: ["a.cfg", "b.cfg"] }],
  ["-Z", "Unknown option '-Z'. Use -h for help."],
  ["-DZ", "Unknown option '-Z'. Use -h for help."],
  ["--nix", "Unknown option '--nix'. Use -h for help."],
  ["-f", "Option '-f' requires an argument. Use -h for help."],
  ["--debug", "Option '--debug' requires an argument. Use -h for help."],
  ["-n abc", "bad process number: -n: abc"],
  ["-m x", "bad shmem size: x"],
  ["-a maybe", "bad auto aliases mode: maybe"],
  ["-A =1", "bad define: =1"],
  ["--debug=x", "bad debug level: x"],
  ["check", "check: which file? Use check FILE..."],
  ["run", "run: one file is needed. Use run FILE"],
  ["--log-engine=json:M --atexit no", {}],
  ["--help", { print: "help" }],
  ["-V", { print: "version" }],
  ["check a.cfg --format=sarif --missing=warn", { check: ["a.cfg"], format: "sarif", missing: "warn" }],
  ["check a.cfg --format=xml", "bad format: xml"],
  ["--missing=maybe", "bad level of missing modules: maybe"],
  [
    "--rule=unused-route=off --rule call-compared=error",
    { levels: { "unused-route": "off", "call-compared": "error" } },
  ],
  ["--rule=unused-route=warn", { levels: { "unused-route": "warning" } }],
  [
    "--control none --watch --generation-max-age 60 --generation-end=end --watch-period 30 --last-good --keep d",
    { control: "none", watch: true, maxAge: 60, ending: "end", watchPeriod: 30, lastGood: true, keep: "d" },
  ],
  ["--rollback-if errors=5,5xx=2.5,drops=1", { rollbackIf: { errors: 5, failures: 2.5, drops: 1 } }],
  ["--rollback-if errors", "bad limit: errors"],
  ["--generation-end later", "bad way to end a generation: later"],
  ["--rule=unused-route", "bad rule: unused-route"],
  ["--rule=unused-route=loud", "bad rule: unused-route=loud"],
  ["-b 1k", "bad buffer size: 1k"],
  ["-M x", "bad private mem size: x"],
  ["-N x", "bad process number: -N: x"],
  ["-O x", "bad optimization level: -O: x"],
  ["--server-id=x", "bad server id: x"],
  ["--watch --watch-period=30 --last-good --keep k", { watch: true, watchPeriod: 30, lastGood: true, keep: "k" }],
  ["--control=none --generation-max-age 5", { control: "none", maxAge: 5 }],
  ["--generation-end=end", { ending: "end" }],
  ["--generation-end=later", "bad way to end a generation: later"],
  ["--rollback-if=errors=5,5xx=2.5,drops=1", { rollbackIf: { errors: 5, failures: 2.5, drops: 1 } }],
  ["--rollback-if=much", "bad limit: much"],
  ["--watch-period=x", "bad watch period: x"],
  ["--generation-max-age=x", "bad maximum age: x"],
];

test.each(rows)("viaduct %s", (line, expected) => {
  expect(read(line)).toEqual(expected);
});

test("every flag has a row above", () => {
  const words = rows.flatMap(([line]) => line.split(" "));
  const given = ({ short, long }: (typeof flags)[number]): boolean =>
    words.some(
      (word) =>
        (long !== undefined && (word === `--${long}` || word.startsWith(`--${long}=`))) ||
        (short !== undefined &&
          /^-[^-]/.test(word) &&
          (word[1] === short || new RegExp(`^-[cdDeEKrRSTvV]*${short}`).test(word))),
    );
  expect(flags.filter((it) => !given(it)).map(({ short, long }) => short ?? long)).toEqual([]);
});

test("no flag is given twice, and the usage text has all of them", () => {
  const names = flags.flatMap((it) => [it.short && `-${it.short}`, it.long && `--${it.long}`]).filter(Boolean);
  expect(new Set(names).size).toBe(names.length);
  const text = usageText();
  for (const name of names) expect(text).toMatch(new RegExp(`[ ]${name}\\b`));
});
