/** The engine's ports on Node. */
import type { Host } from "../declare/host.ts";
import { createClock } from "./clock.ts";
import { createControl } from "./control.ts";
import { createDns } from "./dns.ts";
import { createExec } from "./exec.ts";
import { createFiles } from "./files.ts";
import { hash } from "./hash.ts";
import { createHttp } from "./http.ts";
import { createProcessInfo } from "./process-info.ts";
import { createRandom } from "./random.ts";

export interface HostOptions {
  /** -Y: folder of control sockets and FIFOs whose names are relative. */
  readonly runtimeDir?: string;
}

export const createHost = (options: HostOptions = {}): Host => ({
  clock: createClock(),
  random: createRandom(),
  http: createHttp(),
  dns: createDns(),
  files: createFiles(),
  exec: createExec(),
  control: createControl(),
  process: createProcessInfo(options.runtimeDir),
  hash,
});
