/** jsonrpcs: control commands as JSON-RPC 2.0, from scripts and over HTTP, FIFO, TCP and UDP. Follows Kamailio's src/modules/jsonrpcs. */
import type { Call } from "../../declare/call.ts";
import { type Core, LogLevel } from "../../declare/core.ts";
import type { ControlAddress, ControlHandlers } from "../../declare/host.ts";
import { declare, int, optional, str, text } from "../../declare/module.ts";
import { type Answer, after, type Int } from "../../declare/value.ts";
import { defaultRuntimeDir, inRuntimeDir } from "../ctl/address.ts";
import { type ControlSocket, ControlSockets } from "../ctl/sockets.ts";
import { replyHttp } from "../xhttp/reply.ts";
import { documents, execute, executeAll, type Reply, stored } from "./execute.ts";

interface JsonRpcs {
  readonly pretty: boolean;
  readonly http: "required" | "possible" | "off";
  /** The answer to a run's latest jsonrpc_exec. */
  readonly replies: WeakMap<Call, Reply>;
  readonly sockets: ControlSockets;
  readonly wanted: readonly Wanted[];
}
const { fn, pv, rpc, module } = declare<JsonRpcs>();

/** Bits of parameter `transport`; 0 stands for all of them. */
const Transport = { http: 1, fifo: 2, datagram: 4, tcp: 8 } as const;

interface Wanted extends ControlSocket {
  /** When it cannot be opened: whether the script is refused, or only a line is logged. */
  readonly required: boolean;
}

/** Longest request that is read from a stream. */
const longestRequest = 65_536;

const complain = (core: Core, problem: string): void => core.log.write(LogLevel.err, `jsonrpcs: ${problem}\n`);

/** Runs a request; gives what its client is sent, undefined for nothing. A request may ask for its answer in a file. */
async function answerOf(
  core: Core,
  request: string,
  pretty: boolean,
): Promise<{ body: string; to: string | undefined } | undefined> {
  const reply = await executeAll(core, request, pretty);
  if (!reply) return undefined;
  const { storePath, id, replyName: to } = reply;
  if (storePath === undefined) return { body: reply.body, to };
  return { body: stored(id, core.host.files.write(storePath, reply.body)), to };
}

/** Cuts a stream into requests. Calls `request` for each, and `tooLong` when one does not end. */
function requests(request: (text: string) => void, tooLong: () => void): (bytes: string) => void {
  let pending = "";
  return (bytes) => {
    const { complete, rest } = documents(pending + bytes);
    pending = rest;
    for (const it of complete) request(it);
    if (pending.length > longestRequest) {
      pending = "";
      tooLong();
    }
  };
}

/** A FIFO: requests name the FIFO, in the reply folder, that their answers go to. */
const fifo = (core: Core, pretty: boolean, folder: string): ControlHandlers => ({
  connection: () => ({
    data: requests(
      async (request) => {
        const answer = await answerOf(core, request, pretty);
        if (!answer) return;
        const name = answer.to;
        if (name === undefined) return complain(core, "a request came through the FIFO without reply_name");
        if (/[./\\]/.test(name)) return complain(core, `forbidden name of a reply FIFO: ${name}`);
        const sent = await core.host.control.writeFifo?.(`${folder.replace(/\/?$/, "/")}${name}`, answer.body);
        if (!sent) complain(core, `no client reads ${folder}${name}`);
      },
      () => complain(core, "a request of the FIFO is too long"),
    ),
    closed() {},
  }),
});

/** TCP: one request on each connection, which is closed after the answer. */
const tcp = (core: Core, pretty: boolean): ControlHandlers => ({
  connection(connection) {
    let busy = false;
    return {
      data: requests(
        async (request) => {
          if (busy) return;
          busy = true;
          const answer = await answerOf(core, request, pretty);
          if (answer) connection.write(answer.body);
          connection.end();
        },
        () => connection.end(),
      ),
      closed() {},
    };
  },
});

const datagram = (core: Core, pretty: boolean): ControlHandlers => ({
  connection: () => ({ data() {}, closed() {} }),
  datagram(data, reply) {
    void answerOf(core, data.trim(), pretty).then((answer) => answer?.body && reply(answer.body));
  },
});

/** `udp:host:port`, otherwise the path of a unix datagram socket. */
function datagramAddress(written: string, runtimeDir: string): ControlAddress | string {
  if (!/^udp:/i.test(written)) return { kind: "unix-datagram", path: inRuntimeDir(written, runtimeDir) };
  const parts = /^udp:(\[[^\]]+\]|[^:]+):(\d+)$/i.exec(written);
  return parts
    ? { kind: "udp", host: parts[1]!.replace(/^\[|\]$/g, ""), port: Number(parts[2]) }
    : `not a datagram socket: ${written}`;
}

const owner = (value: string | undefined): string | undefined =>
  value === undefined || value === "" ? undefined : value;

export const jsonrpcs = module({
  name: "jsonrpcs",
  doc: "Control commands as JSON-RPC 2.0: from the script, over HTTP (with xhttp), a FIFO, TCP and UDP.",

  params: {
    pretty_format: int("1: answers are laid out to be read; 0: on one line.", { fallback: 1 }),
    transport: int("Sum of 1 HTTP, 2 FIFO, 4 datagram, 8 TCP; 0 for those that are possible.", { fallback: 6 }),
    fifo_name: text("The FIFO that takes requests; a relative name stands in the runtime folder.", {
      fallback: "kamailio_rpc.fifo",
    }),
    fifo_mode: int("Permissions of the FIFO.", { fallback: 0o660 }),
    fifo_group: optional(text("Group of the FIFO.")),
    fifo_user: optional(text("Owner of the FIFO.")),
    fifo_reply_dir: text("Folder of the FIFOs that take answers.", { fallback: "/tmp/" }),
    dgram_socket: optional(
      text("`udp:host:port`. A unix datagram socket is not possible here; not given, there is none."),
    ),
    dgram_workers: int("Processes for datagrams in Kamailio; nothing depends on it here.", { fallback: 1 }),
    dgram_timeout: int("Milliseconds to wait for an answer to be taken in Kamailio; nothing waits here.", {
      fallback: 2000,
    }),
    dgram_mode: int("Permissions of the datagram socket.", { fallback: 0o660 }),
    dgram_group: optional(text("Group of the datagram socket.")),
    dgram_user: optional(text("Owner of the datagram socket.")),
    tcp_socket: text("`tcp:host:port` that takes requests.", { fallback: "" }),
  },

  start(params, core, old) {
    const transport = Number(params.transport);
    const uses = (bit: number): boolean => transport === 0 || (transport & bit) !== 0;
    const pretty = Number(params.pretty_format) !== 0;
    const runtimeDir = core.host.process.runtimeDir ?? defaultRuntimeDir;
    const wanted: Wanted[] = [];
    const required = transport !== 0;
    if (uses(Transport.fifo) && params.fifo_name) {
      if (!params.fifo_reply_dir) return "jsonrpcs: fifo_reply_dir is empty";
      const [user, group] = [owner(params.fifo_user), owner(params.fifo_group)];
      wanted.push({
        address: {
          kind: "fifo",
          path: inRuntimeDir(params.fifo_name, runtimeDir),
          mode: Number(params.fifo_mode) || 0o600,
          runtime: !params.fifo_name.startsWith("/"),
          ...(user && { user }),
          ...(group && { group }),
        },
        handlers: fifo(core, pretty, params.fifo_reply_dir),
        required,
      });
    }
    if (uses(Transport.datagram) && params.dgram_socket) {
      const address = datagramAddress(params.dgram_socket, runtimeDir);
      if (typeof address === "string") return `jsonrpcs: ${address}`;
      const [user, group] = [owner(params.dgram_user), owner(params.dgram_group)];
      wanted.push({
        address: { ...address, mode: Number(params.dgram_mode), ...(user && { user }), ...(group && { group }) },
        handlers: datagram(core, pretty),
        required,
      });
    }
    if (uses(Transport.tcp) && params.tcp_socket) {
      const parts = /^tcp:(\[[^\]]+\]|[^:]+):(\d+)$/i.exec(params.tcp_socket);
      if (!parts) return `jsonrpcs: not a TCP socket: ${params.tcp_socket}`;
      wanted.push({
        address: { kind: "tcp", host: parts[1]!.replace(/^\[|\]$/g, ""), port: Number(parts[2]) },
        handlers: tcp(core, pretty),
        required,
      });
    }
    return {
      pretty,
      http: uses(Transport.http) ? (required ? "required" : "possible") : "off",
      replies: new WeakMap(),
      sockets: old?.sockets ?? new ControlSockets(),
      wanted,
    };
  },

  async open(state, core) {
    if (state.http === "required" && !core.loaded("xhttp"))
      throw new Error("jsonrpcs: transport 1 needs the module xhttp");
    const { control } = core.host;
    await state.sockets.open(
      state,
      control,
      state.wanted.filter((it) => it.required),
    );
    for (const it of state.wanted.filter((socket) => !socket.required))
      await state.sockets
        .open(state, control, [it])
        .catch((error: Error) => core.log.write(LogLevel.warn, `jsonrpcs: ${error.message}\n`));
  },
  serve: (state) => state.sockets.take(state, state.wanted),
  cool: (state) => void state.sockets.close(state),
  stop: (state) => state.sockets.close(state),

  functions: {
    jsonrpc_exec: fn({
      doc: "Runs a command; its answer is in `$jsonrpl(code)`, `$jsonrpl(text)` and `$jsonrpl(body)`.",
      in: "any",
      args: { request: str("A JSON-RPC 2.0 request.") },
      returns: { 1: "the command ran, whatever it answered", [-1]: "the text is no JSON document" },
      waits: true,
      run(call, args, state) {
        if (args.request === "") return -1;
        return after(execute(call.core, args.request, state.pretty), (reply) => {
          if (!reply) return -1;
          state.replies.set(call, reply);
          return 1;
        });
      },
    }),
    jsonrpc_dispatch: fn({
      doc: "Runs the command in an HTTP request's body and answers the request, in event_route[xhttp:request].",
      in: ["request", "event"],
      args: {},
      returns: {
        1: "answered, or the message is no HTTP request",
        [-1]: "the body is no JSON document, or HTTP is not among the transports",
      },
      waits: true,
      run(call, _, state): Answer<1 | -1> {
        const { msg, core } = call;
        if (msg.protocol !== "http") return 1;
        if (state.http === "off" || !core.loaded("xhttp")) {
          complain(core, "HTTP is not among the transports");
          return -1;
        }
        return after(executeAll(core, msg.body, state.pretty), (reply) => {
          if (!reply) return -1;
          return after(replyHttp(call, reply.code, reply.text, "application/json", reply.body), (sent) =>
            sent < 0 ? -1 : 1,
          );
        });
      },
    }),
  },

  variables: {
    jsonrpl: pv({
      doc: "The answer to this run's latest jsonrpc_exec.",
      keys: { code: "status, 200 when the command succeeded", text: "reason phrase", body: "the JSON document" },
      get(call, key, state) {
        const reply = state.replies.get(call);
        if (key === "code") return reply?.code ?? 0;
        return (key === "text" ? reply?.text : reply?.body) ?? null;
      },
    }),
  },

  commands: {
    "jsonrpc.echo": rpc({
      doc: "Gives its parameters back.",
      args: { text: optional(str("A text.")), number: optional(int("A number.")) },
      run: (args: { readonly text: string | undefined; readonly number: Int | undefined }) =>
        args.text === undefined ? [] : args.number === undefined ? [args.text] : [args.text, args.number],
    }),
  },
  events: {},
});
