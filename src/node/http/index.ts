/** The HTTP port on undici: bounded bodies, one connection for each waiting exchange, and errors as values. */
import type { Http, HttpReply, HttpRequest, HttpTimes } from "../../declare/host.ts";
import { delay } from "../longest-delay.ts";
import { answerChallenge, basic, type Credentials } from "./auth.ts";
import { Aborted, Exchange, type HttpError, type Outcome } from "./exchange.ts";
import { type Connection, type HttpMessage, type Pool, Pools } from "./pool.ts";
import { type HttpUrl, parseHttpUrl, redirectTarget } from "./url.ts";

export interface HttpClient extends Http {
  /** Closes the idle connections. Exchanges under way end as they would have. */
  close(): void;
}

/** Bytes of a body when the request sets no bound. */
const defaultLimit = 16 * 1024 * 1024;

/** Fields that frame the message: they are made here, from the body and the connection. */
const framing = new Set(["content-length", "transfer-encoding", "expect", "upgrade", "keep-alive"]);

export function createHttp(): HttpClient {
  const pools = new Pools();
  return {
    request: (request, signal) => exchange(pools, request, signal),
    close: () => pools.close(),
  };
}

/** What a chain of exchanges (redirects, a challenge, a second try) shares. */
interface Run {
  readonly start: number;
  readonly pools: Pools;
  readonly request: HttpRequest;
  current: Exchange | undefined;
  connection: Connection | undefined;
  /** Set when the time is up or the caller gave up. */
  stopped: Aborted | undefined;
  timer: NodeJS.Timeout | undefined;
  /** Stops listening to the caller's signal. */
  unwatch: (() => void) | undefined;
}

function exchange(pools: Pools, request: HttpRequest, signal: AbortSignal | undefined): Promise<HttpReply> {
  const run: Run = {
    start: performance.now(),
    pools,
    request,
    current: undefined,
    connection: undefined,
    stopped: undefined,
    timer: undefined,
    unwatch: undefined,
  };
  const { timeout } = request;
  if (timeout > 0) run.timer = setTimeout(() => stop(run, "timeout", `no answer within ${timeout} ms`), delay(timeout));
  if (signal) {
    const abort = (): void => stop(run, "aborted", "the caller gave up");
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    run.unwatch = () => signal.removeEventListener("abort", abort);
  }
  return follow(run);
}

function stop(run: Run, kind: HttpError, message: string): void {
  run.stopped = new Aborted(kind, message);
  run.current?.fail(run.stopped);
}

/** It is over, whatever came of it. */
function settle(run: Run): void {
  clearTimeout(run.timer);
  run.unwatch?.();
}

/** Follows redirects as far as the request allows. */
async function follow(run: Run): Promise<HttpReply> {
  const { request } = run;
  let url = parseHttpUrl(request.url);
  if (!url) return failed(run, "url", `not an http or https URL: ${request.url}`);
  let method = request.method;
  let { body } = request;
  const first = url.origin;
  let redirected = 0;
  for (let left = request.followRedirects ?? 0; ; left--) {
    const outcome = await authorized(run, url, method, body, url.origin === first);
    if (!outcome.ok) return failed(run, outcome.error, outcome.message, outcome);
    const location = outcome.status >= 300 && outcome.status < 400 ? field(outcome.headers, "location") : undefined;
    if (location === undefined || !request.followRedirects) return answered(run, outcome, url, redirected);
    if (left === 0) return failed(run, "redirects", `more than ${request.followRedirects} redirects`, outcome);
    const next = parseHttpUrl(redirectTarget(url, location));
    if (!next) return failed(run, "url", `redirected to what is no http or https URL: ${location}`, outcome);
    url = next;
    redirected = performance.now() - run.start;
    // RFC 9110, 15.4: 303 becomes a GET; for 301 and 302 POST does, as every client does it.
    if (outcome.status === 303 || ((outcome.status === 301 || outcome.status === 302) && method === "POST")) {
      if (method !== "HEAD") method = "GET";
      body = undefined;
    }
  }
}

/** One exchange, with credentials when there are some: at once for Basic, after a challenge otherwise. */
function authorized(
  run: Run,
  url: HttpUrl,
  method: string,
  body: string | undefined,
  trusted: boolean,
): Promise<Outcome> {
  const { auth } = run.request;
  const credentials: Credentials | undefined =
    auth && trusted
      ? auth
      : url.username !== undefined
        ? { method: "basic", username: url.username, password: url.password ?? "" }
        : undefined;
  if (!credentials) return attempt(run, url, method, body, undefined, trusted);
  if (credentials.method === "basic")
    return attempt(run, url, method, body, basic(credentials.username, credentials.password), trusted);
  return challenged(run, url, method, body, trusted, credentials);
}

async function challenged(
  run: Run,
  url: HttpUrl,
  method: string,
  body: string | undefined,
  trusted: boolean,
  credentials: Credentials,
): Promise<Outcome> {
  const outcome = await attempt(run, url, method, body, undefined, trusted);
  if (!outcome.ok || outcome.status !== 401) return outcome;
  const values = outcome.headers.filter(([name]) => name.toLowerCase() === "www-authenticate").map(([, it]) => it);
  const authorization = answerChallenge(values, credentials, method, url.path);
  return authorization === undefined ? outcome : attempt(run, url, method, body, authorization, trusted);
}

/** Sends the request; when a used connection turns out to be dead before any byte came back, once more on a new one. */
function attempt(
  run: Run,
  url: HttpUrl,
  method: string,
  body: string | undefined,
  authorization: string | undefined,
  trusted: boolean,
): Promise<Outcome> {
  let pool: Pool;
  try {
    pool = run.pools.of(url, run.request);
  } catch (error) {
    const { message } = error as Error;
    return Promise.resolve({ ok: false, error: "tls", message, atRequest: 0, atFirstByte: 0 });
  }
  const through = pool.proxy && !url.secure;
  const path = through ? url.origin + url.path : url.path;
  const headers: string[] = [];
  let named = false;
  for (const [name, value] of run.request.headers) {
    const lower = name.toLowerCase();
    if (framing.has(lower) || (authorization !== undefined && lower === "authorization")) continue;
    // Credentials and cookies written by the script stay with the server they were meant for.
    if (!trusted && (lower === "authorization" || lower === "cookie")) continue;
    if (lower === "host") named = true;
    headers.push(name, value);
  }
  if (through && !named) headers.push("Host", url.origin.slice("http://".length));
  if (authorization !== undefined) headers.push("Authorization", authorization);

  const host = url.origin.slice(url.secure ? "https://".length : "http://".length);
  const message: HttpMessage = { method, path, host, headers, body };
  return new Promise((done) => send(run, message, pool.take(), pool, done));
}

function send(run: Run, message: HttpMessage, connection: Connection, pool: Pool, done: (it: Outcome) => void): void {
  run.connection = connection;
  const { request } = run;
  let connecting: NodeJS.Timeout | undefined;
  const it = new Exchange(connection, request.maxBody ?? defaultLimit, request.truncate === true, (outcome) => {
    if (connecting) clearTimeout(connecting);
    run.current = undefined;
    const died = !outcome.ok && (outcome.error === "reset" || outcome.error === "empty");
    if (died && connection.uses > 0 && !run.stopped) send(run, message, pool.fresh(), pool, done);
    else done(outcome);
  });
  run.current = it;
  if (run.stopped) {
    it.fail(run.stopped);
    return;
  }
  if (request.connectTimeout && !connection.connected)
    connecting = setTimeout(() => {
      if (!connection.connected) it.fail(new Aborted("timeout", `no connection within ${request.connectTimeout} ms`));
    }, delay(request.connectTimeout));
  connection.send(message, it);
}

const field = (headers: readonly (readonly [string, string])[], wanted: string): string | undefined =>
  headers.find(([name]) => name.toLowerCase() === wanted)?.[1];

function times(
  run: Run,
  outcome: { readonly atRequest: number; readonly atFirstByte: number },
  redirect = 0,
): HttpTimes {
  const since = (at: number): number => (at > run.start ? at - run.start : 0);
  const connection = run.connection;
  return {
    lookup: since(connection?.lookup ?? 0),
    connect: since(connection?.connect ?? 0),
    appConnect: since(connection?.appConnect ?? 0),
    preTransfer: since(outcome.atRequest),
    startTransfer: since(outcome.atFirstByte),
    total: performance.now() - run.start,
    redirect,
  };
}

function failed(
  run: Run,
  error: HttpError,
  message: string,
  at: { readonly atRequest: number; readonly atFirstByte: number } = { atRequest: 0, atFirstByte: 0 },
): HttpReply {
  settle(run);
  return { ok: false, error, message, times: times(run, at) };
}

function answered(run: Run, outcome: Extract<Outcome, { ok: true }>, url: HttpUrl, redirect: number): HttpReply {
  settle(run);
  const { status, reason, headers, body } = outcome;
  return { ok: true, status, reason, headers, body, times: times(run, outcome, redirect), url: url.origin + url.path };
}
