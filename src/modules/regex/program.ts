/** The steps that a pattern is matched by: a small machine that can go back to where it had a choice. */
import type { ByteSet, Node, Pattern, Place } from "./tree.ts";

export type Step =
  | { readonly op: "set"; readonly set: ByteSet }
  /** Goes on at the next step, and later, if that fails, at `other`. */
  | { readonly op: "split"; other: number }
  | { readonly op: "jump"; to: number }
  | { readonly op: "open"; readonly group: number }
  | { readonly op: "close"; readonly group: number }
  | {
      readonly op: "many";
      readonly set: ByteSet;
      readonly least: number;
      readonly most: number;
      readonly mode: "greedy" | "lazy" | "possessive";
    }
  | { readonly op: "loop-begin"; readonly loop: number }
  /** Decides whether the body, which follows, is run again; `exit` is behind the loop. */
  | {
      readonly op: "loop";
      readonly loop: number;
      readonly least: number;
      readonly most: number;
      readonly lazy: boolean;
      exit: number;
    }
  /** Runs the body without a decision: what a lazy loop goes back to. */
  | { readonly op: "enter"; readonly loop: number }
  | { readonly op: "place"; readonly place: Place }
  /** Runs the steps that follow up to their `end` by themselves, then goes on at `next`. */
  | { readonly op: "look"; readonly behind: boolean; readonly negated: boolean; next: number }
  | { readonly op: "atomic"; next: number }
  | { readonly op: "back"; readonly group: number; readonly ignoreCase: boolean }
  | { readonly op: "end" };

export interface Program {
  readonly steps: readonly Step[];
  readonly groups: number;
  readonly loops: number;
}

export function program({ tree, groups }: Pattern): Program {
  const writer = new Writer();
  writer.write(tree);
  writer.steps.push({ op: "end" });
  return { steps: writer.steps, groups, loops: writer.loops };
}

class Writer {
  readonly steps: Step[] = [];
  loops = 0;

  write(node: Node): void {
    const { steps } = this;
    switch (node.kind) {
      case "set":
        steps.push({ op: "set", set: node.set });
        break;
      case "sequence":
        for (const item of node.items) this.write(item);
        break;
      case "choice":
        this.#choice(node.items);
        break;
      case "group":
        steps.push({ op: "open", group: node.number });
        this.write(node.item);
        steps.push({ op: "close", group: node.number });
        break;
      case "repeat":
        this.#repeat(node);
        break;
      case "place":
        steps.push({ op: "place", place: node.place });
        break;
      case "look":
        this.#apart({ op: "look", behind: node.behind, negated: node.negated, next: 0 }, node.item);
        break;
      case "atomic":
        this.#apart({ op: "atomic", next: 0 }, node.item);
        break;
      case "back":
        steps.push({ op: "back", group: node.group, ignoreCase: node.ignoreCase });
        break;
    }
  }

  #choice(items: readonly Node[]): void {
    const { steps } = this;
    const jumps: { op: "jump"; to: number }[] = [];
    for (const item of items.slice(0, -1)) {
      const split: Step & { op: "split" } = { op: "split", other: 0 };
      steps.push(split);
      this.write(item);
      const jump = { op: "jump" as const, to: 0 };
      jumps.push(jump);
      steps.push(jump);
      split.other = steps.length;
    }
    this.write(items.at(-1)!);
    for (const jump of jumps) jump.to = steps.length;
  }

  #repeat(node: Node & { kind: "repeat" }): void {
    const { item, least, most, mode } = node;
    if (item.kind === "set") {
      this.steps.push({ op: "many", set: item.set, least, most, mode });
      return;
    }
    if (mode === "possessive") {
      this.#apart({ op: "atomic", next: 0 }, { ...node, mode: "greedy" });
      return;
    }
    const { steps } = this;
    const loop = this.loops++;
    steps.push({ op: "loop-begin", loop });
    const decision: Step & { op: "loop" } = { op: "loop", loop, least, most, lazy: mode === "lazy", exit: 0 };
    const at = steps.length;
    steps.push(decision, { op: "enter", loop });
    this.write(item);
    steps.push({ op: "jump", to: at });
    decision.exit = steps.length;
  }

  #apart(step: Step & { next: number }, item: Node): void {
    this.steps.push(step);
    this.write(item);
    this.steps.push({ op: "end" });
    step.next = this.steps.length;
  }
}
