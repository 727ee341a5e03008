/** Facts about the process and its machine. */
import { hostname, networkInterfaces } from "node:os";
import type { ProcessInfo } from "../declare/host.ts";
import { version } from "./cli/usage.ts";

export const createProcessInfo = (runtimeDir?: string): ProcessInfo => ({
  pid: process.pid,
  hostname: hostname(),
  ...(runtimeDir !== undefined && { runtimeDir }),
  get version() {
    return version();
  },
  platform: `${process.arch}/${process.platform}`,
  argv: ["viaduct", ...process.argv.slice(2)],
  cwd: () => process.cwd(),
  signal: (number) => void process.kill(process.pid, number),
  interfaces: localAddresses,
  env: (name) => process.env[name],
  memory() {
    const { rss, heapUsed, heapTotal } = process.memoryUsage();
    return { rss, heapUsed, heapTotal };
  },
});

/** The machine's addresses, interface by interface in the system's order. */
export const localAddresses = (): { name: string; address: string; family: 4 | 6; internal: boolean }[] =>
  Object.entries(networkInterfaces()).flatMap(([name, list]) =>
    (list ?? []).map(({ address, family, internal }) => ({
      name,
      address,
      family: family === "IPv6" ? (6 as const) : (4 as const),
      internal,
    })),
  );
