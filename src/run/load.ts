/** From a file to a generation: read, parsed, checked, its modules started, compiled. Any problem leaves everything as it was. */
import { type ParseResult, parse } from "../../grammar/index.ts";
import type { Problem, Script, Span } from "../../grammar/tree.ts";
import { type Checked, check, readable, report } from "../check/index.ts";
import { compile } from "../compile/index.ts";
import { Call } from "../declare/call.ts";
import { LogLevel } from "../declare/core.ts";
import type { Module } from "../declare/module.ts";
import { compileEre } from "../declare/regex/index.ts";
import type { Value } from "../declare/value.ts";
import { createVariables } from "../declare/variables.ts";
import { VarSlots } from "../declare/variables-slots.ts";
import { parseHostPort } from "../transport/hostport.ts";
import { type Alias, type ListenLine, parseListen, resolveListens } from "../transport/listen.ts";
import { Sockets } from "../transport/sockets.ts";
import { besides, watcherOf } from "./actions.ts";
import { withAdditions } from "./command-line.ts";
import { GenerationConfig } from "./config.ts";
import { GenerationCore } from "./core.ts";
import { fakedRequest } from "./fake.ts";
import { Generation } from "./generation.ts";
import type { Server } from "./server.ts";
import { buildSettingsOf, transportSettingsOf } from "./settings.ts";
import { GenerationStatistics } from "./statistics.ts";
import { exposeTcp } from "./tcp-config.ts";

/** Problems that only loading a script can have, with the explanation that the manual prints. */
export const loadCodes = {
  "cannot-listen": "An address to listen on cannot be resolved or understood, or the script leaves none.",
  "unreadable-file": "The script cannot be read: it does not exist, is a folder, or its permissions do not allow it.",
} as const;

export interface LoadResult {
  /** Undefined when a problem refused the script. */
  readonly generation: Generation | undefined;
  readonly problems: readonly Problem[];
  /** Every file that was read, the script first: what `--watch` looks at. */
  readonly files: readonly string[];
  /** Their text, for showing the lines of problems. */
  readonly sources: ReadonlyMap<string, string>;
  /** SHA-256 of everything that the script is made from; empty when there was no file. */
  readonly hash: string;
  /** Milliseconds of the longest piece of work during which nothing else was done. */
  readonly blocked?: number;
  /** What was read, for tools; undefined when there was no file. */
  readonly script: Script | undefined;
}

export interface LoadOptions {
  /** Text of files that goes before what is on disk: a generation that was, or the last good script. */
  readonly sources?: ReadonlyMap<string, string>;
  /** The generation with this hash is not made again: the result has no generation and no problem. */
  readonly unless?: string;
}

/** Reads and parses a script with what the command line adds to it. Undefined when there is no such file. */
export function readScript(server: Server, file: string, kept?: LoadOptions["sources"]): ParseResult | undefined {
  const { host, options } = server;
  const read = (path: string): string | null => kept?.get(path) ?? host.files.read(path);
  const text = read(file);
  if (text === null) return undefined;
  const parsed = parse({
    file,
    text,
    ...(options.defines && { defines: options.defines }),
    ...(options.substitutions && { substitutions: options.substitutions }),
    env: (name) => host.process.env(name),
    readFile: read,
    regex: compileEre,
    resolve: (...parts) => host.files.resolve(...parts),
    dirname: (path) => host.files.dirname(path),
  });
  return options.additions ? { ...parsed, script: withAdditions(parsed.script, options.additions) } : parsed;
}

export async function load(
  server: Server,
  file: string,
  number: number,
  { sources: kept, unless }: LoadOptions = {},
): Promise<LoadResult> {
  const { host, options } = server;
  let [from, blocked] = [host.clock.now(), 0];
  const pause = async (): Promise<void> => {
    blocked = Math.max(blocked, host.clock.now() - from);
    await host.pause?.();
    from = host.clock.now();
  };
  const parsed = readScript(server, file, kept);
  if (!parsed) return nothing(file, host.files.problem?.(file));
  const { script } = parsed;
  const problems: Problem[] = [...parsed.problems];
  const { files, sources } = parsed;
  const hash = hashOf(server, parsed);
  const refused = (): LoadResult => ({ generation: undefined, problems, files, sources, script, hash });
  if (hash === unless && !refuses(problems)) return refused();
  await pause();
  const { checked, problems: found } = check(script, {
    modules: options.modules,
    ...(options.missing && { missing: options.missing }),
  });
  problems.push(...found);
  if (refuses(problems)) return refused();
  await pause();

  const generation = new Generation(number, file, new VarSlots());
  generation.defines = parsed.defines;
  generation.hash = hash;
  generation.sources = sources;
  const whole: Span = { file, line: 1, column: 1, endLine: 1, endColumn: 1 };
  const problem = (code: string, message: string, span = whole): void => {
    problems.push({ code, severity: "error", message, span });
  };
  prepare(server, generation, checked);
  for (const message of await listen(server, generation, checked)) problem("cannot-listen", message);
  if (generation.config.int("enable_tls") !== 0 && !checked.modules.some((it) => it.name === "tls"))
    problem("cannot-listen", "enable_tls is set, but the module tls is not loaded");
  if (refuses(problems)) return refused();
  startModules(server, generation, checked, problem);
  if (refuses(problems)) {
    await generation.stop();
    return refused();
  }
  await pause();
  generation.watcher = watcherOf(generation);
  const compiled = compile(checked, generation.core, besides(options.watcher, generation.watcher));
  problems.push(...compiled.problems);
  if (refuses(problems) || !compiled.program) {
    await generation.stop();
    return refused();
  }
  generation.program = compiled.program;
  generation.checked = checked;
  generation.hook();
  blocked = Math.max(blocked, host.clock.now() - from);
  return { generation, problems, files, sources, script, hash, blocked };
}

/** Problems as text for people, each with its line of the script; empty when there is none. */
export function problemsText(problems: readonly Problem[], sources: ReadonlyMap<string, string>): string {
  if (problems.length === 0) return "";
  const shown = readable(problems, sources);
  return report(shown.problems, { sources: shown.sources, colour: false });
}

const refuses = (problems: readonly Problem[]): boolean => problems.some((it) => it.severity === "error");

const nothing = (file: string, why: string | undefined): LoadResult => ({
  generation: undefined,
  problems: [
    {
      code: "unreadable-file",
      severity: "error",
      message: `cannot read ${file}${why === undefined ? "" : `: ${why}`}`,
      span: { file, line: 1, column: 1, endLine: 1, endColumn: 1 },
    },
  ],
  files: [file],
  sources: new Map(),
  script: undefined,
  hash: "",
});

/** Names everything that a generation is made of: the files in the order they were read, and what the preprocessor knew. */
function hashOf(server: Server, parsed: ParseResult): string {
  const { options, host } = server;
  const { additions, overrides, listen, missing, substitutions } = options;
  const values = [...(overrides ?? [])].map(([name, value]) => [name, String(value)]);
  const params = additions?.params.map((it) => [it.module, it.name, String(it.value)]);
  const outside = [additions?.modules, params, additions?.aliases, values, listen, missing, substitutions];
  return host.hash("sha256", JSON.stringify([[...parsed.sources], [...parsed.defines], outside]));
}

/** Configuration, services and variables: what modules need to start. */
function prepare(server: Server, generation: Generation, checked: Checked): void {
  const { options } = server;
  const core = checked.modules.find((it) => it.name === "core");
  const values = new Map<string, Value>([...checked.core, ...(options.overrides ?? [])]);
  generation.modules = [...checked.modules, ...(options.builtin ?? []).filter((it) => !checked.modules.includes(it))];
  generation.config = new GenerationConfig(core?.params ?? {}, values, checked.custom, (group, name, value) => {
    if (group === "core" && name === "debug") server.log.level = Number(value);
  });
  exposeTcp(generation.config, () => {
    generation.transportSettings = transportSettingsOf(generation.config);
    if (server.active === generation) Object.assign(server.transportSettings, generation.transportSettings);
  });
  generation.statistics = new GenerationStatistics(server.statistics);
  generation.core = new GenerationCore(server, generation, generation.config, generation.modules);
  generation.variables = createVariables(
    generation.modules,
    generation.core,
    (module) => generation.states.get(module.name),
    generation.slots,
  );
  generation.forceRport = generation.config.int("force_rport") !== 0;
  generation.onsendReplies = generation.config.int("onsend_route_reply") !== 0;
  generation.buildSettings = buildSettingsOf(generation.config);
  generation.transportSettings = transportSettingsOf(generation.config);
}

async function listen(server: Server, generation: Generation, checked: Checked): Promise<readonly string[]> {
  const { config } = generation;
  const lines: ListenLine[] = checked.listens.map(({ listen, workers }) => ({
    ...listen,
    ...(workers !== undefined && { workers }),
  }));
  for (const it of server.options.listen ?? []) {
    const line = parseListen(it);
    if (!line) return [`cannot understand the address ${it}`];
    lines.push(line);
  }
  const { sockets, aliases, problems } = await resolveListens(
    {
      lines,
      port: config.int("port") || 5060,
      tlsPort: config.int("tls_port_no") || 5061,
      tcp: config.int("disable_tcp") === 0,
      tls: config.int("enable_tls") !== 0,
      autoAliases: config.int("auto_aliases") !== 0,
      autoBindIpv6: config.int("auto_bind_ipv6") !== 0,
      aliases: checked.aliases.flatMap((it): Alias[] => {
        const named = parseHostPort(it);
        return named ? [{ protocol: named.protocol, host: named.host, port: named.port ?? 0 }] : [];
      }),
    },
    server.options.net,
  );
  generation.sockets = new Sockets(sockets, aliases, server.options.net, config.int("mhomed") !== 0);
  return problems;
}

/** Starts the modules in order, each with the state of the one that it replaces. */
function startModules(
  server: Server,
  generation: Generation,
  checked: Checked,
  problem: (code: string, message: string, span?: Span) => void,
): void {
  const { core, states } = generation;
  for (const module of generation.modules) {
    const params: Record<string, unknown> = { ...(checked.parameters.get(module) ?? defaults(module)) };
    for (const it of checked.evaluated)
      if (it.module === module) {
        const value = expand(generation, it.format);
        if (value === undefined) problem("parameter-value", `the value of \`${it.name}\` cannot be expanded`, it.span);
        else if (module.repeated?.includes(it.name))
          params[it.name] = [...((params[it.name] as unknown[]) ?? []), value];
        else params[it.name] = value;
      }
    const old = server.active?.states.get(module.name);
    const state = started(server, module, () => module.start(params as never, core, old));
    if (typeof state === "string") problem("module-refused", `${module.name}: ${state}`, loadSpan(checked, module));
    else states.set(module.name, state);
  }
}

/** A mistake of ours in a module refuses the script, too: a server that runs is not to suffer from it. */
function started(server: Server, { name }: Module, start: () => unknown): unknown {
  try {
    return start();
  } catch (error) {
    server.log.write(LogLevel.bug, `${name} failed: ${error instanceof Error ? error.stack : String(error)}\n`);
    return `failed to start: ${error instanceof Error ? error.message : String(error)}`;
  }
}

const loadSpan = (checked: Checked, module: Module): Span | undefined =>
  checked.script.items.find(
    (it) => it.kind === "load-module" && it.name.replace(/^.*\//, "").replace(/\.so$/, "") === module.name,
  )?.span;

function defaults(module: Module): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, kind] of Object.entries(module.params as Record<string, { fallback?: unknown }>))
    out[name] = module.repeated?.includes(name) ? [] : kind.fallback;
  return out;
}

/** `modparamx`: the value is a format, expanded once, outside any message. */
function expand(generation: Generation, text: string): string | undefined {
  const format = generation.variables.format(text);
  if (typeof format === "string") return undefined;
  const { core } = generation;
  const msg = fakedRequest(generation.sockets.all[0], core.host.clock.now());
  return format.expand(new Call(core, msg, "event", generation.slots.fresh(), core.newLists()));
}
