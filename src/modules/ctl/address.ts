/** Addresses of control sockets as ctl and jsonrpcs write them. Follows Kamailio's ctl/ctrl_socks.c. */
import type { ControlAddress } from "../../declare/host.ts";

/** Port of TCP and UDP sockets that name none. */
const defaultPort = 2049;

const kinds: Readonly<Record<string, ControlAddress["kind"]>> = {
  tcp: "tcp",
  udp: "udp",
  unix: "unix-stream",
  unixs: "unix-stream",
  unixd: "unix-datagram",
  fifo: "fifo",
};

/**
 * `[proto:]address[:port]`; `fallback` is the protocol when none is written (a path is then a unix socket).
 * A string is the problem that refuses the script.
 */
export function parseAddress(text: string, fallback: "udp" | "fifo"): ControlAddress | string {
  const named = /^([a-z]+):(.*)$/is.exec(text);
  const written = named ? kinds[named[1]!.toLowerCase()] : undefined;
  const rest = written ? named![2]! : text;
  const problem = `not a control socket: ${text}`;
  const parts = /^(\[[0-9a-f:.]+\]|[^:]*)(?::(.*))?$/i.exec(rest);
  if (!parts || parts[1] === "") return problem;
  const [, name, port] = parts as unknown as [string, string, string | undefined];
  const guessed = (): ControlAddress["kind"] => {
    if (port) return "udp";
    if (name.includes("/")) return fallback === "udp" ? "unix-stream" : fallback;
    return fallback;
  };
  const kind = written ?? guessed();
  if (kind !== "tcp" && kind !== "udp") return { kind, path: name };
  if (port && !/^\d+$/.test(port)) return problem;
  const host = name.replace(/^\[|\]$/g, "");
  // A lone number is a port: on this machine, where Kamailio listens for everybody. `*` says that these are meant.
  if (port === undefined && /^\d+$/.test(host)) return { kind, host: "127.0.0.1", port: Number(host) };
  const number = port ? Number(port) : defaultPort;
  return number > 65535 ? problem : { kind, host, port: number };
}

/** A path as the platform takes it: one that is not absolute stands in the runtime folder. */
export const inRuntimeDir = (path: string, runtimeDir: string): string =>
  path.startsWith("/") ? path : `${runtimeDir.replace(/\/$/, "")}/${path}`;

/** Kamailio's runtime folder, unless the command line names another. */
export const defaultRuntimeDir = "/var/run/kamailio";
