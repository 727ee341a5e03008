/** Reads the PROXY header of a connection before anything else of it. */
import type { Socket } from "node:net";
import { parseProxyHeader } from "../../transport/proxy-protocol.ts";
import type { ListenOptions } from "../../transport/socket.ts";
import type { Ends } from "./tls.ts";

/** `take` gets the connection, with what follows the header unread. Without a fit header it is closed. */
export function readProxyHeader(
  socket: Socket,
  { wait, required }: NonNullable<ListenOptions["proxied"]>,
  take: (socket: Socket, ends?: Ends) => void,
): void {
  let bytes = Buffer.alloc(0);
  const finish = (): void => {
    clearTimeout(timer);
    socket.off("readable", read);
  };
  const refuse = (): void => {
    finish();
    socket.destroy();
  };
  const read = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    bytes = Buffer.concat([bytes, chunk]);
    const found = parseProxyHeader(bytes.toString("latin1"));
    if (found.kind === "more") return;
    if (found.kind === "wrong" || (found.kind === "none" && required)) return refuse();
    finish();
    socket.off("error", refuse);
    const rest = found.kind === "header" ? bytes.subarray(found.length) : bytes;
    if (rest.length > 0) socket.unshift(rest);
    const ends = found.kind === "header" ? found.ends : undefined;
    const carrier = { address: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 };
    take(socket, ends && { ...ends, carrier });
  };
  const timer = setTimeout(refuse, wait);
  socket.once("error", refuse);
  socket.once("close", finish);
  socket.on("readable", read);
}
