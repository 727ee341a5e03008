/** Makes a server from the command line's options. */

import { builtin } from "../../control/builtin.ts";
import { modules } from "../../modules/index.ts";
import type { LogSink } from "../../run/log.ts";
import { Server } from "../../run/server.ts";
import { createHost } from "../host.ts";
import type { Metrics } from "../metrics/index.ts";
import { createSockets } from "../sockets.ts";
import type { Options } from "./flags.ts";

export const createServer = (options: Options, sink: LogSink, metrics?: Metrics): Server => {
  const overrides = new Map(options.overrides);
  if (options.debug !== undefined) overrides.set("debug", options.debug);
  const host = createHost({ ...(options.runtimeDir !== undefined && { runtimeDir: options.runtimeDir }) });
  return new Server({
    host: metrics?.measuring(host) ?? host,
    net: createSockets(options.receiveBuffer),
    modules,
    builtin,
    sink: metrics?.counting(sink) ?? sink,
    defines: options.defines,
    substitutions: options.substitutions,
    additions: { modules: options.modules, params: options.modparams, aliases: options.aliases },
    overrides,
    listen: options.listen,
    missing: options.missing,
    ...(options.maxAge > 0 && { maxAge: { seconds: options.maxAge, how: options.ending } }),
    ...(options.watchPeriod > 0 && { probation: { seconds: options.watchPeriod, ...options.rollbackIf } }),
  });
};
