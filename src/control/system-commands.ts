/** The control commands about commands: `system.*`. Kamailio's three, and two of ours: schemas, and long answers by pages. */
import type { Core } from "../declare/core.ts";
import { any, declare, int, type Kind, optional, type Rpc, RpcArray, RpcFault, str } from "../declare/module.ts";
import type { Value } from "../declare/value.ts";
import { orderOf, schemaOf } from "./schema.ts";

/** A long answer that somebody reads page by page. */
interface Pages {
  readonly method: string;
  readonly items: readonly unknown[];
}

export interface SystemState {
  /** By cursor, the latest read last. */
  readonly pages: Map<string, Pages>;
}

const { rpc } = declare<SystemState>();

/** JSON-RPC's code for a method that there is none of; it is the caller's own protocol that is spoken here. */
const NO_METHOD = -32601;
/** A cursor is forgotten when nobody has read on for so long (milliseconds). */
const PATIENCE = 60_000;
/** Answers that are kept at once; the one not read for the longest time goes first. */
const MOST_KEPT = 8;
const MOST_ITEMS = 10_000;

/** `name(argument: kind, optional: kind?)`. */
function signature(name: string, command: Rpc): string {
  const args = Object.entries(command.args as Record<string, Kind<unknown>>).map(
    ([arg, kind]) => `${arg}: ${kind.kind}${kind.optional ? "?" : ""}`,
  );
  if (command.rest) args.push(`...: ${command.rest.kind}`);
  return `${name}(${args.join(", ")})`;
}

function declared(core: Core, name: string | undefined): Rpc {
  if (!name) throw new RpcFault(400, "Method Name Expected");
  const command = core.command(name)?.module.commands[name];
  if (!command) throw new RpcFault(400, "command not found");
  return command;
}

/** Several values, an array, or undefined when the answer is neither. */
function itemsOf(answer: unknown): readonly unknown[] | undefined {
  if (answer instanceof RpcArray) return answer.items;
  return Array.isArray(answer) ? answer : undefined;
}

function keep(pages: SystemState["pages"], core: Core, cursor: string, it: Pages): void {
  pages.delete(cursor);
  pages.set(cursor, it);
  for (const oldest of pages.keys()) if (pages.size > MOST_KEPT) pages.delete(oldest);
  core.host.clock.after(PATIENCE, () => {
    if (pages.get(cursor) === it) pages.delete(cursor);
  });
}

/** The part of `it` that begins at `from`, with the cursor of the next one. */
function pageOf(pages: SystemState["pages"], core: Core, id: string, it: Pages, from: number, limit: number): object {
  const end = Math.min(it.items.length, from + limit);
  const more = end < it.items.length;
  // An object of its own each time, so that only the latest reading counts for how long it is kept.
  if (more) keep(pages, core, id, { ...it });
  else pages.delete(id);
  return {
    list: 1,
    total: it.items.length,
    next: more ? `${id}:${end}` : "",
    items: new RpcArray(it.items.slice(from, end)),
  };
}

const name = optional(str("Name of a command."));

export const systemCommands = {
  "system.listMethods": rpc({
    doc: "The names of all commands.",
    args: {},
    run: (_, __, core) => [...core.commands()],
  }),
  "system.methodHelp": rpc({
    doc: "What a command does.",
    args: { name },
    run: (it, _, core) => declared(core, it.name).doc,
  }),
  "system.methodSignature": rpc({
    doc: "The arguments that a command takes.",
    args: { name },
    run: (it, _, core) => signature(it.name ?? "", declared(core, it.name)),
  }),
  "system.schema": rpc({
    doc: "What a command takes, for programs: the names of its parameters in order, and a JSON Schema of an object with them.",
    args: { name },
    run(it, _, core) {
      const command = declared(core, it.name);
      return {
        method: it.name,
        description: command.doc,
        order: new RpcArray(orderOf(command)),
        rest: command.rest ? 1 : 0,
        params: schemaOf(command),
      };
    },
  }),
  "system.page": rpc({
    doc: "Runs a command and gives its answer by pages: `items`, how many there are altogether as `total`, and `next`, the cursor of the next page, empty when there is none. The pages are those of the answer as it was at first. `list` is 0 when the answer is no list: it is then the only item.",
    args: {
      method: str("Name of the command."),
      limit: int("Items of a page.", { fallback: 1000 }),
      cursor: str("Empty for the first page, then `next` of the page before.", { fallback: "" }),
    },
    rest: any("What the command takes; not needed again for the pages that follow."),
    async run({ method, limit, cursor, rest }, { pages }, core) {
      const most = Number(limit);
      if (most < 1 || most > MOST_ITEMS) throw new RpcFault(400, `limit is a number from 1 to ${MOST_ITEMS}`);
      if (cursor !== "") {
        const [, id, from] = /^([0-9a-f]+):(\d+)$/.exec(cursor) ?? [];
        const it = id === undefined ? undefined : pages.get(id);
        if (id === undefined || it?.method !== method)
          throw new RpcFault(410, "the cursor is not known, or nobody read on for a minute");
        return pageOf(pages, core, id, it, Number(from), most);
      }
      const command = core.command(method);
      if (!command) throw new RpcFault(NO_METHOD, `there is no command ${method}`);
      const answer = await command.run((rest ?? []) as readonly Value[]);
      const items = itemsOf(answer);
      if (items) return pageOf(pages, core, core.host.random.hex(8), { method, items }, 0, most);
      const none = answer === undefined || answer === null;
      return { list: 0, total: none ? 0 : 1, next: "", items: new RpcArray(none ? [] : [answer]) };
    },
  }),
};
