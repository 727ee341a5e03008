/** Rewrites what a ladder expects into what happened, for somebody to review. What is as expected stays as it was written. */
import type { HttpRequest } from "../../declare/host.ts";
import type { Logged } from "../simulation.ts";
import {
  cameOf,
  detailDiffers,
  type Fields,
  fieldDiffers,
  httpFields,
  jsonFits,
  sipFields,
  startFits,
  startOf,
  textFits,
} from "./compare.ts";
import type { Arrow, Detail, Expect, HttpSent, LogLine, Rpc, Step } from "./ladder.ts";
import { levelName } from "./levels.ts";
import type { Arrived } from "./peer.ts";
import { valueFits } from "./variables.ts";

/** Arrows out that stand between two steps of other kinds, and the messages that came there. */
export interface Group {
  /** Line behind which they stand. */
  readonly after: number;
  readonly expected: Arrow[];
  readonly came: readonly Arrived[];
}

/** Gathers the changes of all scenes and makes them at once; of steps that scenes share the first says what they are. */
export class Rewriting {
  readonly #removed = new Set<number>();
  readonly #added = new Map<number, readonly string[]>();
  readonly #replaced = new Map<number, string>();
  /** Lines of steps that were looked at. */
  readonly #seen = new Set<string>();

  /** The text with the changes made. */
  apply(text: string): string {
    return text
      .split("\n")
      .flatMap((line, i) => {
        const more = this.#added.get(i + 1) ?? [];
        return this.#removed.has(i + 1) ? more : [this.#replaced.get(i + 1) ?? line, ...more];
      })
      .join("\n");
  }

  group({ after, expected, came }: Group): void {
    if (this.#again("group", after) || asExpected(expected, came)) return;
    for (const arrow of expected) this.#drop(arrow);
    const left = [...expected];
    /** The arrow that the message is most likely meant by, with what it is to say. */
    const take = ({ to, msg }: Arrived): Arrow | undefined => {
      let at = left.findIndex((arrow) => arrow.to === to && startFits(arrow, msg));
      const [first] = startOf(msg).split(" ");
      const fits = at >= 0;
      if (!fits) at = left.findIndex((arrow) => arrow.to === to && arrow.start.split(" ")[0] === first);
      const [found] = at < 0 ? [] : left.splice(at, 1);
      return found && (fits ? found : { ...found, start: startOf(msg) });
    };
    const out: string[] = [];
    for (const it of came) {
      const { to, msg } = it;
      const old = take(it);
      const from = old?.port === undefined ? "proxy" : `proxy:${msg.received.srcPort}`;
      out.push(`${`${from} -> ${to}`.padEnd(16)} ${old?.start ?? startOf(msg)}`);
      for (const detail of old?.details ?? []) out.push(rewritten(sipFields(msg), detail));
      if (old && old.body.length > 0)
        for (const line of msg.body.replace(/\r\n$/, "").split("\r\n")) out.push(`    | ${line}`);
    }
    this.#added.set(after, [...(this.#added.get(after) ?? []), ...out]);
  }

  http(step: HttpSent, request: HttpRequest): void {
    if (this.#again("step", step.line)) return;
    if (step.method !== request.method || !textFits(step.url, request.url))
      this.#replaced.set(step.line, `proxy => ${request.method} ${request.url}`);
    for (const it of step.details)
      if (fieldDiffers(httpFields(request), it) !== undefined)
        this.#replaced.set(it.line, rewritten(httpFields(request), it));
    const lines = (request.body ?? "").replace(/\r?\n$/, "").split(/\r?\n/);
    if (step.body.length === 0 || lines.join("\n") === step.body.join("\n")) return;
    const first = step.line + step.details.length + 1;
    for (let i = 0; i < step.body.length; i++) this.#removed.add(first + i);
    this.#added.set(
      first - 1,
      lines.map((it) => `    | ${it}`),
    );
  }

  log(step: LogLine, came: Logged | undefined): void {
    if (this.#again("step", step.line)) return;
    if (!came) {
      if (!step.skips) this.#drop(step);
      return;
    }
    const text = came.text.trimEnd();
    if (textFits(step.text, text) && (step.level === undefined || step.level === came.level)) return;
    this.#replaced.set(step.line, `log${step.level === undefined ? "" : `(${levelName(came.level)})`} ${text}`);
  }

  expect({ line, variable, value }: Expect, came: { value: string } | { wrong: string }): void {
    if (this.#again("step", line) || "wrong" in came || valueFits(value, came.value)) return;
    this.#replaced.set(line, `expect ${variable} = ${came.value}`);
  }

  rpc({ line, method, args, answer }: Rpc, came: string | undefined): void {
    if (this.#again("step", line) || answer === undefined || came === undefined) return;
    if (answer === came || jsonFits(answer, came)) return;
    const words = [method, ...args.map((it) => (/^[^\s"]+$/.test(it) ? it : `"${it}"`))];
    this.#replaced.set(line, `rpc ${words.join(" ")} = ${came}`);
  }

  /** The step is no longer expected. */
  remove(step: HttpSent): void {
    if (!this.#again("step", step.line)) this.#drop(step);
  }

  #drop(step: Step): void {
    const more = ("details" in step ? step.details.length : 0) + ("body" in step ? step.body.length : 0);
    for (let i = 0; i <= more; i++) this.#removed.add(step.line + i);
  }

  #again(kind: "group" | "step", line: number): boolean {
    const key = `${kind} ${line}`;
    if (this.#seen.has(key)) return true;
    this.#seen.add(key);
    return false;
  }
}

/** The line as it is, or with what came. */
function rewritten(fields: Fields, it: Detail): string {
  const differs = fieldDiffers(fields, it) !== undefined;
  return `    ${it.name}: ${differs ? (cameOf(fields, it.name)[0] ?? "absent") : it.value}`;
}

/** Nothing is to be rewritten. */
const asExpected = (expected: readonly Arrow[], came: readonly Arrived[]): boolean =>
  expected.length === came.length &&
  came.every(({ to, msg }, i) => {
    const arrow = expected[i]!;
    const body = arrow.body.length === 0 || msg.body === arrow.body.map((it) => `${it}\r\n`).join("");
    return arrow.to === to && startFits(arrow, msg) && body && !arrow.details.some((it) => detailDiffers(msg, it));
  });
