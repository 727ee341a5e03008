/** sdpops: looks at SDP bodies and takes parts out of them. Follows Kamailio's src/modules/sdpops. */
import type { Call } from "../../declare/call.ts";
import { any, declare, int, str, variable } from "../../declare/module.ts";
import { mimeType } from "../../sip/body.ts";
import type { SipMessage } from "../../sip/message.ts";
import { findLine, type Sdp, type SdpStream, sdpOf, streamsOf } from "../../sip/sdp.ts";
import { idsIn, idsOf, listed, removeCodecs } from "./codecs.ts";
import { iterators } from "./iterators.ts";
import { removeLines, removeStreams } from "./lines.ts";
import type { Sdpops } from "./state.ts";
import { sdpVariables } from "./variables.ts";

const { fn, module } = declare<Sdpops>();

const codecs = str("Comma-separated list.");
const media = str("Media type (`audio`); streams of every type when not given.", { optional: true });
const avp = variable("AVP for what is found.");
const yes = { 1: "one has", [-1]: "none has, or there is no SDP" } as const;
const changed = { 1: "done", [-1]: "there is no SDP, or it cannot be parsed" } as const;
const removed = { 1: "at least one was removed", [-1]: "there is none" } as const;

/** The SDP of the message when there is one. */
const present = (msg: SipMessage): Sdp | undefined => sdpOf(msg) ?? undefined;

const some = ({ msg }: Call, test: (stream: SdpStream) => boolean): 1 | -1 =>
  streamsOf(present(msg)).some(test) ? 1 : -1;

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** 1 when every stream has all of these payload types, 2 when something is missing, -1 when nothing was found. */
function withCodecs(sdp: Sdp, ids: readonly string[]): 1 | 2 | -1 {
  let found = false;
  let missing = false;
  for (const stream of streamsOf(sdp)) {
    const there = idsIn(stream);
    for (const id of ids) {
      if (there.includes(id)) found = true;
      else missing = true;
    }
  }
  return !found ? -1 : missing ? 2 : 1;
}

const hasCodecs = {
  1: "every stream has all of them",
  2: "some were found, others not",
  [-1]: "none was found",
  [-2]: "there is no SDP, or it cannot be parsed",
} as const;

export const sdpops = module({
  name: "sdpops",
  doc: "Tests and changes of SDP bodies.",
  params: {},
  start: () => ({ iterators: new WeakMap() }),
  functions: {
    sdp_remove_codecs_by_id: fn({
      doc: "Removes payload types from the streams.",
      in: "any",
      args: { codecs, media },
      returns: changed,
      run({ msg }, args) {
        const sdp = present(msg);
        if (sdp === undefined) return -1;
        const ids = listed(args.codecs);
        removeCodecs(msg, sdp, args.media, () => ids);
        return 1;
      },
    }),
    sdp_remove_codecs_by_name: fn({
      doc: "Removes codecs from the streams.",
      in: "any",
      args: { codecs, media },
      returns: { 1: "done", [-1]: "there is no SDP, or no such codec in it" },
      run({ msg }, args) {
        const sdp = present(msg);
        const ids = sdp && idsOf(sdp, args.codecs);
        if (!ids) return -1;
        removeCodecs(msg, sdp, args.media, () => ids);
        return 1;
      },
    }),
    sdp_keep_codecs_by_id: fn({
      doc: "Removes all other payload types from the streams.",
      in: "any",
      args: { codecs, media },
      returns: changed,
      run({ msg }, args) {
        const sdp = present(msg);
        if (sdp === undefined) return -1;
        const kept = args.codecs.split(",");
        removeCodecs(msg, sdp, args.media, (stream) => idsIn(stream).filter((id) => !kept.includes(id)));
        return 1;
      },
    }),
    sdp_keep_codecs_by_name: fn({
      doc: "Removes all other codecs from the streams.",
      in: "any",
      args: { codecs, media },
      returns: { 1: "done", [-1]: "there is no SDP, or no such codec is known" },
      run({ msg }, args) {
        const sdp = present(msg);
        const kept = sdp && idsOf(sdp, args.codecs);
        if (!kept) return -1;
        removeCodecs(msg, sdp, args.media, (stream) => idsIn(stream).filter((id) => !kept.includes(id)));
        return 1;
      },
    }),
    sdp_with_codecs_by_id: fn({
      doc: "Tells whether the streams have these payload types.",
      in: "any",
      args: { codecs },
      returns: hasCodecs,
      run({ msg }, args) {
        const sdp = sdpOf(msg);
        return sdp ? withCodecs(sdp, listed(args.codecs)) : -2;
      },
    }),
    sdp_with_codecs_by_name: fn({
      doc: "Tells whether the streams have these codecs.",
      in: "any",
      args: { codecs },
      returns: { ...hasCodecs, [-1]: "none was found, or there is no SDP" },
      run({ msg }, args) {
        const sdp = present(msg);
        const ids = sdp && idsOf(sdp, args.codecs);
        return ids ? withCodecs(sdp, ids) : -1;
      },
    }),
    sdp_with_media: fn({
      doc: "Tells whether a stream is of a media type.",
      in: "any",
      args: { media: str("Media type.") },
      returns: yes,
      run: (call, args) => some(call, (stream) => same(stream.media, args.media)),
    }),
    sdp_with_active_media: fn({
      doc: "Tells whether a stream of a media type is neither refused (port 0) nor inactive.",
      in: "any",
      args: { media: str("Media type.") },
      returns: yes,
      run: (call, args) =>
        some(
          call,
          (stream) =>
            same(stream.media, args.media) &&
            Number.parseInt(stream.port, 10) > 0 &&
            stream.mode.toLowerCase() !== "inactive",
        ),
    }),
    sdp_with_transport: fn({
      doc: "Tells whether a stream has a transport.",
      in: "any",
      args: { transport: str("Transport (`RTP/AVP`).") },
      returns: yes,
      run: (call, args) => some(call, (stream) => same(stream.transport, args.transport)),
    }),
    sdp_with_transport_like: fn({
      doc: "Tells whether the transport of a stream contains a text.",
      in: "any",
      args: { transport: str("Part of a transport.") },
      returns: yes,
      run: (call, args) => some(call, (stream) => args.transport !== "" && stream.transport.includes(args.transport)),
    }),
    sdp_transport: fn({
      doc: "Puts the transport that all streams have in common into an AVP.",
      in: "any",
      args: { avp },
      returns: {
        1: "the AVP has it, or there is no stream",
        [-1]: "the SDP cannot be parsed",
        [-2]: "the streams' transports differ",
      },
      run(call, args) {
        const sdp = sdpOf(call.msg);
        if (sdp === null || args.avp.name !== "avp") return -1;
        const [first, ...others] = streamsOf(sdp).map((stream) => stream.transport);
        if (first === undefined) return 1;
        if (others.some((it) => !same(it, first))) return -2;
        args.avp.set?.(call, first);
        return 1;
      },
    }),
    sdp_remove_media: fn({
      doc: "Removes the streams of a media type.",
      in: "any",
      args: { media: str("Media type.") },
      returns: removed,
      run: ({ msg }, args) => (removeStreams(msg, (stream) => same(stream.media, args.media)) > 0 ? 1 : -1),
    }),
    sdp_remove_transport: fn({
      doc: "Removes the streams of a transport.",
      in: "any",
      args: { transport: str("Transport.") },
      returns: removed,
      run: ({ msg }, args) => (removeStreams(msg, (stream) => same(stream.transport, args.transport)) > 0 ? 1 : -1),
    }),
    sdp_remove_line_by_prefix: fn({
      doc: "Removes the lines that begin with a text.",
      in: "any",
      args: { prefix: str("The text."), media },
      returns: { 1: "done, even when there was no such line", [-1]: "there is no SDP, or it cannot be parsed" },
      run({ msg }, args) {
        const sdp = present(msg);
        if (sdp === undefined) return -1;
        if (!args.media) removeLines(msg, sdp, args.prefix);
        else for (const it of streamsOf(sdp)) if (same(it.media, args.media)) removeLines(msg, it, args.prefix);
        return 1;
      },
    }),
    sdp_print: fn({
      doc: "Tells whether the SDP can be parsed.",
      in: "any",
      args: { level: int("Log level.") },
      returns: { 1: "it can, or there is no body", [-1]: "it cannot" },
      run: ({ msg }) => (sdpOf(msg) === null ? -1 : 1),
    }),
    sdp_get: fn({
      doc: "Puts the SDP into an AVP.",
      in: "any",
      args: { avp },
      returns: { 1: "done", [-1]: "it cannot be parsed", [-2]: "there is no body" },
      run(call, args) {
        const sdp = sdpOf(call.msg);
        if (sdp === null || args.avp.name !== "avp") return -1;
        if (sdp === undefined) return -2;
        args.avp.set?.(call, call.msg.text.slice(sdp.start, sdp.end));
        return 1;
      },
    }),
    sdp_get_line_startswith: fn({
      doc: "Puts the first line that begins with a text into an AVP.",
      in: "any",
      args: { avp, prefix: str("The text.") },
      returns: { 1: "done", [-1]: "there is no such line, or the SDP cannot be parsed", [-2]: "there is no body" },
      run(call, args) {
        const { msg } = call;
        const sdp = sdpOf(msg);
        if (args.prefix === "" || sdp === null) return -1;
        if (sdp === undefined) return -2;
        if (args.avp.name !== "avp") return -1;
        const end = msg.text.length;
        for (let at = findLine(msg.text, sdp.start, end, args.prefix[0]!); at >= 0; ) {
          const stop = msg.text.indexOf("\n", at);
          const next = stop < 0 ? end : stop + 1;
          const line = msg.text.slice(at, next);
          if (line.startsWith(args.prefix)) {
            args.avp.set?.(call, line.endsWith("\r\n") ? line.slice(0, -2) : line);
            return 1;
          }
          at = findLine(msg.text, next, end, args.prefix[0]!);
        }
        return -1;
      },
    }),
    sdp_content: fn({
      doc: "Tells whether the body has SDP.",
      in: "any",
      args: { sloppy: any("Given: looks at the type alone, and does not parse the SDP.", { optional: true }) },
      returns: { 1: "it has", [-1]: "it has not" },
      run({ msg }, args) {
        if (args.sloppy === undefined) return sdpOf(msg) ? 1 : -1;
        if (msg.body === "") return -1;
        const type = mimeType(msg);
        if (type === undefined || type === "application/sdp") return 1;
        return type === "multipart/mixed" && msg.body.toLowerCase().includes("application/sdp") ? 1 : -1;
      },
    }),
    sdp_with_ice: fn({
      doc: "Tells whether the body has an ICE candidate.",
      in: "any",
      args: {},
      returns: { 1: "it has", [-1]: "it has not" },
      run: ({ msg }) => (msg.body.includes("a=candidate") ? 1 : -1),
    }),
    sdp_get_address_family: fn({
      doc: "The family of the first connection address.",
      in: "any",
      args: {},
      returns: { 4: "IPv4", 6: "IPv6", [-1]: "there is no SDP, or no address in it" },
      run({ msg }) {
        for (const session of present(msg)?.sessions ?? []) {
          if (session.ip !== "") return session.family;
          const stream = session.streams.find((it) => it.ip !== "");
          if (stream !== undefined) return stream.family;
        }
        return -1;
      },
    }),
    ...iterators,
  },
  variables: sdpVariables,
  commands: {},
  events: {},
});
