/** What `kamailio -c` says of a script, told apart by what it is about. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { basename, dirname } from "node:path";

export interface KamailioProblem {
  readonly file: string;
  readonly line: number;
  readonly message: string;
  /** About what modules bring (or lack on this machine): functions, parameters, variables. Else the script's own text. */
  readonly aboutModules: boolean;
}

export interface KamailioVerdict {
  /** Exit status 0: parsed, and its modules started. */
  readonly loads: boolean;
  readonly problems: readonly KamailioProblem[];
  /** The parser went no further than its last problem, which was about a variable of a module. */
  readonly stopped: boolean;
  /** Modules that are not installed. */
  readonly missing: readonly string[];
  readonly output: string;
}

const folders = ["/usr/lib/*/kamailio/modules/", "/usr/lib/kamailio/modules/", "/usr/local/lib*/kamailio/modules/"];
const moduleFolder = folders.flatMap((it) => globSync(it)).find((it) => existsSync(`${it}/pv.so`)) ?? "";

/** First and second number of the version of the Kamailio at hand; undefined when there is none. */
export function kamailioVersion(): string | undefined {
  return /\b\d+\.\d+/.exec(spawnSync("kamailio", ["-v"], { encoding: "utf8" }).stdout ?? "")?.[0];
}

/** Whether programs can be run here without a network, so that no script reaches another machine. */
const isolated = spawnSync("unshare", ["-n", "true"], { stdio: "ignore" }).status === 0;

/** Runs `kamailio -c` on the file in the file's folder, a minute at most. */
export function askKamailio(file: string, args: readonly string[] = []): Promise<KamailioVerdict> {
  const all = ["-c", "-L", moduleFolder, ...args, "-f", basename(file)];
  const [command, given] = isolated ? ["unshare", ["-n", "kamailio", ...all]] : ["kamailio", all];
  const child = spawn(command, given, { cwd: dirname(file), stdio: ["ignore", "pipe", "pipe"], timeout: 60_000 });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("latin1");
    stream.on("data", (piece: string) => {
      output += piece;
    });
  }
  return new Promise((done, failed) => {
    child.on("error", failed);
    child.on("close", (status) => done({ loads: status === 0, ...readOutput(output), output }));
  });
}

const LINE = /yyerror_at\(\): parse error in config file (.*), (?:from )?line (\d+).*?: (.*)$/;
/** What the preprocessor refuses, without a place that could be relied on. */
const PREPROCESSOR =
  /(?:cannot open included file|env variable not defined|different number of preprocessor directives).*$/;
const VARIABLE = "Can't get from cache: ";
const MODULES = new RegExp(
  `^(?:unknown command, missing loadmodule\\?|failed to load module|Can't set module parameter|${VARIABLE}|Invalid arguments$|Can't set config routing engine)`,
);

function readOutput(output: string): Pick<KamailioVerdict, "problems" | "missing" | "stopped"> {
  const problems: KamailioProblem[] = [];
  const missing = new Set<string>();
  for (const line of output.split("\n")) {
    const module = /could not (?:find|open) module <([^>]+)>/.exec(line)?.[1];
    if (module !== undefined) missing.add(module);
    const [preprocessor] = PREPROCESSOR.exec(line) ?? [];
    if (preprocessor !== undefined) problems.push({ file: "", line: 0, message: preprocessor, aboutModules: false });
    const [, file, number, message] = LINE.exec(line) ?? [];
    if (file === undefined || message === undefined) continue;
    problems.push({ file, line: Number(number), message, aboutModules: MODULES.test(message) });
  }
  const stopped =
    problems.findLast(({ file }) => file !== "")?.message.startsWith(VARIABLE) === true &&
    /parsing code: 1/.test(output);
  // Directives that stand behind that place were not counted.
  const read = stopped ? problems.filter(({ file }) => file !== "") : problems;
  return { problems: read, missing: [...missing], stopped };
}
