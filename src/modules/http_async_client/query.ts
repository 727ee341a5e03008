/** What a script sets for its next query (`$http_req(key)`), and the request that comes of it. */
import type { HttpRequest } from "../../declare/host.ts";
import { type Int, IntText, type Value } from "../../declare/value.ts";
import { curlAuth, curlHeaders, curlMaxRedirects, curlTlsVersion } from "../http_client/curl.ts";

/** The module's parameters as numbers and strings; what a query starts from. */
export interface Defaults {
  readonly timeout: number;
  readonly followRedirect: number;
  readonly authMethod: number;
  readonly keepalive: number;
  readonly keepaliveIdle: number;
  readonly keepaliveInterval: number;
  readonly tlsVersion: number;
  readonly verifyHost: boolean;
  readonly verifyPeer: boolean;
  readonly clientCert: string;
  readonly clientKey: string;
  readonly caPath: string;
}

export interface Query {
  headers: string[];
  method: string;
  timeout: number;
  followRedirect: number;
  suspend: boolean;
  body: string;
  authMethod: number;
  username: string;
  password: string;
  keepalive: number;
  keepaliveIdle: number;
  keepaliveInterval: number;
  httpVersion: number;
  clientCert: string;
  clientKey: string;
  caPath: string;
}

export const newQuery = (defaults: Defaults): Query => ({
  headers: [],
  method: "",
  timeout: defaults.timeout,
  followRedirect: defaults.followRedirect,
  suspend: true,
  body: "",
  authMethod: defaults.authMethod,
  username: "",
  password: "",
  keepalive: defaults.keepalive,
  keepaliveIdle: defaults.keepaliveIdle,
  keepaliveInterval: defaults.keepaliveInterval,
  httpVersion: 0,
  clientCert: defaults.clientCert,
  clientKey: defaults.clientKey,
  caPath: defaults.caPath,
});

const number =
  (assign: (query: Query, value: number) => void, fallback: (query: Query, defaults: Defaults) => void) =>
  (query: Query, value: Value, defaults: Defaults): boolean => {
    if (value === null) {
      fallback(query, defaults);
      return true;
    }
    const int: Int | undefined = value instanceof IntText ? value.int : typeof value === "string" ? undefined : value;
    if (int === undefined) return false;
    assign(query, Number(BigInt.asIntN(32, BigInt(int))));
    return true;
  };

/** `$null` leaves these as they are: only "" or another text changes them. */
const string =
  (assign: (query: Query, value: string) => void) =>
  (query: Query, value: Value): boolean => {
    if (value === null) return true;
    if (typeof value !== "string") return false;
    assign(query, value);
    return true;
  };

/** An integer that was read from a variable has a text as well, which the keys for texts take. */
export const textOf = (value: Value): Value =>
  value === null || typeof value === "string" ? value : value instanceof IntText ? value.text : String(value);

const methods = ["GET", "POST", "PUT", "DELETE", "PATCH"];

export interface Setting {
  readonly doc: string;
  /** False when the value has the wrong type. */
  set(query: Query, value: Value, defaults: Defaults, complain: (text: string) => void): boolean;
}

const keepalive: Setting = {
  doc: "Not 0: TCP keep-alive on the connection.",
  set: number(
    (query, value) => (query.keepalive = value),
    (query, defaults) => (query.keepalive = defaults.keepalive),
  ),
};
const keepaliveIdle: Setting = {
  doc: "Seconds without traffic before the first TCP keep-alive probe.",
  set: number(
    (query, value) => (query.keepaliveIdle = value),
    (query, defaults) => (query.keepaliveIdle = defaults.keepaliveIdle),
  ),
};
const keepaliveInterval: Setting = {
  doc: "Seconds between TCP keep-alive probes; the platform's own interval is used.",
  set: number(
    (query, value) => (query.keepaliveInterval = value),
    (query, defaults) => (query.keepaliveInterval = defaults.keepaliveInterval),
  ),
};

/** Keys of `$http_req(key)`. The keep-alive keys have two spellings: the documentation's and the source's. */
export const settings = {
  all: {
    doc: "Assigning `$null` sets everything back to the module's parameters.",
    set(query, value, defaults) {
      if (value === null) Object.assign(query, newQuery(defaults));
      return true;
    },
  },
  hdr: { doc: "Adds a header field, written `Name: value`.", set: string((query, it) => query.headers.push(it)) },
  method: {
    doc: "GET, POST, PUT, DELETE or PATCH; unset it is GET, or POST when there is a body.",
    set(query, value, _, complain) {
      if (value === null) {
        query.method = "";
        return true;
      }
      if (typeof value !== "string") return false;
      // Kamailio compares as many letters as were written.
      const method = methods.find((it) => it.startsWith(value.toUpperCase()));
      if (method === undefined) complain(`unsupported method: ${value}`);
      else query.method = method;
      return true;
    },
  },
  timeout: {
    doc: "Milliseconds to wait for the answer.",
    set: number(
      (query, value) => (query.timeout = value),
      (query, defaults) => (query.timeout = defaults.timeout),
    ),
  },
  suspend: {
    doc: "0: the script goes on after http_async_query, and the callback runs without the transaction.",
    set: number(
      (query, value) => (query.suspend = value !== 0),
      (query) => (query.suspend = true),
    ),
  },
  body: { doc: "The request's body.", set: string((query, it) => (query.body = it)) },
  authmethod: {
    doc: "Bits of the ways to authenticate that are allowed: 1 Basic, 2 Digest.",
    set: number(
      (query, value) => (query.authMethod = value),
      (query, defaults) => (query.authMethod = defaults.authMethod),
    ),
  },
  username: { doc: "User name for authentication.", set: string((query, it) => (query.username = it)) },
  password: { doc: "Password for authentication.", set: string((query, it) => (query.password = it)) },
  follow_redirect: {
    doc: "Not 0: redirects are followed.",
    set: number(
      (query, value) => (query.followRedirect = value ? 1 : 0),
      (query, defaults) => (query.followRedirect = defaults.followRedirect),
    ),
  },
  http_version: {
    doc: "0 HTTP/1.1, 1 HTTP/2 where TLS negotiates it, 2 HTTP/2 from the first byte.",
    set(query, value, defaults, complain) {
      if (typeof value === "number" && (value < 0 || value > 2)) {
        complain(`invalid http_version ${value}`);
        return false;
      }
      return number(
        (it, version) => (it.httpVersion = version),
        (it) => (it.httpVersion = 0),
      )(query, value, defaults);
    },
  },
  tls_client_cert: {
    doc: "File of the client certificate (PEM).",
    set: string((query, it) => (query.clientCert = it)),
  },
  tls_client_key: { doc: "File of the client certificate's key.", set: string((query, it) => (query.clientKey = it)) },
  tls_ca_path: { doc: "Folder or file of trusted certificates.", set: string((query, it) => (query.caPath = it)) },
  keepalive,
  "ka-idle": keepaliveIdle,
  "ka-interval": keepaliveInterval,
  tcp_keepalive: keepalive,
  tcp_ka_idle: keepaliveIdle,
  tcp_ka_interval: keepaliveInterval,
} as const satisfies Record<string, Setting>;

/** The request of a query. */
export function requestOf(url: string, query: Query, defaults: Defaults): HttpRequest {
  const method = query.method || (query.body ? "POST" : "GET");
  const auth = query.username ? curlAuth(query.authMethod) : undefined;
  const version = curlTlsVersion(defaults.tlsVersion);
  const tls = /^https:/i.test(url) && {
    verifyPeer: defaults.verifyPeer,
    verifyHost: defaults.verifyHost,
    ...(version !== undefined && { version }),
    ...(query.clientCert && { clientCert: query.clientCert }),
    ...(query.clientKey && { clientKey: query.clientKey }),
    ...(query.caPath && { caPath: query.caPath }),
  };
  return {
    url,
    method,
    headers: curlHeaders(query.headers, { body: query.body !== "" }),
    // Kamailio's timer of 0 ms fires at once; to the HTTP port 0 would be no limit.
    timeout: Math.max(1, query.timeout),
    ...(query.body && { body: query.body }),
    ...(query.followRedirect && { followRedirects: curlMaxRedirects }),
    ...(auth && { auth: { method: auth, username: query.username, password: query.password } }),
    ...(query.keepalive && {
      keepAlive: { enabled: true, idleSeconds: query.keepaliveIdle, intervalSeconds: query.keepaliveInterval },
    }),
    ...(query.httpVersion && { version: query.httpVersion === 2 ? ("2-prior" as const) : ("2" as const) }),
    ...(tls && { tls }),
  };
}
