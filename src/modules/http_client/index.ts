/** http_client: HTTP queries that a script waits for. Follows Kamailio's src/modules/http_client. */
import { LogLevel } from "../../declare/core.ts";
import {
  declare,
  type Fn,
  int,
  optional,
  type RouteKind,
  RpcFault,
  RpcStruct,
  str,
  text,
  variable,
} from "../../declare/module.ts";
import { type Connection, type Defaults, parseConnection, parseConnectionFile } from "./connections.ts";
import { curlText } from "./curl.ts";
import { complain, connect, type HttpClient, query } from "./exchange.ts";

const { fn, pv, rpc, module } = declare<HttpClient>();

/** Codes are statuses and libcurl's errors: too many to list one by one. */
const returns: Readonly<Record<number, string>> = {
  100: "and above: the status of the answer",
  1: "to 99: libcurl's error code; `$curlerror(code)` tells what it means",
  [-1]: "nothing was sent: an argument is empty or names no connection",
};

const routes: readonly RouteKind[] = ["request", "onreply", "failure", "branch"];
const url = str("URL to query, http or https.");
const body = str("Data to send; nothing when it is empty.");
const headers = str("Header fields to add, one a line; none when it is empty.");
const result = variable("Takes the answer's body, or its first line (parameter query_result).");
const connection = text("Name of a connection (parameter httpcon).", { computed: true });
const path = str("Added to the connection's URL.");
const contentType = text("Content-Type of the data.", { computed: true });
const method = str("Method of the request.");

const writable = (ref: string | undefined): string | undefined =>
  ref === undefined || ref.startsWith("$") ? undefined : `the result must be a variable, not "${ref}"`;
const lastIsVariable = (literals: readonly (string | undefined)[]): string | undefined => writable(literals.at(-1));

/** http_client_request and its HTTP/2 form. */
const request = (doc: string, version?: "2-prior"): Fn<HttpClient> =>
  fn({
    doc,
    in: routes,
    args: { method, url, body, headers, result },
    returns,
    waits: true,
    check: lastIsVariable,
    run: (call, args, state) => query(call, state, { ...args, ...(version && { version }) }),
  });

export const httpClient = module({
  name: "http_client",
  doc: "HTTP queries that the script waits for; the worker is busy meanwhile.",

  params: {
    connection_timeout: int("How long to wait for an answer, in units of timeout_mode; 0 is four seconds.", {
      fallback: 0,
    }),
    timeout_mode: int("Unit of timeouts: 1 seconds, 2 milliseconds, 0 no timeouts.", { fallback: 1 }),
    cacert: text("File of trusted certificates (PEM).", { fallback: "" }),
    client_cert: text("File of the client certificate (PEM).", { fallback: "" }),
    client_key: text("File of the client certificate's key.", { fallback: "" }),
    cipher_suites: text("Allowed cipher suites, as OpenSSL lists them.", { fallback: "" }),
    tlsversion: int("Oldest TLS version, as libcurl numbers them: 4 1.0, 5 1.1, 6 1.2, 7 1.3; 0 default.", {
      fallback: 0,
    }),
    verify_peer: int("0: a server's certificate is not checked.", { fallback: 1 }),
    verify_host: int("0: the name in a server's certificate is not checked.", { fallback: 2 }),
    httpproxyport: int("Port of the HTTP proxy.", { fallback: 0 }),
    httpproxy: text("URL of an HTTP proxy.", { fallback: "" }),
    httpredirect: int("1: redirects are followed.", { fallback: 0 }),
    useragent: text("User-Agent of requests.", { fallback: "Viaduct" }),
    maxdatasize: int("Bytes of an answer that http_connect keeps; 0: all.", { fallback: 0 }),
    config_file: text("File of connection definitions.", { fallback: "" }),
    httpcon: text(
      "A connection: `name=>http://user:password@host/path;timeout=2;failover=other`. Defaults are the parameters of this module, wherever they stand.",
    ),
    authmethod: int("Bits of the ways to authenticate that are allowed: 1 Basic, 2 Digest.", { fallback: 3 }),
    keep_connections: int("Connections are always kept for reuse here; the parameter is accepted.", { fallback: 0 }),
    query_result: int("1: http_client_query gives the first line of an answer; 0: the whole body.", { fallback: 1 }),
    query_maxdatasize: int("Bytes of an answer that http_client_query keeps; 0: all.", { fallback: 0 }),
    netinterface: text("Interface or address to connect from.", { fallback: "" }),
    response_headers: int("1: keeps the header fields of answers for `$httprhdr`.", { fallback: 0 }),
  },
  repeated: ["httpcon"],

  start(params, core, old) {
    const mode = Number(params.timeout_mode);
    const timeUnit = mode === 1 ? 1000 : mode === 2 ? 1 : 0;
    const defaults: Defaults = {
      timeout: Number(params.connection_timeout) || (mode === 2 ? 4000 : 4),
      followRedirect: Number(params.httpredirect),
      userAgent: params.useragent,
      maxDataSize: Number(params.maxdatasize),
      verifyPeer: Number(params.verify_peer),
      verifyHost: Number(params.verify_host),
      tlsVersion: Number(params.tlsversion),
      clientCert: params.client_cert,
      clientKey: params.client_key,
      cipherSuites: params.cipher_suites,
      authMethod: Number(params.authmethod),
      keepConnections: Number(params.keep_connections),
      proxy: params.httpproxy,
      proxyPort: Number(params.httpproxyport),
    };
    const connections = new Map<string, Connection>();
    const add = (it: Connection): string | undefined => {
      if (connections.has(it.name)) return `http_client: two connections are named ${it.name}`;
      connections.set(it.name, { ...it, timeout: it.timeout || defaults.timeout });
      return undefined;
    };
    for (const definition of (params.httpcon as unknown as readonly string[] | undefined) ?? []) {
      const parsed = parseConnection(definition, defaults);
      if (typeof parsed === "string") return `http_client: ${parsed}`;
      for (const warning of parsed.warnings) complain(core, LogLevel.warn, warning);
      const problem = add(parsed.value);
      if (problem) return problem;
    }
    if (params.config_file) {
      const file = core.host.files.read(params.config_file);
      if (file === null) return `http_client: cannot read ${params.config_file}`;
      const list = parseConnectionFile(file, defaults);
      if (typeof list === "string") return `http_client: ${params.config_file}: ${list}`;
      for (const it of list) {
        const problem = add(it);
        if (problem) return problem;
      }
    }
    core.statistics.gauge("httpclient", "connections", () => connections.size);
    return {
      defaults,
      caFile: params.cacert,
      interface: params.netinterface,
      firstLineOnly: Number(params.query_result) !== 0,
      queryMaxDataSize: Number(params.query_maxdatasize),
      timeUnit,
      connections,
      latest: old?.latest ?? new Map(),
      keepHeaders: Number(params.response_headers) !== 0,
      headers: new WeakMap(),
      ok: core.statistics.counter("httpclient", "connok"),
      failed: core.statistics.counter("httpclient", "connfail"),
    };
  },

  functions: {
    http_client_query: fn({
      doc: "GET, or POST when there is data. The code is the status, or libcurl's error below 100.",
      in: routes,
      args: { url, result },
      returns,
      waits: true,
      check: lastIsVariable,
      run: (call, args, state) => query(call, state, args),
      overloads: [
        fn({
          doc: "POST of data.",
          in: routes,
          args: { url, body, result },
          returns,
          waits: true,
          check: lastIsVariable,
          run: (call, args, state) => query(call, state, args),
        }),
        fn({
          doc: "POST of data, with header fields.",
          in: routes,
          args: { url, body, headers, result },
          returns,
          waits: true,
          check: lastIsVariable,
          run: (call, args, state) => query(call, state, args),
        }),
      ],
    }),
    http_client_get: fn({
      doc: "GET with header fields, and even with data.",
      in: routes,
      args: { url, body, headers, result },
      returns,
      waits: true,
      check: lastIsVariable,
      run: (call, args, state) => query(call, state, { ...args, method: "GET" }),
    }),
    http_client_request: request("A request with any method."),
    http_client_request_v2pk: request("The same over HTTP/2 from the first byte (prior knowledge).", "2-prior"),
    http_connect: fn({
      doc: "GET over a defined connection.",
      in: routes,
      args: { connection, url: path, result },
      returns,
      waits: true,
      check: lastIsVariable,
      run: (call, args, state) => connect(call, state, { ...args, contentType: "text/plain", body: "" }),
      overloads: [
        fn({
          doc: "POST over a defined connection.",
          in: routes,
          args: { connection, url: path, contentType, body, result },
          returns,
          waits: true,
          check: lastIsVariable,
          run: (call, args, state) => connect(call, state, args),
        }),
      ],
    }),
    http_connect_raw: fn({
      doc: "POST over a defined connection, of data in which `$` means nothing.",
      in: routes,
      args: { connection, url: path, contentType, body: text("Data to send, as written.", { computed: true }), result },
      returns,
      waits: true,
      check: lastIsVariable,
      run: (call, args, state) => connect(call, state, args),
    }),
    http_get_redirect: fn({
      doc: "The URL that the last answer over a connection came from.",
      in: routes,
      args: { connection, result: variable("Takes the URL.") },
      returns: { 1: "the URL is in the variable", [-1]: "there is no such connection" },
      check: lastIsVariable,
      run(call, args, state) {
        const known = state.connections.has(args.connection);
        args.result.set?.(call, state.latest.get(args.connection)?.url ?? "");
        return known ? 1 : -1;
      },
    }),
    http_client_response_headers_set: fn({
      doc: "Whether header fields of answers are kept for `$httprhdr` from now on.",
      in: "any",
      args: { mode: int("1: they are kept; 0: they are not, and those kept are forgotten.") },
      returns: { 1: "always" },
      run(call, args, state): 1 {
        state.keepHeaders = Number(args.mode) !== 0;
        if (!state.keepHeaders) state.headers.delete(call);
        return 1;
      },
    }),
    http_client_response_headers_clear: fn({
      doc: "Forgets the header fields of the last answer.",
      in: "any",
      // The documentation shows no argument; Kamailio's parser wants one.
      args: { unused: optional(text("Ignored.")) },
      returns: { 1: "always" },
      run(call, _, state): 1 {
        state.headers.delete(call);
        return 1;
      },
    }),
  },

  variables: {
    curlerror: pv({
      doc: "What a code below 100 means: `$curlerror(28)`. The code must be written as a number.",
      bind(it) {
        if (!it.inner) return "$curlerror needs a code";
        const number = Number.parseInt(it.inner, 10) || 0;
        const meaning = number > 99 ? "HTTP result code" : number < 0 ? "Bad CURL error code" : curlText(number);
        return { get: () => meaning };
      },
    }),
    httprhdr: pv({
      doc: "A header field of the last answer, when they are kept; the last of that name.",
      bind(it, _, state) {
        if (!it.inner) return "$httprhdr needs the name of a header field";
        const wanted = it.inner.toLowerCase();
        return {
          get: (call) =>
            state()
              .headers.get(call)
              ?.findLast(([name]) => name.toLowerCase() === wanted)?.[1] ?? null,
        };
      },
    }),
  },

  commands: {
    "httpclient.listcon": rpc({
      doc: "The defined connections.",
      args: {},
      run(_, state) {
        if (state.connections.size === 0) throw new RpcFault(500, "No Connection Definitions");
        // Kamailio keeps them in a list that grows at its head.
        return new RpcStruct(
          [...state.connections.values()].reverse().map((it) => [
            "CONNECTION",
            {
              NAME: it.name,
              SCHEMA: it.schema,
              URI: it.url,
              USERNAME: it.username ?? "",
              PASSWORD: it.password ?? "",
              FAILOVER: it.failover ?? "",
              TIMEOUT: state.timeUnit === 0 ? 0 : it.timeout,
            },
          ]),
        );
      },
    }),
  },
  events: {},
  statistics: {
    "httpclient.connections": "Connections defined.",
    "httpclient.connok": "Answers with status 200.",
    "httpclient.connfail": "Exchanges that failed, and answers with another status.",
  },
});
