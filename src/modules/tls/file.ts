/** tls.cfg: profiles of TLS in sections, as Kamailio's tls_config.c reads them. */
import { parseIp } from "../../sip/ip.ts";

/** Which peers of a profile must show a certificate that is trusted. */
export type VerifyClient = "off" | "on" | "optional" | "optional_no_ca";

/** What a section or the module's parameters say; undefined where they say nothing. */
export interface Options {
  method?: string;
  certificate?: string;
  key?: string;
  password?: string;
  certificate2?: string;
  key2?: string;
  password2?: string;
  authorities?: string;
  authorityPath?: string;
  revoked?: string;
  ciphers?: string;
  verify?: boolean;
  depth?: number;
  require?: boolean;
  verifyClient?: VerifyClient;
  serverName?: string;
  /** 0: this name, 1: this name and those below it, 2: those below it. */
  serverNameMode?: number;
  serverId?: string;
}

export interface Section {
  readonly side: "server" | "client";
  readonly where: "default" | "any" | { readonly address: string; readonly port: number };
  readonly options: Options;
}

type Text = Exclude<
  { [K in keyof Options]-?: Options[K] extends string | undefined ? K : never }[keyof Options],
  "verifyClient"
>;

const texts: Readonly<Record<string, Text>> = {
  private_key: "key",
  pkey_file: "key",
  private_key_password: "password",
  pkey_password: "password",
  certificate: "certificate",
  cert_file: "certificate",
  certificate2: "certificate2",
  cert_file2: "certificate2",
  private_key2: "key2",
  pkey_file2: "key2",
  private_key_password2: "password2",
  pkey_password2: "password2",
  ca_list: "authorities",
  calist_file: "authorities",
  ca_path: "authorityPath",
  crl: "revoked",
  cipher_list: "ciphers",
  server_name: "serverName",
  server_id: "serverId",
};
const numbers: Readonly<Record<string, "depth" | "serverNameMode">> = {
  verify_depth: "depth",
  server_name_mode: "serverNameMode",
};
const switches: Readonly<Record<string, "verify" | "require">> = {
  verify_certificate: "verify",
  verify_cert: "verify",
  require_certificate: "require",
  require_cert: "require",
};
const yes = new Set(["yes", "true", "enable", "enabled", "1", "on"]);
const no = new Set(["no", "false", "disable", "disabled", "0", "off"]);

const sides: Readonly<Record<string, Section["side"]>> = {
  server: "server",
  srv: "server",
  s: "server",
  client: "client",
  cli: "client",
  c: "client",
};
const places: Readonly<Record<string, "default" | "any">> = {
  default: "default",
  def: "default",
  any: "any",
  all: "any",
};

const own = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;

/** The sections in order. A string is the first problem, with file and line. */
export function parseTlsFile(text: string, file: string): Section[] | string {
  const sections: Section[] = [];
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const at = `${file}:${i + 1}`;
    let line = lines[i]!;
    // A backslash at the end of a line joins the next one to it.
    while (/\\\r?$/.test(line) && i + 1 < lines.length) line = line.replace(/\\\r?$/, "") + lines[++i]!;
    line = line.trim();
    if (line === "" || line.startsWith("#")) continue;
    if (line.startsWith("[")) {
      const section = header(line);
      if (typeof section === "string") return `${at}: ${section}`;
      sections.push(section);
      continue;
    }
    const section = sections.at(-1);
    const problem = section ? assign(line, section.options) : "nothing may stand before the first section";
    if (problem !== undefined) return `${at}: ${problem}`;
  }
  return doubles(sections) ?? sections;
}

function header(line: string): Section | string {
  const match = /^\[\s*(\w+)\s*:\s*(?:\[([\da-f:.\s]+)\]|([\w.]+))\s*(?::\s*(\w+)\s*)?\]\s*(?:#.*)?$/i.exec(line);
  if (!match) return `\`${line}\` is no section: [server:default], [client:any], [server:192.0.2.1:5061]`;
  const [, name, six, plain, digits] = match;
  const side = own(sides, name!.toLowerCase());
  if (!side) return `\`${name}\` is neither server nor client`;
  const place = plain === undefined ? undefined : own(places, plain.toLowerCase());
  if (place) return digits === undefined ? { side, where: place, options: {} } : `\`${plain}\` has no port`;
  const address = six?.replace(/\s/g, "") ?? plain!;
  if (parseIp(address)?.length !== (six === undefined ? 4 : 16)) return `\`${address}\` is no address`;
  if (digits === undefined) return "a port is missing behind the address";
  if (!/^\d{1,5}$/.test(digits)) return `\`${digits}\` is no port`;
  return { side, where: { address, port: Number(digits) }, options: {} };
}

/** `key = value`. The problem, if there is one. */
function assign(line: string, options: Options): string | undefined {
  const match = /^(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s#]+))\s*(?:#.*)?$/.exec(line);
  if (!match) return `\`${line}\` is not a name, an equals sign and one value`;
  const name = match[1]!.toLowerCase();
  const value = match[2]?.replace(/\\(.)/g, "$1") ?? match[3]!;
  const low = value.toLowerCase();
  if (name === "method" || name === "tls_method") {
    options.method = value;
    return methods(value) === undefined ? `\`${value}\` is no TLS method` : undefined;
  }
  if (name === "verify_client") {
    if (!isVerifyClient(low)) return `verify_client is off, on, optional or optional_no_ca, not \`${value}\``;
    options.verifyClient = low;
    return undefined;
  }
  const number = own(numbers, name);
  if (number) {
    options[number] = Number(value);
    return /^\d+$/.test(value) ? undefined : `\`${value}\` is no number`;
  }
  const flag = own(switches, name);
  if (flag) {
    options[flag] = yes.has(low);
    return yes.has(low) || no.has(low) ? undefined : `\`${value}\` is neither yes nor no`;
  }
  const text = own(texts, name);
  if (!text) return `\`${match[1]}\` is unknown`;
  options[text] = value;
  return undefined;
}

/** Two profiles of one address must be told apart by a server name, and one of any address must have one. */
function doubles(sections: readonly Section[]): string | undefined {
  for (const [i, { side, where, options }] of sections.entries()) {
    if (where === "default") continue;
    if (where === "any") {
      if (!options.serverName) return `[${side}:any] needs a server_name`;
      continue;
    }
    const same = (it: Section): boolean =>
      it.side === side &&
      typeof it.where === "object" &&
      it.where.address === where.address &&
      it.where.port === where.port &&
      (!options.serverName || !it.options.serverName);
    // Kamailio looks at a section when the next begins: the last one passes.
    if (i < sections.length - 1 && sections.slice(0, i).some(same))
      return `[${side}:${where.address}:${where.port}] is there twice, and not each has a server_name`;
  }
  return undefined;
}

export const isVerifyClient = (text: string): text is VerifyClient =>
  text === "off" || text === "on" || text === "optional" || text === "optional_no_ca";

type Version = "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";
const versions: Readonly<Record<string, Version>> = {
  tlsv1: "TLSv1",
  "tlsv1.0": "TLSv1",
  "tlsv1.1": "TLSv1.1",
  "tlsv1.2": "TLSv1.2",
  "tlsv1.3": "TLSv1.3",
};

/** The versions that a method allows; "gone" for those that no OpenSSL of today has, undefined for what is no method. */
export function methods(text: string): { oldest?: Version; newest?: Version } | "gone" | undefined {
  const low = text.toLowerCase();
  if (low === "sslv23") return { oldest: "TLSv1" };
  if (low === "sslv2" || low === "sslv3") return "gone";
  const open = low.endsWith("+");
  const version = own(versions, open ? low.slice(0, -1) : low);
  return version && { oldest: version, ...(!open && { newest: version }) };
}
