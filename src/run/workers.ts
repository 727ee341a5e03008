/**
 * Worker slots (DESIGN.md, decision 6; SYSTEMS.md, section 4). A pool bounds how many script runs of its sockets are in
 * progress at once; what comes while every slot is taken queues in order, up to a number of bytes, and is dropped beyond.
 */
import type { WorkerPool } from "../declare/core.ts";
import type { Answer, Value } from "../declare/value.ts";

/** What Kamailio calls a child process: the `$var`s live here from one message to the next. */
export interface Slot {
  /** Process number as `core.psx` shows it (`$pp` is the same for all, `my_pid`). */
  readonly rank: number;
  vars: Value[];
  /** The generation whose variables these are. */
  owner: unknown;
}

/** Something to run in a slot. `key` names the dialog (Call-ID): tasks of one key run in the order they came. */
export interface Task {
  readonly key: string;
  /** Bytes that it occupies while it waits. */
  readonly size: number;
  run(slot: Slot): Answer<void>;
}

export class Pool implements WorkerPool {
  readonly name: string;
  slots: number;
  /** Bytes that may wait for a slot; Kamailio leaves them in the kernel's receive buffer (core parameter maxbuffer). */
  limit: number;
  handled = 0;
  dropped = 0;
  /** The most tasks that ever waited at once. */
  peak = 0;

  readonly #free: Slot[] = [];
  /** Slots in use that are given up when their run ends. */
  #surplus = 0;
  #queue: Task[] = [];
  #queuedBytes = 0;
  /** Dialogs whose run waits for something, with the number of their tasks that wait behind it. */
  readonly #running = new Set<string>();

  constructor(name: string, slots: number, limit: number, firstRank: number) {
    this.name = name;
    this.slots = slots;
    this.limit = limit;
    for (let i = slots - 1; i >= 0; i--) this.#free.push({ rank: firstRank + i, vars: [], owner: undefined });
  }

  get busy(): number {
    return this.slots + this.#surplus - this.#free.length;
  }
  get queued(): number {
    return this.#queue.length;
  }

  /** Runs the task now, or queues it. False: dropped, because too much waits already. */
  submit(task: Task): boolean {
    if (this.#free.length > 0 && this.#queue.length === 0 && !this.#running.has(task.key)) {
      this.#start(task);
      return true;
    }
    if (this.#queuedBytes + task.size > this.limit) {
      this.dropped++;
      return false;
    }
    this.#queue.push(task);
    this.#queuedBytes += task.size;
    if (this.#queue.length > this.peak) this.peak = this.#queue.length;
    if (this.#free.length > 0) this.#drain();
    return true;
  }

  #start(task: Task): void {
    const slot = this.#free.pop()!;
    this.handled++;
    const answer = task.run(slot);
    if (answer instanceof Promise) {
      this.#running.add(task.key);
      answer.then(() => {
        this.#running.delete(task.key);
        this.#giveBack(slot);
        this.#drain();
      });
    } else {
      this.#giveBack(slot);
    }
  }

  #giveBack(slot: Slot): void {
    if (this.#surplus > 0) this.#surplus--;
    else this.#free.push(slot);
  }

  /** Changes the number of slots while runs are in progress: those too many end with their run. `ranks` gives new ones numbers. */
  resize(slots: number, limit: number, ranks: (count: number) => number): void {
    this.limit = limit;
    const wanted = Math.max(1, slots);
    let change = wanted - this.slots;
    this.slots = wanted;
    for (; change > 0 && this.#surplus > 0; change--) this.#surplus--;
    if (change > 0) {
      const first = ranks(change);
      for (let i = change - 1; i >= 0; i--) this.#free.unshift({ rank: first + i, vars: [], owner: undefined });
    }
    for (; change < 0; change++) if (!this.#free.shift()) this.#surplus++;
    this.#drain();
  }

  /** Starts what can be started, in order; a task whose dialog is busy lets others pass but keeps its own place. */
  #drain(): void {
    while (this.#free.length > 0 && this.#queue.length > 0) {
      const at = this.#running.size === 0 ? 0 : this.#next();
      if (at < 0) return;
      const task = at === 0 ? this.#queue.shift()! : this.#queue.splice(at, 1)[0]!;
      this.#queuedBytes -= task.size;
      this.#start(task);
    }
  }

  #next(): number {
    for (let i = 0; i < this.#queue.length; i++) if (!this.#running.has(this.#queue[i]!.key)) return i;
    return -1;
  }
}
