/**
 * Changing the script of a server that runs (DESIGN.md, decision 7): the new generation is made, its sockets are opened
 * and its modules are started beside the one that serves; then the two change places in one step that cannot fail.
 */
import type { Problem, Span } from "../../../grammar/tree.ts";
import { LogLevel } from "../../declare/core.ts";
import type { Timer } from "../../transaction/clock.ts";
import type { ListenSocket } from "../../transport/listen.ts";
import type { Generation } from "../generation.ts";
import type { LoadResult } from "../load.ts";
import type { Server } from "../server.ts";
import { Cooling } from "./cooling.ts";
import { fixedChanges } from "./fixed.ts";
import type { Known } from "./generations.ts";
import { probation } from "./probation.ts";
import { retire } from "./retire.ts";

export interface ReloadOptions {
  /** The script; the one that serves when not given. */
  readonly file?: string;
  /** Refuse when another generation serves by then: somebody else was faster. */
  readonly ifGeneration?: number;
  /** Text that goes before what is on disk. */
  readonly sources?: ReadonlyMap<string, string>;
  /** Load the script even when it is what serves already. */
  readonly force?: boolean;
  /** The server goes back by itself: no probation follows. */
  readonly back?: boolean;
}

export type ReloadResult =
  /** `generation` serves, and `previous` ends what it began. */
  | ({ readonly outcome: "switched"; readonly generation: number; readonly previous: number } & Told)
  /** The script is what serves already: nothing was done. */
  | ({ readonly outcome: "unchanged"; readonly generation: number } & Told)
  /** Problems refused the script: the generation goes on. */
  | ({ readonly outcome: "refused"; readonly generation: number } & Told)
  /** It was asked for a generation that does not serve any more. */
  | ({ readonly outcome: "outdated"; readonly generation: number } & Told);

interface Told {
  readonly problems: readonly Problem[];
  /** What of the script does not take effect before the server is started anew. */
  readonly warnings: readonly string[];
  readonly files: readonly string[];
  readonly sources: ReadonlyMap<string, string>;
  /** Milliseconds from the request to the switch, or to the refusal. */
  readonly took: number;
  /** Milliseconds for which messages waited at most. */
  readonly blocked?: number;
}

const NOTHING = { problems: [], warnings: [], files: [], sources: new Map<string, string>() };

export class Reloads {
  readonly #server: Server;
  /** The reload in progress and those that wait for it. */
  #last: Promise<unknown> = Promise.resolve();
  #ended = false;
  /** The look at the generation that was taken up last. */
  #probation: Timer | undefined = undefined;

  constructor(server: Server) {
    this.#server = server;
  }

  reload(options: ReloadOptions): Promise<ReloadResult> {
    const asked = this.#server.host.clock.now();
    const result = this.#last.then(() => this.#reload(options, asked));
    this.#last = result.catch(() => {});
    return result;
  }

  /** The server stops: a reload in progress is given up. */
  end(): void {
    this.#ended = true;
    this.#probation?.cancel();
  }

  async #reload(options: ReloadOptions, asked: number): Promise<ReloadResult> {
    const server = this.#server;
    const { active } = server;
    const took = (): number => server.host.clock.now() - asked;
    const generation = active.number;
    if (options.ifGeneration !== undefined && options.ifGeneration !== generation)
      return { outcome: "outdated", generation, ...NOTHING, took: took() };
    const loaded = await server.load(options.file ?? active.file, {
      ...(options.sources && { sources: options.sources }),
      ...(!options.force && { unless: active.hash }),
    });
    const { files, sources, problems } = loaded;
    const made = loaded.generation;
    if (!made) {
      const outcome = loaded.hash === active.hash && !options.force ? "unchanged" : "refused";
      return { outcome, generation, problems, warnings: [], files, sources, took: took() };
    }
    const warnings = fixedChanges(active, made);
    for (const it of warnings) server.log.write(LogLevel.warn, `${it}\n`);
    const switched = await this.#switch(made, loaded);
    if (Array.isArray(switched))
      return { outcome: "refused", generation, problems: switched, warnings: [], files, sources, took: took() };
    const ms = took();
    server.log.write(
      LogLevel.notice,
      `generation ${made.number} (${made.file}) serves after ${Math.round(ms)} ms; generation ${generation} ends what it began\n`,
    );
    this.#try(server.generations.find(generation), server.generations.find(made.number), options);
    const { number } = made;
    return {
      outcome: "switched",
      generation: number,
      previous: generation,
      problems,
      warnings,
      files,
      sources,
      took: ms,
      blocked: loaded.blocked ?? 0,
    };
  }

  /** The generation serves; whether it stays is seen in its probation. What was gone back to is not put to the test again. */
  #try(previous: Known | undefined, known: Known | undefined, { back }: ReloadOptions): void {
    const server = this.#server;
    const rules = server.options.probation;
    this.#probation?.cancel();
    this.#probation = undefined;
    if (!known) return;
    if (!rules || !previous || back) {
      server.onProven?.(known);
      return;
    }
    const worse = (why: string): void => {
      const { file, sources, number } = previous;
      server.log.write(
        LogLevel.crit,
        `generation ${known.number} is given up: ${why}. The script of generation ${number} is taken up again\n`,
      );
      void server.reload({ file, sources, back: true, ifGeneration: known.number });
    };
    this.#probation = probation(server, rules, worse, () => server.onProven?.(known));
  }

  /** Problems refused it: then it is stopped, and everything is as it was. */
  async #switch(made: Generation, loaded: LoadResult): Promise<readonly Problem[] | undefined> {
    const server = this.#server;
    const change = await server.transports!.prepare(made.sockets);
    if (typeof change === "string") {
      await made.stop();
      return [...loaded.problems, problemAt("cannot-listen", change, listenSpan(made, loaded, change))];
    }
    const refuse = async (problem: Problem): Promise<readonly Problem[]> => {
      await change.abort();
      await made.stop();
      return [...loaded.problems, problem];
    };
    for (const module of made.modules)
      try {
        if (module.open) await module.open(made.states.get(module.name), made.core);
      } catch (error) {
        const message = `${module.name}: ${error instanceof Error ? error.message : String(error)}`;
        return refuse(problemAt("module-refused", message, loadSpan(made, loaded, module.name)));
      }
    if (this.#ended) return refuse(problemAt("module-refused", "the server is being stopped", whole(made)));
    const old = server.active;
    const leaving = change.commit();
    server.takeUp(made);
    this.#cool(old, leaving);
    return undefined;
  }

  #cool(old: Generation, leaving: readonly ListenSocket[]): void {
    const server = this.#server;
    server.cooling ??= new Cooling(server);
    server.cooling.add(old, leaving);
    const { maxAge } = server.options;
    if (maxAge)
      server.host.clock.after(maxAge.seconds * 1000, () => {
        if (old.state === "cooling") retire(server, old, maxAge.how);
      });
    old.cool(() => {
      // What told of its end may still be under way: its modules are stopped in a turn of their own.
      server.host.clock.after(0, () => void this.#retire(old));
    });
  }

  async #retire(old: Generation): Promise<void> {
    const server = this.#server;
    const { cooling } = server;
    if (!cooling?.generations.has(old)) return;
    const closing = cooling.remove(old);
    if (cooling.size === 0) server.cooling = undefined;
    server.generations.retired(old);
    await old.stop();
    if (closing.length > 0) await server.transports?.drop(closing);
    server.log.write(LogLevel.info, `generation ${old.number} has ended what it began\n`);
  }
}

const whole = ({ file }: Generation): Span => ({ file, line: 1, column: 1, endLine: 1, endColumn: 1 });

const problemAt = (code: string, message: string, span: Span): Problem => ({ code, severity: "error", message, span });

/** The listen line of the socket that a message is about. */
function listenSpan(made: Generation, { script }: LoadResult, message: string): Span {
  const socket = made.sockets.all.find((it) => message.includes(`${it.protocol}:${it.address}:${it.port}:`));
  const lines = script?.items.filter((it) => it.kind === "listen") ?? [];
  const fits = lines.find(
    (it) =>
      socket !== undefined &&
      (it.hosts.includes(socket.host) || it.hosts.includes(socket.address)) &&
      (it.protocol === undefined || it.protocol.toLowerCase() === socket.protocol) &&
      (it.port === undefined || (it.port <= socket.port && socket.port <= (it.lastPort ?? it.port))),
  );
  return fits?.span ?? whole(made);
}

function loadSpan(made: Generation, { script }: LoadResult, name: string): Span {
  const item = script?.items.find(
    (it) => it.kind === "load-module" && it.name.replace(/^.*\//, "").replace(/\.so$/, "") === name,
  );
  return item?.span ?? whole(made);
}
