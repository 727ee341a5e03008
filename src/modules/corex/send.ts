/** Functions of corex that send data as it is, and that read and write files. */
import type { Call } from "../../declare/call.ts";
import { declare, type Fn, str, variable } from "../../declare/module.ts";
import { type Answer, after } from "../../declare/value.ts";
import type { Destination, LocalSocket, Protocol } from "../../sip/address.ts";
import { parseUri } from "../../sip/uri.ts";
import { complain } from "./complain.ts";
import type { Corex } from "./corex.ts";

const { fn } = declare<Corex>();

const sent = { 1: "the data is on its way", [-1]: "it could not be sent" } as const;

function deliver(call: Call, uri: string, data: string, socket?: LocalSocket, protocol?: Protocol): Answer<1 | -1> {
  return after(call.core.resolve(uri, call.msg.received.socket), (found): Answer<1 | -1> => {
    if (!found) return complain(call, `${uri} cannot be resolved`);
    const to: Destination = { ...found, ...(socket && { socket }), ...(protocol && { protocol }) };
    return after(call.core.sendRaw(to, data), (ok): 1 | -1 => (ok ? 1 : -1));
  });
}

/** The received message as it came, to `host[:port]` or to where the request goes. */
function sendReceived(call: Call, host: string, protocol: Protocol): Answer<1 | -1> {
  const { msg } = call;
  const next = host === "" ? (msg.dstUri ?? msg.uri) : `sip:${host}`;
  const uri = parseUri(next);
  // No URI is expected as host: the scheme would be one.
  if (!uri || (host !== "" && uri.user !== "")) return complain(call, `${next} is no address`);
  // Kamailio asks for no SRV records here.
  const port = uri.portNo || 5060;
  return deliver(call, `sip:${uri.host}:${port};transport=${protocol}`, msg.text, undefined, protocol);
}

const receivedSender = (protocol: Protocol): Fn<Corex> =>
  fn({
    doc: `Sends the request as it was received by ${protocol.toUpperCase()}.`,
    in: ["request", "failure"],
    args: { host: str("`host[:port]`; without it, where the request would go.", { fallback: "" }) },
    returns: sent,
    waits: true,
    run: (call, { host }) => sendReceived(call, host, protocol),
  });

export const sendFunctions: Record<string, Fn<Corex>> = {
  send_udp: receivedSender("udp"),
  send_tcp: receivedSender("tcp"),
  send_data: fn({
    doc: "Sends text to the address of a SIP URI.",
    in: "any",
    args: { uri: str("The SIP URI."), data: str("The text.") },
    returns: sent,
    waits: true,
    run: (call, { uri, data }) => (parseUri(uri) ? deliver(call, uri, data) : complain(call, `${uri} is no SIP URI`)),
  }),
  sendx: fn({
    doc: "Sends text to the address of a SIP URI from a socket.",
    in: "any",
    args: { uri: str("The SIP URI."), socket: str("`protocol:host:port` of the socket."), data: str("The text.") },
    returns: sent,
    waits: true,
    run(call, { uri, socket, data }) {
      if (!parseUri(uri)) return complain(call, `${uri} is no SIP URI`);
      return deliver(call, uri, data, socket === "" ? undefined : call.core.sockets.parse(socket));
    },
  }),
  file_read: fn({
    doc: "Stores the content of a file in a variable.",
    in: "any",
    args: { path: str("The file's path."), result: variable("A variable that can be written.", { writable: true }) },
    returns: { 1: "the variable holds the content", [-1]: "the file cannot be read" },
    run(call, { path, result }) {
      const content = path === "" ? null : call.core.host.files.read(path);
      if (content === null) return complain(call, `the file ${path} cannot be read`);
      result.set?.(call, content);
      return 1;
    },
  }),
  file_write: fn({
    doc: "Writes a file, in place of one that is there.",
    in: "any",
    args: { path: str("The file's path."), content: str("What to write.") },
    returns: { 1: "the file is written", [-1]: "it cannot be written, or there is nothing to write" },
    run(call, { path, content }) {
      if (path === "" || content === "") return -1;
      return call.core.host.files.write(path, content) ? 1 : complain(call, `the file ${path} cannot be written`);
    },
  }),
};
