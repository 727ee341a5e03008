/** ctl: control commands over BINRPC, the protocol of kamcmd. Follows Kamailio's src/modules/ctl. */
import { type Core, LogLevel } from "../../declare/core.ts";
import type { ControlAddress, ControlConnection, ControlHandlers } from "../../declare/host.ts";
import { declare, int, optional, RpcFault, text } from "../../declare/module.ts";
import { defaultRuntimeDir, parseAddress } from "./address.ts";
import { decodeRequest, encodeFault, encodeReply, type Request } from "./binrpc.ts";
import { type ControlSocket, ControlSockets } from "./sockets.ts";
import { textHandlers } from "./text-server.ts";

/** An open stream connection, for ctl.who. */
interface Client {
  readonly address: ControlAddress;
  readonly peer: string;
}

/** A socket and what is spoken on it. */
interface Wanted extends ControlSocket {
  readonly protocol: "binrpc" | "fifo";
}

interface Ctl {
  readonly wanted: readonly Wanted[];
  readonly sockets: ControlSockets;
  readonly clients: Set<Client>;
}
const { rpc, module } = declare<Ctl>();

/** Names of the transports in ctl.who and ctl.listen. */
const transports: Readonly<Record<ControlAddress["kind"], string>> = {
  "unix-stream": "unix_stream",
  "unix-datagram": "unix_dgram",
  tcp: "tcp",
  udp: "udp",
  fifo: "fifo",
};

/** Runs a request and gives the packet that answers it. */
async function answer(core: Core, { method, args, cookie }: Request): Promise<string> {
  const command = core.command(method);
  if (!command) return encodeFault(cookie, 500, `command ${method} not found`);
  try {
    return encodeReply(cookie, await command.run(args));
  } catch (error) {
    if (error instanceof RpcFault) return encodeFault(cookie, error.code, error.message);
    const problem = error instanceof Error ? error.message : String(error);
    core.log.write(LogLevel.err, `ctl: command ${method} failed: ${problem}\n`);
    return encodeFault(cookie, 500, "internal server error");
  }
}

/** A client of a stream socket: its packets are answered in the order they came. */
function serve(core: Core, clients: Set<Client>, address: ControlAddress, connection: ControlConnection) {
  const client: Client = { address, peer: connection.peer };
  clients.add(client);
  let pending = "";
  let order: Promise<void> = Promise.resolve();
  const later = (packet: string | Promise<string>): void => {
    order = order.then(async () => connection.write(await packet));
  };
  return {
    data(bytes: string): void {
      pending += bytes;
      for (;;) {
        const decoded = decodeRequest(pending);
        if (decoded.kind === "more") return;
        if (decoded.kind === "garbage") {
          pending = "";
          connection.end();
          return;
        }
        pending = pending.slice(decoded.length);
        later(
          decoded.kind === "bad" ? encodeFault(decoded.cookie, 400, decoded.problem) : answer(core, decoded.request),
        );
      }
    },
    closed(): void {
      clients.delete(client);
    },
  };
}

const handlers = (core: Core, clients: Set<Client>, address: ControlAddress): ControlHandlers => ({
  connection: (connection) => serve(core, clients, address, connection),
  datagram(data, reply) {
    const decoded = decodeRequest(data);
    if (decoded.kind === "bad") reply(encodeFault(decoded.cookie, 400, decoded.problem));
    if (decoded.kind === "request") void answer(core, decoded.request).then(reply);
  },
});

/** Name and port of a socket as ctl prints them. */
const described = (address: ControlAddress): [name: string, port: string] =>
  address.path === undefined ? [address.host ?? "*", String(address.port ?? "")] : [address.path, ""];

/** Host and port of a peer, `[::1]:5060` or `127.0.0.1:5060`. */
function peerOf(peer: string): [host: string, port: string] {
  const parts = /^\[?(.*?)\]?:(\d+)$/.exec(peer);
  return parts ? [parts[1]!, parts[2]!] : [peer, ""];
}

export const ctl = module({
  name: "ctl",
  doc: "Control commands over BINRPC: what Kamailio's kamcmd speaks.",

  params: {
    binrpc: optional(
      text(
        "A socket: `unixs:/path` (unix stream), `tcp:host:port` or `udp:host:port`; port 2049 when none is named, a port alone is one of this machine's loopback, and the host `*` stands for all addresses. Without any, `kamailio_ctl` in the runtime folder.",
      ),
    ),
    fifo: optional(
      text("A FIFO, or a socket as for binrpc, that speaks the old text protocol: `fifo:/path`, `tcp:host:port`."),
    ),
    mode: int("Permissions of unix sockets and FIFOs.", { fallback: 0o600 }),
    user: optional(text("Owner of unix sockets, by name or number.")),
    group: optional(text("Group of unix sockets, by name or number.")),
    autoconversion: int("Accepted: parameters are always converted to the type that a command wants.", { fallback: 0 }),
    binrpc_max_body_size: int("Accepted: an answer may have any length.", { fallback: 4 }),
    binrpc_struct_max_body_size: int("Accepted: a struct may have any length.", { fallback: 1 }),
    binrpc_buffer_size: int("Accepted: buffers grow as needed.", { fallback: 16 }),
  },
  repeated: ["binrpc", "fifo"],

  start(params, core, old) {
    const written = (params.binrpc as unknown as readonly string[] | undefined) ?? [];
    const runtimeDir = (core.host.process.runtimeDir ?? defaultRuntimeDir).replace(/\/$/, "");
    const fifos = (params.fifo as unknown as readonly string[] | undefined) ?? [];
    const names = written.length + fifos.length > 0 ? written : [`unixs:${runtimeDir}/kamailio_ctl`];
    const clients: Set<Client> = old?.clients ?? new Set();
    const wanted: Wanted[] = [];
    const owned = {
      mode: Number(params.mode),
      ...(params.user && { user: params.user }),
      ...(params.group && { group: params.group }),
    };
    const placed = (address: ControlAddress): ControlAddress =>
      address.path === undefined ? address : { ...address, ...owned, ...(written.length === 0 && { runtime: true }) };
    for (const name of names) {
      const parsed = parseAddress(name, "udp");
      if (typeof parsed === "string") return `ctl: ${parsed}`;
      if (parsed.kind === "fifo") return `ctl: BINRPC does not go over a FIFO: ${name}`;
      const address = placed(parsed);
      wanted.push({ protocol: "binrpc", address, handlers: handlers(core, clients, address) });
    }
    for (const name of fifos) {
      const parsed = parseAddress(name, "fifo");
      if (typeof parsed === "string") return `ctl: ${parsed}`;
      const address: ControlAddress = parsed.path === undefined ? parsed : { ...parsed, ...owned };
      wanted.push({ protocol: "fifo", address, handlers: textHandlers(core, parsed.kind === "fifo") });
    }
    return { wanted, clients, sockets: old?.sockets ?? new ControlSockets() };
  },
  open: (state, core) => state.sockets.open(state, core.host.control, state.wanted),
  serve: (state) => state.sockets.take(state, state.wanted),
  cool: (state) => void state.sockets.close(state),
  stop: (state) => state.sockets.close(state),

  functions: {},
  variables: {},
  commands: {
    "ctl.listen": rpc({
      doc: "The sockets that take commands: protocol, transport, address and port.",
      args: {},
      // Kamailio's list grows at its head.
      run: (_, state) =>
        [...state.wanted]
          .reverse()
          .flatMap(({ protocol, address }) => [protocol, transports[address.kind], ...described(address)]),
    }),
    "ctl.who": rpc({
      doc: "The open connections: protocol, transport, the peer's address and port, our address and port.",
      args: {},
      run(_, state) {
        if (state.clients.size === 0) throw new RpcFault(400, "no open stream connection");
        return [...state.clients].flatMap(({ address, peer }) => [
          "binrpc",
          transports[address.kind],
          ...(address.path === undefined ? peerOf(peer) : ["<anonymous unix socket>", ""]),
          ...described(address),
        ]);
      },
    }),
    "ctl.connections": rpc({
      doc: "How many connections are open.",
      args: {},
      run: (_, state) => state.clients.size,
    }),
  },
  events: {},
});
