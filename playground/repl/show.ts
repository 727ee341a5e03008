/** What is shown of a session: what happened, and how things are. */
import { IntText, type Read } from "../../src/declare/value.ts";
import { XavpData, XavpList, type XavpValue } from "../../src/declare/xavp.ts";
import { levelName } from "../../src/simulate/ladder/levels.ts";
import type { Transaction } from "../../src/transaction/transaction.ts";
import type { Frame, Stop } from "./debugger.ts";
import type { Happening } from "./happening.ts";
import type { Session } from "./session.ts";
import type { Style } from "./style.ts";
import { VALUE } from "./value-name.ts";

/** Seconds with three digits, as in traces and diagrams. */
export const time = (ms: number): string => (ms / 1000).toFixed(3).padStart(8);

export function happeningText(it: Happening, style: Style): string {
  const at = style.dim(time(it.at));
  switch (it.kind) {
    case "sent":
      return `${at}  ${arrow(it.from, it.to)} ${style.bold(it.start)}`;
    case "came":
      return `${at}  ${arrow("proxy", it.to)} ${style.bold(coloured(it.start, style))}  ${style.dim(`#${it.number}`)}`;
    case "log": {
      const line = `${at}  log ${levelName(it.level)}: ${it.text}`;
      return it.level < 0 ? style.red(line) : it.level === 0 ? style.yellow(line) : line;
    }
    case "asked":
      return `${at}  ${arrow("proxy", "", "=>")}${style.bold(`${it.method} ${it.url}`)}${it.body === "" ? "" : `  ${cut(it.body)}`}`;
    case "answered":
      return `${at}  ${it.text}`;
    case "note":
      return style.cyan(`          ${it.text}`);
  }
}

const arrow = (from: string, to: string, sign = "->"): string => `${from} ${sign} ${to}`.padEnd(18);

function coloured(start: string, style: Style): string {
  if (/^[23]\d\d/.test(start)) return style.green(start);
  return /^[456]\d\d/.test(start) ? style.red(start) : start;
}

const cut = (text: string, most = 100): string => {
  const line = text.replace(/\s+/g, " ");
  return line.length <= most ? line : `${line.slice(0, most - 3)}...`;
};

/** A value as the script would write it. */
export function valueText(value: Read): string {
  if (value === undefined) return "cannot be read";
  if (value === null) return "$null";
  if (value instanceof IntText)
    return value.text === "" ? String(value.int) : `${value.int} (printed as ${value.text})`;
  return typeof value === "string" ? quoted(value) : String(value);
}

const quoted = (text: string): string =>
  `"${text.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\r", "\\r").replaceAll("\t", "\\t")}"`;

/** Where a run is held, with the line of the script. */
export function stopText(session: Session, { place, breakpoint }: Stop, style: Style): string {
  const { file, line } = place.span;
  const why = breakpoint ? `breakpoint ${breakpoint.number}, ` : "";
  return `${style.yellow(`stopped: ${why}${place.route}`)}\n${linesText(session, file, line, line, style, line)}`;
}

/** The blocks that a held run is in, the innermost first. */
export const whereText = (frames: readonly Frame[], style: Style): string =>
  frames
    .toReversed()
    .map(({ route, place }) => {
      const at = place ? `  ${base(place.span.file)}:${place.span.line}` : "";
      return `  ${style.cyan(route)}${at}`;
    })
    .join("\n");

export const base = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** Lines of a file of the script with their numbers; `=>` marks one, `*` those with a breakpoint. */
export function linesText(session: Session, file: string, from: number, to: number, style: Style, mark = 0): string {
  const lines = session.textOf(file).split("\n");
  const places = session.loaded ? session.debugger.placesOf(session.simulation.server.active.core.owner) : [];
  const stops = new Set(
    places
      .filter((it) => it.span.file === file && session.debugger.breakpoints.some((one) => one.stopsAt(it, places)))
      .map((it) => it.span.line),
  );
  const width = String(Math.min(to, lines.length)).length;
  const out: string[] = [];
  for (let i = Math.max(1, from); i <= Math.min(to, lines.length); i++) {
    const sign = i === mark ? "=>" : stops.has(i) ? " *" : "  ";
    const text =
      `${sign} ${String(i).padStart(width)}  ${lines[i - 1]!.replace(/\r$/, "").replaceAll("\t", "    ")}`.trimEnd();
    out.push(i === mark ? style.bold(text) : text);
  }
  return out.join("\n");
}

/** The route blocks of the script, where they stand. */
export function routesText(session: Session): string {
  const { checked } = session.simulation.server.active;
  const rows = (checked?.script.items ?? []).flatMap((it) => {
    if (it.kind !== "route-block") return [];
    return [[routeName(it.block, it.name), `${base(it.span.file)}:${it.span.line}`] as const];
  });
  return table(rows);
}

export const routeName = (block: string, name: string): string => {
  const head = block === "route" ? "route" : `${block}_route`;
  return name === "" ? head : `${head}[${name}]`;
};

export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) => `  ${row.map((it, i) => it.padEnd(widths[i]!)).join("  ")}`.trimEnd()).join("\n");
}

/** What the run holds (`$var`, AVPs, XAVPs), and what outlives it when that is wanted, too. */
export function variablesText(session: Session, all: boolean): string {
  const { debugger: stops, simulation } = session;
  const { active } = simulation.server;
  const call = stops.held[0]?.call ?? stops.last;
  const rows: [string, string][] = [];
  if (call) {
    const generation = call.core.owner as typeof active;
    generation.slots.names.forEach((name, i) => {
      const value = call.vars[i];
      const isNull = name.startsWith("vn:");
      if (value === undefined || name === VALUE || (isNull ? value === null : value === 0)) return;
      rows.push([isNull ? `$vn(${name.slice(4)})` : `$var(${name})`, valueText(value)]);
    });
    const { avps, xavps, xavus, xavis } = call.lists;
    for (const name of avps.names())
      avps.all(name).forEach((value, i) => {
        const text = typeof name === "number" ? `i:${name}` : `s:${String(name)}`;
        rows.push([`$avp(${text.replace(/^s:/, "")})${i === 0 ? "" : `[${i}]`}`, valueText(value as Read)]);
      });
    for (const [kind, store] of [
      ["xavp", xavps],
      ["xavu", xavus],
      ["xavi", xavis],
    ] as const)
      for (const it of store.items) rows.push([`$${kind}(${it.name})`, members(it.value)]);
    rows.push(["$rc", String(call.rc)]);
  }
  return rows.length === 0 && all ? "" : table(rows);
}

function members(value: XavpValue): string {
  if (value instanceof XavpList) return `{ ${value.items.map((it) => `${it.name}=${members(it.value)}`).join(", ")} }`;
  if (value instanceof XavpData) return "(data of a module)";
  return valueText(value as Read);
}

export function transactionsText(session: Session): string {
  const { server } = session.simulation;
  const now = server.transactions.engine.wheel.now();
  return [...server.transactions.engine.all()].map((it) => transactionText(it, now)).join("\n");
}

const TICK = 62.5;
const left = (due: number, now: number): string => `${Math.max(0, ((due - now) * TICK) / 1000).toFixed(1)} s`;

function transactionText(tx: Transaction, now: number): string {
  const state = tx.suspension ? "suspended" : tx.waiting ? `over, forgotten in ${left(tx.due, now)}` : "under way";
  const owner = tx.owner as { readonly number?: number };
  const generation = owner.number === undefined ? "" : `, generation ${owner.number}`;
  const head = `  ${tx.method} ${tx.callId} (${tx.index}:${tx.label}${generation}): ${tx.status || "no reply"}, ${state}`;
  const branches = tx.branches.map((it, i) => {
    const waits = it.request.running ? `, timer in ${left(it.request.due, now)}` : "";
    const uri = it.uri === "" ? "(holds the place of a run that is suspended)" : it.uri;
    return `      branch ${i}: ${uri}  ${it.lastReceived || "no reply"}${waits}`;
  });
  return [head, ...branches].join("\n");
}

/** What the clock will do next. */
export function timersText(session: Session): string {
  const { simulation, now } = session;
  const { clock } = simulation.host;
  const next = clock.next();
  const { wheel } = simulation.server.transactions.engine;
  const rows = [...simulation.server.transactions.engine.all()].flatMap((tx) => {
    const ticks = wheel.now();
    const own: [number, string][] = tx.due >= 0 ? [[tx.due, `${tx.method} ${tx.callId} is forgotten`]] : [];
    for (const [i, it] of tx.branches.entries()) {
      if (it.request.running)
        own.push([it.request.due, `${tx.method} ${tx.callId} branch ${i}: sent again, or given up`]);
      if (it.cancel?.running) own.push([it.cancel.due, `CANCEL ${tx.callId} branch ${i}: sent again, or given up`]);
    }
    if (tx.response?.running) own.push([tx.response.due, `${tx.method} ${tx.callId}: the reply is sent again`]);
    return own.map(([due, what]) => ({ due, row: [`in ${left(due, ticks)}`, what] as const }));
  });
  const lines = rows.toSorted((a, b) => a.due - b.due).map((it) => it.row);
  const first =
    next === undefined
      ? "no timer runs"
      : `${clock.pending} timers of the server; the next in ${Math.round(next - now)} ms`;
  return [`  ${first}`, ...(lines.length > 0 ? [table(lines)] : [])].join("\n");
}

export function generationsText(session: Session): string {
  const { server } = session.simulation;
  return table(
    server.generations.list().map(({ number, file, generation }) => {
      const state = generation?.state ?? "retired";
      const waits = generation && state === "cooling" ? `waits for ${generation.waitsFor()}` : "";
      return [String(number), state, base(file), waits];
    }),
  );
}

export function peersText(session: Session): string {
  return table(
    [...session.peers.values()].map((it) => [
      it.name,
      it.protocols.join(" "),
      `${it.host}:${it.port}`,
      it.behind ? `behind ${it.behind.address}:${it.behind.port}` : "",
    ]),
  );
}
