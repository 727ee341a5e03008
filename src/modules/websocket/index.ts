/** websocket: SIP over WebSockets, with the module xhttp (RFC 7118). Follows Kamailio's src/modules/websocket. */
import { LogLevel } from "../../declare/core.ts";
import { int, str, text } from "../../declare/module.ts";
import { Newest } from "../newest.ts";
import { commands } from "./commands.ts";
import { handshake } from "./handshake.ts";
import { closedEvent, count, countHandshakes, fn, gone, module, pv, type Shared, type WebSockets } from "./state.ts";

const mechanisms = ["none", "ping", "pong", "check"] as const;

/** A number out of its bounds counts as not given. */
const within = (value: number, least: number, most: number, otherwise: number): number =>
  value >= least && value <= most ? value : otherwise;

export const websocket = module({
  name: "websocket",
  doc: "SIP over WebSockets: event_route[xhttp:request] makes connections WebSockets with ws_handle_handshake().",
  needs: ["sl"],
  params: {
    keepalive_mechanism: int(
      "What keeps silent WebSockets alive: 0 nothing, 1 pings, 2 pongs, 3 a look whether they are there.",
      {
        fallback: 1,
      },
    ),
    keepalive_timeout: int("Seconds of silence before that; as long may the answer to a ping take.", { fallback: 180 }),
    keepalive_interval: int("Seconds between two looks at the WebSockets; they are looked at each second.", {
      fallback: 1,
    }),
    keepalive_processes: int("Processes that do so; there are none here.", { fallback: 1 }),
    ping_application_data: text("What pings and pongs carry, 1 to 125 bytes; else the Server header field's text.", {
      fallback: "",
    }),
    sub_protocols: int("Sub-protocols: 1 sip, 2 msrp, which nothing here speaks.", { fallback: 3 }),
    cors_mode: int("Access-Control-Allow-Origin in the answer: 0 none, 1 any, 2 the origin of the request.", {
      fallback: 0,
    }),
    timer_interval: int("Seconds between two searches for connections that are gone; that is noticed at once here.", {
      fallback: 1,
    }),
    rm_delay_interval: int("Seconds from the end of a WebSocket to its event route.", { fallback: 5 }),
    verbose_list: int("Logs each look at the WebSockets; there is no such line here.", { fallback: 0 }),
    event_callback: text("A function of an embedded language in place of the event route; there is none.", {
      fallback: "",
    }),
  },

  start(params, core, old?: WebSockets) {
    const protocols = Number(params.sub_protocols);
    const cors = Number(params.cors_mode);
    if ((protocols & ~3) !== 0) return "sub_protocols: 1 is sip, 2 is msrp";
    if ((protocols & 1) === 0) return "sub_protocols: there is none but sip (1)";
    if (cors < 0 || cors > 2) return "cors_mode is 0, 1 or 2";
    if (params.event_callback !== "") return "event_callback: there are no embedded languages";
    if (!core.modules.some((it) => it.name === "xhttp")) return "the module xhttp must be loaded, too";
    if (!core.modules.some((it) => it.name === "nathelper" || it.name === "outbound"))
      core.log.write(
        LogLevel.warn,
        "websocket: without nathelper or outbound, SIP over WebSockets is not routed well\n",
      );
    let timeout = within(Number(params.keepalive_timeout), 1, 3600, 180);
    const data = params.ping_application_data;
    const shared: Shared = old?.shared ?? { scripts: new Newest(), due: new Set(), enabled: true };
    const state: WebSockets = {
      core,
      shared,
      delay: within(Number(params.rm_delay_interval), 1, 60, 5),
      cors,
      options: {
        keepAlive: mechanisms[Number(params.keepalive_mechanism)] ?? "ping",
        timeout: () => timeout,
        payload:
          data.length >= 1 && data.length <= 125
            ? data
            : core.config
                .str("server_header")
                .replace(/^Server:\s*/i, "")
                .slice(0, 125),
        counters: count(core),
        closed: (end) => gone(shared, end),
      },
      handshakes: countHandshakes(core),
    };
    core.config.expose("websocket", "keepalive_timeout", {
      doc: "Seconds of silence before a WebSocket is kept alive.",
      get: () => timeout,
      set(value) {
        timeout = Number(value);
        return true;
      },
    });
    core.config.expose("websocket", "enabled", {
      doc: "Whether handshakes are accepted.",
      get: () => (shared.enabled ? 1 : 0),
      set(value) {
        shared.enabled = Number(value) !== 0;
        return true;
      },
    });
    return state;
  },
  open(state) {
    state.shared.scripts.add(state);
  },
  stop(state) {
    const { scripts, due } = state.shared;
    scripts.remove(state);
    if (scripts.current) return;
    for (const timer of due) timer.cancel();
    due.clear();
  },

  functions: {
    ws_handle_handshake: fn({
      doc: "Answers the HTTP request that asks for a WebSocket, and makes the connection one.",
      in: "any",
      args: {},
      returns: { 1: "the connection is a WebSocket", 0: "the request was refused: the script ends" },
      waits: true,
      run: (call, _, state) => handshake(call, state),
    }),
    ws_close: fn({
      doc: "Begins the closing handshake of a WebSocket; a second time closes it at once.",
      in: "any",
      args: {
        status: int("Code, as in RFC 6455, 7.4.", { fallback: 1000 }),
        reason: str("Reason.", { fallback: "Normal closure" }),
        connection_id: int("Id of the connection; the one that the message came on when not given.", {
          optional: true,
        }),
      },
      arities: [0, 2, 3],
      returns: { 1: "it is closing", [-1]: "there is no such WebSocket" },
      run({ core, msg }, { status, reason, connection_id: id }) {
        const connection = id === undefined ? msg.received.connection : Number(id);
        return core.streams?.webSockets.close(connection, Number(status), reason) ? 1 : -1;
      },
    }),
  },
  variables: {
    ws_conid: pv({
      doc: "Id of the connection that the message came on; 0 for none.",
      get: ({ msg }) => msg.received.connection,
    }),
  },
  commands,
  events: { [closedEvent]: "A WebSocket is gone, since rm_delay_interval seconds." },
  statistics: {
    "websocket.ws_current_connections": "WebSockets that are open.",
    "websocket.ws_max_concurrent_connections": "The most that were open at once.",
    "websocket.ws_failed_connections": "WebSockets that broke when something was sent.",
    "websocket.ws_local_closed_connections": "WebSockets that this side has closed.",
    "websocket.ws_remote_closed_connections": "WebSockets that the peer has closed.",
    "websocket.ws_received_frames": "Frames that came.",
    "websocket.ws_transmitted_frames": "Frames that were sent.",
    "websocket.ws_failed_handshakes": "Handshakes that were refused.",
    "websocket.ws_successful_handshakes": "Handshakes that were accepted.",
    "websocket.ws_sip_current_connections": "The same of those that speak SIP, which is all of them.",
    "websocket.ws_sip_max_concurrent_connections": "The same.",
    "websocket.ws_sip_failed_connections": "The same.",
    "websocket.ws_sip_local_closed_connections": "The same.",
    "websocket.ws_sip_remote_closed_connections": "The same.",
    "websocket.ws_sip_received_frames": "Messages that came.",
    "websocket.ws_sip_transmitted_frames": "Messages that were sent.",
    "websocket.ws_sip_successful_handshakes": "Handshakes for SIP that were accepted.",
  },
});
