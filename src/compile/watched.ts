/** The calls that the compiler writes into a program which somebody watches, and the places that they speak of. */
import type { BlockKind } from "../../grammar/tree.ts";
import type { Step } from "../check/ir.ts";
import type { Fn } from "../declare/module.ts";
import type { VariableRef } from "../declare/variable.ts";
import { literal, type Output } from "./output.ts";
import { Teller } from "./teller.ts";
import type { Place } from "./watch.ts";

export class Watched {
  readonly places: Place[] = [];
  readonly teller = new Teller();
  /** Name of the teller in the code. */
  readonly #name: string;
  readonly #out: Output;
  /** The rest of a block that goes on later is compiled twice, and is one place. */
  readonly #numbers = new Map<Step, number>();
  readonly #variables = new Map<string, VariableRef>();
  /** The place whose code is being written. */
  #place = 0;

  constructor(out: Output) {
    this.#out = out;
    this.#name = out.constant(this.teller);
  }

  /** What is written from now on belongs to this step. Gives the code that tells that it begins. */
  step(step: Step, route: string, waits: boolean): string {
    let number = this.#numbers.get(step);
    if (number === undefined) {
      number = this.places.length;
      this.#numbers.set(step, number);
      this.places.push(placeOf(step, route));
    }
    this.#place = number;
    const code = `${this.#name}.step(call, ${number})`;
    return waits ? `if ((h = ${code}) !== undefined) await h;` : `${code};`;
  }

  held(condition: string): string {
    return this.#call("held", condition);
  }

  chose(value: string, labels: readonly (number | undefined)[]): string {
    return this.#call("chose", value, this.#out.constant(labels));
  }

  read(name: string, value: string): string {
    return this.#call("read", literal(name), value);
  }

  wrote(name: string, value: string): string {
    return this.#call("wrote", literal(name), value, "true");
  }

  result(name: string, given: string, code: string): string {
    return this.#call("result", literal(name), given, code);
  }

  calls(name: string, args: number): string {
    return this.#call("calls", literal(name), String(args));
  }

  enter(name: string): string {
    return this.#call("enter", literal(name));
  }

  returned(name: string, code: string): string {
    return this.#call("returned", literal(name), code);
  }

  /** The variable as the current place reads and writes it. */
  variable(of: VariableRef): VariableRef {
    const key = `${this.#place} ${of.text}`;
    let watched = this.#variables.get(key);
    if (!watched) this.#variables.set(key, (watched = this.teller.variable(of, this.#place)));
    return watched;
  }

  /** The function, telling its result as one of the current place; for calls that the code does not make itself. */
  fn(of: Fn, name: string, count: number): Fn {
    const place = this.#place;
    const { teller } = this;
    return {
      ...of,
      run(call, args, state) {
        teller.calls(call, place, name, count);
        const answer = of.run(call, args, state);
        if (answer instanceof Promise) return answer.then((code) => teller.result(call, place, name, args, code));
        return teller.result(call, place, name, args, answer);
      },
    };
  }

  #call(method: string, ...args: string[]): string {
    return `${this.#name}.${method}(call, ${this.#place}${args.map((it) => `, ${it}`).join("")})`;
  }
}

function placeOf(step: Step, route: string): Place {
  const { span, kind } = step;
  switch (kind) {
    case "if":
    case "while":
      return { span, route, kind, ways: 2, names: ["true", "false"], action: kind };
    case "switch": {
      const labels = step.cases.map(({ label, regex }) => {
        if (label === undefined) return "default";
        if (label.op !== "constant") return "case";
        return regex ? `case /${label.value}/` : `case ${label.value}`;
      });
      const names = labels.includes("default") ? labels : [...labels, "no case"];
      return { span, route, kind, ways: names.length, names, action: kind };
    }
    default: {
      const action = kind === "call" || kind === "route" ? undefined : kind === "stop" ? step.stop : kind;
      return { span, route, kind: "statement", ways: 0, names: [], action };
    }
  }
}

const BLOCKS: Readonly<Record<BlockKind, string>> = {
  request: "request_route",
  route: "route",
  branch: "branch_route",
  failure: "failure_route",
  onreply: "reply_route",
  onsend: "onsend_route",
  event: "event_route",
};

/** A block as scripts head it: `request_route`, `route[RELAY]`, `onreply_route[ONE]`. */
export function blockName(block: BlockKind, name: string): string {
  if (name === "") return BLOCKS[block];
  return `${block === "onreply" ? "onreply_route" : BLOCKS[block]}[${name}]`;
}
