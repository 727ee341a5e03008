/** After a change of script: when too much goes wrong in a time, the server goes back to the script before by itself. */
import type { Timer } from "../../transaction/clock.ts";
import type { Server } from "../server.ts";

export interface Probation {
  /** How long the server looks, in seconds. */
  readonly seconds: number;
  /** Lines of the log at level error or worse, more than so many. */
  readonly errors?: number;
  /** Percentage of final replies that are 5xx, when there were `FEWEST` at least. */
  readonly failures?: number;
  /** Messages dropped because too many waited, more than so many. */
  readonly drops?: number;
}

/** A share of fewer replies says nothing. */
const FEWEST = 20;

interface Counted {
  readonly errors: number;
  readonly failed: number;
  readonly finals: number;
  readonly drops: number;
}

/** Looks each second. `worse` is told what was too much, `passed` that the time is over; one of them, once. */
export function probation(server: Server, rules: Probation, worse: (why: string) => void, passed: () => void): Timer {
  const { clock } = server.host;
  const before = count(server);
  const until = clock.now() + rules.seconds * 1000;
  let timer: Timer;
  const look = (): void => {
    const why = tooMuch(before, count(server), rules);
    if (why !== undefined) worse(why);
    else if (clock.now() >= until) passed();
    else timer = clock.after(Math.min(1000, until - clock.now()), look);
  };
  timer = clock.after(Math.min(1000, rules.seconds * 1000), look);
  return { cancel: () => timer.cancel() };
}

function tooMuch(before: Counted, now: Counted, { errors, failures, drops }: Probation): string | undefined {
  const logged = now.errors - before.errors;
  if (errors !== undefined && logged > errors) return `${logged} errors were logged, more than ${errors}`;
  const dropped = now.drops - before.drops;
  if (drops !== undefined && dropped > drops) return `${dropped} messages were dropped, more than ${drops}`;
  const finals = now.finals - before.finals;
  const percent = finals >= FEWEST ? ((now.failed - before.failed) * 100) / finals : 0;
  if (failures !== undefined && percent > failures)
    return `${percent.toFixed(1)} % of ${finals} final replies were 5xx, more than ${failures} %`;
  return undefined;
}

function count(server: Server): Counted {
  const { completed } = server.transactions.engine.counts;
  let [failed, finals] = [completed[5]!, completed.reduce((sum, it) => sum + it, 0)];
  for (const { group, name, value } of server.statistics.list()) {
    if (group !== "sl") continue;
    if (/^[2-6]xx_replies$|^\d{3}_replies$/.test(name)) {
      finals += value;
      if (name.startsWith("5")) failed += value;
    }
  }
  const drops = server.pools.list().reduce((sum, it) => sum + it.dropped, 0);
  return { errors: server.log.errors, failed, finals, drops };
}
