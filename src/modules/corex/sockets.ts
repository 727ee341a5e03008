/** Functions of corex on the addresses that a message came from and leaves by. */
import type { Call } from "../../declare/call.ts";
import { declare, type Fn, str } from "../../declare/module.ts";
import { type Answer, after } from "../../declare/value.ts";
import type { LocalSocket } from "../../sip/address.ts";
import { complain } from "./complain.ts";
import type { Corex } from "./corex.ts";
import { parseSocketText } from "./socket-text.ts";

const { fn } = declare<Corex>();

const chosen = {
  1: "done; when there is no such socket, nothing changes",
  [-1]: "the text is empty or no address",
} as const;
const address = { socket: str("`[protocol:]host[:port]` of the socket.") };
const named = { socket: str("Name of the socket.") };

function byAddress(call: Call, text: string): LocalSocket | undefined | -1 {
  const parsed = parseSocketText(text);
  if (!parsed?.host) return complain(call, `\`${text}\` is not the address of a socket`);
  return call.core.sockets.find(parsed.protocol, parsed.host, parsed.port);
}

function sendFrom({ msg }: Call, socket: LocalSocket | undefined | -1): 1 | -1 {
  if (socket === -1) return -1;
  if (socket) msg.forceSendSocket = socket;
  return 1;
}

/** As if the message had come in on that socket. */
function receiveOn({ msg }: Call, socket: LocalSocket | undefined | -1): 1 | -1 {
  if (socket === -1) return -1;
  if (socket)
    msg.received = {
      ...msg.received,
      socket,
      protocol: socket.protocol,
      dstIp: socket.address,
      dstPort: socket.port,
      connection: 0,
    };
  return 1;
}

export const socketFunctions: Record<string, Fn<Corex>> = {
  set_send_socket: fn({
    doc: "Sets the socket that the message leaves by.",
    in: "any",
    args: address,
    returns: chosen,
    run: (call, { socket }) => sendFrom(call, byAddress(call, socket)),
  }),
  set_send_socket_name: fn({
    doc: "Sets the socket that the message leaves by, by its name.",
    in: "any",
    args: named,
    returns: chosen,
    run: (call, { socket }) => (socket === "" ? -1 : sendFrom(call, call.core.sockets.byName(socket))),
  }),
  set_recv_socket: fn({
    doc: "Sets the socket that the message counts as received on.",
    in: "any",
    args: address,
    returns: chosen,
    run: (call, { socket }) => receiveOn(call, byAddress(call, socket)),
  }),
  set_recv_socket_name: fn({
    doc: "Sets the socket that the message counts as received on, by its name.",
    in: "any",
    args: named,
    returns: chosen,
    run: (call, { socket }) => (socket === "" ? -1 : receiveOn(call, call.core.sockets.byName(socket))),
  }),
  set_source_address: fn({
    doc: "Sets the address that the message counts as received from.",
    in: "any",
    args: { address: str("`[protocol:]host[:port]`.") },
    returns: { 1: "done", [-1]: "that is no address, or it cannot be resolved" },
    waits: true,
    run(call, { address }): Answer<1 | -1> {
      const parsed = parseSocketText(address);
      if (!parsed?.host) return complain(call, `\`${address}\` is not an address`);
      const port = parsed.port || 5060;
      return after(call.core.resolve(`sip:${parsed.host}:${port}`), (found): 1 | -1 => {
        if (!found) return complain(call, `${parsed.host} cannot be resolved`);
        const { msg } = call;
        msg.received = {
          ...msg.received,
          srcIp: found.ip,
          srcPort: parsed.port,
          ...(parsed.protocol && { protocol: parsed.protocol }),
        };
        return 1;
      });
    },
  }),
  is_socket_name: fn({
    doc: "Tells whether a socket has that name.",
    in: "any",
    args: { name: str("The name.") },
    returns: { 1: "one has", [-1]: "none has" },
    run: ({ core }, { name }) => (name !== "" && core.sockets.byName(name) ? 1 : -1),
  }),
};
