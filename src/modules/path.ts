/** path: Path header fields of registrations (RFC 3327). Follows Kamailio's src/modules/path. */
import type { Call } from "../declare/call.ts";
import { declare, type Fn, int, str, text } from "../declare/module.ts";
import type { Protocol } from "../sip/address.ts";
import { type BuildSettings, inboundHostPort, outboundHostPort } from "../sip/build.ts";
import type { SendContext } from "../sip/edits.ts";
import { HeaderType } from "../sip/headers.ts";
import type { SipMessage } from "../sip/message.ts";
import { parseUri, uriParam } from "../sip/uri.ts";
import type { Rr } from "./rr/state.ts";

interface Paths {
  readonly receivedFormat: number;
  readonly receivedName: string;
  readonly twice: boolean;
  readonly sockname: boolean;
  /** The core's advertised_address and advertised_port. */
  readonly shown: BuildSettings;
}
const { fn, module } = declare<Paths>();

/** Kamailio's numbers of the protocols. */
const NUMBERS: Readonly<Record<Protocol, number>> = { udp: 1, tcp: 2, tls: 3, sctp: 4, ws: 5, wss: 6 };

/** The address that the request came from, as a parameter of the Path URI. */
function received({ received: { srcIp, srcPort, protocol } }: SipMessage, state: Paths): string {
  const ip = srcIp.includes(":") ? `[${srcIp}]` : srcIp;
  if (state.receivedFormat !== 0) return `;${state.receivedName}=${ip}~${srcPort}~${NUMBERS[protocol]}`;
  const transport = protocol === "udp" ? "" : `%3Btransport%3D${protocol === "wss" ? "ws" : protocol}`;
  return `;${state.receivedName}=sip:${ip}:${srcPort}${transport}`;
}

interface Parts {
  readonly user: string;
  readonly params: string;
  readonly withReceived: boolean;
  /** In place of the socket's address; undefined: none. */
  readonly address?: string;
}

/** Puts the Path before the others, or behind the last header field. Its address is known when the request is sent. */
function add(msg: SipMessage, state: Paths, { user, params, withReceived, address }: Parts): 1 {
  const start = `Path: <sip:${user && `${user}@`}`;
  const end = `;lr${withReceived ? received(msg, state) : ""}${params && `;${params}`}${state.twice ? ";r2=on" : ""}>\r\n`;
  const name = (socket: { readonly name?: string } | undefined): string =>
    state.sockname && socket?.name ? `;sn=${socket.name}` : "";
  const leaving = (send: SendContext): string =>
    (address === undefined ? outboundHostPort(msg, send, state.shown) : `${address};transport=${send.to.protocol}`) +
    name(send.outbound);
  const coming = (): string =>
    (address === undefined ? inboundHostPort(msg) : `${address};transport=${msg.received.protocol}`) +
    name(msg.received.socket);
  const offset = msg.find(HeaderType.path)?.start ?? msg.headersEnd;
  msg.edits.insertBefore(
    msg.edits.anchor(offset),
    (send) => start + leaving(send) + end + (state.twice ? start + coming() + end : ""),
  );
  return 1;
}

const user = str("User part of the URI.", { fallback: "" });
const params = str("Further parameters of the URI, without the first semicolon.", { fallback: "" });
const added = { 1: "the field will be in the message" } as const;

const adder = (doc: string, withReceived: boolean): Fn<Paths> =>
  fn({
    doc,
    in: ["request"],
    args: { user, params },
    returns: added,
    run: ({ msg }, { user, params }, state) => add(msg, state, { user, params, withReceived }),
  });

const addressAdder = (doc: string, withReceived: boolean): Fn<Paths> =>
  fn({
    doc,
    in: ["request"],
    args: { address: str("`host[:port]` to show."), user, params },
    returns: { 1: "the field will be in the message", [-1]: "that is no address" },
    run({ msg }, { address, user, params }, state) {
      if (address === "" || !parseUri(`sip:${address};lr`)?.host) return -1;
      return add(msg, state, { user, params, withReceived, address });
    },
  });

/** Sends the request where the `received` parameter of the own Route says. */
function useReceived({ msg }: Call, params: string, { receivedName, receivedFormat }: Paths): void {
  const value = uriParam(params, receivedName);
  if (!value) return;
  if (receivedFormat === 0) {
    const uri = value.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    msg.dstUri = uri;
  } else {
    const [ip, port, number] = value.split("~");
    const protocol = Object.entries(NUMBERS).find(([, it]) => String(it) === number)?.[0];
    if (!ip || !port || !protocol) return;
    msg.dstUri = `sip:${ip}:${port}${protocol === "udp" ? "" : `;transport=${protocol}`}`;
  }
  msg.uriConsumed = false;
}

export const path = module({
  name: "path",
  doc: "Path header fields of registrations.",
  params: {
    use_received: int("1: loose_route() sends the request where `received` of the own Route says; needs rr.", {
      fallback: 0,
    }),
    received_format: int("0: `received` is a SIP URI; 1: `address~port~protocol number`.", { fallback: 0 }),
    received_name: text("Name of the parameter with the source address.", { fallback: "received" }),
    enable_r2: int("1: adds two fields, for the socket that the request leaves by and the one it came in on.", {
      fallback: 0,
    }),
    sockname_mode: int("1: adds the name of the socket as parameter `sn`.", { fallback: 0 }),
  },
  start(params, core) {
    const state: Paths = {
      receivedFormat: Number(params.received_format),
      receivedName: params.received_name,
      twice: Number(params.enable_r2) !== 0,
      sockname: Number(params.sockname_mode) !== 0,
      shown: {
        advertisedAddress: core.config.str("advertised_address"),
        advertisedPort: core.config.int("advertised_port"),
      },
    };
    if (Number(params.use_received) === 0) return state;
    const rr = core.state<Rr>("rr");
    if (!rr) return "use_received needs the module rr, loaded before";
    rr.onLooseRoute.push((call, written) => useReceived(call, written, state));
    return state;
  },
  functions: {
    add_path: adder("Adds a Path with this server's address.", false),
    add_path_received: adder("Adds a Path with this server's address and the one that the request came from.", true),
    add_path_advertised_address: addressAdder("Adds a Path with a given address.", false),
    add_path_received_advertised_address: addressAdder(
      "Adds a Path with a given address and the one that the request came from.",
      true,
    ),
  },
  variables: {},
  commands: {},
  events: {},
});
