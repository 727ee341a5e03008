/** Rewrites what a ladder expects into what happened, for somebody to review (UPDATE=1). */
import { detailDiffers, startFits, startOf, valuesOf } from "./compare.ts";
import type { Arrived } from "./peer.ts";
import type { Arrow } from "./read.ts";

/** What came before a step: the expected arrows that stood there, and the messages that came instead. */
export interface Group {
  /** Line of the step behind the group; undefined at the end of a scene. */
  readonly before: number | undefined;
  /** Last line of the step in front of the group. */
  readonly after: number;
  readonly expected: readonly Arrow[];
  readonly came: readonly Arrived[];
}

/** The text of the ladder with the arrows of those groups replaced. */
export function rewrite(text: string, groups: readonly Group[]): string {
  const lines: (string | undefined)[] = text.split("\n");
  const added = new Map<number, string[]>();
  for (const { expected, came, after } of groups) {
    if (asExpected(expected, came)) continue;
    for (const { line } of expected) {
      lines[line - 1] = undefined;
      for (let i = line; /^\s+\S/.test(lines[i] ?? ""); i++) lines[i] = undefined;
    }
    const left = [...expected];
    const out: string[] = [];
    for (const it of came) {
      const at = left.findIndex((arrow) => arrow.to === it.to && startFits(arrow, it.msg));
      const old = at < 0 ? undefined : left.splice(at, 1)[0];
      out.push(`${`proxy -> ${it.to}`.padEnd(16)} ${old?.start ?? startOf(it.msg)}`);
      for (const detail of old?.details ?? []) {
        const value = detailDiffers(it.msg, detail) ? (valuesOf(it.msg, detail.name)[0] ?? "absent") : detail.value;
        out.push(`    ${detail.name}: ${value}`);
      }
      for (const line of old?.body ?? []) out.push(`    | ${line}`);
    }
    added.set(after, [...(added.get(after) ?? []), ...out]);
  }
  return lines
    .flatMap((line, i) => {
      const more = added.get(i + 1) ?? [];
      return line === undefined ? more : [line, ...more];
    })
    .join("\n");
}

/** Nothing is to be rewritten. */
const asExpected = (expected: readonly Arrow[], came: readonly Arrived[]): boolean =>
  expected.length === came.length &&
  came.every(({ to, msg }, i) => {
    const arrow = expected[i]!;
    return arrow.to === to && startFits(arrow, msg) && !arrow.details.some((it) => detailDiffers(msg, it));
  });
