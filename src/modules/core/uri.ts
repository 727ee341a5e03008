/** Changes of the Request-URI and of the branches beside it. */
import type { Call } from "../../declare/call.ts";
import type { Core } from "../../declare/core.ts";
import { declare, type Fn, int, text } from "../../declare/module.ts";
import { rewriteUri, type UriPart } from "../../sip/rewrite.ts";

const { fn } = declare<Core>();

const FAILED = "The Request-URI cannot be parsed, or would become too long.";

/** Writes the Request-URI anew with one part changed. */
function change(call: Call, part: UriPart, value: string | number): 1 | -1 {
  const uri = call.msg.parsedUri;
  const next = uri && rewriteUri(uri, part, value);
  if (next === null) {
    call.core.log.write(-1, `the Request-URI \`${call.msg.uri}\` cannot be changed\n`);
    return -1;
  }
  if (next !== call.msg.uri) call.msg.newUri = next;
  return 1;
}

const setsPart = (doc: string, what: string, part: UriPart): Fn<Core> =>
  fn({
    doc,
    in: "any",
    args: { value: text(what, { computed: false }) },
    returns: { 1: "It was changed.", [-1]: FAILED },
    run: (call, { value }) => change(call, part, value),
  });

const setsNumber = (doc: string, what: string, part: UriPart): Fn<Core> =>
  fn({
    doc,
    in: "any",
    args: { count: int(what, { computed: false }) },
    returns: { 1: "It was changed.", [-1]: FAILED },
    run: (call, { count }) => change(call, part, Number(count)),
  });

const host = setsPart("Replaces the host of the Request-URI and keeps its port.", "The new host.", "host");
const hostport = setsPart(
  "Replaces host and port of the Request-URI.",
  "The new host, with a colon and a port if there is to be one.",
  "hostport",
);
const hostporttrans = setsPart(
  "Replaces host and port of the Request-URI and removes its `transport` parameter.",
  "The new host, with port and parameters if there are to be any.",
  "hostport-trans",
);
const user = setsPart("Replaces the user of the Request-URI and keeps its password.", "The new user.", "user");
const userpass = setsPart(
  "Replaces user and password of the Request-URI.",
  "The new user, with a colon and a password if there is to be one.",
  "userpass",
);
const port = setsPart("Replaces the port of the Request-URI.", "The new port; empty removes it.", "port");
const wholeUri = fn({
  doc: "Replaces the whole Request-URI. What is given is not looked at.",
  in: "any",
  args: { uri: text("The new URI.", { computed: false }) },
  returns: { 1: "Always." },
  run(call, { uri }) {
    call.msg.newUri = uri;
    return 1 as const;
  },
});

export const uriFunctions = {
  rewritehost: host,
  sethost: host,
  seth: host,
  rewritehostport: hostport,
  sethostport: hostport,
  sethp: hostport,
  rewritehostporttrans: hostporttrans,
  sethostporttrans: hostporttrans,
  sethpt: hostporttrans,
  rewriteuser: user,
  setuser: user,
  setu: user,
  rewriteuserpass: userpass,
  setuserpass: userpass,
  setup: userpass,
  rewriteport: port,
  setport: port,
  setp: port,
  rewriteuri: wholeUri,
  seturi: wholeUri,
  revert_uri: fn({
    doc: "Takes back every change of the Request-URI: it is as it was received.",
    in: "any",
    args: {},
    returns: { 1: "Always." },
    run(call) {
      if (call.msg.newUri !== null) call.msg.newUri = null;
      return 1 as const;
    },
  }),
  prefix: setsPart("Puts text before the user of the Request-URI.", "What to put there.", "prefix"),
  strip: setsNumber("Removes characters from the front of the Request-URI's user.", "How many.", "strip"),
  strip_tail: setsNumber("Removes characters from the end of the Request-URI's user.", "How many.", "strip-tail"),
  userphone: fn({
    doc: "Adds `user=phone` to the Request-URI, unless it is a TEL URI or has it.",
    in: "any",
    args: {},
    returns: { 1: "It is there.", [-1]: FAILED },
    run: (call) => change(call, "userphone", ""),
  }),
  clear_branches: fn({
    doc: "Removes all branches that were appended, and the q value and flags of the first; the Request-URI itself is no target until it is set anew.",
    in: "any",
    args: {},
    returns: { 1: "Always." },
    run({ msg }) {
      msg.branches = [];
      msg.q = -1;
      msg.branchFlags = 0;
      msg.uriConsumed = true;
      return 1 as const;
    },
  }),
  remove_branch: fn({
    doc: "Removes one branch that was appended; nothing happens when there is none of that number.",
    in: "any",
    args: {
      index: int("Which, from 0; a negative number counts from the end.", { computed: false, fallback: 0 }),
    },
    returns: { 1: "Always." },
    run({ msg }, { index }) {
      const at = Number(index) < 0 ? msg.branches.length + Number(index) : Number(index);
      msg.removeBranch(at);
      return 1 as const;
    },
  }),
} as const;
