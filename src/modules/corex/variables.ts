/** Variables of corex. */

import type { Call } from "../../declare/call.ts";
import type { Core } from "../../declare/core.ts";
import { declare, type Pv } from "../../declare/module.ts";
import type { Read } from "../../declare/value.ts";
import type { LocalSocket } from "../../sip/address.ts";
import type { Async } from "../async/index.ts";
import type { Corex } from "./corex.ts";

const { pv } = declare<Corex>();

/** `protocol:address:port`, IPv6 in brackets. */
export const socketText = ({ protocol, address, port, family }: LocalSocket): string =>
  `${protocol}:${family === 6 ? `[${address}]` : address}:${port}`;

/** What is advertised in the socket's place; "" when nothing is. */
export const advertised = ({ protocol, port, advertise }: LocalSocket): string =>
  advertise ? `${protocol}:${advertise.host}:${advertise.port ?? port}` : "";

const EXPRESSION = /^([nlai])\/([^/]*)\/([nlai])[^/]*$/;

/** `match/value/field`: the socket by name, listen address, advertised address or index, and what to give of it. */
function lookUp(expression: string, { sockets }: Core): Read {
  const parts = EXPRESSION.exec(expression);
  if (!parts) return undefined;
  const [, by, value = "", field] = parts;
  const socket =
    by === "n"
      ? sockets.byName(value)
      : by === "l"
        ? sockets.all.find((it) => socketText(it) === value)
        : by === "a"
          ? sockets.all.find((it) => it.advertise && advertised(it) === value)
          : // Kamailio never reads the index that was written: it is always the first.
            sockets.all[0];
  if (!socket) return null;
  if (field === "n") return socket.name ?? "";
  if (field === "l") return socketText(socket);
  return field === "a" ? advertised(socket) : sockets.all.indexOf(socket);
}

export const variables: Record<string, Pv<Corex>> = {
  cfg: pv({
    doc: "Where the script runs.",
    position: true,
    keys: { line: "Line number.", name: "The file.", file: "The file.", route: "Name of the route block." },
    get(call: Call, key) {
      if (key === "line") return call.line;
      return key === "route" ? call.route || "DEFAULT_ROUTE" : call.file || null;
    },
  }),
  atkv: pv({
    doc: "What async_tkv_emit (module async) handed to the event route; null elsewhere.",
    keys: { type: "The number.", key: "The name.", val: "The text.", gname: "Name of the group of workers." },
    get(call, key, { core }) {
      const given = core.state<Async>("async")?.tkv.get(call);
      if (given === undefined) return null;
      return { type: given.type, key: given.key, val: given.value, gname: given.group }[key];
    },
  }),
  lsock: pv({
    doc: "A field of a socket: `match/value/field` with n name, l listen address, a advertised address, i index.",
    bind(written, core, _state, variables) {
      if (!written.inner) return "$lsock needs an expression in parentheses";
      const format = variables.format(written.inner);
      if (typeof format === "string") return format;
      return { get: (call) => lookUp(format.expand(call), core) };
    },
  }),
};
