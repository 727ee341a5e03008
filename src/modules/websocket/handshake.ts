/** The opening handshake (RFC 6455, section 4.2; RFC 7118, section 4), as Kamailio's ws_handshake.c answers it. */
import type { Call } from "../../declare/call.ts";
import { LogLevel } from "../../declare/core.ts";
import { type Answer, after } from "../../declare/value.ts";
import type { SipMessage } from "../../sip/message.ts";
import { replyHttp } from "../xhttp/reply.ts";
import type { WebSockets } from "./state.ts";

/** RFC 6455, section 1.3. */
const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const version = 13;

/** An answer other than 101. */
interface Refusal {
  readonly code: number;
  readonly reason: string;
  readonly headers?: readonly string[];
  /** For the log. */
  readonly why: string;
}
interface Wanted {
  readonly key: string;
  readonly origin: string;
}

/** 1: the connection is a WebSocket now. 0: it was refused, and the script ends. */
export function handshake(call: Call, state: WebSockets): Answer<0 | 1> {
  const { core, msg } = call;
  const { connection } = msg.received;
  const it = core.streams?.info(connection);
  if (it && it.protocol !== "tcp" && it.protocol !== "tls") {
    core.log.write(LogLevel.err, `websocket: a handshake came over ${it.protocol}\n`);
    return 0;
  }
  const wanted = !state.shared.enabled
    ? { code: 503, reason: "Service Unavailable", why: "WebSockets are disabled" }
    : it
      ? read(msg)
      : { code: 500, reason: "Internal Server Error", why: "the connection is gone" };
  if ("code" in wanted) return refuse(call, state, wanted);
  return after(answer(call, 101, "Switching Protocols", acceptance(call, wanted, state), false), (sent) => {
    if (sent < 0 || !core.streams?.webSockets.upgrade(connection, state.options)) {
      state.handshakes.failed.value++;
      return 0;
    }
    state.handshakes.good.value++;
    state.handshakes.goodSip.value++;
    return 1;
  });
}

function refuse(call: Call, state: WebSockets, { code, reason, headers = [], why }: Refusal): Answer<0> {
  call.core.log.write(LogLevel.warn, `websocket: handshake refused: ${why}\n`);
  state.handshakes.failed.value++;
  return after(answer(call, code, reason, headers, true), () => 0);
}

function answer(call: Call, code: number, reason: string, headers: readonly string[], last: boolean): Answer<1 | -1> {
  const { msg } = call;
  msg.reply ??= { headers: [], body: undefined, contentType: undefined };
  msg.reply.headers.push(...headers);
  return replyHttp(call, code, reason, "", "", last);
}

const bad = (why: string, headers?: readonly string[]): Refusal => ({
  code: 400,
  reason: "Bad Request",
  why,
  ...(headers && { headers }),
});

/** The fields that count, in the order they come; the first wrong one decides. */
function read(msg: SipMessage): Wanted | Refusal {
  let key: string | undefined;
  let origin: string | undefined;
  let versioned = false;
  let upgrading = false;
  let connecting = false;
  let sip = false;
  for (const header of msg.headers) {
    const value = msg.value(header).trim();
    switch (msg.name(header).toLowerCase()) {
      case "connection":
        connecting ||= value.toLowerCase().includes("upgrade");
        break;
      case "upgrade":
        upgrading ||= value.toLowerCase().includes("websocket");
        break;
      case "sec-websocket-key":
        if (key !== undefined) return bad("Sec-WebSocket-Key is there twice");
        key = value;
        break;
      case "sec-websocket-protocol":
        sip ||= value.toLowerCase().includes("sip");
        break;
      case "sec-websocket-version":
        if (versioned) return bad("Sec-WebSocket-Version is there twice");
        if (value !== String(version))
          return {
            code: 426,
            reason: "Upgrade Required",
            headers: [`Sec-WebSocket-Version: ${version}\r\n`],
            why: `version ${value}`,
          };
        versioned = true;
        break;
      case "origin":
        if (origin !== undefined) return bad("Origin is there twice");
        origin = value;
    }
  }
  if (key === undefined || !versioned || !upgrading || !connecting || !sip)
    return bad("a header field is missing, or the sub-protocol is not sip", [
      "Sec-WebSocket-Protocol: sip\r\n",
      `Sec-WebSocket-Version: ${version}\r\n`,
    ]);
  return { key, origin: origin ?? "" };
}

function acceptance({ core }: Call, { key, origin }: Wanted, { cors }: WebSockets): string[] {
  const digest = core.host
    .hash("sha1", key + guid)
    .replace(/../g, (pair) => String.fromCharCode(Number.parseInt(pair, 16)));
  const allowed = cors === 1 ? "*" : cors === 2 ? origin : "";
  return [
    ...(allowed === "" ? [] : [`Access-Control-Allow-Origin: ${allowed}\r\n`]),
    "Sec-WebSocket-Protocol: sip\r\n",
    "Upgrade: websocket\r\n",
    "Connection: upgrade\r\n",
    `Sec-WebSocket-Accept: ${btoa(digest)}\r\n`,
  ];
}
