/** rr: Record-Route, and routing by Route. Follows Kamailio's src/modules/rr. */
import type { Call } from "../../declare/call.ts";
import { declare, int, optional, regex, str, text } from "../../declare/module.ts";
import { looseRoute, Preloaded } from "./loose.ts";
import { addRrParam, recordRoute, recordRouteAdvertised, recordRoutePreset, removeRecordRoute } from "./record.ts";
import { type Direction, direction, type Rr, routedParams, routeField } from "./state.ts";

const { fn, pv, module } = declare<Rr>();

/** Adds Record-Route with `make` unless the request has one from here already. */
function once(call: Call, make: () => boolean): 1 | -1 {
  const { msg } = call;
  if (msg.marked("rr-added") || !make()) return -1;
  if (call.kind !== "branch") msg.mark("rr-added");
  return 1;
}

const recording = ["request", "branch", "failure"] as const;
const recorded = {
  1: "Record-Route was added",
  [-1]: "it was added before, or the Request-URI cannot be parsed",
} as const;
const looseReturns = {
  1: "the next hop is known from the route set",
  [-1]: "there is no Route, or it cannot be parsed",
  [-3]: "the only Route named this server, and the request is not in a dialog",
} as const;

export const rr = module({
  name: "rr",
  doc: "Keeps this server in the path of a dialog (Record-Route) and routes by that path (Route).",
  params: {
    enable_full_lr: int("Writes `;lr=on` instead of `;lr`.", { fallback: 0 }),
    append_fromtag: int("Adds the From tag, by which is_direction() tells caller from callee.", { fallback: 1 }),
    enable_double_rr: int("1: a second Record-Route where the request changes its network or transport. 2: always.", {
      fallback: 1,
    }),
    add_username: int("Adds the user part of the Request-URI.", { fallback: 0 }),
    enable_socket_mismatch_warning: int("Warns when no socket fits the second of two Routes.", { fallback: 1 }),
    custom_user_avp: str("AVP with the user part for add_username.", { fallback: "" }),
    force_send_socket: int("Forces the socket that a single own Route names, too.", { fallback: 0 }),
    ignore_sips: int("Writes `sip:` even where the Request-URI is a SIPS URI.", { fallback: 0 }),
    sockname_mode: int("Adds the socket's name as parameter `sn`, and finds the socket by it.", { fallback: 0 }),
    loose_route_mode: int("The mode of loose_route(), as for loose_route_mode().", { fallback: 0 }),
  },
  start(params, core) {
    let customUser: Rr["customUser"];
    if (params.custom_user_avp !== "") {
      const found = core.variables.variable(params.custom_user_avp);
      if (typeof found === "string") return found;
      if (found.name !== "avp") return `custom_user_avp: \`${params.custom_user_avp}\` is no AVP`;
      customUser = found;
    }
    return {
      core,
      appendFromtag: Number(params.append_fromtag) !== 0,
      double: Number(params.enable_double_rr),
      lr: Number(params.enable_full_lr) !== 0 ? ";lr=on" : ";lr",
      addUsername: Number(params.add_username) !== 0,
      warnsOfSocket: Number(params.enable_socket_mismatch_warning) !== 0,
      customUser,
      forceSendSocket: Number(params.force_send_socket) !== 0,
      ignoreSips: Number(params.ignore_sips) !== 0,
      sockname: Number(params.sockname_mode) !== 0,
      looseMode: Number(params.loose_route_mode),
      shown: {
        advertisedAddress: core.config.str("advertised_address"),
        advertisedPort: core.config.int("advertised_port"),
      },
      pending: new WeakMap(),
      onLooseRoute: [],
    };
  },
  functions: {
    loose_route: fn({
      doc: "Routes a request by its Route header fields, taking those out that name this server.",
      in: ["request"],
      args: {},
      returns: looseReturns,
      run: (call, _args, state) => looseRoute(call, state.looseMode, state),
    }),
    loose_route_preloaded: fn({
      doc: "As loose_route(), but true only for a request outside a dialog whose only Route named this server.",
      in: ["request"],
      args: {},
      returns: { 1: "the Route was preloaded", [-1]: "it was not, or cannot be processed" },
      run: (call, _args, state) => (looseRoute(call, 0, state) === Preloaded ? 1 : -1),
    }),
    loose_route_mode: fn({
      doc: "As loose_route(), with a mode.",
      in: ["request"],
      args: {
        mode: int(
          "1: a Request-URI that names this server is not taken as a strict router's work. 2: no outbound flow tokens.",
        ),
      },
      returns: looseReturns,
      run: (call, args, state) => looseRoute(call, Number(args.mode), state),
    }),
    record_route: fn({
      doc: "Adds Record-Route, above any other, so that the dialog's further requests come this way.",
      in: recording,
      args: { params: str("URI parameters to add, each with its semicolon.", { fallback: "" }) },
      returns: recorded,
      run: (call, args, state) => once(call, () => recordRoute(call, args.params, state)),
    }),
    record_route_preset: fn({
      doc: "Adds Record-Route with a given address, or two with an address for either side.",
      in: recording,
      args: {
        address: str("Host and port of the URI."),
        second: optional(str("Host and port of a second field; needs enable_double_rr.")),
      },
      returns: recorded,
      run(call, args, state) {
        const { address, second } = args;
        if (second !== undefined && state.double === 0) return -1;
        return once(
          call,
          () =>
            recordRoutePreset(call, address, state) && (second === undefined || recordRoutePreset(call, second, state)),
        );
      },
    }),
    record_route_advertised_address: fn({
      doc: "Adds Record-Route with a given address, with the transport where the request changes it.",
      in: recording,
      args: { address: str("Host and port of the URI.") },
      returns: recorded,
      run: (call, args, state) => once(call, () => recordRouteAdvertised(call, args.address, state)),
    }),
    remove_record_route: fn({
      doc: "Takes back the Record-Route that was added here.",
      in: ["request", "failure"],
      args: {},
      returns: { 1: "always" },
      run(call): 1 {
        removeRecordRoute(call.msg);
        return 1;
      },
    }),
    add_rr_param: fn({
      doc: "Adds parameters to Record-Route: before or after record_route().",
      in: recording,
      args: { params: str("URI parameters, each with its semicolon.") },
      returns: {
        1: "they were added",
        [-1]: "there is only one of two Record-Routes to add them to, or they exceed 512 bytes",
      },
      run: (call, args, state) => (addRrParam(call.msg, args.params, state) ? 1 : -1),
    }),
    check_route_param: fn({
      doc: "Tells whether the URI parameters of the own Route match; to be used after loose_route().",
      in: ["request"],
      args: { re: regex("What the parameters, with the semicolon before them, have to match.") },
      returns: { 1: "they match", [-1]: "they do not, or there are none" },
      run(call, args, state) {
        const params = routedParams(call.msg, state);
        return params && args.re.test(`;${params}`) ? 1 : -1;
      },
    }),
    is_direction: fn({
      doc: "Tells the direction of a request in a dialog: downstream is from the caller. To be used after loose_route().",
      in: ["request"],
      args: {
        direction: text("`downstream` or `upstream`.", {
          check: (it) => (/^(down|up)stream$/i.test(it) ? undefined : `unknown direction \`${it}\``),
        }),
      },
      returns: { 1: "it has this direction", [-1]: "it has the other" },
      check: (_literals, state) => (state.appendFromtag ? undefined : "is_direction() needs parameter append_fromtag"),
      run: (call, args, state) => (direction(call.msg, state) === (args.direction.toLowerCase() as Direction) ? 1 : -1),
    }),
    rr_next_hop_route: fn({
      doc: "Tells whether loose_route() took the next hop from a Route behind the own one.",
      in: "any",
      args: {},
      returns: { 1: "it did", [-1]: "it did not" },
      run: (call) => (call.msg.marked("route-addr") ? 1 : -1),
    }),
  },
  variables: {
    route_uri: pv({
      doc: "The URI of the topmost Route.",
      get: (call) => routeField(call.msg)?.entries[0]?.uri ?? null,
    }),
    fti: pv({
      doc: "The From tag of the dialog's first request, whichever side sends this one.",
      get: (call, _key, state) =>
        (direction(call.msg, state) === "upstream" ? call.msg.to?.tag : call.msg.from?.tag) || null,
    }),
    tti: pv({
      doc: "The To tag of the dialog's first request, whichever side sends this one.",
      get: (call, _key, state) =>
        (direction(call.msg, state) === "upstream" ? call.msg.from?.tag : call.msg.to?.tag) || null,
    }),
    rdir: pv({
      doc: "The direction of a request in a dialog.",
      keys: { id: "1 downstream, 2 upstream", name: "downstream or upstream" },
      get(call, key, state) {
        const way = direction(call.msg, state);
        return key === "name" ? way : way === "upstream" ? 2 : 1;
      },
    }),
  },
  commands: {},
  events: {},
});
