/** Variables for SDP bodies. */
import { declare } from "../../declare/module.ts";
import { IntText } from "../../declare/value.ts";
import { nextLine } from "../../sip/body.ts";
import type { SipMessage } from "../../sip/message.ts";
import { findLine, type SdpSession, type SdpStream, sdpOf } from "../../sip/sdp.ts";
import { standing } from "./iterators.ts";
import type { Sdpops } from "./state.ts";

const { pv } = declare<Sdpops>();

/** Linux's AF_INET and AF_INET6, which scripts see. */
const AF = { 4: 2, 6: 10 } as const;

/** The value of the first `b=KIND:` line of a stream. */
function bandwidth(msg: SipMessage, stream: SdpStream, kind: string): string | null {
  const prefix = `b=${kind}:`;
  for (let at = findLine(msg.text, stream.start, stream.end, "b"); at >= 0; ) {
    const next = nextLine(msg.text, at, stream.end);
    if (msg.text.startsWith(prefix, at))
      return msg.text.slice(at + prefix.length, next).replace(/[\r\n]+$/, "") || null;
    at = findLine(msg.text, next, stream.end, "b");
  }
  return null;
}

/** `a=rtcp`, or the port behind the stream's. */
function rtcpPort(stream: SdpStream): string | null {
  if (stream.rtcp !== "") return stream.rtcp;
  const port = Number(stream.port);
  return /^\d+$/.test(stream.port) && port < 65535 ? String(port + 1) : null;
}

/** The session whose version counts: the last one's. */
function version(msg: SipMessage): SdpSession | undefined {
  const session = sdpOf(msg)?.sessions.at(-1);
  return session !== undefined && /^[+-]?\d+$/.test(session.version) ? session : undefined;
}

export const sdpVariables = {
  sdp: pv({
    doc: "Parts of the SDP body; null when there is none.",
    keys: {
      body: "the SDP",
      raw: "the same",
      sess_version: "the session version; assigning a number puts it into the message, -1 the next one",
      "c:ip": "connection address of the first stream",
      "c:af": "its address family: 2 or 10",
      "o:ip": "address of the origin",
      "m0:rtp:port": "port of the last stream",
      "m0:rtcp:port": "its RTCP port",
      "m0:raw": "its lines",
      "m0:b:AS": "its bandwidth",
      "m0:b:RR": "its bandwidth for RTCP of receivers",
      "m0:b:RS": "its bandwidth for RTCP of senders",
    },
    get({ msg }, key) {
      const sdp = sdpOf(msg);
      if (!sdp) return null;
      if (key === "body" || key === "raw") return msg.text.slice(sdp.start, sdp.end);
      if (key === "sess_version") {
        const session = version(msg);
        return session === undefined ? null : new IntText(toInt(session.version), session.version);
      }
      // Kamailio keeps what it parses in front of what it has: its first stream is the last one of the message.
      const session = sdp.sessions.at(-1);
      const stream = session?.streams.at(-1);
      if (session === undefined || stream === undefined) return null;
      const connection = stream.ip !== "" ? stream : session;
      switch (key) {
        case "c:ip":
          return connection.ip || null;
        case "c:af":
          return connection.ip === "" ? null : AF[connection.family];
        case "o:ip":
          return session.originIp || null;
        case "m0:rtp:port":
          return stream.port || null;
        case "m0:rtcp:port":
          return rtcpPort(stream);
        case "m0:raw":
          return msg.text.slice(stream.start, stream.end);
        case "m0:b:AS":
        case "m0:b:RR":
        case "m0:b:RS":
          return bandwidth(msg, stream, key.slice(5));
      }
    },
    set({ msg }, key, value) {
      if (key !== "sess_version" || value === null || typeof value === "string") return false;
      const session = version(msg);
      if (session === undefined) return false;
      const wanted = BigInt(value instanceof IntText ? value.int : value);
      const next = wanted === -1n ? BigInt(session.version) + 1n : wanted;
      msg.bodyEdits.replace(session.versionStart, session.version.length, String(next));
      return true;
    },
  }),
  sdpitval: pv({
    doc: "The line that an iterator stands at.",
    bind({ inner }, _core, state) {
      if (!inner) return "the name of an iterator is missing";
      return {
        get({ msg }) {
          const it = standing(msg, inner, state());
          return it === undefined ? null : msg.text.slice(it.at, it.next);
        },
      };
    },
  }),
};

function toInt(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt.asIntN(64, BigInt(text.replace(/^\+/, "")));
}
