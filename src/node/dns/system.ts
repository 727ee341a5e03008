/** What the system says about names: its servers and search list (resolv.conf), and its hosts file. */
import { readFileSync, statSync } from "node:fs";

export interface ResolvConf {
  readonly servers: readonly string[];
  /** Domains that complete a name. */
  readonly search: readonly string[];
  /** A name with so many dots is asked for as it is first. */
  readonly ndots: number;
  /** Seconds, and how often each server is asked. */
  readonly timeout: number;
  readonly attempts: number;
}

export function readResolvConf(text: string): ResolvConf {
  const servers: string[] = [];
  let search: string[] = [];
  const options = { ndots: 1, timeout: 5, attempts: 2 };
  for (const line of text.split("\n")) {
    const [word, ...values] = line
      .replace(/[#;].*/, "")
      .trim()
      .split(/\s+/);
    if (word === "nameserver" && values[0] && servers.length < 3) servers.push(values[0]);
    if (word === "domain" || word === "search") search = values.map((it) => it.replace(/\.$/, "")).filter((it) => it);
    if (word !== "options") continue;
    for (const it of values) {
      const [name, value] = it.split(":");
      if (name && name in options && /^\d+$/.test(value ?? "")) options[name as "ndots"] = Number(value);
    }
  }
  return { servers: servers.length > 0 ? servers : ["127.0.0.1"], search, ...options };
}

/** Addresses by lower-case name. */
export function readHosts(text: string): ReadonlyMap<string, readonly string[]> {
  const hosts = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [address, ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (!address) continue;
    for (const name of names) {
      const key = name.toLowerCase();
      const known = hosts.get(key);
      if (known) known.push(address);
      else hosts.set(key, [address]);
    }
  }
  return hosts;
}

/** How long a file is taken to be as it was, in milliseconds. */
const FRESH = 5000;

/** What a file says, read again when it has changed. A file that cannot be read counts as empty. */
export class Watched<T> {
  readonly #path: string;
  readonly #read: (text: string) => T;
  #value: T | undefined;
  #modified = -1;
  #checked = Number.NEGATIVE_INFINITY;

  constructor(path: string, read: (text: string) => T) {
    this.#path = path;
    this.#read = read;
  }

  get(): T {
    const now = performance.now();
    if (this.#value !== undefined && now - this.#checked < FRESH) return this.#value;
    this.#checked = now;
    const modified = statSync(this.#path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (this.#value !== undefined && modified === this.#modified) return this.#value;
    this.#modified = modified;
    let text = "";
    try {
      text = readFileSync(this.#path, "latin1");
    } catch {
      // Then there is nothing in it.
    }
    this.#value = this.#read(text);
    return this.#value;
  }
}
