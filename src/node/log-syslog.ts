/** The log of a server in the background: to syslog, through the `logger` command, as Node has no socket for it. */
import { spawn } from "node:child_process";
import { levelName, type NodeLog } from "./log.ts";

/** Syslog's severities for Kamailio's levels from L_ALERT (-5) to L_DBG (3). */
const severities: Readonly<Record<number, number>> = {
  [-5]: 1,
  [-4]: 2,
  [-3]: 2,
  [-2]: 2,
  [-1]: 3,
  0: 4,
  1: 5,
  2: 6,
  3: 7,
};

/** Numbers of the facilities that scripts name (RFC 5424, section 6.2.1). */
const facilities: Readonly<Record<string, number>> = {
  LOG_KERN: 0,
  LOG_USER: 1,
  LOG_MAIL: 2,
  LOG_DAEMON: 3,
  LOG_AUTH: 4,
  LOG_SYSLOG: 5,
  LOG_LPR: 6,
  LOG_NEWS: 7,
  LOG_UUCP: 8,
  LOG_CRON: 9,
  LOG_AUTHPRIV: 10,
  LOG_FTP: 11,
  ...Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`LOG_LOCAL${i}`, 16 + i])),
};
const daemon = 3;

/** `facility`: core parameter log_facility; `tag`: log_name. Without a `logger` on the machine nothing is logged. */
export const syslogLog = (options: { tag: string; facility: string }): NodeLog => {
  const logger = spawn("logger", ["--prio-prefix", "--tag", options.tag, `--id=${process.pid}`], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  let open = true;
  const gone = (): void => {
    open = false;
  };
  logger.on("error", gone);
  logger.stdin.on("error", gone);
  // A server that ends is not kept by it: it writes what it has got and ends too.
  logger.unref();
  return {
    line(level, text, prefix, facility, name = levelName(level)) {
      if (!open) return;
      const number = facilities[facility ?? options.facility] ?? daemon;
      const from = prefix ? (prefix.endsWith(": ") ? prefix : `${prefix}: `) : "<core>: ";
      for (const line of text.split("\n"))
        if (line !== "")
          logger.stdin.write(`<${number * 8 + (severities[level] ?? 7)}>${name}: ${from}${line}\n`, "latin1");
    },
    flush: () => {},
  };
};
