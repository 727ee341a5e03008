/** Where log lines go: stderr in Kamailio's form, or JSON for log collectors. Lines are gathered and written once a turn. */
import { writeSync } from "node:fs";
import type { LogSink } from "../run/log.ts";

/** A sink with what the command line needs of it. */
export interface NodeLog extends LogSink {
  /** Writes what is gathered, at once. */
  flush(): void;
}

/** Kamailio's names of the levels from L_ALERT (-5) to L_DBG (3). */
const names: Readonly<Record<number, string>> = {
  [-5]: "ALERT",
  [-4]: "BUG",
  [-3]: "CRITICAL",
  [-2]: "CRITICAL",
  [-1]: "ERROR",
  0: "WARNING",
  1: "NOTICE",
  2: "INFO",
  3: "DEBUG",
};

export const levelName = (level: number): string => names[level] ?? "DEBUG";

/** Colours of the levels on a terminal (-e): SGR parameters. */
const colours: Readonly<Record<number, string>> = {
  [-5]: "37;41",
  [-4]: "30;43",
  [-3]: "31;1",
  [-2]: "31;1",
  [-1]: "31",
  0: "33",
  1: "36",
  2: "39",
  3: "32",
};

/** Bytes that wait for a slow reader before lines are thrown away. */
const mostWaiting = 16 * 1024 * 1024;
/** Bytes gathered that are written without waiting for the end of the turn. */
const enough = 64 * 1024;
/** Milliseconds until a reader that had no room is tried again. */
const patience = 5;

/** Gathers latin1 text for one file descriptor. */
class Writer {
  readonly #fd: number;
  #text = "";
  #rest: Buffer | undefined;
  #lost = 0;
  #scheduled = false;

  constructor(fd: number) {
    this.#fd = fd;
  }

  add(text: string): void {
    const waiting = this.#text.length + (this.#rest?.length ?? 0);
    if (waiting > mostWaiting) {
      this.#lost++;
      return;
    }
    this.#text += text;
    if (this.#scheduled) return;
    if (waiting > enough) this.#write();
    else this.#schedule(false);
  }

  /** Writes everything, waiting for a slow reader for a moment. */
  flush(): void {
    const deadline = Date.now() + 500;
    while (!this.#write() && Date.now() < deadline) Atomics.wait(nothing, 0, 0, patience);
  }

  #schedule(wait: boolean): void {
    this.#scheduled = true;
    const run = (): void => {
      this.#scheduled = false;
      this.#write();
    };
    if (wait) setTimeout(run, patience).unref();
    else setImmediate(run);
  }

  /** False when something is left. */
  #write(): boolean {
    if (this.#lost > 0 && this.#text === "" && !this.#rest) {
      this.#text = `${this.#lost} log lines were lost: nobody read them\n`;
      this.#lost = 0;
    }
    let left = this.#rest ?? empty;
    if (this.#text !== "") {
      const next = Buffer.from(this.#text, "latin1");
      left = left.length > 0 ? Buffer.concat([left, next]) : next;
      this.#text = "";
    }
    try {
      while (left.length > 0) left = left.subarray(writeSync(this.#fd, left));
    } catch (error) {
      // Nobody reads any more: there is nobody to tell either.
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") left = empty;
    }
    this.#rest = left.length > 0 ? left : undefined;
    if (this.#rest && !this.#scheduled) this.#schedule(true);
    return this.#rest === undefined;
  }
}

const empty = Buffer.alloc(0);
const nothing = new Int32Array(new SharedArrayBuffer(4));

/** ` 0(4711) ERROR: <script>: text`, as Kamailio writes with -E. Script text is written as it is, without a line end added. */
export const textLog = (options: { fd: number; pid: number; colours: boolean }): NodeLog => {
  const writer = new Writer(options.fd);
  const head = ` 0(${options.pid}) `;
  return {
    line(level, text, prefix, _facility, name = levelName(level)) {
      // Our own lines may lack their end; what a script or module says is written as it is.
      const own = prefix === undefined || prefix === "";
      const from = own ? "<core>: " : prefix.endsWith(": ") ? prefix : `${prefix}: `;
      const line = `${head}${name}: ${from}${text}${own && !text.endsWith("\n") ? "\n" : ""}`;
      writer.add(options.colours ? `\x1b[${colours[level] ?? "39"}m${line}\x1b[0m` : line);
    },
    flush: () => writer.flush(),
  };
};

/** One JSON object a line, by pino; `severity` keeps Kamailio's name of the level. */
export const jsonLog = async (options: { fd: number; hostname: string }): Promise<NodeLog> => {
  // Loaded when it is wanted: most runs in a terminal never do.
  const { pino } = await import("pino");
  const writer = new Writer(options.fd);
  const logger = pino(
    { level: "trace", base: { pid: process.pid, hostname: options.hostname } },
    { write: (line) => writer.add(Buffer.from(line, "utf8").toString("latin1")) },
  );
  return {
    line(level, text, prefix, facility, name = levelName(level)) {
      const bytes = text.endsWith("\n") ? text.slice(0, -1) : text;
      const fields = {
        severity: name,
        ...(prefix && { from: prefix }),
        ...(facility && { facility }),
      };
      logger[pinoLevel(level)](fields, Buffer.from(bytes, "latin1").toString("utf8"));
    },
    flush: () => writer.flush(),
  };
};

const pinoLevel = (level: number): "fatal" | "error" | "warn" | "info" | "debug" =>
  level <= -2 ? "fatal" : level === -1 ? "error" : level === 0 ? "warn" : level <= 2 ? "info" : "debug";
