/** tls: certificates, profiles by address and server name, and what scripts learn of secured connections. Follows Kamailio's src/modules/tls. */
import { RunFlag } from "../../declare/call.ts";
import { type Core, LogLevel } from "../../declare/core.ts";
import { Lists } from "../../declare/lists.ts";
import { str } from "../../declare/module.ts";
import type { TlsProfiles } from "../../sip/secure.ts";
import { Newest } from "../newest.ts";
import { commands, expose, opened, waiting } from "./commands.ts";
import { parseTlsFile } from "./file.ts";
import { impossible, optionsOf, parameters, type Settings } from "./parameters.ts";
import { find, fromParameters, fromSections, type Loaded, pathOf } from "./profiles.ts";
import { factsOf, fn, module, type Tls } from "./state.ts";
import { variables } from "./variables.ts";

const eventName = "tls:connection-out";

/** The profiles of the configuration file, or else of the parameters. A string says what is wrong with them. */
function read(settings: Settings, config: string, core: Core): Loaded | string {
  const renegotiation = Number(settings.renegotiation) !== 0;
  if (config === "") return fromParameters(optionsOf(settings), core, renegotiation);
  const { files } = core.host;
  const path = pathOf(config, core);
  const text =
    files.read(path) ??
    files
      .glob(`${path}/*`)
      .map((it) => files.read(it) ?? "")
      .join("\n");
  if (text === "") return `the configuration file ${path} cannot be read, or is empty`;
  const sections = parseTlsFile(text, path);
  return typeof sections === "string" ? sections : fromSections(sections, core, renegotiation);
}

/** A text in the XAVP of xavp_cfg. */
function wish(lists: unknown, root: string, name: string): string {
  if (root === "" || !(lists instanceof Lists)) return "";
  const value = lists.xavps.sub(root)?.get(name)?.value;
  return typeof value === "string" ? value : "";
}

/** Runs the event route for a connection that we have opened; false when it says drop. */
function connectedOut(core: Core, connection: number): boolean {
  const run = core.runEvent(eventName, undefined, ({ msg }) => {
    msg.received = { ...msg.received, protocol: "tls", connection };
  });
  return run === undefined || run instanceof Promise || (run.flags & RunFlag.drop) === 0;
}

function profilesOf(loaded: Loaded, state: Tls, settings: Settings, idle: number): TlsProfiles {
  const { server, client } = loaded;
  return {
    asks: [server.fallback, ...server.list].some((it) => it.ask),
    server: (address, port, name) => find(server, address, port, name),
    client(address, port, lists) {
      const serverName = wish(lists, settings.xavp_cfg, "server_name");
      const id = wish(lists, settings.xavp_cfg, "server_id") || state.nextId;
      state.nextId = "";
      const it = find(client, address, port, serverName, id);
      return serverName === "" ? it : { ...it, serverName };
    },
    idle,
    waiting: Number(settings.con_ct_wq_max),
    opened: (connection) => connectedOut(state.core, connection),
  };
}

export const tls = module({
  name: "tls",
  doc: "TLS for SIP and HTTP connections. The core parameter enable_tls switches it on.",
  params: parameters,

  start(settings, core, old?: Tls) {
    const problem = impossible(settings);
    if (problem !== undefined) return problem;
    let config = settings.config;
    let idle = Number(settings.connection_timeout);
    const state: Tls = {
      core,
      profiles: undefined,
      inForce: old?.inForce ?? new Newest(),
      nextId: "",
      load() {
        const loaded = read(settings, config, core);
        return typeof loaded === "string" ? loaded : profilesOf(loaded, state, settings, idle);
      },
    };
    expose(core, settings, (name, value) => {
      if (name === "config") config = value;
      else idle = Number(value);
    });
    core.statistics.gauge("tls", "opened_connections", () => opened(core));
    core.statistics.gauge("tls", "max_connections", () => core.config.int("tls_max_connections"));
    core.statistics.gauge("tls", "clear_text_write_queued_bytes", () => waiting(core));
    if (core.config.int("enable_tls") === 0) {
      core.log.write(LogLevel.warn, "tls: TLS is disabled; enable_tls=yes enables it\n");
      return state;
    }
    const profiles = state.load();
    if (typeof profiles === "string") return profiles;
    state.profiles = profiles;
    return state;
  },
  open({ profiles, inForce }, core) {
    if (!core.streams || !profiles) return;
    inForce.add(profiles);
    core.streams.tls = inForce.current;
  },
  stop({ core, profiles, inForce }) {
    if (!core.streams || !profiles) return;
    inForce.remove(profiles);
    core.streams.tls = inForce.current;
  },

  functions: {
    is_peer_verified: fn({
      doc: "Whether the message came over TLS from a peer with a certificate that is trusted.",
      in: ["request"],
      args: {},
      returns: { 1: "yes", [-1]: "no" },
      run(call) {
        const facts = factsOf(call);
        return facts?.peer && facts.verdict === "" ? 1 : -1;
      },
    }),
    tls_set_connect_server_id: fn({
      doc: "Chooses the client profile of the next connection that is opened, by its server_id; empty for none.",
      in: "any",
      args: { srvid: str("The server_id.") },
      returns: { 1: "set" },
      run(_, { srvid }, state): 1 {
        state.nextId = srvid;
        return 1;
      },
    }),
  },
  variables,
  commands,
  events: {
    [eventName]: "A TLS connection that we opened is ready; `drop` closes it, and nothing is sent over it.",
  },
  statistics: {
    "tls.opened_connections": "TLS connections.",
    "tls.max_connections": "How many there may be.",
    "tls.clear_text_write_queued_bytes": "Bytes that wait for handshakes.",
  },
});
