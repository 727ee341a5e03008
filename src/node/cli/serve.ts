/** Runs a script until a signal ends it. */
import { mkdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, resolve } from "node:path";
import { type Config, LogLevel } from "../../declare/core.ts";
import type { Known } from "../../run/reload/generations.ts";
import type { Server } from "../../run/server.ts";
import { controlPath } from "../control/path.ts";
import { loadHttp } from "../host.ts";
import { keep, lastGood } from "../last-good.ts";
import { jsonLog, type NodeLog, textLog } from "../log.ts";
import type { Metrics } from "../metrics/index.ts";
import { announce, isDaemon } from "./daemon.ts";
import { createServer } from "./engine.ts";
import type { Options } from "./flags.ts";
import { becomeUser } from "./identity.ts";
import { goLive, type Live } from "./live.ts";
import { errorsIn, problemsText } from "./problems.ts";

/** False when the server could not start; what kept it from it is on stderr. */
export const serve = async (options: Options): Promise<boolean> => {
  // Names on the command line are relative to where the command was given, not to -w.
  const file = resolve(options.file);
  const pidFile = options.pidFile && resolve(options.pidFile);
  const groupFile = options.groupFile && resolve(options.groupFile);
  const log = new SwitchedLog(textLog({ fd: 2, pid: process.pid, colours: options.colours }));
  // Loaded only when it is wanted.
  const metrics = options.metrics === undefined ? undefined : new (await import("../metrics/index.ts")).Metrics();
  const server = createServer(options, log, metrics);
  watchOurselves(server, log);
  const { generation, files, loaded } = await loadAtStart(server, file, options);
  if (!generation) {
    const { problems } = loaded;
    log.flush();
    process.stderr.write(`ERROR: bad config file (${Math.max(errorsIn(problems), 1)} errors)\n`);
    return false;
  }
  if (!options.stderr) await chooseLog(log, generation.config);
  let live: Live | undefined;
  endOnSignal(server, log, [pidFile, groupFile], () => live?.close());
  try {
    if (options.workdir !== undefined) process.chdir(options.workdir);
    if (generation.modules.some((it) => it.name.startsWith("http_"))) await loadHttp();
    if (metrics) await openMetrics(metrics, server, options.metrics!);
    await server.start(generation);
    writeNumber(pidFile, process.pid);
    writeNumber(groupFile, processGroup());
    becomeUser(options);
  } catch (error) {
    log.flush();
    process.stderr.write(`ERROR: ${(error as Error).message}\n`);
    await server.stop();
    for (const path of [pidFile, groupFile]) remove(path);
    return false;
  }
  server.onProven = (known) => keepGood(server, known, options);
  const first = server.generations.find(generation.number);
  if (first && loaded.generation) server.onProven(first);
  live = await goLive(server, options, files);
  showSockets(server);
  announce();
  return true;
};

/** With --last-good a broken script is replaced by the one that served last, and that is said loudly. */
const loadAtStart = async (server: Server, file: string, options: Options) => {
  const loaded = await server.load(file);
  process.stderr.write(problemsText(loaded.problems, loaded.sources, options.colours));
  const path = options.lastGood && !loaded.generation ? keptAt(options) : undefined;
  const kept = path === undefined ? undefined : lastGood(path, file);
  if (!kept) return { generation: loaded.generation, files: loaded.files, loaded };
  const { generation, files } = await server.load(file, { sources: kept.sources });
  if (generation)
    process.stderr.write(
      `WARNING: ${file} IS BROKEN. THE SERVER STARTS WITH THE SCRIPT THAT SERVED LAST (kept ${kept.when} in ${path}).\n`,
    );
  return { generation, files: [...new Set([...loaded.files, ...files])], loaded };
};

const keptAt = ({ keep, runtimeDir, control }: Options): string | undefined => {
  const folder = keep ?? (control && control !== "none" ? dirname(control) : undefined);
  const beside = folder === undefined ? controlPath(runtimeDir) : undefined;
  return folder === undefined ? beside && resolve(beside, "..", KEPT) : resolve(folder, KEPT);
};

/** The file in that folder. */
const KEPT = "viaduct-last-good.json";

const keepGood = (server: Server, known: Known, options: Options): void => {
  if (!options.lastGood && options.keep === undefined) return;
  const path = keptAt(options);
  const problem = path === undefined ? "there is no folder for it" : keep(path, known);
  if (problem !== undefined) server.log.write(LogLevel.err, `the script cannot be kept for --last-good: ${problem}\n`);
};

const openMetrics = async (metrics: Metrics, server: Server, address: string): Promise<void> => {
  const { serveMetrics } = await import("../metrics/server.ts");
  metrics.watch(server);
  await serveMetrics(metrics, address);
};

/** The log is chosen when the script has been read, which itself may have something to say. */
class SwitchedLog implements NodeLog {
  #log: NodeLog;
  constructor(log: NodeLog) {
    this.#log = log;
  }
  to(log: NodeLog): void {
    this.#log.flush();
    this.#log = log;
  }
  line(level: number, text: string, prefix: string | undefined, facility: string | undefined, name?: string): void {
    this.#log.line(level, text, prefix, facility, name);
  }
  flush(): void {
    this.#log.flush();
  }
}

/** Without -E: the script's log_stderror in the foreground, else JSON there and syslog in the background. */
const chooseLog = async (log: SwitchedLog, config: Config): Promise<void> => {
  if (isDaemon()) {
    const { syslogLog } = await import("../log-syslog.ts");
    log.to(syslogLog({ tag: config.str("log_name") || "viaduct", facility: config.str("log_facility") }));
  } else if (config.int("log_stderror") === 0) log.to(await jsonLog({ fd: 2, hostname: hostname() }));
};

/** A mistake of ours must not take the calls down: it is logged with its place, and the server goes on. */
const watchOurselves = (server: Server, log: NodeLog): void => {
  const tell = (error: unknown): void => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    server.log.write(LogLevel.bug, `unexpected failure: ${text}\n`);
  };
  process.on("uncaughtException", tell);
  process.on("unhandledRejection", tell);
  process.on("exit", () => log.flush());
};

const showSockets = (server: Server): void => {
  let text = "Listening on \n";
  for (const it of server.sockets.all) {
    const advertise = it.advertise;
    const also = advertise ? ` advertise ${advertise.host}${advertise.port ? `:${advertise.port}` : ""}` : "";
    const shown = it.host === it.address ? it.address : `${it.host} [${it.address}]`;
    const name = it.name === undefined ? "" : ` name ${it.name}`;
    text += `             ${it.protocol}: ${shown}:${it.port}${also}${name}${it.virtual ? " virtual" : ""}\n`;
  }
  text += "Aliases: \n";
  for (const { protocol, host, port } of server.sockets.aliases())
    text += `             ${protocol ?? "*"}: ${host}:${port === 0 ? "*" : port}\n`;
  process.stdout.write(`${text}\n`);
};

const endOnSignal = (
  server: Server,
  log: NodeLog,
  files: readonly (string | undefined)[],
  close: () => Promise<void> | undefined,
): void => {
  let ending = false;
  const end = async (): Promise<void> => {
    // Whoever asks twice is not kept waiting.
    if (ending) process.exit(1);
    ending = true;
    try {
      await close();
      await server.stop();
    } catch (error) {
      server.log.write(LogLevel.bug, `it cannot be ended properly: ${(error as Error).stack}\n`);
    }
    for (const path of files) remove(path);
    log.flush();
    process.exit(0);
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  // A reload that is asked for before the server serves is none; the default would end the server.
  process.on("SIGHUP", () => {});
  // Node would open its inspector.
  process.on("SIGUSR1", () => {
    // With NODE_OPTIONS=--expose-gc what is left when garbage has been collected.
    (globalThis as { gc?: () => void }).gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    server.log.write(LogLevel.notice, `memory: ${rss} bytes resident, ${heapUsed} bytes of heap in use\n`);
  });
};

const writeNumber = (path: string | undefined, number: number): void => {
  if (!path) return;
  mkdirSync(resolve(path, ".."), { recursive: true });
  writeFileSync(path, `${number}\n`);
};

const remove = (path: string | undefined): void => {
  if (!path) return;
  try {
    unlinkSync(path);
  } catch {
    // Gone already.
  }
};

/** The fifth field of /proc/self/stat; Node has no call for it. The name in parentheses may hold blanks. */
const processGroup = (): number => {
  try {
    const stat = readFileSync("/proc/self/stat", "latin1");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2]);
  } catch {
    return process.pid;
  }
};
