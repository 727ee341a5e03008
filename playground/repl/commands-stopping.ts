/** Commands that stop the script and let it go on. */
import type { Place } from "../../src/compile/watch.ts";
import type { Command, Desk } from "./command.ts";
import type { Stride } from "./debugger.ts";
import { base, variablesText, whereText } from "./show.ts";

const NOT_HELD = "the script is not stopped";

const going = (usage: string, how: Stride, doc: string): Command => ({
  usage,
  doc,
  topic: "Stops",
  needsScript: true,
  run: async ({ session, print, style }) => {
    if (session.debugger.held.length === 0) return NOT_HELD;
    session.debugger.goOn(how);
    await session.settle();
    if (how !== "continue" && session.debugger.held.length === 0) print(style.dim("the run has ended, or waits"));
    return undefined;
  },
});

export const stopping: Readonly<Record<string, Command>> = {
  break: {
    usage: "break [FILE:]LINE | break route NAME",
    doc: "Stops the script before the statement in that line, or where the block of that name begins (`request_route`, `failure_route[X]`, or X alone for `route[X]`). Without anything: the breakpoints.",
    topic: "Stops",
    completes: "route",
    needsScript: true,
    run: setBreakpoint,
  },
  delete: {
    usage: "delete [NUMBER]",
    doc: "Takes a breakpoint away, or all.",
    topic: "Stops",
    run: ({ session }, rest) => {
      const { debugger: stops } = session;
      if (rest === "") stops.breakpoints.length = 0;
      else if (!stops.remove(Number(rest))) return `there is no breakpoint ${rest}`;
      return undefined;
    },
  },
  step: going("step", "step", "Goes on to the next statement, into route blocks, too."),
  next: going("next", "next", "Goes on to the next statement of this block."),
  out: going("out", "out", "Goes on until the block has ended."),
  continue: going("continue", "continue", "Goes on to the next breakpoint."),
  where: {
    usage: "where",
    doc: "The blocks that the stopped run is in, the innermost first.",
    topic: "Stops",
    run: ({ session, print, style }) => {
      const [stop] = session.debugger.held;
      if (!stop) return NOT_HELD;
      print(whereText(stop.frames, style));
      return undefined;
    },
  },
  locals: {
    usage: "locals",
    doc: "What the stopped run holds: `$var`s that are not 0, AVPs, XAVPs, `$rc`.",
    topic: "Stops",
    run: ({ session, print }) => {
      if (session.debugger.held.length === 0) return NOT_HELD;
      print(variablesText(session, false));
      return undefined;
    },
  },
};

function setBreakpoint({ session, print, style }: Desk, rest: string): string | undefined {
  const { debugger: stops, simulation } = session;
  const places = stops.placesOf(simulation.server.active.core.owner);
  if (rest === "") {
    print(stops.breakpoints.map((it) => `  ${it.number}  ${it.text}`).join("\n") || "there are no breakpoints");
    return undefined;
  }
  const name = /^(?:route\s+(\S+)|(\w*route(?:\[[^\]]*\])?))$/.exec(rest);
  if (name) return breakAtRoute(name[1] ?? name[2]!);
  const at = /^(?:(\S+):)?(\d+)$/.exec(rest);
  if (!at) return breakAtRoute(rest);
  const [, file, line] = at;
  const of = (place: Place): boolean =>
    file === undefined
      ? place.span.file === session.script
      : place.span.file === file || base(place.span.file) === base(file);
  const first = nearest(places, of, Number(line));
  if (!first) return `there is no statement in ${file ?? base(session.script)} at or behind line ${line}`;
  const it = stops.add(
    `${base(first.span.file)}:${first.span.line}`,
    (place, all) => nearest(all, of, Number(line)) === place,
  );
  print(style.dim(`breakpoint ${it.number} at ${it.text}, in ${first.route}`));
  return undefined;

  function breakAtRoute(wanted: string): string | undefined {
    const full = /route/.test(wanted) ? wanted : `route[${wanted}]`;
    const begins = places.find((it) => it.route === full);
    if (!begins) {
      const known = [...new Set(places.map((it) => it.route))].join(", ");
      return `there is no block ${full} with a statement in it; there are ${known}`;
    }
    const made = stops.add(full, (place, all) => place.route === full && all.find((it) => it.route === full) === place);
    print(
      style.dim(`breakpoint ${made.number} at the beginning of ${full}, ${base(begins.span.file)}:${begins.span.line}`),
    );
    return undefined;
  }
}

/** The first statement at or behind the line. */
function nearest(places: readonly Place[], of: (place: Place) => boolean, line: number): Place | undefined {
  let best: Place | undefined;
  for (const it of places) if (of(it) && it.span.line >= line && (!best || it.span.line < best.span.line)) best = it;
  return best;
}
