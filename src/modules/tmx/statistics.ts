/** The counters of transactions as tmx shows them. */
import type { Core } from "../../declare/core.ts";

export function statistics(core: Core): void {
  const { engine } = core.transactions;
  const { counts } = engine;
  const gauge = (name: string, read: () => number): void => core.statistics.gauge("tmx", name, read);
  const relayed = (): number => counts.repliesSent - counts.repliesGenerated;
  gauge("UAS_transactions", () => counts.created);
  gauge("UAC_transactions", () => counts.client);
  for (let family = 2; family <= 6; family++) gauge(`${family}xx_transactions`, () => counts.completed[family]!);
  gauge("inuse_transactions", () => engine.size);
  gauge("active_transactions", () => engine.size - counts.waiting);
  gauge("rpl_received", () => counts.repliesReceived);
  gauge("rpl_absorbed", () => counts.repliesReceived - relayed());
  gauge("rpl_generated", () => counts.repliesGenerated);
  gauge("rpl_relayed", relayed);
  gauge("rpl_sent", () => counts.repliesSent);
}
