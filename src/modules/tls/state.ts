/** What the parts of the module tls share. */
import type { Call } from "../../declare/call.ts";
import { type Core, LogLevel } from "../../declare/core.ts";
import { declare } from "../../declare/module.ts";
import type { TlsFacts, TlsProfiles } from "../../sip/secure.ts";
import type { Newest } from "../newest.ts";

export interface Tls {
  readonly core: Core;
  /** Makes profiles of the files as they are now; a string says why that is impossible. */
  readonly load: () => TlsProfiles | string;
  /** Undefined where TLS is disabled. */
  profiles: TlsProfiles | undefined;
  /** Those of every script that has not ended. */
  readonly inForce: Newest<TlsProfiles>;
  /** tls_set_connect_server_id: for the next connection that is opened; "" for none. */
  nextId: string;
}

export const { fn, pv, rpc, module } = declare<Tls>();

/** What is known of the connection that the message came on; undefined, with a line in the log, when it has no TLS. */
export function factsOf({ core, msg }: Call): TlsFacts | undefined {
  const { protocol, connection } = msg.received;
  if (protocol !== "tls" && protocol !== "wss") {
    core.log.write(LogLevel.err, "tls: the message did not come over TLS\n");
    return undefined;
  }
  const facts = core.streams?.secured(connection);
  if (!facts) core.log.write(LogLevel.info, "tls: the connection of the message is gone\n");
  return facts;
}
