/** A server on an in-memory network and a virtual clock, with whatever peers a test puts beside it. */
import type { Problem } from "../../grammar/tree.ts";
import { together } from "../compile/watch.ts";
import type { Module } from "../declare/module.ts";
import type { TraceEvent } from "../declare/trace.ts";
import type { Value } from "../declare/value.ts";
import type { ReloadOptions, ReloadResult } from "../run/reload/reload.ts";
import { Server, type ServerOptions } from "../run/server.ts";
import { type Disk, SimulatedHost } from "./host.ts";
import { SimulatedNetwork } from "./network.ts";
import { recording } from "./recording.ts";

export interface SimulationOptions {
  readonly modules: readonly Module[];
  /** Modules that are always there (control commands of the core). */
  readonly builtin?: readonly Module[];
  /** Files by absolute path; the script is one of them. */
  readonly files: Readonly<Record<string, string>>;
  /** Path of the script. */
  readonly script: string;
  /** Files that are there besides; nothing is written to them. */
  readonly disk?: Disk;
  readonly seed?: number;
  /** `-A`, `--subst` and their kin. */
  readonly defines?: ServerOptions["defines"];
  readonly substitutions?: ServerOptions["substitutions"];
  readonly env?: Readonly<Record<string, string>>;
  readonly additions?: ServerOptions["additions"];
  readonly overrides?: ReadonlyMap<string, Value>;
  readonly listen?: ServerOptions["listen"];
  readonly missing?: "error" | "warn";
  readonly maxAge?: ServerOptions["maxAge"];
  readonly probation?: ServerOptions["probation"];
  readonly watcher?: ServerOptions["watcher"];
  /** Told of everything that happens, in the order in which it does. */
  readonly trace?: (event: TraceEvent) => void;
}

/** A line of the server's log. */
export interface Logged {
  readonly at: number;
  readonly level: number;
  readonly text: string;
  readonly prefix: string | undefined;
}

export class Simulation {
  readonly host: SimulatedHost;
  readonly network: SimulatedNetwork;
  readonly server: Server;
  readonly log: Logged[] = [];
  readonly #options: SimulationOptions;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.host = new SimulatedHost({
      seed: options.seed ?? 1,
      files: options.files,
      env: options.env ?? {},
      ...(options.disk && { disk: options.disk }),
    });
    this.network = new SimulatedNetwork(this.host.clock);
    const recorded = options.trace && recording(this.host.clock, options.trace);
    const watchers = [options.watcher, recorded?.watcher].filter((it) => it !== undefined);
    this.server = new Server({
      host: this.host,
      net: this.network,
      modules: options.modules,
      sink: {
        line: (level, text, prefix) => {
          this.log.push({ at: this.host.clock.now(), level, text, prefix });
        },
      },
      ...(options.builtin && { builtin: options.builtin }),
      ...(options.defines && { defines: options.defines }),
      ...(options.substitutions && { substitutions: options.substitutions }),
      ...(options.additions && { additions: options.additions }),
      ...(options.overrides && { overrides: options.overrides }),
      ...(options.listen && { listen: options.listen }),
      ...(options.missing && { missing: options.missing }),
      ...(options.maxAge && { maxAge: options.maxAge }),
      ...(options.probation && { probation: options.probation }),
      ...(watchers.length > 0 && { watcher: watchers.length > 1 ? together(watchers) : watchers[0]! }),
      ...(recorded && { tracer: recorded.tracer }),
    });
  }

  /** Loads the script and starts to listen. The problems that refused it, none when it serves. */
  async start(): Promise<readonly Problem[]> {
    const { generation, problems } = await this.server.load(this.#options.script);
    if (!generation) return problems.filter((it) => it.severity === "error");
    await this.server.start(generation);
    return [];
  }

  /** Reloads the script, or another one, from what the files hold now (`host.files.write` changes them). No time passes. */
  reload(options: ReloadOptions = {}): Promise<ReloadResult> {
    return this.server.reload(options);
  }

  /** Lets `ms` milliseconds of virtual time pass. */
  advance(ms: number): Promise<void> {
    return this.host.clock.runUntil(this.host.clock.now() + ms);
  }

  stop(): Promise<void> {
    return this.server.stop();
  }
}
