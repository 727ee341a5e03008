/** Control commands of the module websocket. */
import type { Core } from "../../declare/core.ts";
import { int, optional, RpcArray, RpcFault, text } from "../../declare/module.ts";
import type { Int } from "../../declare/value.ts";
import type { WebSocketInfo } from "../../sip/web-socket.ts";
import { rpc, type WebSockets } from "./state.ts";

/** How many connections ws.dump shows. */
const shown = 50;

const line = (it: WebSocketInfo): string => {
  const { id, protocol, remote, local } = it;
  const pong = it.awaitingPong ? "awaiting Pong, " : "";
  const state = it.closing ? "CLOSING" : "OPEN";
  const ends = `${protocol}:${remote.address}:${remote.port} -> ${protocol}:${local.address}:${local.port}`;
  return `${id}: ${ends} (state: ${state}, ${pong} last used ${Math.floor(it.idle)}s ago, sub-protocol: sip)`;
};

const orders: Readonly<Record<string, (a: WebSocketInfo, b: WebSocketInfo) => number>> = {
  id_hash: (a, b) => a.id - b.id,
  used_desc: (a, b) => b.idle - a.idle,
  used_asc: (a, b) => a.idle - b.idle,
};

const known = (core: Core, id: Int): number => {
  if (!core.streams?.webSockets.info(Number(id))) throw new RpcFault(500, "Unknown connection ID");
  return Number(id);
};

const id = int("Id of the connection.");

export const commands = {
  "ws.dump": rpc({
    doc: "The WebSockets, the first 50 of them.",
    args: { order: optional(text("id_hash, used_desc or used_asc.")) },
    run({ order = "id_hash" }, _, core) {
      const compare = Object.hasOwn(orders, order.toLowerCase()) ? orders[order.toLowerCase()] : undefined;
      if (!compare) throw new RpcFault(400, "Bad display order parameter");
      const { streams } = core;
      const all = (streams?.list() ?? []).flatMap((it) => streams?.webSockets.info(it.id) ?? []).sort(compare);
      const connections = all.slice(0, shown);
      return {
        connections: new RpcArray(connections.map(line)),
        info: { wscounter: connections.length, truncated: all.length >= shown ? "yes" : "no" },
      };
    },
  }),
  "ws.close": rpc({
    doc: "Begins the closing handshake of a WebSocket.",
    args: { id },
    run(args, _, core) {
      core.streams?.webSockets.close(known(core, args.id), 1000, "Normal closure");
      return undefined;
    },
  }),
  "ws.ping": rpc({
    doc: "Sends a ping.",
    args: { id },
    run(args, _, core) {
      if (!core.streams?.webSockets.ping(known(core, args.id))) throw new RpcFault(500, "Error sending frame");
      return undefined;
    },
  }),
  "ws.pong": rpc({
    doc: "Sends a pong that nobody has asked for.",
    args: { id },
    run(args, _, core) {
      if (!core.streams?.webSockets.ping(known(core, args.id), true)) throw new RpcFault(500, "Error sending frame");
      return undefined;
    },
  }),
  "ws.enable": rpc({
    doc: "Accepts handshakes again.",
    args: {},
    run(_, { shared }: WebSockets) {
      shared.enabled = true;
      return undefined;
    },
  }),
  "ws.disable": rpc({
    doc: "Refuses handshakes with 503. Open WebSockets stay.",
    args: {},
    run(_, { shared }: WebSockets) {
      shared.enabled = false;
      return undefined;
    },
  }),
};
