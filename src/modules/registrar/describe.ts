/** What a registration says of each of its contacts (Kamailio's pack_ci). */
import type { Call } from "../../declare/call.ts";
import { toText } from "../../declare/variables-values.ts";
import type { LocalSocket } from "../../sip/address.ts";
import { HeaderType } from "../../sip/headers.ts";
import type { NameAddr } from "../../sip/nameaddr.ts";
import type { ContactInfo } from "../usrloc/contact.ts";
import { qOf } from "./contacts.ts";
import { allowedMethods, methodsOf } from "./methods.ts";
import { pathOf } from "./path.ts";
import { type Problem, Problems } from "./problems.ts";
import { configuredInt, configuredText, PathMode, type Registrar } from "./state.ts";

/** The longest `received` address, and User-Agent that is kept. */
const RECEIVED_MAX = 255;
const AGENT_MAX = 255;

type Common = Omit<ContactInfo, "uri" | "expires" | "q" | "methods" | "instance" | "ruid">;

export class Describer {
  readonly #call: Call;
  readonly #state: Registrar;
  readonly #usesRegId: boolean;
  readonly #common: Common;
  /** Both stay in force for the contacts behind the one that has them, as in Kamailio. */
  #received: string;
  #regId = 0;

  private constructor(call: Call, state: Registrar, usesRegId: boolean, common: Common) {
    this.#call = call;
    this.#state = state;
    this.#usesRegId = usesRegId;
    this.#common = common;
    this.#received = common.received;
  }

  /** Reads what is common to all contacts. */
  static of(
    call: Call,
    contacts: readonly NameAddr[],
    flags: number,
    usesRegId: boolean,
    state: Registrar,
  ): Describer | Problem {
    const { msg } = call;
    const { settings, usrloc, core } = state;
    const path = settings.usePath ? pathOf(msg, settings) : { path: "", received: "" };
    if (path === null) return Problems.path;
    if (path.path !== "" && settings.pathMode !== PathMode.off) msg.path = path.path;
    const agent = msg.first(HeaderType.userAgent) ?? "";
    const set = configuredInt(call, state, "tcpconn_id") ?? 0;
    const describer = new Describer(call, state, usesRegId, {
      received: path.received,
      path: path.path,
      callId: msg.callId.trimEnd(),
      cseq: msg.cseq?.number ?? 0,
      flags,
      cflags: (msg.branchFlags | (path.received === "" ? 0 : usrloc.settings.rules.natFlag)) >>> 0,
      userAgent: agent.length > 0 && agent.length < AGENT_MAX ? agent : "n/a",
      socket: namedSocket(call, state) ?? msg.received.socket,
      regId: 0,
      connection: set > 0 ? set : msg.received.connection > 0 ? msg.received.connection : -1,
      serverId: core.config.int("server_id"),
      modified: usrloc.now,
      attributes: usrloc.attributesOf(call),
    });
    return describer.#readRegId(contacts[0]!) ? describer : Problems.regId;
  }

  /** False when the contact has a reg-id that is no positive number. */
  #readRegId(contact: NameAddr): boolean {
    const text = contact.param("reg-id")?.value ?? "";
    if (!this.#usesRegId || text === "" || !contact.param("+sip.instance")) return true;
    if (!/^\d{1,10}$/.test(text) || Number(text) === 0 || Number(text) > 0xffffffff) return false;
    this.#regId = Number(text);
    return true;
  }

  info(contact: NameAddr, expires: number): ContactInfo | Problem {
    const call = this.#call;
    const q = qOf(call, contact, this.#state);
    if (q === null) return Problems.q;
    const listed = contact.param("methods")?.value;
    const methods = listed === undefined ? allowedMethods(call.msg) : methodsOf(listed);
    if (methods === null) return Problems.parse;
    if (this.#received === "") {
      const received = contact.param("received")?.value ?? this.#receivedAvp();
      if (received.length > RECEIVED_MAX) return Problems.contactLength;
      this.#received = received;
    }
    if (!this.#readRegId(contact)) return Problems.regId;
    return {
      ...this.#common,
      uri: contact.uri,
      expires,
      q,
      methods,
      received: this.#received,
      instance: contact.param("+sip.instance")?.value ?? "",
      regId: this.#regId,
      ruid: this.#state.ruids.next(),
    };
  }

  #receivedAvp(): string {
    const value = this.#state.settings.receivedAvp?.get(this.#call);
    return toText(value);
  }
}

/** The socket that a header field or the script names for this registration. */
function namedSocket(call: Call, state: Registrar): LocalSocket | undefined {
  const { msg, core } = call;
  const { socketFlag, socketHeader } = state.settings;
  if (socketFlag === 0 || (msg.flags & socketFlag) === 0) return undefined;
  const header = socketHeader === "" ? undefined : msg.named(socketHeader)[0];
  if (socketHeader !== "" && header === undefined) return undefined;
  const text = header ? msg.value(header).trim() : configuredText(call, state, "socket");
  return text === "" ? undefined : core.sockets.parse(text);
}
