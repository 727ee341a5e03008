/** The server's log: levels as Kamailio numbers them, lines handed to whoever writes them. */
import type { Log } from "../declare/core.ts";

/** Where lines go. `text` has no line end added or removed; `prefix` is what stands before the colon (`<script>`). */
export interface LogSink {
  line(level: number, text: string, prefix: string | undefined, facility: string | undefined, name?: string): void;
  /** Colours of a level on a terminal, as in `$C(xy)`. */
  color?(level: number, colors: string): void;
}

export class ServerLog implements Log {
  readonly #sink: LogSink;
  /** Lines above this level are not shown: core parameter `debug`. */
  level: number;
  /** Lines at level error or worse, shown or not. */
  errors = 0;
  /** Set by the script for the worker (setdebug); goes before `level`. */
  #own: number | undefined;

  constructor(sink: LogSink, level: number) {
    this.#sink = sink;
    this.level = level;
  }

  write(level: number, text: string, prefix?: string, facility?: string, name?: string): void {
    if (level < 0) this.errors++;
    if (level <= (this.#own ?? this.level)) this.#sink.line(level, text, prefix, facility, name);
  }
  enabled(level: number): boolean {
    return level <= (this.#own ?? this.level);
  }
  setLevel(level: number | undefined): void {
    this.#own = level;
  }
  setColor(level: number, colors: string): void {
    this.#sink.color?.(level, colors);
  }
}
