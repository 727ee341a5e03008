/** Connection definitions: parameter `httpcon` and the configuration file. Follows Kamailio's http_client/curlcon.c. */

/** What the module's parameters give a connection that says nothing else. */
export interface Defaults {
  readonly timeout: number;
  readonly followRedirect: number;
  readonly userAgent: string;
  readonly maxDataSize: number;
  readonly verifyPeer: number;
  readonly verifyHost: number;
  readonly tlsVersion: number;
  readonly clientCert: string;
  readonly clientKey: string;
  readonly cipherSuites: string;
  readonly authMethod: number;
  readonly keepConnections: number;
  readonly proxy: string;
  readonly proxyPort: number;
}

export interface Connection extends Defaults {
  readonly name: string;
  readonly schema: string;
  /** Host and base path, without the scheme. */
  readonly url: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly failover: string | undefined;
}

type Writable = { -readonly [K in keyof Connection]: Connection[K] };

/** libcurl knows versions up to TLSv1.3. */
const lastTlsVersion = 7;

const whole = (text: string): number | undefined => (/^\d+$/.test(text) ? Number(text) : undefined);

/** Assigns a number when it is one that `fits`; the default stays otherwise. */
const number =
  (key: keyof Writable, fits: (value: number) => boolean = () => true) =>
  (connection: Writable, text: string): boolean => {
    const value = whole(text);
    if (value === undefined || !fits(value)) return false;
    (connection as Record<string, unknown>)[key] = value;
    return true;
  };
const string =
  (key: keyof Writable) =>
  (connection: Writable, text: string): boolean => {
    (connection as Record<string, unknown>)[key] = text;
    return true;
  };
const binary = (value: number): boolean => value === 0 || value === 1;

/** False leaves the default in force, with a warning. */
type Setter = (connection: Writable, text: string) => boolean;

const parameters: Readonly<Record<string, Setter>> = {
  httpredirect: number("followRedirect", binary),
  timeout: number("timeout"),
  useragent: string("userAgent"),
  failover: string("failover"),
  maxdatasize: number("maxDataSize"),
  verify_peer: number("verifyPeer", binary),
  // Kamailio's parser takes 0 and 1 here, although the documentation writes 2.
  verify_host: number("verifyHost", (value) => value <= 2),
  tlsversion: number("tlsVersion", (value) => value <= lastTlsVersion),
  client_cert: string("clientCert"),
  client_key: string("clientKey"),
  cipher_suites: string("cipherSuites"),
};

/** Splits `a=b;c="d;e"` at the semicolons outside quotes. */
const splitParameters = (text: string): string[] => text.match(/(?:[^;"]|"[^"]*"?)+/g) ?? [];

function begin(name: string, defaults: Defaults, base: string): Writable | undefined {
  const address = /^([^:]*):\/\/(.*)$/s.exec(base);
  if (!address) return undefined;
  const [, schema, rest] = address;
  const at = rest!.indexOf("@");
  const credentials = at < 0 ? undefined : rest!.slice(0, at);
  const colon = credentials?.indexOf(":") ?? -1;
  return {
    ...defaults,
    // A proxy is used only together with its port.
    proxy: defaults.proxyPort > 0 ? defaults.proxy : "",
    name,
    schema: schema!,
    url: rest!.slice(at + 1),
    username: credentials === undefined || colon < 0 ? credentials : credentials.slice(0, colon),
    password: credentials === undefined || colon < 0 ? undefined : credentials.slice(colon + 1),
    failover: undefined,
  };
}

export interface Parsed<T> {
  readonly value: T;
  /** What was passed over, for the log. */
  readonly warnings: readonly string[];
}

/** `name=>schema://[user[:password]@]host[/path][;param=value…]`. A string is the problem that refuses the script. */
export function parseConnection(text: string, defaults: Defaults): Parsed<Connection> | string {
  const parts = /^\s*([^=\s]+)\s*=>\s*([^;]*)(?:;(.*))?$/s.exec(text);
  const connection = parts ? begin(parts[1]!, defaults, parts[2]!) : undefined;
  if (!parts || !connection) return `not a connection (name=>http://host/path;timeout=2): ${text}`;
  const warnings: string[] = [];
  for (const parameter of splitParameters(parts[3] ?? "")) {
    const equals = parameter.indexOf("=");
    const key = (equals < 0 ? parameter : parameter.slice(0, equals)).trim();
    const value = (equals < 0 ? "" : parameter.slice(equals + 1)).trim().replace(/^"(.*)"$/s, "$1");
    const set = parameters[key];
    if (!set) warnings.push(`connection ${connection.name}: unknown parameter ${key}`);
    else if (!set(connection, value))
      warnings.push(`connection ${connection.name}: bad value for ${key}, the default holds`);
  }
  return { value: connection, warnings };
}

const versions = ["DEFAULT", "TLSv1", "SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2"];

const bool =
  (key: keyof Writable): Setter =>
  (connection, text) => {
    const value = /^(yes|true|on|enable|1)$/i.test(text) ? 1 : /^(no|false|off|disable|0)$/i.test(text) ? 0 : undefined;
    if (value === undefined) return false;
    (connection as Record<string, unknown>)[key] = value;
    return true;
  };

const options: Readonly<Record<string, Setter>> = {
  username: string("username"),
  password: string("password"),
  failover: string("failover"),
  useragent: string("userAgent"),
  verify_peer: bool("verifyPeer"),
  verify_host: bool("verifyHost"),
  client_cert: string("clientCert"),
  client_key: string("clientKey"),
  cipher_suites: string("cipherSuites"),
  tlsversion(connection, text) {
    const version = versions.findIndex((it) => it.toLowerCase() === text.toLowerCase());
    if (version < 0) return false;
    connection.tlsVersion = version;
    return true;
  },
  timeout: number("timeout"),
  maxdatasize: number("maxDataSize"),
  httpredirect: bool("followRedirect"),
  httpproxy: string("proxy"),
  httpproxyport: number("proxyPort"),
  authmethod: number("authMethod"),
  keepconnections: number("keepConnections"),
  // Names of the documentation for what the parser calls httpredirect and keepconnections.
  http_follow_redirect: bool("followRedirect"),
  keep_connections: number("keepConnections"),
};

/** The file of parameter `config_file`: a section for each connection. A string is the problem that refuses the script. */
export function parseConnectionFile(text: string, defaults: Defaults): Connection[] | string {
  const found: { name: string; url: string; rest: [key: string, value: string, line: number][] }[] = [];
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const section = /^\[\s*([^\]\s]+)\s*\]/.exec(trimmed);
    if (section) {
      found.push({ name: section[1]!, url: "", rest: [] });
      continue;
    }
    const assigned = /^([A-Za-z0-9_]+)\s*=\s*(?:"([^"]*)"|(.*?))\s*(?:#.*)?$/.exec(trimmed);
    const current = found.at(-1);
    if (!assigned || !current) return `line ${i + 1}: expected [name] or key = value`;
    const value = assigned[2] ?? assigned[3]!;
    if (assigned[1] === "url") current.url = value;
    else current.rest.push([assigned[1]!, value, i + 1]);
  }
  const list: Connection[] = [];
  for (const it of found) {
    const connection = begin(it.name, defaults, it.url);
    if (!connection) return `connection ${it.name}: not a URL: ${it.url}`;
    for (const [key, value, line] of it.rest) {
      const set = options[key];
      if (!set) return `line ${line}: unknown option ${key}`;
      if (!set(connection, value)) return `line ${line}: bad value for ${key}: ${value}`;
    }
    list.push({ ...connection, proxy: connection.proxyPort > 0 ? connection.proxy : "" });
  }
  return list;
}
