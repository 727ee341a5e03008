/** What lets a server that runs be changed: its control socket, SIGHUP, a look at the script's files, the last good script. */
import { LogLevel } from "../../declare/core.ts";
import type { ControlConnection } from "../../declare/host.ts";
import { problemsText } from "../../run/load.ts";
import type { ReloadResult } from "../../run/reload/reload.ts";
import type { Server } from "../../run/server.ts";
import { controlPath } from "../control/path.ts";
import { converse } from "../control/rpc.ts";
import { ParameterChecks } from "../control/schema.ts";
import type { Options } from "./flags.ts";
import { Watched } from "./watch.ts";

export interface Live {
  close(): Promise<void>;
}

/** `files` are those that the script was read from. */
export async function goLive(server: Server, options: Options, files: readonly string[]): Promise<Live> {
  const control = await openControl(server, options);
  const watched = options.watch ? new Watched(() => void reload(server, "a file was changed")) : undefined;
  watched?.look(files);
  const told = server.onReload;
  server.onReload = (result) => {
    told?.(result);
    watched?.look([...files, ...result.files]);
  };
  process.on("SIGHUP", () => void reload(server, "SIGHUP"));
  return {
    async close() {
      watched?.close();
      await control?.close();
    },
  };
}

/** Without it the server cannot be asked for anything, but calls go on all the same. */
async function openControl(server: Server, { control, runtimeDir }: Options) {
  if (control === "none") return undefined;
  const path = control ?? controlPath(runtimeDir);
  if (path === undefined) {
    server.log.write(LogLevel.warn, "no folder for the control socket may be used: give one with --control PATH\n");
    return undefined;
  }
  const own = { "generation.sources": () => sourcesOf(server) };
  const checks = new ParameterChecks();
  const handlers = {
    connection: (connection: ControlConnection) =>
      converse(() => ({ core: server.active.core, own, checks }), connection),
  };
  try {
    return await server.host.control.listen({ kind: "unix-stream", path, mode: 0o600, runtime: true }, handlers);
  } catch (error) {
    server.log.write(
      LogLevel.warn,
      `no control socket: ${(error as Error).message}. Name another with --control PATH\n`,
    );
    return undefined;
  }
}

/** What somebody needs to try the script that serves elsewhere: its files, and what the command line adds. */
export interface SourcesAnswer {
  readonly file: string;
  readonly sources: Readonly<Record<string, string>>;
  /** Options of the server as JSON, for scripts that may have other types of values in them. */
  readonly options: string;
}

function sourcesOf({ active, options }: Server): SourcesAnswer {
  const { defines, substitutions, additions, overrides, listen, missing } = options;
  const params = additions?.params.map((it) => ({
    ...it,
    value: String(it.value),
    whole: typeof it.value === "bigint",
  }));
  return {
    file: active.file,
    sources: Object.fromEntries(active.sources),
    options: JSON.stringify({
      defines,
      substitutions,
      additions: additions && { ...additions, params },
      overrides: [...(overrides ?? [])],
      listen,
      missing,
    }),
  };
}

async function reload(server: Server, why: string): Promise<void> {
  tell(server, await server.reload(), why);
}

function tell(server: Server, result: ReloadResult, why: string): void {
  if (result.outcome === "unchanged") server.log.write(LogLevel.notice, `${why}: the script is what serves already\n`);
  else if (result.outcome === "refused")
    server.log.write(
      LogLevel.err,
      `${why}: the script was refused, and generation ${result.generation} serves on\n${problemsText(result.problems, result.sources)}\n`,
    );
}
