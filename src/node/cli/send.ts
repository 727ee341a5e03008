/** `viaduct send URI`: sends one request over UDP and shows what is answered, to see that a server is there and what it says. */
import { randomBytes } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { isIPv6 } from "node:net";
import { Command, CommanderError } from "commander";
import type { ReceiveInfo } from "../../sip/address.ts";
import { HeaderType } from "../../sip/headers.ts";
import { SipMessage } from "../../sip/message.ts";
import { parseUri } from "../../sip/uri.ts";
import { delay } from "../longest-delay.ts";
import { reasonOf } from "../system-error.ts";

/** Answered; no final answer came; the command line is wrong or nothing could be sent. */
const ENDED = { answered: 0, silent: 1, failed: 2 } as const;

/** RFC 3261, 17.1: T1 and T2, milliseconds. */
const T1 = 500;
const T2 = 4000;

interface Options {
  readonly method: string;
  readonly from: string;
  readonly timeout: string;
  readonly full?: true;
}

export async function main(argv: readonly string[]): Promise<number> {
  const command = new Command("viaduct send")
    .description("Sends a request over UDP and shows the answers. An INVITE that is taken is ended by BYE at once.")
    .argument("<uri>", "Request-URI, such as sip:bob@127.0.0.1:5060")
    .option("--method <method>", "what to send", "OPTIONS")
    .option("--from <uri>", "who sends it", "sip:viaduct@localhost")
    .option("--timeout <seconds>", "how long to wait for a final answer", "32")
    .option("--full", "show answers whole")
    .exitOverride();
  try {
    command.parse([...argv], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ENDED.answered : ENDED.failed;
    throw error;
  }
  const [named = ""] = command.args;
  const text = /^(sips?|tel):/i.test(named) ? named : `sip:${named}`;
  const options = command.opts<Options>();
  const uri = parseUri(text);
  const seconds = Number(options.timeout);
  if (!uri || uri.bareHost === "") return complain(`not a SIP URI: ${named}`);
  if (!(seconds > 0)) return complain(`bad timeout: ${options.timeout}`);
  if (uri.protocol !== undefined && uri.protocol !== "udp") return complain("only UDP can be sent here");
  let address: string;
  try {
    ({ address } = await lookup(uri.bareHost));
  } catch {
    return complain(`no address is known for ${uri.bareHost}`);
  }
  const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
  try {
    await new Promise<void>((resolve, reject) => {
      socket.on("error", reject);
      // Connected, so that a refusal is told and others are not heard.
      socket.connect(uri.portNo || 5060, address, resolve);
    });
    return await exchange(socket, new Requests(socket, text, options), seconds, options);
  } catch (error) {
    return complain((error as Error).message);
  } finally {
    socket.close();
  }
}

function complain(message: string): number {
  process.stderr.write(`${message}\n`);
  return ENDED.failed;
}

/** What is sent: one dialog's requests. */
class Requests {
  readonly #uri: string;
  readonly #options: Options;
  readonly #own: string;
  readonly #id = randomBytes(6).toString("hex");

  constructor(socket: Socket, uri: string, options: Options) {
    const { address, port, family } = socket.address();
    this.#own = family === "IPv6" ? `[${address}]:${port}` : `${address}:${port}`;
    this.#uri = uri;
    this.#options = options;
  }

  /** A request of its own, or an ACK of the same branch as what it acknowledges. */
  text(method: string, sequence: number, reply?: SipMessage, branch = `${method}${sequence}`): string {
    const to = reply?.first(HeaderType.to) ?? `<${this.#uri}>`;
    const routes = reply && reply.status < 300 ? routesOf(reply) : [];
    const target = reply && reply.status < 300 ? contactOf(reply) : undefined;
    return [
      `${method} ${target ?? this.#uri} SIP/2.0`,
      `Via: SIP/2.0/UDP ${this.#own};rport;branch=z9hG4bK${this.#id}${branch}`,
      ...routes.map((it) => `Route: ${it}`),
      `From: <${this.#options.from}>;tag=${this.#id}`,
      `To: ${to}`,
      `Call-ID: ${this.#id}@${this.#own}`,
      `CSeq: ${sequence} ${method}`,
      `Contact: <sip:${this.#own}>`,
      "Max-Forwards: 70",
      "User-Agent: viaduct send",
      "Content-Length: 0",
      "",
      "",
    ].join("\r\n");
  }
}

/** The route set of whoever called (RFC 3261, 12.1.2): Record-Route from the last to the first. */
const routesOf = (reply: SipMessage): string[] =>
  reply
    .named("record-route")
    .map((it) => reply.value(it))
    .reverse();

const contactOf = (reply: SipMessage): string | undefined =>
  /<([^>]+)>/.exec(reply.first(HeaderType.contact) ?? "")?.[1];

/** Sends the request again and again until it is answered, and shows each answer. */
function exchange(socket: Socket, requests: Requests, seconds: number, options: Options): Promise<number> {
  const method = options.method.toUpperCase();
  const began = performance.now();
  const first = requests.text(method, 1);
  return new Promise((resolve) => {
    let wait = T1;
    let again: NodeJS.Timeout;
    const send = (text: string): void => void socket.send(Buffer.from(text, "latin1"));
    const repeat = (): void => {
      send(first);
      again = setTimeout(repeat, wait);
      wait = method === "INVITE" ? wait * 2 : Math.min(wait * 2, T2);
    };
    const end = (status: number): void => {
      clearTimeout(again);
      clearTimeout(over);
      resolve(status);
    };
    const over = setTimeout(
      () => {
        process.stderr.write(ended ? "the BYE was not answered\n" : `no final answer after ${seconds} s\n`);
        end(ended ? ENDED.answered : ENDED.silent);
      },
      delay(seconds * 1000),
    );
    socket.on("error", (error) => {
      const { address, port } = socket.remoteAddress();
      process.stderr.write(`${address}:${port}: ${reasonOf(error)}\n`);
      end(ENDED.silent);
    });
    let ended = false;
    socket.on("message", (data) => {
      const reply = new SipMessage(data.toString("latin1"), NOWHERE);
      if (reply.malformed !== "" || reply.isRequest) return;
      // The answer to the BYE ends an exchange that was shown already.
      if (ended) return reply.status >= 200 && reply.cseqMethod === "BYE" ? end(ENDED.answered) : undefined;
      const ms = Math.round(performance.now() - began);
      process.stdout.write(options.full ? `${reply.text}\n` : `${reply.status} ${reply.reason}  (${ms} ms)\n`);
      clearTimeout(again);
      if (reply.status < 200) return;
      ended = true;
      if (method !== "INVITE") return end(ENDED.answered);
      send(requests.text("ACK", 1, reply, reply.status >= 300 ? "INVITE1" : "ACK1"));
      if (reply.status >= 300) return end(ENDED.answered);
      send(requests.text("BYE", 2, reply));
    });
    repeat();
  });
}

/** Where an answer came from does not matter: the socket is connected. */
const NOWHERE: ReceiveInfo = {
  socket: undefined as never,
  protocol: "udp",
  srcIp: "",
  srcPort: 0,
  dstIp: "",
  dstPort: 0,
  connection: 0,
  time: 0,
};
