/** The client's end of a WebSocket (RFC 6455, RFC 7118): its handshake and its frames, on bytes as latin1 text. */
import { frameOf, opcode } from "../../transport/websocket.ts";

export class WebSocketClient {
  readonly #write: (bytes: string) => void;
  readonly #message: (text: string) => void;
  readonly #refused: (answer: string) => void;
  #bytes = "";
  /** Messages that wait for the end of the handshake. */
  #waiting: string[] | undefined = [];

  /** `refused` gets the first line of an answer that is not 101. */
  constructor(write: (bytes: string) => void, message: (text: string) => void, refused: (answer: string) => void) {
    this.#write = write;
    this.#message = message;
    this.#refused = refused;
  }

  /** Asks for the upgrade; `host` as in a URL. */
  open(host: string): void {
    this.#write(
      `GET / HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\n` +
        `Origin: http://${host}\r\n\r\n`,
    );
  }

  send(text: string): void {
    if (this.#waiting) this.#waiting.push(text);
    else this.#write(masked(frameOf(opcode.text, text)));
  }

  data(bytes: string): void {
    this.#bytes += bytes;
    if (this.#waiting && !this.#handshake()) return;
    for (let frame = this.#frame(); frame; frame = this.#frame())
      if (frame.code === opcode.text || frame.code === opcode.binary) this.#message(frame.payload);
      else if (frame.code === opcode.ping) this.#write(masked(frameOf(opcode.pong, frame.payload)));
  }

  /** Whether the handshake is over. */
  #handshake(): boolean {
    const end = this.#bytes.indexOf("\r\n\r\n");
    if (end < 0) return false;
    const answer = this.#bytes.slice(0, this.#bytes.indexOf("\r\n"));
    if (!/^HTTP\/1\.1 101\b/.test(answer)) {
      this.#refused(answer);
      return false;
    }
    this.#bytes = this.#bytes.slice(end + 4);
    const waiting = this.#waiting!;
    this.#waiting = undefined;
    for (const text of waiting) this.send(text);
    return true;
  }

  /** The next whole frame; servers send them unmasked and, as far as this one goes, unfragmented. */
  #frame(): { readonly code: number; readonly payload: string } | undefined {
    const bytes = this.#bytes;
    if (bytes.length < 2) return undefined;
    const short = bytes.charCodeAt(1) & 127;
    const header = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (bytes.length < header) return undefined;
    let length = short;
    if (header > 2) {
      length = 0;
      for (let i = 2; i < header; i++) length = length * 256 + bytes.charCodeAt(i);
    }
    if (bytes.length < header + length) return undefined;
    this.#bytes = bytes.slice(header + length);
    return { code: bytes.charCodeAt(0) & 15, payload: bytes.slice(header, header + length) };
  }
}

/** A server's frame as a client must send it: with a mask, which may be zero. */
function masked(frame: string): string {
  const second = frame.charCodeAt(1);
  const header = second === 126 ? 4 : second === 127 ? 10 : 2;
  return `${frame[0]}${String.fromCharCode(second | 128)}${frame.slice(2, header)}\0\0\0\0${frame.slice(header)}`;
}
