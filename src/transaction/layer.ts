/** The transaction table and everything that acts on it. */
import type { Transaction } from "./transaction.ts";
import type { RouteHandle } from "./user.ts";

type Answer<T> = T | Promise<T>;

export interface TransactionLayer {
  /** Suspends the transaction (t_suspend): a blind branch waits for `continue`. Null when it cannot be suspended. */
  suspend(tx: Transaction): { readonly index: number; readonly label: number } | null;
  /** Goes on with a suspended transaction in `route` (t_continue). `prepare` sees the new run before the route starts. Negative: there is no such suspended transaction any more. */
  continue(index: number, label: number, route: RouteHandle, prepare?: (call: unknown) => void): Answer<number>;
  /** Ends a suspension without running a route (t_cancel_suspend). */
  cancelSuspend(index: number, label: number): number;
  find(index: number, label: number): Transaction | undefined;
}
