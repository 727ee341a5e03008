/** Ending a generation that cools before the last call that it began is over. */

import type { CompiledRoute } from "../../compile/program.ts";
import { adopt, endTransaction, isInUse, type Rearm } from "../../transaction/end.ts";
import type { Transaction } from "../../transaction/transaction.ts";
import { Generation } from "../generation.ts";
import type { Server } from "../server.ts";

/**
 * Adopt: its transactions go on with the routes of the same names in the generation that serves. End: they are ended as
 * if nobody had answered in time.
 */
export type Ending = "adopt" | "end";

/** Milliseconds until those that a script run had in its hands are looked at again. */
const AGAIN = 500;

/** How many transactions were dealt with at once; the others follow when the runs that use them have ended. */
export function retire(server: Server, generation: Generation, how: Ending): number {
  let count = 0;
  for (const tx of [...server.transactions.engine.all()]) {
    if (tx.owner !== generation || isInUse(tx) || (how === "end" && tx.waiting)) continue;
    count++;
    if (how === "adopt") adopt(tx, server.active, rearming(server.active));
    else void endTransaction(tx);
  }
  generation.forgotten();
  if (generation.state === "cooling")
    server.host.clock.after(AGAIN, () => {
      if (generation.state === "cooling") retire(server, generation, how);
    });
  return count;
}

/** The route of the same name and kind in another generation. */
export const rearming =
  ({ program }: Generation): Rearm =>
  (route) => {
    const { name, block } = route as CompiledRoute;
    const routes = { failure: program.failure, branch: program.branch, onreply: program.onreply, event: program.event };
    return routes[block as keyof typeof routes]?.get(name);
  };

/** The route that goes on with a suspended run: of the generation that has adopted its transaction, when it has one. */
export function resumption(tx: Transaction, route: CompiledRoute): CompiledRoute {
  const [began, now] = [route.core.owner, tx.owner];
  if (began === now || !(began instanceof Generation) || !(now instanceof Generation)) return route;
  // A route made for one call, as by async(), is no block of the script.
  return (route.core.route(route.name) === route && now.program.routes.get(route.name)) || route;
}
