/** rtjson: routing by a JSON document. Follows Kamailio's src/modules/rtjson. */
import type { Call } from "../../declare/call.ts";
import { type Core, LogLevel } from "../../declare/core.ts";
import { declare, str, text } from "../../declare/module.ts";
import { XavpList } from "../../declare/xavp.ts";
import { clearTargets } from "../../transaction/branch.ts";
import { toTicks } from "../../transaction/wheel.ts";
import { setFinal } from "../tm/timers.ts";
import { replace } from "../uac/replace.ts";
import type { Uac } from "../uac/state.ts";
import { item, type JsonObject, number, object, parseDocument, string } from "./document.ts";

interface Rtjson {
  readonly xavp: string;
}
const { fn, module } = declare<Rtjson>();

const complain = (core: Core, problem: string): -1 => {
  core.log.write(LogLevel.err, `rtjson: ${problem}\n`);
  return -1;
};

/** The document of the call, and how many of its routes have been used. */
interface Routing {
  readonly record: XavpList;
  readonly document: JsonObject;
  readonly serial: boolean;
  readonly routes: readonly JsonObject[];
  readonly used: number;
}

function routing(call: Call, state: Rtjson): Routing | undefined {
  const record = call.lists.xavps.sub(state.xavp);
  const json = record?.get("json")?.value;
  const used = record?.get("idx")?.value;
  if (record === undefined || typeof json !== "string" || json === "" || typeof used !== "number") {
    complain(call.core, "no json for routing");
    return undefined;
  }
  const document = parseDocument(json);
  if (document === undefined) {
    complain(call.core, `invalid json doc [[${json}]]`);
    return undefined;
  }
  const kind = string(document, "routing");
  if (kind !== "serial" && kind !== "parallel") {
    complain(call.core, kind === undefined ? "missing or invalid routing field" : `unsupported routing [${kind}]`);
    return undefined;
  }
  const listed = item(document, "routes");
  if (!Array.isArray(listed) || listed.length === 0) {
    complain(call.core, "missing or invalid routes field");
    return undefined;
  }
  const routes = listed.map(
    (it) => (typeof it === "object" && it !== null && !Array.isArray(it) ? it : {}) as JsonObject,
  );
  return { record, document, serial: kind === "serial", routes, used };
}

const use = (it: Routing, count: number): void => {
  it.record.set("idx", 0, it.used + count);
};

/** The first route becomes the message's own target. */
function first(call: Call, route: JsonObject): void {
  const { msg } = call;
  clearTargets(msg);
  const uri = string(route, "uri");
  if (uri !== undefined) msg.newUri = uri;
  msg.dstUri = string(route, "dst_uri") || null;
  msg.path = string(route, "path") || null;
  msg.instance = undefined;
  msg.ruid = undefined;
  msg.locationUa = undefined;
  msg.regId = 0;
  msg.q = 0;
  msg.uriConsumed = false;
  const socket = string(route, "socket");
  msg.forceSendSocket = socket === undefined ? undefined : call.core.sockets.parse(socket);
  msg.branchFlags |= number(route, "branch_flags");
}

function append(call: Call, route: JsonObject): void {
  const { msg } = call;
  const socket = string(route, "socket");
  msg.branches.push({
    uri: string(route, "uri") ?? msg.uri,
    dstUri: string(route, "dst_uri") ?? "",
    path: string(route, "path") ?? "",
    q: 0,
    flags: 0,
    socket: socket === undefined ? undefined : call.core.sockets.parse(socket),
    userAgent: "",
    instance: "",
    ruid: "",
    locationUa: "",
    regId: 0,
  });
}

/** Timers and header fields of a route, for the branch that is about to be sent. */
function prepare(call: Call, route: JsonObject): void {
  const { msg, core } = call;
  const fr = number(route, "fr_timer");
  const frInvite = number(route, "fr_inv_timer");
  if (fr > 0 || frInvite > 0) setFinal(call, toTicks(frInvite), toTicks(fr));
  const headers = object(route, "headers");
  if (headers === undefined) return;
  const extra = string(headers, "extra") ?? "";
  if (extra.length > 4) msg.edits.insertBefore(msg.edits.anchor(msg.headersEnd), extra);
  const uac = core.state<Uac>("uac");
  if (uac === undefined) return;
  // As in Kamailio a value that To does not have is taken over from From.
  let display = "";
  let uri = "";
  for (const side of ["from", "to"] as const) {
    const given = object(headers, side);
    if (given === undefined) continue;
    display = string(given, "display") ?? display;
    uri = string(given, "uri") ?? uri;
    if (display !== "" || uri !== "") replace(call, side, display, uri, uac);
  }
}

export const rtjson = module({
  name: "rtjson",
  doc: "Routing by a JSON document: serial or parallel targets with timers and header fields of their own.",
  needs: ["tm"],
  params: { xavp_cfg: text("XAVP that keeps the document.", { fallback: "rtjson" }) },
  start: (params) => (params.xavp_cfg === "" ? "rtjson: invalid xavp name" : { xavp: params.xavp_cfg }),
  functions: {
    rtjson_init_routes: fn({
      doc: "Takes a document for the call.",
      in: "any",
      args: { document: str("JSON document.") },
      returns: { 1: "it is valid JSON", [-1]: "it is not" },
      run(call, args, state) {
        if (args.document === "" || parseDocument(args.document) === undefined)
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
      returns: { 1: "done", [-1]: "there is no document, or it lacks routing or routes" },
      run(call, _args, state) {
        const it = routing(call, state);
        if (it === undefined) return -1;
        const [head, ...rest] = it.routes;
        first(call, head!);
        if (it.serial) use(it, 1);
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
        const route = it?.serial ? it.routes[it.used] : undefined;
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
        const route = it?.serial ? it.routes[it.used - 1] : undefined;
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
