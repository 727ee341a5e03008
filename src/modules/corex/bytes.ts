/** event_route[network:msg]: the bytes of every message, before they are read and before they are sent (corex_nio.c). */
import type { Call } from "../../declare/call.ts";
import { type Core, LogLevel } from "../../declare/core.ts";
import { type BytesHook, declare, type Fn } from "../../declare/module.ts";
import { after } from "../../declare/value.ts";
import type { VariableRef } from "../../declare/variable.ts";
import { SipMessage } from "../../sip/message.ts";
import type { Corex } from "./corex.ts";

const { fn } = declare<Corex>();

export const BYTES_EVENT = "network:msg";
/** Bytes that Kamailio's buffer takes. */
const MOST = 65535;

/** What the parameters `nio_…` ask for. */
export interface BytesSettings {
  readonly shortest: number;
  /** What the event route leaves the changed bytes in. */
  readonly changed: VariableRef | undefined;
}

/** A string is the problem that refuses the script. */
export function bytesSettings(core: Core, shortest: number, avp: string): BytesSettings | string {
  const settings = { shortest: Math.max(shortest, 0) };
  if (avp === "") {
    core.log.write(LogLevel.warn, "corex: nio_msg_avp is not set, so messages cannot be changed\n");
    return { ...settings, changed: undefined };
  }
  const changed = core.variables.variable(avp);
  if (typeof changed === "string" || changed.name !== "avp") return `nio_msg_avp is no AVP: ${avp}`;
  return { ...settings, changed };
}

export function bytesHook(state: Corex): BytesHook | undefined {
  const { core, bytes: settings } = state;
  if (!settings) return undefined;
  // What the event route itself sends is not shown to it again.
  let running = false;
  return (text, incoming, received) => {
    if (running || text.length < settings.shortest) return text;
    running = true;
    const run = core.runEvent(BYTES_EVENT, new SipMessage(text, received), (call) => {
      if (incoming) call.raw = { text, received, changeable: false, event: 0 };
      else state.leaving.add(call);
    });
    running = false;
    return after(run, (call) => (call && settings.changed ? result(call, settings.changed, text, incoming) : text));
  };
}

function result(call: Call, variable: VariableRef, text: string, incoming: boolean): string {
  const { log } = call.core;
  const changed = variable.get(call);
  if (typeof changed !== "string") {
    const problem = changed === null || changed === undefined ? "is not set" : "is no text";
    log.write(LogLevel.warn, `corex: ${variable.text} ${problem}, the message stays as it is\n`);
    return text;
  }
  if (incoming && changed.length >= MOST) {
    log.write(LogLevel.err, `corex: ${changed.length} bytes are too many, the message stays as it is\n`);
    return text;
  }
  return changed;
}

export const bytesFunctions: Record<string, Fn<Corex>> = {
  is_incoming: fn({
    doc: "In event_route[network:msg]: tells whether the bytes came from the network, or are about to go there.",
    in: "any",
    args: {},
    returns: { 1: "they came", [-1]: "they are about to go, or nobody sees bytes" },
    run: (call, _, { bytes, leaving }) => (bytes === undefined || leaving.has(call) ? -1 : 1),
  }),
};
