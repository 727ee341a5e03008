/** The host in memory: virtual clock, seeded randomness, scripted DNS and HTTP, files that are strings. */
import { md5, sha1 } from "@noble/hashes/legacy.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import type { Control, ControlAddress, ControlHandlers, Files, Host, ProcessInfo } from "../declare/host.ts";
import { VirtualClock } from "./clock.ts";
import { SimulatedDatabases } from "./databases.ts";
import { SimulatedExec } from "./exec.ts";
import { SimulatedHttp } from "./http.ts";
import { SimulatedDns } from "./names.ts";
import { SeededRandom } from "./random.ts";

export interface SimulatedHostOptions {
  readonly seed?: number;
  /** Files by absolute path. */
  readonly files?: Readonly<Record<string, string>>;
  /** Files that are there besides; what is written stays in memory. */
  readonly disk?: Disk;
  readonly env?: Readonly<Record<string, string>>;
  readonly interfaces?: ReturnType<ProcessInfo["interfaces"]>;
  readonly epoch?: number;
}

export class SimulatedHost implements Host {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly http: SimulatedHttp;
  readonly dns: SimulatedDns;
  readonly files: SimulatedFiles;
  readonly exec: SimulatedExec;
  readonly databases = new SimulatedDatabases();
  readonly control = new SimulatedControl();
  readonly process: ProcessInfo;

  constructor(options: SimulatedHostOptions = {}) {
    this.clock = new VirtualClock(options.epoch);
    this.random = new SeededRandom(options.seed ?? 1);
    this.http = new SimulatedHttp(this.clock);
    this.exec = new SimulatedExec(this.clock);
    this.dns = new SimulatedDns(this.clock);
    this.files = new SimulatedFiles(options.files ?? {}, options.disk);
    const env = options.env ?? {};
    const interfaces = options.interfaces ?? [{ name: "lo", address: "127.0.0.1", family: 4, internal: true }];
    this.process = {
      pid: 1,
      hostname: "proxy",
      interfaces: () => interfaces,
      env: (name) => env[name],
      memory: () => ({ rss: 0, heapUsed: 0, heapTotal: 0 }),
    };
  }

  hash(algorithm: keyof typeof HASHES, bytes: string): string {
    const octets = new Uint8Array(bytes.length);
    for (let i = 0; i < bytes.length; i++) octets[i] = bytes.charCodeAt(i);
    const digest = HASHES[algorithm](octets);
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
}

const HASHES = { md5, sha1, sha256, sha384, sha512 };

/** Files that can only be read. */
export type Disk = Pick<Files, "read" | "glob">;

export class SimulatedFiles implements Files {
  readonly contents: Map<string, string>;
  readonly #disk: Disk | undefined;
  /** What a file held when somebody asked whether it has changed, and how often it had. */
  readonly #seen = new Map<string, { readonly text: string; readonly changes: number }>();
  constructor(files: Readonly<Record<string, string>>, disk?: Disk) {
    this.contents = new Map(Object.entries(files));
    this.#disk = disk;
  }
  read(path: string): string | null {
    return this.contents.get(path) ?? this.#disk?.read(path) ?? null;
  }
  write(path: string, text: string, append = false): boolean {
    this.contents.set(path, append ? (this.read(path) ?? "") + text : text);
    return true;
  }
  resolve(...parts: string[]): string {
    let path = "";
    for (const part of parts) path = part.startsWith("/") ? part : `${path}/${part}`;
    const out: string[] = [];
    for (const part of path.split("/")) {
      if (part === "..") out.pop();
      else if (part !== "" && part !== ".") out.push(part);
    }
    return `/${out.join("/")}`;
  }
  modified(path: string): number | null {
    const text = this.read(path);
    if (text === null) return null;
    const seen = this.#seen.get(path);
    if (seen?.text === text) return seen.changes;
    const changes = (seen?.changes ?? 0) + 1;
    this.#seen.set(path, { text, changes });
    return changes;
  }
  dirname(path: string): string {
    const at = path.lastIndexOf("/");
    return at > 0 ? path.slice(0, at) : at === 0 ? "/" : ".";
  }
  glob(pattern: string): string[] {
    const source = pattern
      .replace(/[.+^${}()|[\]\\]/g, "\\$&")
      .replace(/\*/g, "[^/]*")
      .replace(/\?/g, "[^/]");
    const matches = new RegExp(`^${source}$`);
    const own = [...this.contents.keys()].filter((path) => matches.test(path));
    return [...new Set([...own, ...(this.#disk?.glob(pattern) ?? [])])].sort();
  }
}

/** Control sockets that a test opens by their address. */
export class SimulatedControl implements Control {
  readonly servers = new Map<string, ControlHandlers>();
  async listen(address: ControlAddress, handlers: ControlHandlers): Promise<{ close(): Promise<void> }> {
    const key = address.path ?? `${address.host}:${address.port}`;
    if (this.servers.has(key)) throw new Error(`${key} is already in use`);
    this.servers.set(key, handlers);
    return {
      close: async () => {
        this.servers.delete(key);
      },
    };
  }
}
