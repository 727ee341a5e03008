/** Functions of corex on the Via fields of what is sent, and flags that travel in them. */
import type { Call } from "../../declare/call.ts";
import type { Lists } from "../../declare/lists.ts";
import { declare, type Fn, int, text } from "../../declare/module.ts";
import type { Protocol } from "../../sip/address.ts";
import { VIA_FLAGS } from "../../sip/build.ts";
import type { SipMessage, ViaAdditions, ViaFields } from "../../sip/message.ts";
import type { Corex } from "./corex.ts";

const { fn } = declare<Corex>();

const MARKS = {
  serverId: "via-srvid",
  params: "via-xavp-params",
  fields: "via-xavp-fields",
  replyParams: "via-reply-xavp-params",
} as const;

const MAX_FLAG = 31;

const PROTOCOLS: ReadonlySet<string> = new Set(["udp", "tcp", "tls", "sctp", "ws", "wss"]);

class Additions implements ViaAdditions {
  readonly #lists: Lists;
  readonly #state: Corex;

  constructor(lists: Lists, state: Corex) {
    this.#lists = lists;
    this.#state = state;
  }

  params(msg: SipMessage): string {
    const { config } = this.#state.core;
    let out = "";
    const serverId = msg.marked(MARKS.serverId) ? config.int("server_id") : 0;
    if (serverId !== 0) out += `;srvid=${serverId >>> 0}`;
    if (msg.marked(MARKS.params)) out += this.#serialized(config.str("xavp_via_params"));
    return out;
  }

  fields(msg: SipMessage): ViaFields | undefined {
    const name = msg.marked(MARKS.fields) ? this.#state.core.config.str("xavp_via_fields") : "";
    if (name === "") return undefined;
    const protocol = this.#text(name, "proto")?.toLowerCase();
    return {
      address: this.#text(name, "address"),
      port: this.#text(name, "port"),
      protocol: protocol !== undefined && PROTOCOLS.has(protocol) ? (protocol as Protocol) : undefined,
    };
  }

  replyParams(msg: SipMessage): string {
    if (!msg.marked(MARKS.replyParams)) return "";
    return this.#serialized(this.#state.core.config.str("xavp_via_reply_params"));
  }

  /** The first text of that name in a XAVP. */
  #text(xavp: string, name: string): string | undefined {
    const fields = this.#lists.xavps.sub(xavp);
    const value = fields?.items.find((it) => it.name === name && typeof it.value === "string")?.value;
    return typeof value === "string" ? value : undefined;
  }

  /** `;name=value` of each field of a XAVP, the one that was added last first; numbers have no sign. */
  #serialized(xavp: string): string {
    let out = "";
    for (const { name, value } of this.#lists.xavps.sub(xavp)?.items ?? []) {
      if (value === "") out += `;${name}`;
      else if (typeof value === "string") out += `;${name}=${value}`;
      else if (typeof value === "number" || typeof value === "bigint")
        out += `;${name}=${BigInt.asUintN(64, BigInt(value))}`;
    }
    return out;
  }
}

const attach = ({ msg, lists }: Call, state: Corex): void => {
  msg.viaAdditions ??= new Additions(lists, state);
};

const mode = (doc: string, mark: string): Fn<Corex> =>
  fn({
    doc,
    in: "any",
    args: { mode: int("0 turns it off, any other number on.") },
    returns: { 1: "always" },
    run(call, { mode }, state) {
      attach(call, state);
      if (Number(mode) === 0) call.msg.unmark(mark);
      else call.msg.mark(mark);
      return 1 as const;
    },
  });

const flag = { flag: int("Number of the flag, 0 to 31.") };
const known = (it: number | bigint): number | undefined => (it >= 0 && it <= MAX_FLAG ? Number(it) : undefined);

export const viaFunctions: Record<string, Fn<Corex>> = {
  via_add_srvid: mode(
    "Shows the core parameter server_id as `srvid` in the own Via, when it is not 0.",
    MARKS.serverId,
  ),
  via_add_xavp_params: mode(
    "Adds the fields of the XAVP that the core parameter xavp_via_params names as parameters to the own Via.",
    MARKS.params,
  ),
  via_use_xavp_fields: mode(
    "Shows `address`, `port` and `proto` of the XAVP that the core parameter xavp_via_fields names in the own Via.",
    MARKS.fields,
  ),
  via_reply_add_xavp_params: mode(
    "Adds the fields of the XAVP that xavp_via_reply_params names to the Via of replies to this request.",
    MARKS.replyParams,
  ),
  msg_vbflag_set: fn({
    doc: "Sets a flag that the own Via carries, in its parameter `kvf`, and that comes back with replies.",
    in: "any",
    args: flag,
    returns: { 1: "done", [-1]: "there is no such flag" },
    run({ msg }, { flag }) {
      const bit = known(flag);
      if (bit === undefined) return -1;
      msg.viaFlags = (msg.viaFlags | (1 << bit)) >>> 0;
      return 1;
    },
  }),
  msg_vbflag_reset: fn({
    doc: "Clears a flag that the own Via carries.",
    in: "any",
    args: flag,
    returns: { 1: "done", [-1]: "there is no such flag" },
    run({ msg }, { flag }) {
      const bit = known(flag);
      if (bit === undefined) return -1;
      msg.viaFlags = (msg.viaFlags & ~(1 << bit)) >>> 0;
      return 1;
    },
  }),
  msg_vbflag_is_set: fn({
    doc: "Tells whether a flag that the own Via carries is set.",
    in: "any",
    args: flag,
    returns: { 1: "it is", [-1]: "it is not, or there is no such flag" },
    run({ msg }, { flag }) {
      const bit = known(flag);
      return bit !== undefined && (msg.viaFlags >>> bit) & 1 ? 1 : -1;
    },
  }),
  msg_vbflag_parse: fn({
    doc: "Takes the flags from the parameter `kvf` of the topmost Via.",
    in: "any",
    args: { any: text("Nothing depends on it, but Kamailio wants it.", { fallback: "" }) },
    returns: { 1: "done", [-1]: "there is no such parameter, or it has no value" },
    run({ msg }) {
      const value = msg.via1?.params.find((it) => it.name.toLowerCase() === VIA_FLAGS && it.value)?.value;
      if (!value) return -1;
      // What is no number changes nothing; of a longer one the last 32 bits count (hexstr2int).
      if (/^[0-9a-f]+$/i.test(value)) msg.viaFlags = Number.parseInt(value.slice(-8), 16);
      return 1;
    },
  }),
};
