/** tcpops: what a script may do with the connections that messages come on. Follows Kamailio's src/modules/tcpops. */
import type { Call } from "../../declare/call.ts";
import { type Core, LogLevel } from "../../declare/core.ts";
import { declare, int, str, text, variable } from "../../declare/module.ts";
import type { StreamControl, StreamEnd, StreamInfo } from "../../declare/streams.ts";
import { type Answer, after, type Int } from "../../declare/value.ts";
import { Newest } from "../newest.ts";
import { addressOf } from "./address.ts";

type Listener = NonNullable<StreamControl["closed"]>;

interface Tcpops {
  readonly core: Core;
  /** closed_event: 0 no event routes, 1 for every connection, 2 for those that the script has named. */
  readonly mode: number;
  /** Connections that the script has named. */
  readonly named: Set<number>;
  /** What hears of closed connections. */
  hears: Listener | undefined;
  /** That of every script that has not ended. */
  readonly inForce: Newest<Listener>;
}
const { fn, pv, module } = declare<Tcpops>();

const own = ["request", "onreply"] as const;
const conid = int("Id of the connection.");
const done = { 1: "done", [-1]: "there is no such connection" } as const;
const events: Readonly<Record<StreamEnd, string>> = {
  closed: "tcp:closed",
  timeout: "tcp:timeout",
  reset: "tcp:reset",
};

/** The id of the connection that the message came on; 0, with a line in the log, for a message that came otherwise. */
function current({ core, msg }: Call): number {
  const { protocol, connection } = msg.received;
  if (protocol !== "udp" && protocol !== "sctp") return connection;
  core.log.write(LogLevel.err, "tcpops: the message did not come on a connection\n");
  return 0;
}

/** Kamailio's answer for a connection that a script names is 0 when there is none, which ends the script. */
function unknown({ core }: Call, id: Int): 0 {
  core.log.write(LogLevel.err, `tcpops: there is no connection ${id}\n`);
  return 0;
}

const probe = ({ core }: Call, id: Int, idle: Int, count: Int, interval: Int): 1 | -1 =>
  core.streams?.probe(Number(id), { idle: Number(idle), count: Number(count), interval: Number(interval) }) ? 1 : -1;

const quiet = ({ core }: Call, id: Int): 1 | -1 => (core.streams?.probe(Number(id), undefined) ? 1 : -1);

/** 1 open, 2 being accepted, 3 being opened, -1 none. */
function stateOf({ core }: Call, id: Int): 1 | 2 | 3 | -1 {
  const it = core.streams?.info(Number(id));
  if (!it || it.state === "closed") return -1;
  if (it.state === "connecting") return 3;
  return it.passive && it.protocol === "tls" && !core.streams?.secured(it.id) ? 2 : 1;
}

function setLifetime(call: Call, id: number, seconds: Int): 1 | -1 {
  if (seconds < 0) {
    call.core.log.write(LogLevel.err, `tcpops: a lifetime of ${seconds} seconds makes no sense\n`);
    return -1;
  }
  return call.core.streams?.setLifetime(id, Number(seconds)) ? 1 : -1;
}

/** The connection to an address, 0 for none; undefined when the address cannot be resolved. */
function find({ core }: Call, target: string): Answer<number | undefined> {
  const address = addressOf(target);
  if (!address) return undefined;
  return after(core.resolve(`sip:${address.host}:${address.port};transport=tcp`), (to) =>
    to === null ? undefined : (core.streams?.find(to.ip, address.port) ?? 0),
  );
}

/** Runs the event route for a connection that is gone, on a made-up message that seems to have come on it. */
function tell(state: Tcpops, it: StreamInfo, why: StreamEnd): void {
  const wanted = state.named.delete(it.id) || state.mode === 1;
  // One that never came about is nobody's loss.
  if (!wanted || (it.state === "connecting" && why !== "timeout")) return;
  const { core } = state;
  void core.runEvent(events[why], undefined, ({ msg }) => {
    msg.received = {
      socket: it.socket,
      protocol: it.protocol,
      srcIp: it.remote.address,
      srcPort: it.remote.port,
      dstIp: it.local.address,
      dstPort: it.local.port,
      connection: it.id,
      time: core.host.clock.now(),
    };
  });
}

export const tcpops = module({
  name: "tcpops",
  doc: "Looks after TCP, TLS and WebSocket connections: whether they are there, for how long, and what happens when they go.",
  params: {
    closed_event: int(
      "Event routes of closed connections: 0 never run, 1 always, 2 for those of tcp_enable_closed_event().",
      {
        fallback: 1,
        check: (it) => (/^[012]$/.test(it) ? undefined : "closed_event is 0, 1 or 2"),
      },
    ),
    event_callback: text("A function of an embedded language in place of event routes; there is none.", {
      fallback: "",
      check: (it) => (it === "" ? undefined : "there are no embedded languages"),
    }),
  },
  start({ closed_event }, core, old?: Tcpops) {
    const mode = Number(closed_event);
    if (mode < 0 || mode > 2) return "closed_event is 0, 1 or 2";
    return { core, mode, named: old?.named ?? new Set(), hears: undefined, inForce: old?.inForce ?? new Newest() };
  },
  open(state, core) {
    if (!core.streams) return;
    state.hears = state.mode === 0 ? () => {} : (it, why) => tell(state, it, why);
    state.inForce.add(state.hears);
    core.streams.closed = state.inForce.current;
  },
  stop({ core, hears, inForce }) {
    if (!core.streams || !hears) return;
    inForce.remove(hears);
    core.streams.closed = inForce.current;
  },

  functions: {
    tcp_conid_alive: fn({
      doc: "Whether a connection can be used.",
      in: "any",
      args: { conid },
      returns: { 1: "yes", [-1]: "no" },
      run: (call, args) => (stateOf(call, args.conid) > 0 ? 1 : -1),
    }),
    tcp_conid_state: fn({
      doc: "The state of a connection.",
      in: "any",
      args: { conid },
      returns: {
        1: "open",
        2: "being accepted: its TLS handshake is not done",
        3: "being opened",
        [-1]: "there is none",
      },
      run: (call, args) => stateOf(call, args.conid),
    }),
    tcp_con_alive: fn({
      doc: "Whether there is a connection to or from an address.",
      in: "any",
      args: { addr: str("`host[:port]`, or a SIP URI; port 5060 when there is none.") },
      returns: { 1: "yes", [-1]: "no", [-5]: "the address cannot be resolved" },
      waits: true,
      run: (call, { addr }) => after(find(call, addr), (id) => (id === undefined ? -5 : id > 0 ? 1 : -1)),
    }),
    tcp_get_conid: fn({
      doc: "Finds the connection to or from an address.",
      in: "any",
      args: {
        hostport: str("`host[:port]`, or a SIP URI; port 5060 when there is none."),
        pvname: variable("Gets the id; 0 when there is none.", { writable: true }),
      },
      returns: { 1: "found", [-1]: "there is none", [-5]: "the address cannot be resolved" },
      waits: true,
      run: (call, { hostport, pvname }) =>
        after(find(call, hostport), (id) => {
          if (id === undefined) return -5;
          return pvname.set?.(call, id) && id > 0 ? 1 : -1;
        }),
    }),
    tcp_keepalive_enable: fn({
      doc: "Has the system probe a connection when it is silent: the one given, or the one that the message came on.",
      in: "any",
      args: {
        conid,
        idle: int("Seconds of silence before the first probe."),
        count: int("Unanswered probes after which the connection is broken off."),
        interval: int("Seconds between probes."),
      },
      returns: done,
      run: (call, it) => probe(call, it.conid, it.idle, it.count, it.interval),
      overloads: [
        fn({
          doc: "The same for the connection that the message came on.",
          in: own,
          args: {
            idle: int("Seconds of silence before the first probe."),
            count: int("Unanswered probes after which the connection is broken off."),
            interval: int("Seconds between probes."),
          },
          returns: done,
          run: (call, it) => probe(call, current(call), it.idle, it.count, it.interval),
        }),
      ],
    }),
    tcp_keepalive_disable: fn({
      doc: "Ends such probes: on the connection given, or on the one that the message came on.",
      in: "any",
      args: { conid },
      returns: done,
      run: (call, it) => quiet(call, it.conid),
      overloads: [
        fn({
          doc: "The same for the connection that the message came on.",
          in: own,
          args: {},
          returns: done,
          run: (call) => quiet(call, current(call)),
        }),
      ],
    }),
    tcp_set_connection_lifetime: fn({
      doc: "Sets the seconds of silence until a connection is closed: the one given, or the one that the message came on.",
      in: "any",
      args: { conid, lifetime: int("Seconds.") },
      returns: { 1: "set", [-1]: "the time is below 0", 0: "there is no such connection: the script ends" },
      run: (call, it) =>
        call.core.streams?.info(Number(it.conid))
          ? setLifetime(call, Number(it.conid), it.lifetime)
          : unknown(call, it.conid),
      overloads: [
        fn({
          doc: "The same for the connection that the message came on.",
          in: own,
          args: { lifetime: int("Seconds.") },
          returns: { 1: "set", [-1]: "the time is below 0, or there is no connection" },
          run: (call, it) => setLifetime(call, current(call), it.lifetime),
        }),
      ],
    }),
    tcp_enable_closed_event: fn({
      doc: "Has an event route run when a connection goes, where closed_event is 2: the one given, or the message's own.",
      in: "any",
      args: { conid },
      returns: { 1: "done", 0: "there is no such connection: the script ends" },
      run(call, it, { named }) {
        if (!call.core.streams?.info(Number(it.conid))) return unknown(call, it.conid);
        named.add(Number(it.conid));
        return 1;
      },
      overloads: [
        fn({
          doc: "The same for the connection that the message came on.",
          in: own,
          args: {},
          returns: { 1: "done", [-1]: "closed_event is not 2, or there is no connection" },
          run(call, _, { mode, named }) {
            const id = mode === 2 ? current(call) : 0;
            if (!call.core.streams?.info(id)) return -1;
            named.add(id);
            return 1;
          },
        }),
      ],
    }),
    tcp_set_otcpid: fn({
      doc: "Names the connection for the request to go out on. It is used after tcp_set_otcpid_flag(1).",
      in: "any",
      args: { conid },
      returns: { 1: "set" },
      run({ msg }, it): 1 {
        msg.outConnection = Number(it.conid);
        return 1;
      },
    }),
    tcp_set_otcpid_flag: fn({
      doc: "Has the request go out on the connection of tcp_set_otcpid(), wherever else it would go, or no longer.",
      in: "any",
      args: { mode: int("0 no longer, anything else does.") },
      returns: { 1: "set" },
      run({ msg }, { mode }): 1 {
        if (Number(mode) === 0) msg.unmark("use-connection");
        else msg.mark("use-connection");
        return 1;
      },
    }),
    tcp_close_connection: fn({
      doc: "Closes a connection: the one given, or the one that the message came on.",
      in: "any",
      args: { conid: int("Id of the connection.", { optional: true }) },
      returns: done,
      run: ({ core, msg }, it) =>
        core.streams?.shut(it.conid === undefined ? msg.received.connection : Number(it.conid)) ? 1 : -1,
    }),
  },

  variables: {
    tcp: pv({
      doc: "The connection that the message came on.",
      keys: {
        conid: "its id, whether it is still there or not",
        aconid: "its id, null when it is gone",
        c_si: "address of its other end: the load balancer's, when that announces another; the message's when it is gone",
        c_sp: "port of its other end",
        ac_si: "the address, null when the connection is gone",
        ac_sp: "the port, null when the connection is gone",
      },
      get({ core, msg }, key) {
        const { connection, srcIp, srcPort } = msg.received;
        if (key === "conid") return connection;
        const it = core.streams?.info(connection);
        if (key === "aconid") return it ? it.id : null;
        const end = it && (it.carrier ?? it.remote);
        if (key === "c_si") return end ? end.address : srcIp;
        if (key === "c_sp") return end ? end.port : srcPort;
        if (!end) return null;
        return key === "ac_si" ? end.address : end.port;
      },
    }),
  },
  commands: {},
  events: {
    "tcp:closed": "A connection was closed.",
    "tcp:timeout": "A connection was closed because its time was over.",
    "tcp:reset": "The peer broke a connection off.",
  },
});
