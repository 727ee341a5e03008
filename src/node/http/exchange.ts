/** One request and its answer on one connection, and what went wrong with it in the words of `HttpReply`. */
import type { HttpReply } from "../../declare/host.ts";
import type { Connection } from "./pool.ts";

type Answered = Extract<HttpReply, { ok: true }>;
type Failed = Extract<HttpReply, { ok: false }>;

export type HttpError = Failed["error"];

/** What an exchange gave; `at…` are `performance.now()`, 0 when not reached. */
export type Outcome = (
  | Pick<Answered, "ok" | "status" | "reason" | "headers" | "body">
  | Pick<Failed, "ok" | "error" | "message">
) & { readonly atRequest: number; readonly atFirstByte: number };

/** Ends an exchange for a reason of our own. */
export class Aborted extends Error {
  readonly kind: HttpError;
  constructor(kind: HttpError, message: string) {
    super(message);
    this.kind = kind;
  }
}

export class Exchange {
  readonly #connection: Connection;
  readonly #limit: number;
  readonly #truncate: boolean;
  readonly #done: (outcome: Outcome) => void;
  #over = false;
  #atRequest = 0;
  #atFirstByte = 0;
  #status = 0;
  #reason = "";
  #headers: readonly (readonly [string, string])[] = [];
  #body = "";

  constructor(connection: Connection, limit: number, truncate: boolean, done: (outcome: Outcome) => void) {
    this.#connection = connection;
    this.#limit = limit;
    this.#truncate = truncate;
    this.#done = done;
  }

  /** The head of a final answer is there. */
  get answered(): boolean {
    return this.#status !== 0;
  }

  /** The request is written. */
  started(): void {
    this.#atRequest = performance.now();
  }

  /** Something of the answer is there; only the first time counts. */
  answering(): void {
    if (this.#atFirstByte === 0) this.#atFirstByte = performance.now();
  }

  head(status: number, reason: string, headers: readonly (readonly [string, string])[]): void {
    this.#status = status;
    this.#reason = reason;
    this.#headers = headers;
  }

  data(text: string): void {
    if (this.#over) return;
    const room = this.#limit - this.#body.length;
    if (text.length <= room) {
      this.#body += text;
    } else if (this.#truncate) {
      this.#body += text.slice(0, room);
      // What follows is of no use: the connection is given up instead of read to its end.
      this.#succeed(false);
    } else {
      this.fail(new Aborted("too-large", `the body is longer than ${this.#limit} bytes`));
    }
  }

  end(): void {
    this.#succeed(true);
  }

  /** Also for errors outside the exchange: timeouts, aborts, a request that could not be written. */
  fail(error: Error): void {
    if (this.#over) return;
    this.#over = true;
    const { kind, message } = explain(error, this.#connection.connected, this.answered);
    this.#connection.destroy(error);
    this.#done({
      ok: false,
      error: kind,
      message,
      atRequest: this.#atRequest,
      atFirstByte: this.#atFirstByte,
    });
  }

  #succeed(reusable: boolean): void {
    if (this.#over) return;
    this.#over = true;
    if (reusable) this.#connection.release();
    else this.#connection.destroy(new Aborted("aborted", "the rest of the body is not wanted"));
    this.#done({
      ok: true,
      status: this.#status,
      reason: this.#reason,
      headers: this.#headers,
      body: this.#body,
      atRequest: this.#atRequest,
      atFirstByte: this.#atFirstByte,
    });
  }
}

const resolving = new Set(["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL", "EAI_NODATA", "EAI_NONAME", "ENODATA"]);
const resetting = new Set(["ECONNRESET", "EPIPE"]);

function explain(error: Error, connected: boolean, answered: boolean): { kind: HttpError; message: string } {
  if (error instanceof Aborted) return { kind: error.kind, message: error.message };
  const code = (error as { code?: unknown }).code;
  const name = typeof code === "string" ? code : "";
  // A failure over several addresses comes as an AggregateError, whose own text is empty.
  const message = error.message || (error as AggregateError).errors?.[0]?.message || name || "unknown";
  const kind = (): HttpError => {
    if (resolving.has(name)) return "resolve";
    if (/^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|INVALID_CA)/.test(name))
      return "certificate";
    if (/^(ERR_SSL_|ERR_TLS_|EPROTO|ERR_OSSL_)/.test(name)) return "tls";
    if (error.name === "HTTPParserError" || name === "PROXY") return "protocol";
    if (name === "UND_ERR_HEADERS_OVERFLOW" || name === "UND_ERR_RES_EXCEEDED_MAX_SIZE") return "too-large";
    if (name === "UND_ERR_INVALID_ARG" || name === "UND_ERR_NOT_SUPPORTED") return "other";
    if (!connected) return resetting.has(name) ? "reset" : "refused";
    if (resetting.has(name)) return answered ? "partial" : "reset";
    if (name === "UND_ERR_SOCKET" || name === "UND_ERR_INFO") return answered ? "partial" : "empty";
    if (name.startsWith("ERR_HTTP2")) return "protocol";
    return "other";
  };
  return { kind: kind(), message };
}
