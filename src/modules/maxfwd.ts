/** maxfwd: counts Max-Forwards down (RFC 3261, 16.6 (3)). Follows Kamailio's src/modules/maxfwd. */
import { declare, int } from "../declare/module.ts";
import { HeaderType } from "../sip/headers.ts";
import type { SipMessage } from "../sip/message.ts";

interface Maxfwd {
  maxLimit: number;
}
const { fn, module } = declare<Maxfwd>();

/** The digits of the field and what they mean; "none" without the field, "bad" when it is no number below 2^16. */
function read(msg: SipMessage): { start: number; end: number; value: number } | "none" | "bad" {
  const header = msg.find(HeaderType.maxForwards);
  if (header === undefined) return "none";
  const { text } = msg;
  let start = header.valueStart;
  let end = header.valueEnd;
  while (start < end && text.charCodeAt(start) <= 32) start++;
  while (end > start && text.charCodeAt(end - 1) <= 32) end--;
  let value = 0;
  for (let i = start; i < end; i++) {
    const c = text.charCodeAt(i);
    if (c < 48 || c > 57) return "bad";
    value = value * 10 + (c - 48);
    if (value > 65535) return "bad";
  }
  return start === end ? "bad" : { start, end, value };
}

const process = fn({
  doc: "Counts Max-Forwards down by one, or adds the field when it is missing.",
  in: ["request"],
  args: { limit: int("Value of the field when it is added, 0 to 255.") },
  returns: {
    1: "the value was counted down",
    2: "the field was missing and has been added",
    [-1]: "the value is 0, or the limit is not between 0 and 255",
    [-2]: "the value is no number",
  },
  run({ msg }, args, state) {
    const limit = Number(args.limit);
    if (limit < 0 || limit > 255) return -1;
    const found = read(msg);
    if (found === "bad" || msg.headers.length === 0) return -2;
    if (found === "none") {
      msg.edits.insertBefore(msg.edits.anchor(msg.headers[0]!.start), `Max-Forwards: ${limit}\r\n`);
      return 2;
    }
    if (found.value === 0) return -1;
    const next = found.value > state.maxLimit ? state.maxLimit : found.value - 1;
    const width = found.end - found.start;
    msg.overwrite(found.start, String(next).slice(-width).padStart(width));
    return 1;
  },
});

const isBelow = fn({
  doc: "Tells whether Max-Forwards is below a limit.",
  in: ["request", "failure", "branch"],
  args: { limit: int("The limit, 0 to 255.") },
  returns: {
    1: "the value is below the limit",
    [-1]: "it is not, or the limit is not between 0 and 255",
    [-2]: "the field is missing",
    [-3]: "the value is no number",
  },
  run({ msg }, args) {
    const limit = Number(args.limit);
    if (limit < 0 || limit > 255) return -1;
    const found = read(msg);
    if (found === "none") return -2;
    if (found === "bad") return -3;
    return found.value < limit ? 1 : -1;
  },
});

export const maxfwd = module({
  name: "maxfwd",
  doc: "Keeps requests from looping for ever by way of Max-Forwards.",
  params: { max_limit: int("A value above this one is cut down to it, 0 to 255.", { fallback: 70 }) },
  start(params, core) {
    const state: Maxfwd = { maxLimit: Number(params.max_limit) };
    core.config.expose("maxfwd", "max_limit", {
      doc: "The highest value that a forwarded Max-Forwards has.",
      get: () => state.maxLimit,
      set: (value) => {
        const limit = Number(value);
        if (!(limit >= 0 && limit <= 255)) return false;
        state.maxLimit = limit;
        return true;
      },
    });
    return state;
  },
  functions: {
    mf_process_maxfwd_header: process,
    process_maxfwd: process,
    maxfwd_process: process,
    is_maxfwd_lt: isBelow,
    maxfwd_at_least: isBelow,
    mf_lowlimit: isBelow,
  },
  variables: {},
  commands: {},
  events: {},
});
