/** The WebSockets among the connections: what a module asks of them, their control frames and their keep-alive. */
import type { WebSocketEnd, WebSocketInfo, WebSocketOptions } from "../sip/web-socket.ts";
import type { Connection } from "./connection.ts";
import type { TransportClock } from "./socket.ts";
import { closeCode, closeFrame, closeReason, frameOf, opcode } from "./websocket.ts";

/** What makes a connection a WebSocket. */
export interface WebSocketState {
  readonly options: WebSocketOptions;
  /** Its addresses, which a closed stream does not know any more. */
  readonly end: WebSocketEnd;
  /** We sent a close frame and wait for the peer's. */
  closing: boolean;
  awaitingPong: boolean;
  /** When a frame last went either way. */
  lastUsed: number;
}

/** What WebSockets need of the connections that carry them. */
interface Carrier {
  readonly clock: TransportClock;
  /** The longest message, in bytes. */
  readonly longest: number;
  find(id: number): Connection | undefined;
  write(connection: Connection, bytes: string, closeAfter?: boolean): boolean | Promise<boolean>;
  drop(connection: Connection, reason: "closed" | "timeout"): void;
}

export class WebSockets {
  readonly #carrier: Carrier;

  constructor(carrier: Carrier) {
    this.#carrier = carrier;
  }

  /** Makes a connection a WebSocket, after the answer to its handshake was sent. False: it is none that can be one. */
  upgrade(id: number, options: WebSocketOptions): boolean {
    const connection = this.#carrier.find(id);
    if (!connection || connection.websocket || connection.state !== "open") return false;
    const lastUsed = this.#carrier.clock.now();
    const protocol = connection.protocol === "tls" ? "wss" : "ws";
    const end = {
      id,
      protocol,
      remote: connection.remote,
      local: { ...connection.local },
      socket: connection.socket,
    } as const;
    connection.upgrade({ options, end, closing: false, awaitingPong: false, lastUsed }, this.#carrier.longest);
    const { counters } = options;
    counters.current.value++;
    counters.most.value = Math.max(counters.most.value, counters.current.value);
    return true;
  }

  info(id: number): WebSocketInfo | undefined {
    const connection = this.#carrier.find(id);
    const state = connection?.websocket;
    if (!connection || !state) return undefined;
    const idle = (this.#carrier.clock.now() - state.lastUsed) / 1000;
    return { ...state.end, closing: state.closing, awaitingPong: state.awaitingPong, idle };
  }

  /** Begins the closing handshake; a second time closes at once. False when there is no such WebSocket. */
  close(id: number, code: number, reason: string): boolean {
    const connection = this.#carrier.find(id);
    const state = connection?.websocket;
    if (!connection || !state) return false;
    if (state.closing) {
      this.#carrier.drop(connection, "closed");
      return true;
    }
    state.options.counters.localClosed.value++;
    this.#frame(connection, state, closeFrame(code, reason));
    state.closing = true;
    return true;
  }

  /** Sends a ping or an unasked pong. False when there is no such WebSocket, or it is closing. */
  ping(id: number, pong = false): boolean {
    const connection = this.#carrier.find(id);
    const state = connection?.websocket;
    if (!connection || !state || state.closing) return false;
    this.#ping(connection, state, pong);
    return true;
  }

  /** A control frame came. */
  control(connection: Connection, frame: { readonly opcode: number; readonly payload: string }): void {
    const state = connection.websocket!;
    this.#received(state);
    if (frame.opcode === opcode.ping) {
      if (!state.closing) this.#frame(connection, state, frameOf(opcode.pong, frame.payload));
    } else if (frame.opcode === opcode.pong) {
      if (frame.payload.startsWith(state.options.payload)) state.awaitingPong = false;
    } else if (state.closing) this.#carrier.drop(connection, "closed");
    else {
      state.options.counters.remoteClosed.value++;
      state.closing = true;
      this.#frame(connection, state, closeFrame(closeCode.normal, "Normal closure"), true);
    }
  }

  /** A message came: true when it is the keep-alive of RFC 5626, which is answered, or comes after our close frame. */
  keepAlive(connection: Connection, text: string): boolean {
    const state = connection.websocket;
    if (!state) return false;
    this.#received(state);
    state.options.counters.messagesReceived.value++;
    if (state.closing) return true;
    if (text !== "\r\n" && text !== "\r\n\r\n") return false;
    this.#frame(connection, state, frameOf(opcode.text, "\r\n"));
    return true;
  }

  /** Tells the peer what it did wrong; the connection is closed then. */
  fail(connection: Connection, code: number): void {
    const state = connection.websocket!;
    this.#received(state);
    if (state.closing) return;
    state.options.counters.localClosed.value++;
    this.#frame(connection, state, closeFrame(code, closeReason(code)));
  }

  /** A message is to be sent: false when the WebSocket is closing, and nothing may follow. */
  message(state: WebSocketState): boolean {
    if (state.closing) return false;
    state.options.counters.messagesSent.value++;
    this.#sent(state);
    return true;
  }

  gone(connection: Connection): void {
    const state = connection.websocket;
    if (!state) return;
    state.options.counters.current.value--;
    state.options.closed(state.end);
  }

  /** Once a second: pings what was silent for too long, and closes what did not answer. */
  look(connection: Connection, now: number): void {
    const state = connection.websocket;
    if (!state || state.options.keepAlive === "none" || now - state.lastUsed < state.options.timeout() * 1000) return;
    if (state.closing || state.awaitingPong) this.#carrier.drop(connection, "timeout");
    else if (state.options.keepAlive !== "check") this.#ping(connection, state, state.options.keepAlive === "pong");
  }

  #ping(connection: Connection, state: WebSocketState, pong: boolean): void {
    this.#frame(connection, state, frameOf(pong ? opcode.pong : opcode.ping, state.options.payload));
    if (!pong) state.awaitingPong = true;
  }

  #received(state: WebSocketState): void {
    state.options.counters.received.value++;
    state.lastUsed = this.#carrier.clock.now();
  }

  #sent(state: WebSocketState): void {
    state.options.counters.sent.value++;
    state.lastUsed = this.#carrier.clock.now();
  }

  #frame(connection: Connection, state: WebSocketState, bytes: string, closeAfter = false): void {
    this.#sent(state);
    if (this.#carrier.write(connection, bytes, closeAfter) === false) state.options.counters.failed.value++;
  }
}
