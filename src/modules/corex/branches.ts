/** append_branch: a further place to send the request to. */

import type { Call } from "../../declare/call.ts";
import { declare, type Fn, str } from "../../declare/module.ts";
import { branchTo } from "../../sip/message.ts";
import { complain } from "./complain.ts";
import type { Corex } from "./corex.ts";

const { fn } = declare<Corex>();

/** Kamailio's default of the core parameter max_branches, and its longest URI. */
const MAX_BRANCHES = 12;
const MAX_URI = 1023;

/** `0`, `0.5`, `1`, `1.0` as thousandths; undefined when it is no q value (RFC 3261, 20.10). */
export function parseQ(text: string): number | undefined {
  if (!/^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?|\.\d{1,3})$/.test(text)) return undefined;
  return Math.round(Number(text) * 1000);
}

/** The URI's parameters other than the URI go with the branch, and away from the message when its own URI went. */
function append(call: Call, uri: string, qText: string): 1 | -1 {
  const { msg } = call;
  const q = qText === "" ? -1 : parseQ(qText);
  if (q === undefined) return complain(call, `append_branch: ${qText} is not a q value`);
  const most = call.core.config.int("max_branches") || MAX_BRANCHES;
  if (msg.branches.length >= most - 1) return complain(call, "append_branch: there are too many branches");
  const target = uri || msg.uri;
  if (target.length > MAX_URI) return complain(call, "append_branch: the URI is too long");
  msg.addBranch({
    ...branchTo(target),
    dstUri: msg.dstUri ?? "",
    path: msg.path ?? "",
    q,
    flags: msg.branchFlags,
    socket: msg.forceSendSocket,
  });
  if (uri === "") {
    msg.forceSendSocket = undefined;
    msg.branchFlags = 0;
    msg.dstUri = null;
    msg.path = null;
  }
  return 1;
}

export const branchFunctions: Record<string, Fn<Corex>> = {
  append_branch: fn({
    doc: "Adds a branch to the request, with the destination, path, flags and socket that the request has.",
    in: ["request", "failure"],
    args: {
      uri: str("Its Request-URI; without one the message's, whose destination, path, flags and socket move.", {
        fallback: "",
      }),
      q: str("Its q value.", { fallback: "" }),
    },
    returns: { 1: "done", [-1]: "too many branches, or q or the URI is not valid" },
    run: (call, { uri, q }) => append(call, uri, q),
  }),
};
