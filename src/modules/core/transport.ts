/** How a request leaves: socket, Via, advertised address. */
import type { Core } from "../../declare/core.ts";
import { declare, type Fn, int, text } from "../../declare/module.ts";

const { fn } = declare<Core>();

const force = fn({
  doc: "Adds the source port to the topmost Via and sends replies there (RFC 3581), although the client did not ask for it.",
  in: "any",
  args: {},
  returns: { 1: "Always." },
  run({ msg }) {
    msg.forceRport = true;
    return 1 as const;
  },
});

const marks = (doc: string, name: string): Fn<Core> =>
  fn({
    doc,
    in: "any",
    args: {},
    returns: { 1: "Always." },
    run({ msg }) {
      msg.mark(name);
      return 1 as const;
    },
  });

const alias = fn({
  doc: "Lets the TCP or TLS connection of the request be used for what goes to another port of its peer (RFC 5923).",
  in: "any",
  args: { port: int("The port; without it that of the topmost Via.", { optional: true, computed: false }) },
  returns: { 1: "Done, or the request came over another protocol.", [-1]: "The connection is gone, or has too many." },
  run({ msg, core }, { port }) {
    const { protocol, connection } = msg.received;
    if (protocol !== "tcp" && protocol !== "tls") return 1;
    return core.streams?.addAlias(connection, Number(port ?? msg.via1?.port ?? 0)) ? 1 : -1;
  },
});

export const transportFunctions = {
  force_tcp_alias: alias,
  add_tcp_alias: alias,
  udp_mtu_try_proto: fn({
    doc: "Tries this protocol, too, when the request is longer than `udp_mtu` allows; UDP is no other way.",
    in: "any",
    args: { protocol: text("UDP, TCP, TLS or SCTP.", { computed: false }) },
    returns: { 1: "Always." },
    run({ msg }, { protocol }) {
      if (protocol.toLowerCase() !== "udp") msg.mark(`mtu-${protocol.toLowerCase()}`);
      return 1 as const;
    },
  }),
  set_forward_no_connect: marks(
    "Forwards the request only over a connection that is open already.",
    "forward-no-connect",
  ),
  set_reply_no_connect: marks("Sends replies only over a connection that is open already.", "reply-no-connect"),
  set_forward_close: marks("Closes the connection when the request has been forwarded.", "forward-close"),
  set_reply_close: marks("Closes the connection when a reply has been sent.", "reply-close"),
  force_rport: force,
  add_rport: force,
  add_local_rport: fn({
    doc: "Asks for `rport` in the Via that this server adds (RFC 3581).",
    in: "any",
    args: {},
    returns: { 1: "Always." },
    run({ msg }) {
      msg.addLocalRport = true;
      return 1 as const;
    },
  }),
  set_advertised_address: fn({
    doc: "Shows this address instead of the socket's in what is added to the request.",
    in: "any",
    args: { address: text("Host name or address.", { computed: false }) },
    returns: { 1: "Always." },
    run({ msg }, { address }) {
      msg.advertisedAddress = address;
      return 1 as const;
    },
  }),
  set_advertised_port: fn({
    doc: "Shows this port instead of the socket's in what is added to the request.",
    in: "any",
    args: { port: int("The port.", { computed: false }) },
    returns: { 1: "Always." },
    run({ msg }, { port }) {
      msg.advertisedPort = Number(port);
      return 1 as const;
    },
  }),
  force_send_socket: fn({
    doc: "Sends the request from this socket, whatever the destination.",
    in: "any",
    args: { socket: text("`[proto:]address[:port]` of a socket that the server listens on.", { computed: false }) },
    returns: { 1: "Always." },
    check([socket], core) {
      return socket === undefined || core.sockets.parse(socket)
        ? undefined
        : `the server does not listen on \`${socket}\``;
    },
    run(call, { socket }) {
      call.msg.forceSendSocket = call.core.sockets.parse(socket);
      return 1 as const;
    },
  }),
} as const;
