/** The sockets of a ladder's peers on the simulated network. */
import type { LocalSocket, ReceiveInfo, Protocol as SipProtocol } from "../../sip/address.ts";
import { SipMessage } from "../../sip/message.ts";
import { Framer } from "../../transport/framing.ts";
import type { ListenSocket } from "../../transport/listen.ts";
import type { Datagrams, Stream, StreamHandlers } from "../../transport/socket.ts";
import type { Simulation } from "../simulation.ts";
import { familyOf, uriHost } from "./address.ts";
import type { PeerLine, Protocol, Step } from "./ladder.ts";
import { type Arrived, Peer, type Written } from "./peer.ts";
import { WebSocketClient } from "./websocket.ts";

const FRAMES = { longest: 65_535, acceptNoLength: false };
const STREAM = { noDelay: true };

/** How a message seems to have come to a peer. */
export function receivedBy(peer: Peer, ip: string, port: number, protocol: SipProtocol = peer.protocol): ReceiveInfo {
  const { address } = peer;
  const socket: LocalSocket = { protocol, address, port: peer.port, family: familyOf(address), virtual: false };
  return { socket, protocol, srcIp: ip, srcPort: port, dstIp: address, dstPort: peer.port, connection: 0, time: 0 };
}

/** The peers that the steps name, in the order of their first mention: 127.0.0.2 and so on unless a `peer` line says else. */
export function peersOf(steps: readonly Step[]): Map<string, Peer> {
  const lines = new Map<string, PeerLine>();
  for (const step of steps) if (step.kind === "peer") lines.set(step.name, step);
  const peers = new Map<string, Peer>();
  const add = (name: string): void => {
    if (name === "proxy" || peers.has(name)) return;
    const line = lines.get(name);
    peers.set(name, new Peer(name, line?.address ?? `127.0.0.${peers.size + 2}`, line));
  };
  for (const step of steps) {
    if (step.kind === "peer") add(step.name);
    if (step.kind === "arrow") for (const name of [step.from, step.to]) add(name);
  }
  return peers;
}

/** A stream of a peer, and how messages are written to it. */
interface Line {
  readonly stream: Stream;
  send(text: string): void;
}

export interface WireEvents {
  arrived(it: Arrived): void;
  /** Something that no ladder wants happened to a peer. */
  failed(peer: Peer, message: string): void;
}

export class Wires {
  readonly #simulation: Simulation;
  readonly #events: WireEvents;
  readonly #datagrams = new Map<Peer, Datagrams>();
  /** The stream that a peer has used last. */
  readonly #lines = new Map<Peer, Line>();

  constructor(simulation: Simulation, events: WireEvents) {
    this.#simulation = simulation;
    this.#events = events;
  }

  /** What keeps the peer from listening. */
  open(peer: Peer): string | undefined {
    const { network } = this.#simulation;
    const at = peer.behind ?? peer;
    try {
      for (const protocol of peer.protocols)
        if (protocol === "udp") {
          const message = (text: string, ip: string, port: number): void => this.#take(peer, text, ip, port, "udp");
          this.#datagrams.set(peer, network.bindNow(at, { message, failed: () => {} }));
        } else if (protocol === "tcp" || protocol === "tls") {
          const listen = { address: at.address, port: at.port, family: familyOf(at.address), ...STREAM };
          network.listenNow(listen, (stream) => this.#read(peer, stream, protocol));
        }
    } catch (error) {
      return (error as Error).message;
    }
    return undefined;
  }

  /** Sends to a socket of the proxy: a reply to where its request came from. What is wrong when that cannot be. */
  send(
    peer: Peer,
    { text, answers }: Exclude<Written, { wrong: string }>,
    port: number | undefined,
  ): string | undefined {
    const asked = answers?.received;
    const protocol = (asked?.protocol ?? peer.protocol) as Protocol;
    const line = this.#lines.get(peer);
    if (protocol !== "udp" && line) {
      line.send(text);
      return undefined;
    }
    if (protocol === "udp" && asked && port === undefined) {
      this.#datagrams.get(peer)!.send(text, asked.srcIp, asked.srcPort);
      return undefined;
    }
    const to = this.#socketFor(peer, protocol, port);
    if (!to)
      return `the proxy has no ${protocol} socket${port ? ` on port ${port}` : ""} that ${peer.name} could reach`;
    if (protocol === "udp") this.#datagrams.get(peer)!.send(text, to.address, to.port);
    else this.#connect(peer, protocol, to).send(text);
    return undefined;
  }

  /** Sends to another peer, past the proxy. */
  sendDirectly(peer: Peer, text: string, to: Peer): void {
    this.#datagrams.get(peer)?.send(text, to.address, to.port);
  }

  close(peer: Peer): void {
    this.#lines.get(peer)?.stream.destroy();
    this.#lines.delete(peer);
  }

  /** The first that speaks the protocol and the address family, on that port where one is given. */
  #socketFor(peer: Peer, protocol: Protocol, port: number | undefined): ListenSocket | undefined {
    const carrier = protocol === "ws" ? "tcp" : protocol === "wss" ? "tls" : protocol;
    return this.#simulation.server.sockets.all.find(
      (it) =>
        it.protocol === carrier && it.family === familyOf(peer.address) && (port === undefined || it.port === port),
    );
  }

  #connect(peer: Peer, protocol: Protocol, to: ListenSocket): Line {
    let handlers: StreamHandlers | undefined;
    const from = peer.behind ?? peer;
    const stream = this.#simulation.network.connect(
      { address: to.address, port: to.port, localAddress: from.address, ...STREAM },
      { data: (bytes) => handlers?.data(bytes), closed: (reason) => handlers?.closed(reason) },
    );
    if (protocol === "tcp" || protocol === "tls") handlers = this.#read(peer, stream, protocol);
    else {
      const client = new WebSocketClient(
        (bytes) => stream.write(bytes),
        (text) => this.#take(peer, text, to.address, to.port, protocol),
        (answer) => this.#events.failed(peer, `the proxy refused the WebSocket: ${answer}`),
      );
      handlers = { data: (bytes) => client.data(bytes), closed: () => this.#gone(peer, stream) };
      this.#lines.set(peer, { stream, send: (text) => client.send(text) });
      client.open(`${uriHost(to.address)}:${to.port}`);
    }
    return this.#lines.get(peer)!;
  }

  #read(peer: Peer, stream: Stream, protocol: "tcp" | "tls"): StreamHandlers {
    const framer = new Framer(FRAMES);
    const line = { stream, send: (text: string) => stream.write(text) };
    this.#lines.set(peer, line);
    return {
      data: (bytes) => {
        this.#lines.set(peer, line);
        framer.push(bytes);
        for (let frame = framer.next(); frame; frame = framer.next())
          if (frame.kind === "message")
            this.#take(peer, frame.text, stream.remote.address, stream.remote.port, protocol);
          else if (frame.kind === "problem") return stream.destroy();
      },
      closed: () => this.#gone(peer, stream),
    };
  }

  #gone(peer: Peer, stream: Stream): void {
    if (this.#lines.get(peer)?.stream === stream) this.#lines.delete(peer);
  }

  #take(peer: Peer, text: string, ip: string, port: number, protocol: Protocol): void {
    const msg = new SipMessage(text, receivedBy(peer, ip, port, protocol));
    peer.received(msg);
    this.#events.arrived({ to: peer.name, text, msg, at: this.#simulation.host.clock.now() });
  }
}
