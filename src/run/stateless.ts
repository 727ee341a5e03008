/** Replies and forwarding without a transaction (Kamailio's sl and core forward). */
import { type Counter, LogLevel } from "../declare/core.ts";
import { type Answer, after } from "../declare/value.ts";
import type { Destination, Protocol } from "../sip/address.ts";
import { buildForwardedReply, buildLocalReply, buildRequest } from "../sip/build.ts";
import { SipMessage } from "../sip/message.ts";
import type { Via } from "../sip/via.ts";
import { replyDestination } from "../transaction/wire.ts";
import { sentBy } from "./routes.ts";
import type { Server } from "./server.ts";

/** Kamailio's error codes (error.h) that scripts see in `$rc`. */
const E_NO_SOCKET = -7;
const E_SEND = -477;
const E_PROHIBITED = -510;

export class Stateless {
  readonly #server: Server;
  readonly #forwardedRequests: Counter;
  readonly #forwardedReplies: Counter;
  readonly #droppedReplies: Counter;
  #tagPrefix = "";

  constructor(server: Server) {
    this.#server = server;
    this.#forwardedRequests = server.statistics.counter("core", "fwd_requests");
    this.#forwardedReplies = server.statistics.counter("core", "fwd_replies");
    this.#droppedReplies = server.statistics.counter("core", "drop_replies");
  }

  /** Sends a reply to where the request came from (RFC 3261, 18.2.2; RFC 3581). 1, or -1 when it could not be sent. */
  reply(msg: SipMessage, code: number, reason: string): Answer<number> {
    const settings = this.#server.active.buildSettings;
    const text = buildLocalReply(msg, code, reason, code >= 180 && !msg.to?.tag ? this.toTag(msg) : "", settings);
    const to = replyDestination(msg);
    return after(this.#server.send(text, to), (sent) => {
      const seen = this.#server.active.repliesOut
        ? this.#server.routes.replyOut(new SipMessage(text, sentBy(to, this.#server.host.clock.now())), text, to)
        : undefined;
      return after(seen, () => (sent ? 1 : -1));
    });
  }

  /** Sends the request as edited to `to`, which `Server.resolve` has chosen, or the next place. 1, or a negative error. */
  forward(msg: SipMessage, to: Destination, branch = 0): Answer<number> {
    return this.#server.destinations.tryEach(to, (it) => this.#forwardTo(msg, it, branch));
  }

  #forwardTo(msg: SipMessage, to: Destination, index: number): Answer<number> {
    const { received } = msg;
    const { destinations } = this.#server;
    const outbound = to.socket ?? this.#server.sockets.toward(to.protocol, to.ip, received.socket);
    if (!outbound) return E_NO_SOCKET;
    let send = { inbound: received.socket, outbound, to: { ...to, socket: outbound } };
    // RFC 3261, 16.11: a stateless proxy computes the branch from the request, so that copies get the same one.
    const options = {
      ...this.#server.active.buildSettings,
      branch: this.#server.transactions.engine.statelessBranch(msg, index),
    };
    let text = buildRequest(msg, send, options);
    const stream = send.to.protocol === "udp" ? destinations.tooLarge(text.length, msg, send.to) : undefined;
    if (stream?.socket) {
      send = { inbound: received.socket, outbound: stream.socket, to: { ...stream, socket: stream.socket } };
      text = buildRequest(msg, send, options);
    }
    const allowed = this.#server.routes.onSend(msg, text, send.to);
    return after(allowed, (outcome) => {
      if (outcome?.dropped) return E_PROHIBITED;
      if (destinations.places.has(send.to)) return E_SEND;
      return after(this.#server.send(text, send.to), (sent) => {
        if (sent) this.#forwardedRequests.value++;
        else destinations.places.add(send.to, "send");
        return sent ? 1 : E_SEND;
      });
    });
  }

  /**
   * Passes a reply on to its second Via (RFC 3261, 16.7 (1)). One whose topmost Via is not ours, or that has no
   * other, is dropped. False: it was not sent.
   */
  forwardReply(msg: SipMessage): Answer<boolean> {
    const server = this.#server;
    const [own, next] = msg.vias;
    if (!own || !server.isMyself(own.host, own.port)) {
      server.log.write(
        LogLevel.notice,
        `reply from ${msg.received.srcIp} dropped: the host in its first Via is not ours\n`,
      );
      return false;
    }
    if (!next) return false;
    const protocol = next.transport.toLowerCase() as Protocol;
    const connection = protocol === "udp" ? 0 : connectionOf(next);
    const host = next.received?.value ?? next.host;
    const port = Number(next.rport?.value || next.portText || 0);
    return after(server.destinations.targets(host, port, protocol), ([target]) => {
      const socket = target && server.sockets.toward(protocol, target.ip, msg.received.socket, msg.forceSendSocket);
      if (!socket) return false;
      const to: Destination = { socket, protocol, ip: target.ip, port: target.port, connection };
      const text = buildForwardedReply(msg, { inbound: msg.received.socket, outbound: socket, to });
      return after(server.send(text, to), (sent) => {
        (sent ? this.#forwardedReplies : this.#droppedReplies).value++;
        return sent;
      });
    });
  }

  /** The same for every copy of a request: an MD5 of this server, a dot, and sums over its sender with branch and Call-ID. */
  toTag(msg: SipMessage): string {
    if (this.#tagPrefix === "") {
      const { host, sockets } = this.#server;
      const [first] = sockets.all;
      const name = `${first?.protocol}:${first?.address}:${first?.port}`;
      this.#tagPrefix = `${host.hash("md5", `stateless ${host.process.hostname} ${name}`)}.`;
    }
    const via = msg.via1;
    const [host, port] = via ? [via.host, via.port || ""] : ["", ""];
    const branch = via?.branch?.value ?? "";
    return this.#tagPrefix + checksum(`${host}${port}${branch}`) + checksum(`${port}${host}${msg.callId}`);
  }
}

/** The connection that our own `i` parameter of a Via names: hexadecimal, least significant digit first. */
function connectionOf(via: Via): number {
  const digits = via.i?.value ?? "";
  return digits === "" ? 0 : Number.parseInt([...digits].reverse().join(""), 16) || 0;
}

/** CRC-16 (CCITT) as four hexadecimal digits. */
function checksum(text: string): string {
  let crc = 0xffff;
  for (let i = 0; i < text.length; i++) {
    crc ^= text.charCodeAt(i) << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc.toString(16).padStart(4, "0");
}
