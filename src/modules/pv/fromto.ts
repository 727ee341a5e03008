/** Parts of From and To: `$fu`, `$fU`, `$tn` … Assignments are edits: they show once msg_apply_changes() ran. */
import type { Call } from "../../declare/call.ts";
import type { Pv } from "../../declare/module.ts";
import type { Read, Value } from "../../declare/value.ts";
import type { SipMessage } from "../../sip/message.ts";
import type { NameAddr } from "../../sip/nameaddr.ts";
import { type PvState, pv } from "./state.ts";
import { textOf } from "./uri.ts";

type Side = "from" | "to";

const part = (doc: string, side: Side, read: (it: NameAddr) => Read): Pv<PvState> =>
  pv({
    doc,
    get: ({ msg }) => {
      const it = msg[side];
      return it ? read(it) : null;
    },
  });

type Edit = (msg: SipMessage, it: NameAddr, text: string | null) => void;

/** Null and false are for values without a text. */
const writable = (it: Pv<PvState>, side: Side, edit: Edit): Pv<PvState> =>
  pv({
    ...it,
    set: ({ msg }: Call, _key, value: Value, _state, read) => {
      const addr = msg[side];
      if (!addr?.parsed) return false;
      const text = value === null ? null : textOf(value, read === true);
      if (text === undefined) return false;
      edit(msg, addr, text);
      return true;
    },
  });

const user = (it: NameAddr): Read => it.parsed?.user || null;
const host = (it: NameAddr): Read => it.parsed?.host || null;
const userLength = (it: NameAddr): Read => (it.parsed ? it.parsed.user.length : null);

/** Deletes `length` bytes and puts `text` in their place; a bare insertion when there is nothing to delete. */
function replace(msg: SipMessage, offset: number, length: number, text: string): void {
  const anchor = length > 0 ? msg.delete(offset, length) : msg.anchor(offset);
  if (text !== "") msg.editsAt(offset).insertAfter(anchor, text);
}

/** A URI cannot be deleted. One with parameters gets brackets when the one it replaces has none. */
const setUri: Edit = (msg, it, text) => {
  if (text === null) return;
  const bare = !it.enclosed && text.lastIndexOf(";") > 0;
  replace(msg, it.uriStart, it.uriEnd - it.uriStart, bare ? `<${text}>` : text);
};

const setUser: Edit = (msg, it, text) => {
  const { parsed } = it;
  const start = it.uriStart + it.uri.indexOf(":") + 1;
  const length = parsed!.user.length;
  if (length === 0) {
    if (text !== null) replace(msg, start, 0, `${text}@`);
  } else if (text === null) replace(msg, start, msg.text[start + length] === "@" ? length + 1 : length, "");
  else replace(msg, start, length, text);
};

const setHost: Edit = (msg, it, text) => {
  const { parsed } = it;
  if (text === null || parsed!.host === "") return;
  const at = parsed!.user === "" ? it.uri.indexOf(":") : it.uri.indexOf("@");
  replace(msg, it.uriStart + at + 1, parsed!.host.length, text);
};

const setDisplay: Edit = (msg, it, text) => {
  const length = it.displayEnd - it.displayStart;
  if (text === null) {
    if (length > 0) replace(msg, it.displayStart, msg.text[it.displayEnd] === " " ? length + 1 : length, "");
    return;
  }
  if (length > 0) replace(msg, it.displayStart, length, text);
  else replace(msg, it.start, 0, `${text} `);
  if (!it.enclosed) replace(msg, it.uriStart, it.uriEnd - it.uriStart, `<${it.uri}>`);
};

const uriOf = (side: Side, name: string): Pv<PvState> =>
  writable(
    part(`URI of ${name}.`, side, (it) => it.uri),
    side,
    setUri,
  );
const userOf = (side: Side, name: string): Pv<PvState> => writable(part(`User of ${name}.`, side, user), side, setUser);
const hostOf = (side: Side, name: string): Pv<PvState> => writable(part(`Host of ${name}.`, side, host), side, setHost);
const displayOf = (side: Side, name: string): Pv<PvState> =>
  writable(
    part(`Display name of ${name}, with its quotes.`, side, (it) => it.display || null),
    side,
    setDisplay,
  );

export const fromToVariables: Record<string, Pv<PvState>> = {
  fu: uriOf("from", "From"),
  from: uriOf("from", "From"),
  ful: part("Length of the From URI.", "from", (it) => it.uri.length),
  fU: userOf("from", "From"),
  "from.user": userOf("from", "From"),
  fUl: part("Length of the From user, 0 without one.", "from", userLength),
  fd: hostOf("from", "From"),
  "from.domain": hostOf("from", "From"),
  fn: displayOf("from", "From"),
  ft: part("Tag of From.", "from", (it) => it.tag || null),
  tu: uriOf("to", "To"),
  to: uriOf("to", "To"),
  tU: userOf("to", "To"),
  "to.user": userOf("to", "To"),
  tUl: writable(
    part("Length of the To user, 0 without one; assigning it sets the user.", "to", userLength),
    "to",
    setUser,
  ),
  td: hostOf("to", "To"),
  "to.domain": hostOf("to", "To"),
  tn: displayOf("to", "To"),
  tt: part("Tag of To.", "to", (it) => it.tag || null),
  tts: pv({ doc: "1 when To has a tag, else 0.", get: ({ msg }) => (msg.to && msg.to.tag !== "" ? 1 : 0) }),
};
