/** As much of a SIP end as the system tests need, over UDP on loopback. */
import { createSocket, type Socket } from "node:dgram";

/** What the callee of a destination does with an INVITE. */
export type Behaviour = "refuse" | "silent" | "take" | "ring";

export const field = (text: string, name: string): string =>
  new RegExp(`^${name}[ \\t]*:[ \\t]*(.*?)\\r?$`, "im").exec(text)?.[1] ?? "";

export const firstLine = (text: string): string => text.slice(0, text.indexOf("\r\n"));

/** A reply to a request that keeps what RFC 3261, 8.2.6 wants kept. */
function replyTo(request: string, status: string, contact: string): string {
  const kept = request
    .slice(0, request.indexOf("\r\n\r\n"))
    .split("\r\n")
    .filter((it) => /^(via|record-route|from|to|call-id|cseq)\s*:/i.test(it))
    .map((it) => (/^to\s*:/i.test(it) && !/;tag=/i.test(it) ? `${it};tag=destination` : it));
  return [`SIP/2.0 ${status}`, ...kept, `Contact: <${contact}>`, "Content-Length: 0", "", ""].join("\r\n");
}

/** A destination that records what it gets. */
export class Destination {
  readonly port: number;
  readonly #socket: Socket;
  #received: string[] = [];
  #invite = "";

  constructor(port: number, behaviour: Behaviour) {
    this.port = port;
    this.#socket = createSocket("udp4", (data, from) => {
      const text = data.toString("latin1");
      this.#received.push(text);
      const contact = `sip:destination@127.0.0.1:${port}`;
      const send = (request: string, status: string): void =>
        this.#socket.send(Buffer.from(replyTo(request, status, contact), "latin1"), from.port, from.address);
      const method = text.slice(0, text.indexOf(" "));
      if (method === "INVITE") {
        this.#invite = text;
        if (behaviour === "refuse") send(text, "503 Service Unavailable");
        else if (behaviour !== "silent") send(text, "180 Ringing");
        if (behaviour === "take") send(text, "200 OK");
      } else if (method === "CANCEL") {
        send(text, "200 OK");
        send(this.#invite, "487 Request Terminated");
      } else if (method === "BYE") send(text, "200 OK");
    });
  }

  open(): Promise<void> {
    return new Promise((resolve) => this.#socket.bind(this.port, "127.0.0.1", resolve));
  }
  close(): void {
    this.#socket.close();
  }
  /** What has come since the last question. */
  take(): readonly string[] {
    const received = this.#received;
    this.#received = [];
    return received;
  }
}

/** Whether an OPTIONS to a UDP port gets any answer within a fifth of a second. */
export function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    const done = (alive: boolean): void => {
      clearTimeout(timer);
      socket.close();
      resolve(alive);
    };
    const timer = setTimeout(() => done(false), 200);
    socket.on("error", () => done(false));
    socket.on("message", () => done(true));
    socket.bind(0, "127.0.0.1", () => {
      const own = `127.0.0.1:${socket.address().port}`;
      const id = `${process.pid}-${performance.now()}`;
      const request = [
        `OPTIONS sip:127.0.0.1:${port} SIP/2.0`,
        `Via: SIP/2.0/UDP ${own};branch=z9hG4bK-${id};rport`,
        `From: <sip:test@${own}>;tag=1`,
        `To: <sip:127.0.0.1:${port}>`,
        `Call-ID: ${id}`,
        "CSeq: 1 OPTIONS",
        "Max-Forwards: 70",
        "Content-Length: 0",
        "",
        "",
      ];
      socket.send(request.join("\r\n"), port, "127.0.0.1");
    });
  });
}
