/** Metrics of a server for Prometheus (`--metrics`), kept with prom-client. docs/metrics.md describes each. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Dns, Host, Http } from "../../declare/host.ts";
import type { LogSink } from "../../run/log.ts";
import type { Server } from "../../run/server.ts";
import { levelName } from "../log.ts";
import { MessageCounts } from "./messages.ts";

/** Upper bounds of the buckets for runs of routes and for waiting for others, in seconds. */
const RUNS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1, 5];
const WAITS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const seconds = (since: number): number => (performance.now() - since) / 1000;

export class Metrics {
  readonly #registry = new Registry();
  readonly #messages = new MessageCounts();
  readonly #malformed: Counter;
  readonly #routes: Histogram;
  readonly #http: Histogram;
  readonly #dns: Histogram;
  readonly #lines: Counter;
  readonly #reloads: Counter;

  constructor() {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#malformed = new Counter({
      name: "viaduct_malformed_messages_total",
      help: "What was received and is no SIP message",
      registers,
    });
    this.#routes = new Histogram({
      name: "viaduct_route_seconds",
      help: "Runs of routes from start to end, waiting included",
      labelNames: ["kind", "route"],
      buckets: RUNS,
      registers,
    });
    this.#http = new Histogram({
      name: "viaduct_http_client_seconds",
      help: "HTTP requests of the script, by status or error",
      labelNames: ["result"],
      buckets: WAITS,
      registers,
    });
    this.#dns = new Histogram({
      name: "viaduct_dns_query_seconds",
      help: "Questions to name servers that the cache could not answer",
      labelNames: ["type", "result"],
      buckets: WAITS,
      registers,
    });
    this.#lines = new Counter({
      name: "viaduct_log_lines_total",
      help: "Lines written to the log",
      labelNames: ["level"],
      registers,
    });
    this.#reloads = new Counter({
      name: "viaduct_reloads_total",
      help: "Reloads by outcome",
      labelNames: ["outcome"],
      registers,
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** The same log, with its lines counted. */
  counting(sink: LogSink): LogSink {
    return {
      line: (level, text, prefix, facility, name) => {
        this.#lines.inc({ level: levelName(level).toLowerCase() });
        sink.line(level, text, prefix, facility, name);
      },
      ...(sink.color && { color: (level: number, colors: string) => sink.color?.(level, colors) }),
    };
  }

  /** The same host, with what it asks of others measured. */
  measuring(host: Host): Host {
    return { ...host, http: this.#measuredHttp(host.http), dns: this.#measuredDns(host.dns) };
  }

  #measuredHttp(http: Http): Http {
    return {
      request: async (request, signal) => {
        const since = performance.now();
        const reply = await http.request(request, signal);
        this.#http.observe({ result: reply.ok ? String(reply.status) : reply.error }, seconds(since));
        return reply;
      },
    };
  }

  #measuredDns(dns: Dns): Dns {
    const measured =
      <A extends unknown[], T>(type: string, ask: (...args: A) => Promise<T>) =>
      async (...args: A): Promise<T> => {
        const since = performance.now();
        try {
          const answer = await ask(...args);
          this.#dns.observe({ type, result: "answered" }, seconds(since));
          return answer;
        } catch (error) {
          this.#dns.observe({ type, result: "failed" }, seconds(since));
          throw error;
        }
      };
    return {
      a: measured("A", (name: string, complete?: boolean) => dns.a(name, complete)),
      aaaa: measured("AAAA", (name: string, complete?: boolean) => dns.aaaa(name, complete)),
      srv: measured("SRV", (name: string, complete?: boolean) => dns.srv(name, complete)),
      naptr: measured("NAPTR", (name: string, complete?: boolean) => dns.naptr(name, complete)),
      txt: measured("TXT", (name: string) => dns.txt(name)),
      ptr: measured("PTR", (address: string) => dns.ptr(address)),
      ...(dns.hosts && { hosts: (name: string) => dns.hosts!(name) }),
      ...(dns.configure && {
        configure: (timing: Parameters<NonNullable<Dns["configure"]>>[0]) => dns.configure!(timing),
      }),
    };
  }

  /** Measures a server from now on. */
  watch(server: Server): void {
    server.meter = {
      received: (msg) => this.#messages.received(msg),
      malformed: () => this.#malformed.inc(),
      sent: (text) => this.#messages.sent(text),
      ran: (kind, route, ms) => this.#routes.observe({ kind, route }, ms / 1000),
    };
    const told = server.onReload;
    server.onReload = (result) => {
      this.#reloads.inc({ outcome: result.outcome });
      told?.(result);
    };
    const messages = new Counter({
      name: "viaduct_messages_total",
      help: "SIP messages by direction, method and status",
      labelNames: ["direction", "type", "method", "status"],
      registers: [this.#registry],
      collect: () => {
        messages.reset();
        for (const { labels, value } of this.#messages.list()) messages.inc({ ...labels }, value);
      },
    });
    this.#transactions(server);
    this.#pools(server);
    this.#connections(server);
    this.#generations(server);
    this.#gauge("viaduct_statistic", "Statistics of the server and its modules", ["group", "name"], (set) => {
      for (const { group, name, value } of server.statistics.list()) set({ group, name }, value);
    });
  }

  /** A gauge whose values are read when somebody scrapes. */
  #gauge(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: (set: (labels: Record<string, string>, value: number) => void) => void,
  ): void {
    const gauge = new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
      collect() {
        gauge.reset();
        read((labels, value) => gauge.set(labels, value));
      },
    });
  }

  /** The same for what only grows. */
  #counter(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: (add: (labels: Record<string, string>, value: number) => void) => void,
  ): void {
    const counter = new Counter({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
      collect() {
        counter.reset();
        read((labels, value) => counter.inc(labels, value));
      },
    });
  }

  #transactions({ transactions: { engine } }: Server): void {
    this.#gauge("viaduct_transactions", "Transactions there are, by state", ["state"], (set) => {
      set({ state: "waiting" }, engine.counts.waiting);
      set({ state: "active" }, engine.size - engine.counts.waiting);
    });
    this.#counter("viaduct_transactions_created_total", "Transactions begun", ["side"], (add) => {
      add({ side: "server" }, engine.counts.server);
      add({ side: "client" }, engine.counts.client);
    });
    this.#counter("viaduct_transactions_completed_total", "Final replies by class", ["class"], (add) => {
      for (let i = 2; i <= 6; i++) add({ class: `${i}xx` }, engine.counts.completed[i] ?? 0);
    });
  }

  #pools({ pools }: Server): void {
    this.#gauge("viaduct_worker_slots", "Worker slots of a pool", ["pool", "state"], (set) => {
      for (const { name: pool, slots, busy } of pools.list()) {
        set({ pool, state: "busy" }, busy);
        set({ pool, state: "free" }, Math.max(0, slots - busy));
      }
    });
    this.#gauge("viaduct_worker_queue", "Messages that wait for a slot", ["pool"], (set) => {
      for (const { name: pool, queued } of pools.list()) set({ pool }, queued);
    });
    this.#counter(
      "viaduct_worker_messages_total",
      "Messages of a pool, handled or dropped",
      ["pool", "result"],
      (add) => {
        for (const { name: pool, handled, dropped } of pools.list()) {
          add({ pool, result: "handled" }, handled);
          add({ pool, result: "dropped" }, dropped);
        }
      },
    );
  }

  #connections(server: Server): void {
    const list = () => server.active.core.connections();
    this.#gauge("viaduct_connections", "Stream connections", ["protocol", "state"], (set) => {
      const counts = new Map<string, [labels: { protocol: string; state: string }, value: number]>();
      for (const { protocol, state } of list()) {
        const known = counts.get(protocol + state);
        if (known) known[1]++;
        else counts.set(protocol + state, [{ protocol, state }, 1]);
      }
      for (const [labels, value] of counts.values()) set(labels, value);
    });
    this.#gauge("viaduct_connections_queued_bytes", "Bytes that wait to be written to connections", [], (set) => {
      set(
        {},
        list().reduce((sum, { queued }) => sum + queued, 0),
      );
    });
  }

  #generations(server: Server): void {
    this.#gauge("viaduct_generation", "Number of the generation that serves", [], (set) =>
      set({}, server.active.number),
    );
    this.#gauge("viaduct_generations_cooling", "Generations that end what they began", [], (set) =>
      set({}, server.cooling?.size ?? 0),
    );
    this.#counter("viaduct_script_failures_total", "Runs that failed by a mistake of the server's own", [], (add) =>
      add({}, server.statistics.get("core:script_failures") ?? 0),
    );
    this.#gauge("viaduct_dns_cache_bytes", "Bytes of answers that are kept", [], (set) =>
      set({}, server.destinations.names.bytes),
    );
    this.#gauge("viaduct_start_time_seconds", "When the server was started", [], (set) =>
      set({}, server.startedAt / 1000),
    );
  }
}
