/** What the parts of the module websocket share. */
import type { Core, Counter } from "../../declare/core.ts";
import { declare } from "../../declare/module.ts";
import type { WebSocketCounters, WebSocketEnd, WebSocketOptions } from "../../sip/web-socket.ts";
import type { Newest } from "../newest.ts";

/** What outlives a script: WebSockets stay open when it is replaced. */
export interface Shared {
  /** The scripts that have not ended: the newest hears of WebSockets that close. */
  readonly scripts: Newest<WebSockets>;
  /** Event routes that are due. */
  readonly due: Set<{ cancel(): void }>;
  enabled: boolean;
}

export interface WebSockets {
  readonly core: Core;
  readonly shared: Shared;
  /** rm_delay_interval, seconds. */
  readonly delay: number;
  /** Access-Control-Allow-Origin of the answer: 0 none, 1 any, 2 the origin of the request. */
  readonly cors: number;
  /** How a connection is to behave that becomes a WebSocket. */
  readonly options: WebSocketOptions;
  readonly handshakes: { readonly good: Counter; readonly goodSip: Counter; readonly failed: Counter };
}

export const { fn, pv, rpc, module } = declare<WebSockets>();

const group = "websocket";

export const countHandshakes = ({ statistics }: Core): WebSockets["handshakes"] => ({
  good: statistics.counter(group, "ws_successful_handshakes"),
  goodSip: statistics.counter(group, "ws_sip_successful_handshakes"),
  failed: statistics.counter(group, "ws_failed_handshakes"),
});

/** The counters that the transports keep. Every WebSocket here speaks SIP: its own figures are those of all. */
export function count({ statistics }: Core): WebSocketCounters {
  const counter = (name: string): Counter => statistics.counter(group, name);
  const both = (name: string): Counter => {
    const all = counter(`ws_${name}`);
    statistics.gauge(group, `ws_sip_${name}`, () => all.value);
    return all;
  };
  return {
    received: counter("ws_received_frames"),
    sent: counter("ws_transmitted_frames"),
    messagesReceived: counter("ws_sip_received_frames"),
    messagesSent: counter("ws_sip_transmitted_frames"),
    localClosed: both("local_closed_connections"),
    remoteClosed: both("remote_closed_connections"),
    failed: both("failed_connections"),
    current: both("current_connections"),
    most: both("max_concurrent_connections"),
  };
}

export const closedEvent = "websocket:closed";

/** Runs the event route for a WebSocket that is gone, on a made-up message that seems to have come on it. */
export function gone(shared: Shared, end: WebSocketEnd): void {
  const { scripts, due } = shared;
  const now = scripts.current;
  if (!now?.core.block("event", closedEvent)) return;
  const timer = now.core.host.clock.after(now.delay * 1000, () => {
    due.delete(timer);
    void scripts.current?.core.runEvent(closedEvent, undefined, ({ msg }) => {
      msg.received = {
        ...msg.received,
        // What it came as, before the handshake.
        protocol: end.socket.protocol,
        srcIp: end.remote.address,
        srcPort: end.remote.port,
        dstIp: end.local.address,
        dstPort: end.local.port,
        connection: end.id,
        socket: end.socket,
      };
    });
  });
  due.add(timer);
}
