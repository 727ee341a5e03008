/** What watched code calls: turns what the code has at hand into what a Watch is told. Gives back what it was handed. */
import type { Call } from "../declare/call.ts";
import type { Regex } from "../declare/module.ts";
import { IntText, type Read, type Value } from "../declare/value.ts";
import type { Format, VariableRef } from "../declare/variable.ts";
import type { Watch } from "./watch.ts";

export class Teller {
  /** Set when the program is made: its places are not known before. */
  watch!: Watch;

  step(call: Call, place: number): void | Promise<void> {
    return this.watch.step(call, place);
  }

  /** The condition of an `if` or `while`. */
  held(call: Call, place: number, condition: unknown): boolean {
    const held = Boolean(condition);
    this.watch.branch(call, place, held ? 0 : 1);
    return held;
  }

  /** What a `switch` is about to look for among its labels; undefined is `default`. */
  chose(call: Call, place: number, value: unknown, labels: readonly (number | undefined)[]): void {
    let way = labels.indexOf(value as number);
    if (way < 0) way = labels.indexOf(undefined);
    this.watch.branch(call, place, way < 0 ? labels.length : way);
  }

  read<T>(call: Call, place: number, name: string, value: T): T {
    this.watch.value(call, place, "read", name, value as Read);
    return value;
  }

  /** `code` is what the assignment gave: 1, or -1 when it was refused. */
  wrote(call: Call, place: number, name: string, value: Read, ok: boolean): void {
    this.watch.value(call, place, "write", name, ok ? value : undefined);
  }

  /** `given` is the object of arguments; undefined when one of them had no value and the function was not called. */
  result(call: Call, place: number, name: string, given: Given | undefined, code: number): number {
    this.watch.value(call, place, "result", name, code, given === undefined ? [] : values(given));
    return code;
  }

  /** Before a function runs. */
  calls(call: Call, place: number, name: string, args: number): void {
    this.watch.call?.(call, place, name, args);
  }

  /** Before a block runs; 0, to be added to something. */
  enter(call: Call, place: number, name: string): void {
    this.watch.enter?.(call, place, `route[${name}]`);
  }

  returned(call: Call, place: number, name: string, code: number): number {
    this.watch.value(call, place, "return", `route(${name})`, code);
    return code;
  }

  begin(call: Call, route: string): void {
    this.watch.begin?.(call, route);
  }

  end(call: Call, route: string, code: number): void {
    this.watch.end?.(call, route, code);
  }

  /** The variable, telling of each read and write as one of `place`. */
  variable(of: VariableRef, place: number): VariableRef {
    const { text, set, unset, number } = of;
    return {
      text,
      name: of.name,
      get: (call) => this.read(call, place, text, of.get(call)),
      ...(set && {
        set: (call: Call, value: Value, read?: boolean) => {
          const ok = set(call, value, read);
          this.wrote(call, place, text, value, ok);
          return ok;
        },
      }),
      ...(unset && {
        unset: (call: Call) => {
          const ok = unset(call);
          this.wrote(call, place, text, null, ok);
          return ok;
        },
      }),
      ...(number && {
        number: (call: Call) => {
          const value = number(call);
          return value === undefined ? value : this.read(call, place, text, value);
        },
      }),
    };
  }
}

type Given = Readonly<Record<string, unknown>>;

/** Arguments in the order of the declaration; those that were left out at the end are not there. */
function values(given: Given): Value[] {
  const { rest, ...named } = given;
  const all = [...Object.values(named), ...(Array.isArray(rest) ? rest : [])];
  while (all.length > 0 && all[all.length - 1] === undefined) all.pop();
  return all.map(shown);
}

/** An argument as text where it is more than a value: a format or a variable as written, a route by its name. */
function shown(it: unknown): Value {
  if (it === undefined || it === null) return null;
  if (typeof it !== "object") return typeof it === "boolean" ? Number(it) : (it as Value);
  if (it instanceof IntText) return it;
  const { text, source, name } = it as Partial<Format & Regex & { name: string }>;
  return text ?? source ?? name ?? "";
}
