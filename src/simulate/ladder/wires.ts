/** The sockets of a ladder's peers on the simulated network. */
import type { LocalSocket, ReceiveInfo } from "../../sip/address.ts";
import { SipMessage } from "../../sip/message.ts";
import { Framer } from "../../transport/framing.ts";
import type { Datagrams, Stream, StreamHandlers } from "../../transport/socket.ts";
import type { Sockets } from "../../transport/sockets.ts";
import type { Simulation } from "../simulation.ts";
import { type Arrived, Peer } from "./peer.ts";
import type { PeerLine, Step } from "./read.ts";

const FRAMES = { longest: 65_535, acceptNoLength: false };
const STREAM = { noDelay: true };

/** How a message seems to have come to a peer. */
export function receivedBy(peer: Peer, ip: string, port: number): ReceiveInfo {
  const family = peer.address.includes(":") ? 6 : 4;
  const socket: LocalSocket = {
    protocol: peer.protocol,
    address: peer.address,
    port: peer.port,
    family,
    virtual: false,
  };
  return {
    socket,
    protocol: peer.protocol,
    srcIp: ip,
    srcPort: port,
    dstIp: peer.address,
    dstPort: peer.port,
    connection: 0,
    time: 0,
  };
}

/** The peers that the steps name, in the order of their first mention: 127.0.0.2 and so on unless a `peer` line says else. */
export function peersOf(steps: readonly Step[]): Map<string, Peer> {
  const lines = new Map<string, PeerLine>();
  for (const step of steps) if (step.kind === "peer") lines.set(step.name, step);
  const peers = new Map<string, Peer>();
  const add = (name: string): void => {
    if (name === "proxy" || peers.has(name)) return;
    const line = lines.get(name);
    const address = line?.address ?? `127.0.0.${peers.size + 2}`;
    peers.set(name, new Peer(name, address, line?.port, line?.protocol));
  };
  for (const step of steps) {
    if (step.kind === "peer") add(step.name);
    if (step.kind === "arrow") for (const name of [step.from, step.to]) add(name);
  }
  return peers;
}

export class Wires {
  readonly #simulation: Simulation;
  readonly #arrived: (it: Arrived) => void;
  readonly #datagrams = new Map<Peer, Datagrams>();
  /** The stream that a peer has used last. */
  readonly #streams = new Map<Peer, Stream>();

  constructor(simulation: Simulation, arrived: (it: Arrived) => void) {
    this.#simulation = simulation;
    this.#arrived = arrived;
  }

  open(peer: Peer): void {
    const { network } = this.#simulation;
    if (peer.protocol === "udp") {
      const message = (text: string, ip: string, port: number): void => this.#take(peer, text, ip, port);
      this.#datagrams.set(peer, network.bindNow(peer, { message, failed: () => {} }));
    } else {
      const family = peer.address.includes(":") ? 6 : 4;
      network.listenNow({ address: peer.address, port: peer.port, family, ...STREAM }, (stream) =>
        this.#read(peer, stream),
      );
    }
  }

  /** Sends to the first socket of the proxy that speaks the peer's protocol and address family. */
  send(peer: Peer, text: string, sockets: Sockets): string | undefined {
    const to = sockets.all.find(
      (it) => it.protocol === peer.protocol && it.address.includes(":") === peer.address.includes(":"),
    );
    if (!to) return `the proxy has no ${peer.protocol} socket that ${peer.name} could reach`;
    if (peer.protocol === "udp") this.#datagrams.get(peer)!.send(text, to.address, to.port);
    else {
      let stream = this.#streams.get(peer);
      if (!stream) {
        let handlers: StreamHandlers | undefined;
        stream = this.#simulation.network.connect(
          { address: to.address, port: to.port, localAddress: peer.address, ...STREAM },
          { data: (bytes) => handlers?.data(bytes), closed: () => handlers?.closed() },
        );
        handlers = this.#read(peer, stream);
      }
      stream.write(text);
    }
    return undefined;
  }

  /** Sends to another peer, past the proxy. */
  sendDirectly(peer: Peer, text: string, to: Peer): void {
    this.#datagrams.get(peer)?.send(text, to.address, to.port);
  }

  close(peer: Peer): void {
    this.#streams.get(peer)?.destroy();
    this.#streams.delete(peer);
  }

  #read(peer: Peer, stream: Stream): StreamHandlers {
    const framer = new Framer(FRAMES);
    this.#streams.set(peer, stream);
    return {
      data: (bytes) => {
        this.#streams.set(peer, stream);
        framer.push(bytes);
        for (let frame = framer.next(); frame; frame = framer.next())
          if (frame.kind === "message") this.#take(peer, frame.text, stream.remote.address, stream.remote.port);
          else if (frame.kind === "problem") return stream.destroy();
      },
      closed: () => {
        if (this.#streams.get(peer) === stream) this.#streams.delete(peer);
      },
    };
  }

  #take(peer: Peer, text: string, ip: string, port: number): void {
    const msg = new SipMessage(text, receivedBy(peer, ip, port));
    peer.received(msg);
    this.#arrived({ to: peer.name, text, msg, at: this.#simulation.host.clock.now() });
  }
}
