/** Databases that a test scripts: what each query gives, by its URL and text. */
import type { Database, Databases, QueryReply } from "../declare/host.ts";

/** Undefined: the database refuses the query. */
export type Script = (
  text: string,
  url: string,
  params: readonly (string | number | bigint | null)[] | undefined,
) => QueryReply | Promise<QueryReply> | undefined;

export class SimulatedDatabases implements Databases {
  /** Answers every query; without one no database can be reached. */
  script: Script | undefined;
  /** Every query so far. */
  readonly queries: string[] = [];

  open(url: string): Database | string {
    if (!/^\w+:/.test(url)) return `not a database URL: ${url}`;
    return {
      query: async (text, params) => {
        this.queries.push(text);
        if (!this.script) return { ok: false, error: "connect", message: "connection refused" };
        return (await this.script(text, url, params)) ?? { ok: false, error: "query", message: "syntax error" };
      },
      close: async () => {},
    };
  }
}
