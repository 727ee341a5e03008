/** Walking through the lines of an SDP body. */
import { declare, str } from "../../declare/module.ts";
import { nextLine } from "../../sip/body.ts";
import type { SipMessage } from "../../sip/message.ts";
import { sdpOf } from "../../sip/sdp.ts";
import type { LineIterator, Sdpops } from "./state.ts";

const { fn } = declare<Sdpops>();

const name = str("Name of the iterator.");
const text = str("The text, with its line end.");
const done = { 1: "done", [-1]: "the iterator stands at no line" } as const;

/** The iterator when it stands at a line. */
export function standing(msg: SipMessage, name: string, state: Sdpops): LineIterator | undefined {
  const it = state.iterators.get(msg)?.get(name);
  return it !== undefined && it.next > it.at ? it : undefined;
}

export const iterators = {
  sdp_iterator_start: fn({
    doc: "Puts an iterator before the first line of the SDP.",
    in: "any",
    args: { name },
    returns: { 1: "done", [-1]: "there is no SDP, or it cannot be parsed" },
    run({ msg }, args, state) {
      const sdp = sdpOf(msg);
      if (!sdp) return -1;
      let named = state.iterators.get(msg);
      if (named === undefined) {
        named = new Map();
        state.iterators.set(msg, named);
      }
      named.set(args.name, { end: sdp.end, at: sdp.start, next: sdp.start });
      return 1;
    },
  }),
  sdp_iterator_next: fn({
    doc: "Moves an iterator to the next line.",
    in: "any",
    args: { name },
    returns: { 1: "it stands at a line", [-1]: "there is no further line, or no such iterator" },
    run({ msg }, args, state) {
      const it = state.iterators.get(msg)?.get(args.name);
      if (it === undefined) return -1;
      it.at = it.next;
      if (it.at >= it.end) return -1;
      it.next = nextLine(msg.text, it.at, it.end);
      return 1;
    },
  }),
  sdp_iterator_end: fn({
    doc: "Ends an iterator.",
    in: "any",
    args: { name },
    returns: { 1: "done", [-1]: "there is no such iterator" },
    run({ msg }, args, state) {
      const it = state.iterators.get(msg)?.get(args.name);
      if (it === undefined) return -1;
      it.at = it.next = it.end;
      return 1;
    },
  }),
  sdp_iterator_rm: fn({
    doc: "Removes the line that an iterator stands at.",
    in: "any",
    args: { name },
    returns: done,
    run({ msg }, args, state) {
      const it = standing(msg, args.name, state);
      if (it === undefined) return -1;
      msg.bodyEdits.delete(it.at, it.next - it.at);
      return 1;
    },
  }),
  sdp_iterator_append: fn({
    doc: "Inserts text behind the line that an iterator stands at.",
    in: "any",
    args: { name, text },
    returns: done,
    run({ msg }, args, state) {
      const it = standing(msg, args.name, state);
      if (it === undefined) return -1;
      msg.bodyEdits.insertBefore(msg.bodyEdits.anchor(it.next), args.text);
      return 1;
    },
  }),
  sdp_iterator_insert: fn({
    doc: "Inserts text before the line that an iterator stands at.",
    in: "any",
    args: { name, text },
    returns: done,
    run({ msg }, args, state) {
      const it = standing(msg, args.name, state);
      if (it === undefined) return -1;
      msg.bodyEdits.insertBefore(msg.bodyEdits.anchor(it.at), args.text);
      return 1;
    },
  }),
};
