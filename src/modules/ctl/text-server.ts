/** Serves the old text protocol over a FIFO, a stream or datagrams. */
import { type Core, LogLevel } from "../../declare/core.ts";
import type { ControlHandlers } from "../../declare/host.ts";
import { RpcFault } from "../../declare/module.ts";
import { longestTextRequest, type TextRequest, textFault, textReply, textRequests } from "./text.ts";

/** Kamailio's folder of reply FIFOs. */
const replyFolder = "/tmp/";

const complain = (core: Core, problem: string): void => core.log.write(LogLevel.err, `ctl: ${problem}\n`);

async function answer(core: Core, { method, args }: TextRequest): Promise<string> {
  const command = core.command(method);
  if (!command) return textFault(500, `Command '${method}' not found`);
  try {
    return textReply(await command.run(args));
  } catch (error) {
    if (error instanceof RpcFault) return textFault(error.code, error.message);
    complain(core, `command ${method} failed: ${error instanceof Error ? error.message : String(error)}`);
    return textFault(500, "Internal Server Error");
  }
}

/** Runs requests one after the other; `send` takes the answers of those that name no FIFO. */
function server(core: Core, send: ((text: string) => void) | undefined): (bytes: string) => void {
  let pending = "";
  let order: Promise<void> = Promise.resolve();
  const serve = async (request: TextRequest): Promise<void> => {
    const text = await answer(core, request);
    if (send) return send(text);
    const name = request.replyTo;
    if (name === "" || /[./\\]/.test(name)) return complain(core, `no name of a reply FIFO: "${name}"`);
    if (!(await core.host.control.writeFifo?.(replyFolder + name, text)))
      complain(core, `no client reads ${replyFolder}${name}`);
  };
  return (bytes) => {
    const { requests, rest } = textRequests(pending + bytes);
    pending = rest.length > longestTextRequest ? "" : rest;
    for (const request of requests) {
      if (request) order = order.then(() => serve(request));
      else complain(core, "a request must begin with :command:");
    }
  };
}

/** `fifo`: answers go to the FIFOs that requests name. */
export const textHandlers = (core: Core, fifo: boolean): ControlHandlers => ({
  connection: (connection) => ({
    data: server(core, fifo ? undefined : (text) => connection.write(text)),
    closed() {},
  }),
  datagram: (data, reply) => server(core, reply)(`${data}\n\n`),
});
