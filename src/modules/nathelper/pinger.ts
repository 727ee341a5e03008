/** Keeping the way to registered contacts open: small datagrams, or SIP requests whose replies show that the contact lives. */
import type { Core } from "../../declare/core.ts";
import { type Answer, after } from "../../declare/value.ts";
import type { LocalSocket } from "../../sip/address.ts";
import { reverseHex } from "../../sip/build.ts";
import { bracketed } from "../../sip/ip.ts";
import type { SipMessage } from "../../sip/message.ts";
import { parseNameAddrs } from "../../sip/nameaddr.ts";
import { parseUri } from "../../sip/uri.ts";

/** A registered contact. */
export interface PingTarget {
  readonly contact: string;
  /** Where it was registered from; "" when that is the contact. */
  readonly received: string;
  readonly path: string;
  readonly socket: LocalSocket | undefined;
  /** Branch flags. */
  readonly flags: number;
  readonly ruid: string;
  readonly aorHash: number;
}

export interface PingSelection {
  /** Contacts with the NAT flag only; contacts that this server has registered only. */
  readonly natOnly: boolean;
  readonly ownOnly: boolean;
  /** Those whose `aorHash` leaves `part` when divided by `parts`. */
  readonly part: number;
  readonly parts: number;
}

/** What the pinger asks of the registrations: the state of usrloc is one. */
export interface Registrations {
  pingTargets(which: PingSelection): Answer<Iterable<PingTarget>>;
  /** A contact has answered. */
  refreshKeepalive(aorHash: number, ruid: string): void;
}

export interface PingSettings {
  /** Seconds in which every contact is pinged once. */
  readonly interval: number;
  readonly natOnly: boolean;
  readonly ownOnly: boolean;
  readonly ignorePath: boolean;
  readonly keepalive: boolean;
  readonly socket: LocalSocket | undefined;
  readonly from: string;
  readonly method: string;
  /** Branch flags as bits; 0 for none. */
  readonly sipFlag: number;
  readonly disableFlag: number;
}

export class Pinger {
  on = true;
  readonly #core: Core;
  readonly #settings: PingSettings;
  readonly #callId: string;
  #counter: number;
  #second = 0;
  #timer: ReturnType<Core["host"]["clock"]["after"]> | undefined;

  constructor(core: Core, settings: PingSettings) {
    this.#core = core;
    this.#settings = settings;
    this.#callId = reverseHex(Math.floor(core.host.random.next() * 0x7fffffff));
    this.#counter = Math.floor(core.host.random.next() * 0x7fffffff);
  }

  start(): void {
    this.#timer = this.#core.host.clock.after(1000, () => {
      if (this.on) this.#tick();
      this.#second = (this.#second + 1) % this.#settings.interval;
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #registrations(): Registrations | undefined {
    return this.#core.state<Registrations>("usrloc");
  }

  /** The contacts are spread over the interval by their address of record. */
  #tick(): void {
    const { interval, natOnly, ownOnly } = this.#settings;
    const selection = { natOnly, ownOnly, part: this.#second, parts: interval };
    void after(this.#registrations()?.pingTargets(selection) ?? [], (targets) => {
      for (const target of targets) void this.#ping(target);
    });
  }

  async #ping(target: PingTarget): Promise<void> {
    const { ignorePath, disableFlag, sipFlag, natOnly, from, socket } = this.#settings;
    if (target.flags & disableFlag) return;
    let uri = target.received || target.contact;
    if (target.path !== "" && !ignorePath) uri = parseNameAddrs(target.path, 0, target.path.length)?.[0]?.uri ?? "";
    const parsed = parseUri(uri);
    if (parsed === null || (parsed.transport !== "" && parsed.protocol !== "udp")) return;
    const to = await this.#core.resolve(uri, socket ?? target.socket);
    if (to === null || to.protocol !== "udp") return;
    to.socket = socket ?? target.socket ?? this.#core.sockets.toward("udp", to.ip);
    if (to.socket === undefined) return;
    const sip = from !== "" && ((target.flags & sipFlag) !== 0 || (!natOnly && sipFlag !== 0));
    await this.#core.sendRaw(to, sip ? this.#request(target, to.socket) : "\0\0\0\0");
  }

  #request(target: PingTarget, socket: LocalSocket): string {
    const { method, from } = this.#settings;
    const { host, port } = { host: socket.address, port: socket.port, ...socket.advertise };
    this.#counter = (this.#counter + 1) >>> 0;
    const count = reverseHex(this.#counter);
    const branch = 1_000_000 + Math.floor(this.#core.host.random.next() * 8_999_999);
    return [
      `${method} ${target.contact} SIP/2.0`,
      `Via: SIP/2.0/UDP ${bracketed(host)}:${port};branch=z9hG4bK${branch}`,
      ...(target.path === "" ? [] : [`Route: ${target.path}`]),
      `From: ${from};tag=${target.ruid}-${reverseHex(target.aorHash)}-${count}`,
      `To: ${target.contact}`,
      `Call-ID: ${this.#callId}-${count}-${reverseHex(this.#second)}@${socket.address}`,
      `CSeq: 1 ${method}`,
      "Max-Forwards: 70",
      "Content-Length: 0",
      "",
      "",
    ].join("\r\n");
  }

  /** Looks whether a reply answers a ping. */
  answered(reply: SipMessage): void {
    const { keepalive, method, from } = this.#settings;
    if (!keepalive || reply.via2 !== undefined || reply.cseqMethod !== method || reply.from?.uri !== from) return;
    const tag = /^(.+)-([0-9a-f]+)-[^-]*$/.exec(reply.from.tag);
    if (tag === null) return;
    const hash = Number.parseInt([...tag[2]!].reverse().join(""), 16);
    this.#registrations()?.refreshKeepalive(hash, tag[1]!);
  }
}
