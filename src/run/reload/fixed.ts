/** What of a script takes effect only when the server is started, told before another script is taken up. */
import type { Generation } from "../generation.ts";

/** Core parameters, with what they would change. */
const FIXED: Readonly<Record<string, string>> = {
  user: "the user of the process",
  uid: "the user of the process",
  group: "the group of the process",
  gid: "the group of the process",
  chroot: "the root folder",
  workdir: "the working folder",
  wdir: "the working folder",
  rundir: "the folder of control sockets",
  run_dir: "the folder of control sockets",
  fork: "whether the server is in the background",
  log_stderror: "where the log goes",
  log_name: "the name in the system's log",
  log_facility: "the facility of the system's log",
  tcp_rd_buf_size: "the longest message on a connection",
  tcp_listen_backlog: "the queue of sockets that are open",
};

/** Event routes that run when the server starts, and not when a script takes over from another. */
const INITIAL = ["core:worker-one-init", "tm:init", "htable:mod-init"] as const;

export function fixedChanges(from: Generation, to: Generation): string[] {
  const found: string[] = [];
  for (const [name, what] of Object.entries(FIXED)) {
    const [old, now] = [from.config.str(name), to.config.str(name)];
    if (old !== now) found.push(`${name} is ${old || "not set"} until the server is started anew: ${what} stays`);
  }
  for (const name of INITIAL) {
    if (name === "htable:mod-init" && !from.states.has("htable")) continue;
    if (to.event(name)) found.push(`event_route[${name}] runs when the server starts: it did not run now`);
  }
  return found;
}
