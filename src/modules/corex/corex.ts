/** corex: branches, sockets, raw data, files, and more of the core's variables. Follows Kamailio's src/modules/corex. */

import type { Call } from "../../declare/call.ts";
import type { Core } from "../../declare/core.ts";
import { declare, int, text } from "../../declare/module.ts";
import type { Protocol } from "../../sip/address.ts";
import { branchFunctions } from "./branches.ts";
import { BYTES_EVENT, type BytesSettings, bytesFunctions, bytesHook, bytesSettings } from "./bytes.ts";
import { commands } from "./commands.ts";
import { type GivenRecord, parseRecord, putRecords, readRecords } from "./dns-records.ts";
import { flagFunctions } from "./flags.ts";
import { forwardFunctions } from "./forward.ts";
import { internalFlagFunctions } from "./internal-flags.ts";
import { sendFunctions } from "./send.ts";
import { sockClass } from "./socket-text.ts";
import { socketFunctions } from "./sockets.ts";
import { parseSubdomains, type Subdomains } from "./subdomains.ts";
import { variables } from "./variables.ts";
import { viaFunctions } from "./vias.ts";

export interface Corex {
  readonly core: Core;
  readonly subdomains: readonly Subdomains[];
  /** Undefined unless the script wants to see bytes. */
  readonly bytes: BytesSettings | undefined;
  /** Runs over bytes that are about to be sent. */
  readonly leaving: WeakSet<Call>;
  /** What the script knows of names. */
  readonly records: readonly GivenRecord[];
  /** Replies are shown to an event route. */
  readonly showsReplies: boolean;
}

const REPLY_EVENT = "corex:reply-out";
const { module } = declare<Corex>();

export const corex = module({
  name: "corex",
  doc: "Branches, sockets, raw data, files, and more of the core's variables.",

  params: {
    alias_subdomains: text("A domain that, with all domains below it, is this server's: `[protocol:]domain[:port]`."),
    dns_cache: text("A DNS record that is known: `type=A;name=example.com;addr=192.0.2.1;ttl=3600;flags=0`.", {
      optional: true,
    }),
    dns_file: text("A file with such records, one a line.", { optional: true }),
    nio_intercept: int("Not 0: event_route[network:msg] sees the bytes of every message.", { fallback: 0 }),
    nio_min_msg_len: int("Bytes that a message must have for that.", { fallback: 0 }),
    nio_msg_avp: text("The AVP in which that event route leaves the bytes to use: `$avp(msg)`.", { fallback: "" }),
    evcb_reply_out: text("Function of a script in another language for replies; corex:reply-out then does not run.", {
      fallback: "",
    }),
  },
  repeated: ["alias_subdomains", "dns_cache", "dns_file"],

  start(params, core) {
    const subdomains: Subdomains[] = [];
    for (const written of (params.alias_subdomains as unknown as readonly string[] | undefined) ?? []) {
      const parsed = parseSubdomains(written);
      if (typeof parsed === "string") return parsed;
      subdomains.push(parsed);
    }
    const records: GivenRecord[] = [];
    for (const written of (params.dns_cache as unknown as readonly string[] | undefined) ?? []) {
      const record = parseRecord(written);
      if (typeof record === "string") return record;
      records.push(record);
    }
    for (const path of (params.dns_file as unknown as readonly string[] | undefined) ?? []) {
      const found = readRecords(core, path);
      if (typeof found === "string") return found;
      records.push(...found);
    }
    if (records.length > 0 && core.config.int("use_dns_cache") === 0) return "records of names need use_dns_cache";
    let bytes: BytesSettings | undefined;
    if (params.nio_intercept > 0) {
      const settings = bytesSettings(core, Number(params.nio_min_msg_len), params.nio_msg_avp);
      if (typeof settings === "string") return settings;
      bytes = settings;
    }
    return { core, subdomains, bytes, leaving: new WeakSet(), records, showsReplies: params.evcb_reply_out === "" };
  },

  isMyself: (host: string, port: number, protocol: Protocol | undefined, { subdomains }) =>
    subdomains.some((it) => it.has(host, port, protocol)),

  open({ bytes }, core) {
    if (bytes && !core.block("event", BYTES_EVENT))
      throw new Error(`corex: nio_intercept needs event_route[${BYTES_EVENT}]`);
  },
  serve: ({ records }, core) => putRecords(core, records),
  bytes: bytesHook,
  repliesOut: ({ showsReplies }) => (showsReplies ? REPLY_EVENT : ""),

  functions: {
    ...bytesFunctions,
    ...branchFunctions,
    ...forwardFunctions,
    ...sendFunctions,
    ...socketFunctions,
    ...flagFunctions,
    ...internalFlagFunctions,
    ...viaFunctions,
  },
  variables,
  transformations: { sock: sockClass },
  commands,
  events: {
    [BYTES_EVENT]: "Bytes came from the network or are about to go there, with `nio_intercept`; `$mb` has them.",
    [REPLY_EVENT]: "A reply goes upstream; `$snd(...)` tells where.",
  },
});
