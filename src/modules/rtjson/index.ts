/** rtjson: routing by a JSON document. Follows Kamailio's src/modules/rtjson. */

import type { Call } from "../../declare/call.ts";
import { type Core, LogLevel } from "../../declare/core.ts";
import { declare, str, text } from "../../declare/module.ts";
import { XavpList } from "../../declare/xavp.ts";
import { branchTo } from "../../sip/message.ts";
import { clearTargets } from "../../transaction/branch.ts";
import { toTicks } from "../../transaction/wheel.ts";
import { setFinal } from "../tm/timers.ts";
import { replace } from "../uac/replace.ts";
import type { Uac } from "../uac/state.ts";
import { type Destination, parse, type RoutingDocument, read, type Validator, validator } from "./document.ts";

interface Rtjson {
  readonly xavp: string;
  readonly validate: Validator;
  /** The document last read: a call's functions read the same one several times. */
  last: { readonly json: string; readonly document: RoutingDocument } | undefined;
}
const { fn, module } = declare<Rtjson>();

const complain = (core: Core, problem: string, level: number = LogLevel.err): -1 => {
  core.log.write(level, `rtjson: ${problem}\n`);
  return -1;
};

/** The document of the call, and how many of its routes have been used. */
interface Routing extends RoutingDocument {
  readonly record: XavpList;
  readonly used: number;
}

function routing(call: Call, state: Rtjson): Routing | undefined {
  const record = call.lists.xavps.sub(state.xavp);
  const json = record?.get("json")?.value;
  const used = record?.get("idx")?.value;
  if (record === undefined || typeof json !== "string" || json === "" || typeof used !== "number") {
    complain(call.core, "no json for routing", LogLevel.warn);
    return undefined;
  }
  const document = state.last?.json === json ? state.last.document : documentOf(call.core, json, state);
  return document && { ...document, record, used };
}

/** Logs everything that is wrong with a document; undefined when nothing can be routed by it. */
function documentOf(core: Core, json: string, state: Rtjson): RoutingDocument | undefined {
  const parsed = parse(json);
  if (parsed === undefined) {
    complain(core, `invalid json doc [[${json}]]`);
    return undefined;
  }
  const { document, problems } = read(parsed.root, state.validate);
  for (const problem of problems)
    if (document) complain(core, `${problem}; ignored`, LogLevel.warn);
    else complain(core, problem);
  if (document) state.last = { json, document };
  return document;
}

const use = (it: Routing, count: number): void => {
  it.record.set("idx", 0, it.used + count);
};

const socketOf = ({ core }: Call, { socket }: Destination) =>
  socket === undefined ? undefined : core.sockets.parse(socket);

/** The first route becomes the message's own target. */
function first(call: Call, route: Destination): void {
  const { msg } = call;
  clearTargets(msg);
  if (route.uri !== undefined) msg.newUri = route.uri;
  msg.dstUri = route.dst_uri || null;
  msg.path = route.path || null;
  msg.instance = undefined;
  msg.ruid = undefined;
  msg.locationUa = undefined;
  msg.regId = 0;
  msg.q = 0;
  msg.uriConsumed = false;
  msg.forceSendSocket = socketOf(call, route);
  msg.branchFlags |= Math.trunc(route.branch_flags ?? 0);
}

function append(call: Call, route: Destination): void {
  const { msg } = call;
  msg.addBranch({
    ...branchTo(route.uri ?? msg.uri),
    dstUri: route.dst_uri ?? "",
    path: route.path ?? "",
    q: 0,
    socket: socketOf(call, route),
  });
}

/** Timers and header fields of a route, for the branch that is about to be sent. */
function prepare(call: Call, route: Destination): void {
  const { msg, core } = call;
  const fr = Math.trunc(route.fr_timer ?? 0);
  const frInvite = Math.trunc(route.fr_inv_timer ?? 0);
  if (fr > 0 || frInvite > 0) setFinal(call, toTicks(frInvite), toTicks(fr));
  const { headers } = route;
  if (headers === undefined) return;
  const { extra = "" } = headers;
  if (extra.length > 4) msg.edits.insertBefore(msg.edits.anchor(msg.headersEnd), extra);
  const uac = core.state<Uac>("uac");
  if (uac === undefined) return;
  // As in Kamailio a value that To does not have is taken over from From.
  let display = "";
  let uri = "";
  for (const side of ["from", "to"] as const) {
    const given = headers[side];
    if (given === undefined) continue;
    display = given.display ?? display;
    uri = given.uri ?? uri;
    if (display !== "" || uri !== "") replace(call, side, display, uri, uac);
  }
}

export const rtjson = module({
  name: "rtjson",
  doc: "Routing by a JSON document: serial or parallel targets with timers and header fields of their own.",
  needs: ["tm"],
  params: { xavp_cfg: text("XAVP that keeps the document.", { fallback: "rtjson" }) },
  start: (params) =>
    params.xavp_cfg === ""
      ? "rtjson: invalid xavp name"
      : { xavp: params.xavp_cfg, validate: validator(), last: undefined },
  functions: {
    rtjson_init_routes: fn({
      doc: "Takes a document for the call.",
      in: "any",
      args: { document: str("JSON document.") },
      returns: { 1: "it is valid JSON", [-1]: "it is not" },
      run(call, args, state) {
        if (args.document === "" || parse(args.document) === undefined)
          return complain(call.core, `invalid json doc [[${args.document}]]`);
        const record = new XavpList();
        record.add("idx", 0);
        record.add("json", args.document);
        call.lists.xavps.add(state.xavp, record);
        return 1;
      },
    }),
    rtjson_push_routes: fn({
      doc: "Sets the message's targets: the first route, or with parallel routing all of them.",
      in: "any",
      args: {},
      returns: { 1: "done", [-1]: "there is no document, or it is wrong: the log says where" },
      run(call, _args, state) {
        const it = routing(call, state);
        if (it === undefined) return -1;
        const [head, ...rest] = it.routes;
        first(call, head!);
        if (it.routing === "serial") use(it, 1);
        else {
          for (const route of rest) append(call, route);
          use(it, it.routes.length);
        }
        return 1;
      },
    }),
    rtjson_next_route: fn({
      doc: "Adds the next route of serial routing as a branch.",
      in: "any",
      args: {},
      returns: { 1: "done", [-1]: "there is none left, or routing is not serial" },
      run(call, _args, state) {
        const it = routing(call, state);
        const route = it?.routing === "serial" ? it.routes[it.used] : undefined;
        if (it === undefined || route === undefined) return -1;
        use(it, 1);
        append(call, route);
        return 1;
      },
    }),
    rtjson_update_branch: fn({
      doc: "Applies timers and header fields of the current route of serial routing, in a branch_route.",
      in: "any",
      args: {},
      returns: { 1: "done", [-1]: "there is none, or routing is not serial" },
      run(call, _args, state) {
        const it = routing(call, state);
        const route = it?.routing === "serial" ? it.routes[it.used - 1] : undefined;
        if (route === undefined) return -1;
        prepare(call, route);
        return 1;
      },
    }),
  },
  variables: {},
  commands: {},
  events: {},
});
