/** The engine's ports on Node. */
import type { Host, Http } from "../declare/host.ts";
import { createClock } from "./clock.ts";
import { createControl } from "./control/index.ts";
import { createDatabases } from "./database/index.ts";
import { createDns } from "./dns/index.ts";
import { createExec } from "./exec.ts";
import { createFiles } from "./files.ts";
import { hash } from "./hash.ts";
import { createProcessInfo } from "./process-info.ts";
import { createRandom } from "./random.ts";
import { createTls } from "./streams/tls-context.ts";

export interface HostOptions {
  /** -Y: folder of control sockets and FIFOs whose names are relative. */
  readonly runtimeDir?: string;
}

export const createHost = (options: HostOptions = {}): Host => ({
  clock: createClock(),
  pause: () => new Promise((resume) => setImmediate(resume)),
  random: createRandom(),
  http: lateHttp(),
  dns: createDns(),
  files: createFiles(),
  exec: createExec(),
  databases: createDatabases(),
  control: createControl(),
  process: createProcessInfo(options.runtimeDir),
  hash,
  tls: createTls(),
});

/** The HTTP client is a third of all code to load: whoever asks for nothing does without. See `loadHttp`. */
const lateHttp = (): Http => {
  let client: Http | undefined;
  return {
    async request(request, signal) {
      client ??= (await import("./http/index.ts")).createHttp();
      return client.request(request, signal);
    },
  };
};

/** Loads the HTTP client ahead, and tries it, so that the first request does not wait for it. */
export const loadHttp = async (): Promise<void> => (await import("./http/warm.ts")).warmHttp();
