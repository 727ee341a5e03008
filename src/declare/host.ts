/** Everything outside the engine, as ports (DESIGN.md, decision 8). `src/node` implements them on Node, `src/simulate` in memory. */
import type { TlsPort } from "../sip/secure.ts";
import type { Clock } from "../transaction/clock.ts";

export interface HttpRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** latin1 text: one char, one byte. */
  readonly body?: string;
  /** Milliseconds for the whole exchange; the answer is then an error of kind "timeout". */
  readonly timeout: number;
  /** Milliseconds for the connection alone. */
  readonly connectTimeout?: number;
  readonly followRedirects?: number;
  /** The longest body that is kept, in bytes; a longer one ends the exchange with an error of kind "too-large". */
  readonly maxBody?: number;
  /** A body longer than `maxBody` is cut there, and the exchange counts as a success. */
  readonly truncate?: boolean;
  /** "1.1" when not given. "2" asks for HTTP/2 where TLS can negotiate it; "2-prior" speaks HTTP/2 from the first byte. */
  readonly version?: "1.1" | "2" | "2-prior";
  /** An HTTP proxy: `http://host`, with its port. */
  readonly proxy?: { readonly url: string; readonly port?: number };
  /** Local address, or name of the interface, to connect from. */
  readonly interface?: string;
  readonly keepAlive?: { readonly enabled: boolean; readonly idleSeconds?: number; readonly intervalSeconds?: number };
  readonly auth?: { readonly method: "basic" | "digest" | "any"; readonly username: string; readonly password: string };
  readonly tls?: HttpTls;
}
export interface HttpTls {
  readonly clientCert?: string;
  readonly clientKey?: string;
  readonly keyPassword?: string;
  readonly caPath?: string;
  readonly verifyPeer?: boolean;
  readonly verifyHost?: boolean;
  readonly version?: string;
  readonly cipherSuites?: string;
}
export interface HttpTimes {
  /** Milliseconds since the start of the exchange. */
  readonly lookup: number;
  readonly connect: number;
  readonly appConnect: number;
  readonly preTransfer: number;
  readonly startTransfer: number;
  readonly total: number;
  /** Milliseconds spent on redirects before the final exchange; 0 when there was none. */
  readonly redirect?: number;
}
export type HttpReply =
  | {
      readonly ok: true;
      readonly status: number;
      readonly reason: string;
      readonly headers: readonly (readonly [name: string, value: string])[];
      /** latin1 text. */
      readonly body: string;
      readonly times: HttpTimes;
      /** The URL that answered: the last one of a chain of redirects. */
      readonly url?: string;
    }
  | {
      readonly ok: false;
      readonly error:
        | "url"
        | "resolve"
        | "refused"
        | "reset"
        | "empty"
        | "partial"
        | "timeout"
        | "tls"
        | "certificate"
        | "redirects"
        | "protocol"
        | "too-large"
        | "aborted"
        | "other";
      /** What a log line says of it. */
      readonly message: string;
      readonly times: HttpTimes;
    };
export interface Http {
  /** Never rejects. `signal` aborts the exchange (error "aborted"). */
  request(request: HttpRequest, signal?: AbortSignal): Promise<HttpReply>;
}

export interface SrvRecord {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}
export interface NaptrRecord {
  readonly order: number;
  readonly preference: number;
  readonly flags: string;
  readonly service: string;
  readonly regexp: string;
  readonly replacement: string;
}
export interface DnsAnswer<T> {
  readonly records: readonly T[];
  /** Seconds that the records may be kept; also of a negative answer. */
  readonly ttl: number;
}
/** How name servers are asked; what is undefined is left to the system. */
export interface DnsTiming {
  /** Milliseconds until a question is sent again. */
  readonly timeout?: number;
  /** How often a server is asked. */
  readonly tries?: number;
  /** How many of the system's servers are asked. */
  readonly servers?: number;
}
/**
 * Raw look-ups; caching, RFC 3263 and failover are the transaction layer's. No records: the name has none. Rejects when
 * no server answered. `complete`: the system's search list completes a name (`dns_use_search_list`).
 */
export interface Dns {
  a(name: string, complete?: boolean): Promise<DnsAnswer<string>>;
  aaaa(name: string, complete?: boolean): Promise<DnsAnswer<string>>;
  srv(name: string, complete?: boolean): Promise<DnsAnswer<SrvRecord>>;
  naptr(name: string, complete?: boolean): Promise<DnsAnswer<NaptrRecord>>;
  txt(name: string): Promise<DnsAnswer<string>>;
  ptr(address: string): Promise<DnsAnswer<string>>;
  /** Addresses that the system's hosts file gives a name. */
  hosts?(name: string): readonly string[];
  /** `dns_retr_time`, `dns_retr_no`, `dns_servers_no`, when a script is taken up. */
  configure?(timing: DnsTiming): void;
}

export interface Files {
  /** latin1 text; null when it cannot be read. Synchronous: for loading scripts, and for script functions that read files. */
  read(path: string): string | null;
  /** Why `read` gave null, in words: "there is no such file"; undefined where nothing is known. */
  problem?(path: string): string | undefined;
  /** False when it could not be written. */
  write(path: string, text: string, append?: boolean): boolean;
  resolve(...parts: string[]): string;
  dirname(path: string): string;
  /** Paths that match a glob, sorted (include_file takes patterns). */
  glob(pattern: string): readonly string[];
  /** A number that is another one when the file was written meanwhile; null when there is no such file. */
  modified(path: string): number | null;
}

export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** `n` random bytes as lower-case hexadecimal. */
  hex(bytes: number): string;
}

/** A child process (module exec). */
export interface ExecResult {
  /** Exit status; -1 when it could not be started or died of a signal. */
  readonly status: number;
  readonly stdout: string;
  /** When it was asked for. */
  readonly stderr?: string;
}
export interface Exec {
  run(
    command: string,
    options: { stdin?: string; env?: Record<string, string>; timeout?: number; stderr?: boolean },
  ): Promise<ExecResult>;
}

/** What a query gave. */
export type QueryReply =
  | {
      readonly ok: true;
      /** Names of the columns; none for a statement that gives no rows. */
      readonly columns: readonly string[];
      /** Text is latin1: one char, one byte. Times are seconds since 1970, numbers that are not whole are text. */
      readonly rows: readonly (readonly (string | number | bigint | null)[])[];
      /** Rows that the statement inserted, changed or deleted. */
      readonly affected: number;
    }
  | {
      readonly ok: false;
      /** "connect": the database cannot be reached. "timeout": it did not answer in time. "query": it refused the query. */
      readonly error: "connect" | "timeout" | "query";
      readonly message: string;
    };
/** A database and its pool of connections. */
export interface Database {
  /** Never rejects. `params` stand for `?` in the text. */
  query(text: string, params?: readonly (string | number | bigint | null)[]): Promise<QueryReply>;
  close(): Promise<void>;
}
export interface Databases {
  /** By URL as Kamailio writes them; nothing is connected yet. A string says why no such database can be used. */
  open(url: string, options?: { readonly connections?: number; readonly timeout?: number }): Database | string;
}

/** A server for control connections (ctl, jsonrpcs). Strings are latin1. */
export interface ControlConnection {
  readonly peer: string;
  write(data: string): void;
  end(): void;
}
export interface ControlServer {
  close(): Promise<void>;
}
export interface ControlHandlers {
  /** A stream connection opened; the returned functions get its bytes and its end. */
  connection(connection: ControlConnection): { data(bytes: string): void; closed(): void };
  /** A datagram came; the answer, if any, goes back to its sender. */
  datagram?(data: string, reply: (data: string) => void): void;
}
export interface ControlAddress {
  readonly kind: "unix-stream" | "unix-datagram" | "tcp" | "udp" | "fifo";
  readonly path?: string;
  readonly host?: string;
  readonly port?: number;
  /** The path stands in the runtime folder, which is made when it is not there. */
  readonly runtime?: boolean;
  /** File mode, user and group of a unix socket or FIFO. */
  readonly mode?: number;
  readonly user?: string;
  readonly group?: string;
}
export interface Control {
  /** Writes to a FIFO that a client reads (the replies of FIFO servers); false when no reader came or it is no FIFO. */
  writeFifo?(path: string, text: string): Promise<boolean>;
  /** Rejects with a readable message when the address cannot be bound. */
  listen(address: ControlAddress, handlers: ControlHandlers): Promise<ControlServer>;
}

export interface ProcessInfo {
  readonly pid: number;
  readonly hostname: string;
  /** Version of this server, and what it runs on (`x64/linux`). */
  readonly version?: string;
  readonly platform?: string;
  /** The command line, the program's name first. */
  readonly argv?: readonly string[];
  /** The working directory. */
  cwd?(): string;
  /** Sends a signal to this process (core.kill). */
  signal?(number: number): void;
  /** Folder of control sockets and FIFOs whose names are relative; `/var/run/kamailio` when not given, as in Kamailio. */
  readonly runtimeDir?: string;
  /** The machine's local addresses, by interface name. */
  interfaces(): readonly {
    readonly name: string;
    readonly address: string;
    readonly family: 4 | 6;
    readonly internal: boolean;
  }[];
  env(name: string): string | undefined;
  /** Bytes of memory in use by the process, as the platform counts them. */
  memory(): { readonly rss: number; readonly heapUsed: number; readonly heapTotal: number };
}

/** The ports. A module takes what it needs and never imports a platform. */
export interface Host {
  readonly clock: Clock;
  /** Lets whatever waits be processed: called between the pieces of long work. Absent where nothing waits. */
  pause?(): Promise<void>;
  readonly random: Random;
  readonly http: Http;
  readonly dns: Dns;
  readonly files: Files;
  readonly exec: Exec;
  readonly databases: Databases;
  readonly control: Control;
  readonly process: ProcessInfo;
  /** Absent where connections are not really secured. */
  readonly tls?: TlsPort;
  /** MD5, SHA-1, SHA-256, SHA-512 of latin1 bytes as lower-case hexadecimal. */
  hash(algorithm: "md5" | "sha1" | "sha256" | "sha384" | "sha512", bytes: string): string;
}
