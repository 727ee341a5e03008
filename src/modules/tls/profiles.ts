/** From options to profiles with everything read, and which of them a connection gets (Kamailio's tls_domain.c). */
import type { Core } from "../../declare/core.ts";
import { sameAddress } from "../../sip/ip.ts";
import type { TlsCredentials, TlsProfile } from "../../sip/secure.ts";
import { methods, type Options, type Section } from "./file.ts";

export interface Profile extends TlsProfile {
  readonly where: Section["where"];
  readonly name: string;
  readonly wanted: string;
  readonly mode: number;
  readonly id: string;
}

/** The profiles of one side: those with an address or a server name in the order they are tried, and the one for the rest. */
export interface Side {
  readonly list: readonly Profile[];
  readonly fallback: Profile;
}

export interface Loaded {
  readonly server: Side;
  readonly client: Side;
}

/** Which profile a connection gets: by id, else by address and server name. Later sections go before earlier ones. */
export function find({ list, fallback }: Side, address: string, port: number, serverName = "", id = ""): Profile {
  const asked = serverName.toLowerCase();
  for (const it of list) {
    if (id !== "" && it.id.toLowerCase() === id.toLowerCase()) return it;
    if (typeof it.where === "object") {
      if (it.where.port !== 0 && it.where.port !== port) continue;
      if (!sameAddress(it.where.address, address)) continue;
    }
    if (asked === "" || it.wanted === "") {
      if (it.where !== "any") return it;
      continue;
    }
    const wanted = it.wanted.toLowerCase();
    if (it.mode !== 2 && asked === wanted) return it;
    if ((it.mode === 1 || it.mode === 2) && asked.endsWith(`.${wanted}`)) return it;
  }
  return fallback;
}

/** What a section that says nothing means: servers have a certificate, clients none. */
const serverDefaults: Options = { certificate: "cert.pem", key: "cert.pem", method: "TLSv1+" };
const clientDefaults: Options = { method: "TLSv1+" };

/** The profiles of a file's sections. A string says which cannot be used, and why. */
export function fromSections(sections: readonly Section[], core: Core, renegotiation: boolean): Loaded | string {
  const side = (name: Section["side"], defaults: Options): Side | string => {
    let last: Section = { side: name, where: "default", options: {} };
    const list: Profile[] = [];
    for (const section of sections) {
      if (section.side !== name) continue;
      // Of several the last one counts.
      if (section.where === "default") last = section;
      else {
        const it = profile(section, defaults, core, renegotiation);
        if (typeof it === "string") return it;
        list.unshift(it);
      }
    }
    const fallback = profile(last, defaults, core, renegotiation);
    return typeof fallback === "string" ? fallback : { list, fallback };
  };
  const server = side("server", serverDefaults);
  if (typeof server === "string") return server;
  for (const { where, name } of server.list)
    if (typeof where === "object" && !core.sockets.find("tls", where.address, where.port))
      return `${name}: the server does not listen there for TLS`;
  const client = side("client", clientDefaults);
  return typeof client === "string" ? client : { server, client };
}

/** The module's parameters make one profile for servers and the same for clients. */
export function fromParameters(options: Options, core: Core, renegotiation: boolean): Loaded | string {
  const server = profile({ side: "server", where: "default", options }, {}, core, renegotiation);
  if (typeof server === "string") return server;
  const client = profile({ side: "client", where: "default", options }, {}, core, renegotiation);
  if (typeof client === "string") return client;
  return { server: { list: [], fallback: server }, client: { list: [], fallback: client } };
}

const nameOf = ({ side, where, options }: Section): string => {
  const place =
    where === "default"
      ? where
      : where === "any"
        ? `any:${options.serverName ?? ""}`
        : `${where.address}:${where.port}`;
  return `TLS${side[0]}<${place}>`;
};

function profile(section: Section, defaults: Options, core: Core, renegotiation: boolean): Profile | string {
  const options = { ...defaults, ...section.options };
  const name = nameOf(section);
  const problem = (text: string): string => `${name}: ${text}`;
  const allowed = methods(options.method ?? "TLSv1");
  if (allowed === undefined) return problem(`\`${options.method}\` is no TLS method`);
  if (allowed === "gone") return problem(`${options.method} is supported no longer`);
  const files = readAll(options, core);
  if (typeof files === "string") return problem(files);
  const must = options.require === true || options.verifyClient === "on";
  const optional = options.verifyClient === "optional" || options.verifyClient === "optional_no_ca";
  const looks = must || options.verify === true || optional;
  const verify = looks && options.verifyClient !== "optional_no_ca";
  const server = section.side === "server";
  const it: Profile = {
    ...files,
    ...allowed,
    where: section.where,
    name,
    wanted: options.serverName ?? "",
    mode: options.serverNameMode ?? 0,
    id: options.serverId ?? "",
    ...(options.ciphers && { ciphers: options.ciphers }),
    ask: server && looks,
    // A client that looks at certificates takes no server without one.
    demand: server ? must : verify,
    verify,
    depth: options.depth ?? 9,
    renegotiation,
  };
  const wrong = core.host.tls?.problem(it);
  return wrong === undefined ? it : problem(wrong);
}

type Files = Pick<TlsProfile, "credentials" | "authorities" | "revoked">;

/** Every file of a profile. A string says which cannot be read. */
function readAll(options: Options, core: Core): Files | string {
  const { files } = core.host;
  const missing: string[] = [];
  const read = (what: string, path: string): string => {
    const full = pathOf(path, core);
    const text = files.read(full);
    if (text === null) missing.push(`the ${what} ${full} cannot be read`);
    return text ?? "";
  };
  const credentials: TlsCredentials[] = [];
  const pair = (certificate: string | undefined, key: string | undefined, password: string | undefined): void => {
    if (!certificate) return;
    const text = read("certificate", certificate);
    if (key) credentials.push({ certificate: text, key: read("private key", key), ...(password && { password }) });
  };
  pair(options.certificate, options.key, options.password);
  pair(options.certificate2, options.key2, options.password2);
  const authorities = options.authorities ? [read("CA list", options.authorities)] : [];
  if (options.authorityPath)
    for (const path of files.glob(`${pathOf(options.authorityPath, core)}/*`)) {
      const text = files.read(path);
      if (text?.includes("-----BEGIN CERTIFICATE-----")) authorities.push(text);
    }
  const revoked = options.revoked ? read("CRL", options.revoked) : undefined;
  return missing[0] ?? { credentials, authorities, ...(revoked !== undefined && { revoked }) };
}

/** A path is the script's folder's, but from `.` on the working directory's. */
export const pathOf = (path: string, { host, file }: Core): string =>
  path.startsWith("/")
    ? path
    : path.startsWith(".")
      ? host.files.resolve(path)
      : host.files.resolve(host.files.dirname(file), path);
