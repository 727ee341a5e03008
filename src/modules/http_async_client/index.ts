/** http_async_client: HTTP queries that end the run and go on in a route when the answer is there. Follows Kamailio's src/modules/http_async_client. */
import type { Call } from "../../declare/call.ts";
import { type Core, type Counter, LogLevel } from "../../declare/core.ts";
import type { HttpReply, HttpRequest } from "../../declare/host.ts";
import { declare, int, str, text } from "../../declare/module.ts";
import type { Value } from "../../declare/value.ts";
import type { Route } from "../../declare/variable.ts";
import { type Answer, after } from "../../transaction/answer.ts";
import { curlError } from "../http_client/curl.ts";
import { type Defaults, newQuery, type Query, requestOf, settings, textOf } from "./query.ts";
import { type Result, variables } from "./reply.ts";

/** What is kept for a run. */
interface Kept {
  /** Settings of its next query. */
  query: Query | undefined;
  /** Of its latest query, or of the one that it was started for. */
  id: string;
  readonly result: Result | undefined;
}

interface HttpAsync {
  readonly defaults: Defaults;
  /** By run, of whatever generation: a transaction may be adopted while its query is asked. */
  readonly runs: WeakMap<Call, Kept>;
  readonly sequence: { latest: number };
  readonly requests: Counter;
  readonly replies: Counter;
  readonly errors: Counter;
  readonly timeouts: Counter;
}
const { fn, pv, module } = declare<HttpAsync>();

/** Longest name of a callback route that Kamailio takes. */
const longestName = 62;

type Suspend = "as-set" | "never";

const complain = (core: Core, problem: string): void => core.log.write(LogLevel.err, `http_async_client: ${problem}\n`);

function send(
  call: Call,
  state: HttpAsync,
  url: string,
  name: string,
  mode: Suspend,
  data: string | undefined,
): 0 | 1 | -1 {
  const { core } = call;
  if (url === "" || name === "" || name.length > longestName) {
    complain(core, url === "" ? "the URL is empty" : `not a name of a route: "${name}"`);
    return -1;
  }
  let kept = state.runs.get(call);
  const query = kept?.query ?? newQuery(state.defaults);
  const { tx } = call;
  let suspended: { readonly index: number; readonly label: number } | null = null;
  let lost = false;
  if (tx && mode === "as-set" && query.suspend) {
    suspended = core.transactions.suspend(tx, call);
    // Nothing goes on with a transaction that was canceled: the script ends, and the answer is not waited for.
    lost = !suspended && tx.isCanceled;
    if (!suspended && !lost) {
      complain(core, "the transaction could not be suspended");
      return -1;
    }
  }
  const id = `${core.host.process.pid}-${++state.sequence.latest}`;
  if (!kept) state.runs.set(call, (kept = { query: undefined, id, result: undefined }));
  kept.query = undefined;
  kept.id = id;
  const request = requestOf(url, query, state.defaults);
  // The route is looked up when the answer comes: a name that is not there is no error before.
  const route = core.route(name);
  state.requests.value++;
  core.pending("http");
  void core.host.http.request(request).then((reply) => {
    const error = count(state, core, request, reply);
    if (!route) complain(core, `there is no route block "${name}"`);
    const run = lost ? undefined : route && goOn(core, route, suspended, state, { id, data, reply, error });
    return after(run, () => core.done("http"));
  });
  if (!suspended && !lost) return 1;
  call.suspended = true;
  return 0;
}

/** Counts the outcome; gives the failure in libcurl's words. */
function count(state: HttpAsync, core: Core, request: HttpRequest, reply: HttpReply): string | undefined {
  if (reply.ok) {
    state.replies.value++;
    return undefined;
  }
  if (reply.error === "timeout") {
    state.timeouts.value++;
    return "TIMEOUT";
  }
  state.errors.value++;
  const { code, text: words } = curlError(reply, request);
  complain(core, `query failed with curl error ${code}: ${words}`);
  return words;
}

function goOn(
  core: Core,
  route: Route,
  suspended: { readonly index: number; readonly label: number } | null,
  state: HttpAsync,
  result: Result,
): Answer<unknown> {
  const prepare = (call: unknown): void => {
    state.runs.set(call as Call, { query: undefined, id: result.id, result });
  };
  if (!suspended) return core.runDetached(route, prepare);
  const { index, label } = suspended;
  return after(core.transactions.continue(index, label, route, prepare), (code) => {
    if (code < 0) complain(core, `transaction ${index}:${label} is gone`);
  });
}

const url = str("URL to query, http or https.");
const route = str("Name of the route block that runs when the answer is there, or when there is none.");
const sent = { 1: "the query was sent", [-1]: "it was not" } as const;

export const httpAsyncClient = module({
  name: "http_async_client",
  doc: "HTTP queries that do not keep a worker: the transaction is suspended and goes on in a route.",
  needs: ["tm", "pv"],

  params: {
    workers: int("Processes for queries in Kamailio. Here any number of queries runs at once, whatever is set.", {
      fallback: 1,
    }),
    connection_timeout: int("Milliseconds to wait for an answer.", { fallback: 500 }),
    hash_size: int("Size of Kamailio's table of queries; nothing depends on it here.", { fallback: 2048 }),
    tls_version: int("Oldest TLS version, as libcurl numbers them: 4 1.0, 5 1.1, 6 1.2, 7 1.3; 0 default.", {
      fallback: 0,
    }),
    tls_verify_host: int("0: the name in a server's certificate is not checked.", { fallback: 1 }),
    tls_verify_peer: int("0: a server's certificate is not checked.", { fallback: 1 }),
    curl_verbose: int("Not 0: libcurl's trace in Kamailio's log. There is no libcurl here, and no such trace.", {
      fallback: 0,
    }),
    curl_follow_redirect: int("Not 0: redirects are followed.", { fallback: 0 }),
    memory_manager: text("shm or sys: where libcurl's memory comes from in Kamailio.", {
      fallback: "shm",
      check: (value) => (/^(shm|sys)/.test(value) ? undefined : `memory_manager is shm or sys, not ${value}`),
    }),
    tls_client_cert: text("File of the client certificate (PEM).", { fallback: "" }),
    tls_client_key: text("File of the client certificate's key.", { fallback: "" }),
    tls_ca_path: text("Folder, or file, of trusted certificates.", { fallback: "" }),
    authmethod: int("Bits of the ways to authenticate that are allowed: 1 Basic, 2 Digest.", { fallback: 3 }),
    tcp_keepalive: int("Not 0: TCP keep-alive on connections.", { fallback: 0 }),
    tcp_ka_idle: int("Seconds without traffic before the first keep-alive probe; 0 is 60.", { fallback: 0 }),
    tcp_ka_interval: int("Seconds between keep-alive probes. Node leaves the interval to the platform.", {
      fallback: 0,
    }),
  },

  start(params, core, old) {
    if (Number(params.workers) < 1) return "http_async_client: workers must be at least 1";
    const counter = (name: string): Counter => core.statistics.counter("http_async_client", name);
    return {
      defaults: {
        timeout: Number(params.connection_timeout),
        followRedirect: Number(params.curl_follow_redirect),
        authMethod: Number(params.authmethod),
        keepalive: Number(params.tcp_keepalive),
        keepaliveIdle: Number(params.tcp_ka_idle),
        keepaliveInterval: Number(params.tcp_ka_interval),
        tlsVersion: Number(params.tls_version),
        verifyHost: Number(params.tls_verify_host) !== 0,
        verifyPeer: Number(params.tls_verify_peer) !== 0,
        clientCert: params.tls_client_cert,
        clientKey: params.tls_client_key,
        caPath: params.tls_ca_path,
      },
      runs: old?.runs ?? new WeakMap(),
      sequence: old?.sequence ?? { latest: 0 },
      requests: counter("requests"),
      replies: counter("replies"),
      errors: counter("errors"),
      timeouts: counter("timeouts"),
    };
  },

  functions: {
    http_async_query: fn({
      doc: "Sends a query. With a transaction the run ends and goes on in the route when the answer is there.",
      in: "any",
      args: { url, route },
      returns: { 0: "the query was sent and the transaction suspended: the run ends", ...sent },
      run: (call, args, state) => send(call, state, args.url, args.route, "as-set", undefined),
    }),
    http_async_send: fn({
      doc: "Sends a query and goes on at once; the route runs on a made-up request when the answer is there.",
      in: "any",
      args: { url, route },
      returns: sent,
      run: (call, args, state) => send(call, state, args.url, args.route, "never", undefined) || -1,
    }),
    http_async_send_xdata: fn({
      doc: "As http_async_send, with data that the route reads as `$http_xdata`.",
      in: "any",
      args: { url, route, data: str("Handed to the route.") },
      returns: sent,
      run: (call, args, state) => send(call, state, args.url, args.route, "never", args.data) || -1,
    }),
  },

  variables: {
    ...variables,
    http_req: pv({
      doc: "Settings of this run's next query; they hold for one query.",
      keys: Object.fromEntries(Object.entries(settings).map(([key, it]) => [key, it.doc])) as Record<
        keyof typeof settings,
        string
      >,
      get: () => null,
      set(call, key, value, state, read) {
        let kept = state.runs.get(call);
        if (!kept) state.runs.set(call, (kept = { query: undefined, id: "", result: undefined }));
        kept.query ??= newQuery(state.defaults);
        const { query } = kept;
        const set = (it: Value): boolean =>
          settings[key].set(query, it, state.defaults, (problem) => complain(call.core, problem));
        const valid = set(value) || (read === true && set(textOf(value)));
        if (!valid) complain(call.core, `invalid value for $http_req(${key})`);
        return valid;
      },
    }),
    http_req_id: pv({
      doc: "Id of the run's latest query, or of the query that a callback belongs to.",
      get: (call, _, state) => state.runs.get(call)?.id ?? "",
    }),
  },

  commands: {},
  events: {},
  statistics: {
    "http_async_client.requests": "Queries sent.",
    "http_async_client.replies": "Queries that were answered.",
    "http_async_client.errors": "Queries that failed, timeouts left out.",
    "http_async_client.timeouts": "Queries that were not answered in time.",
  },
});
