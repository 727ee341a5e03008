/** Compares what a flow did with what was recorded: order and content exactly, times within their tolerance. */
import type { Expected, Flow, Outcome } from "./flow.ts";

/** The first difference, for a reader; undefined when the flow is met. */
export function difference(flow: Flow, got: Outcome): string | undefined {
  const first = compare(flow.expect, got);
  if (first === undefined) return undefined;
  return flow.expect_5_6 && compare(flow.expect_5_6, got) === undefined ? undefined : first;
}

/** The first difference between two outcomes; the tolerances are those of the first. */
export function compare(want: Outcome, got: Outcome): string | undefined {
  if (want.config_error || got.config_error)
    return want.config_error === got.config_error
      ? undefined
      : `refused: want ${want.config_error}, got ${got.config_error}`;
  const peers = new Set([...Object.keys(want.recv ?? {}), ...Object.keys(got.recv ?? {})]);
  for (const peer of peers) {
    const show = (it: unknown): string => (it as { first: string }).first.replace("SIP/2.0 ", "");
    const found = list(peer, want.recv?.[peer] ?? [], got.recv?.[peer] ?? [], show);
    if (found !== undefined) return found;
  }
  return (
    list("log", want.log ?? [], got.log ?? [], (it) => (it as { v: string }).v) ??
    list("http", want.http ?? [], got.http ?? [], (it) => (it as { path: string }).path)
  );
}

const content = ({ t: _t, tol: _tol, ...rest }: Expected): string => {
  const sorted = Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(Object.fromEntries(sorted));
};

function list(
  name: string,
  want: readonly Expected[],
  got: readonly Expected[],
  show: (it: unknown) => string,
): string | undefined {
  const lines = (items: readonly Expected[]): string => items.map((it) => `${it.t} ${show(it)}`).join(" | ");
  const both = `\n  want ${lines(want)}\n  got  ${lines(got)}`;
  for (let i = 0; i < Math.max(want.length, got.length); i++) {
    const a = want[i];
    const b = got[i];
    if (a === undefined || b === undefined) return `${name}: ${a ? "missing" : "superfluous"} #${i}${both}`;
    if (content(a) !== content(b)) return `${name} #${i}:\n  want ${content(a)}\n  got  ${content(b)}${both}`;
  }
  for (let i = 0; i < want.length; i++) {
    const a = want[i]!;
    const b = got[i]!;
    if (Math.abs(a.t - b.t) > (a.tol ?? 30)) return `${name} #${i} at ${b.t}, not ${a.t} +- ${a.tol}${both}`;
  }
  return undefined;
}
