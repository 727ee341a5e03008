/** mqueue: queues of key and value between runs. Follows Kamailio's src/modules/mqueue, without its database. */
import { type Core, LogLevel } from "../declare/core.ts";
import { declare, int, RpcFault, str, text } from "../declare/module.ts";
import type { Value } from "../declare/value.ts";

interface Item {
  readonly key: string;
  readonly value: string;
}
interface Queue {
  readonly items: Item[];
  /** The oldest goes when there are more; 0: no bound. */
  most: number;
  /** 0 adds always, 1 keeps the older of a key, 2 the newer. */
  addMode: number;
}
interface Mqueues {
  readonly core: Core;
  readonly queues: Map<string, Queue>;
  /** What each worker fetched last of each queue; `$var`s tell the workers apart. */
  readonly fetched: WeakMap<Value[], Map<string, Item>>;
}
const { fn, pv, rpc, module } = declare<Mqueues>();

/** Parses `name=q;size=100;addmode=1`; a string is the problem. */
function parseQueue(
  written: string,
): { readonly name: string; readonly most: number; readonly addMode: number } | string {
  let name = "";
  let most = 0;
  let addMode = 0;
  for (const part of written.replace(/;$/, "").split(";")) {
    const [key = "", value = ""] = part.split("=", 2).map((it) => it.trim());
    if (key.toLowerCase() === "name") name = value;
    else if (key.toLowerCase() === "size") most = Number.parseInt(value, 10) || 0;
    else if (key.toLowerCase() === "addmode") addMode = Number.parseInt(value, 10) || 0;
    else return `unknown attribute \`${key}\` in \`${written}\``;
  }
  return name === "" ? `\`${written}\` names no queue` : { name, most, addMode };
}

function add(queue: Queue, item: Item): void {
  if (queue.addMode === 1 || queue.addMode === 2) {
    const at = queue.items.findIndex((it) => it.key === item.key);
    if (at >= 0 && queue.addMode === 1) return;
    if (at >= 0) queue.items.splice(at, 1);
  }
  queue.items.push(item);
  if (queue.most > 0 && queue.items.length > queue.most) queue.items.shift();
}

const queue = str("Name of the queue.");

/** `$mqk(q)` and `$mqv(q)`. */
const ofFetched = (doc: string, part: (it: Item) => string) =>
  pv({
    doc,
    bind({ inner }, _core, state) {
      if (!inner) return "the name of a queue is needed in parentheses";
      return {
        get(call) {
          if (!state().queues.has(inner)) return undefined;
          const item = state().fetched.get(call.vars)?.get(inner);
          return item && part(item) !== "" ? part(item) : null;
        },
      };
    },
  });

function known({ queues }: Mqueues, name: string, code: number): Queue {
  const found = queues.get(name);
  if (!found) throw new RpcFault(code, "No such queue");
  return found;
}

export const mqueue = module({
  name: "mqueue",
  doc: "Queues of key and value between runs.",

  params: {
    mqueue: text("A queue: `name=q;size=100;addmode=0`."),
    mqueue_name: text("Name of a queue with mqueue_size and mqueue_addmode."),
    mqueue_size: int("Most items of the queues of mqueue_name; 0: no bound.", { fallback: 0 }),
    mqueue_addmode: int("Of the queues of mqueue_name: 0 adds always, 1 keeps the older of a key, 2 the newer.", {
      fallback: 0,
    }),
  },
  repeated: ["mqueue", "mqueue_name"],

  start(params, core, old) {
    const queues = new Map<string, Queue>();
    const define = (name: string, most: number, addMode: number): string | undefined => {
      if (queues.has(name)) return `there are two queues \`${name}\``;
      queues.set(name, { items: old?.queues.get(name)?.items ?? [], most, addMode });
      return undefined;
    };
    for (const written of (params.mqueue as unknown as readonly string[] | undefined) ?? []) {
      const parsed = parseQueue(written);
      const problem = typeof parsed === "string" ? parsed : define(parsed.name, parsed.most, parsed.addMode);
      if (problem !== undefined) return problem;
    }
    for (const name of (params.mqueue_name as unknown as readonly string[] | undefined) ?? []) {
      const problem = define(name, Number(params.mqueue_size), Number(params.mqueue_addmode));
      if (problem !== undefined) return problem;
    }
    return { core, queues, fetched: new WeakMap() };
  },

  functions: {
    mq_add: fn({
      doc: "Adds an item at the end of a queue.",
      in: "any",
      args: { queue, key: str("The key."), value: str("The value.") },
      returns: { 1: "done", [-1]: "there is no such queue" },
      run(_call, { queue, key, value }, { queues }) {
        const found = queues.get(queue);
        if (!found) return -1;
        add(found, { key, value });
        return 1;
      },
    }),
    mq_fetch: fn({
      doc: "Takes the first item of a queue for $mqk and $mqv.",
      in: "any",
      args: { queue },
      returns: { 1: "there is one", [-1]: "there is no such queue", [-2]: "the queue is empty" },
      run(call, { queue }, { queues, fetched }) {
        const found = queues.get(queue);
        if (!found) return -1;
        let mine = fetched.get(call.vars);
        if (!mine) fetched.set(call.vars, (mine = new Map()));
        const item = found.items.shift();
        if (item) mine.set(queue, item);
        else mine.delete(queue);
        return item ? 1 : -2;
      },
    }),
    mq_pv_free: fn({
      doc: "Forgets the item that was fetched from a queue.",
      in: "any",
      args: { queue },
      returns: { 1: "done" },
      run(call, { queue }, { fetched }) {
        fetched.get(call.vars)?.delete(queue);
        return 1 as const;
      },
    }),
    mq_size: fn({
      doc: "How many items a queue has is the code.",
      in: "any",
      args: { queue },
      returns: { [-1]: "the queue is empty", [-2]: "there is no such queue" } as Record<number, string>,
      run(_call, { queue }, { core, queues }) {
        const found = queues.get(queue);
        if (!found) core.log.write(LogLevel.err, `mqueue: there is no queue ${queue}\n`);
        return found ? found.items.length || -1 : -2;
      },
    }),
  },

  variables: {
    mqk: ofFetched("Key of the item that was fetched from a queue last.", (it) => it.key),
    mqv: ofFetched("Value of the item that was fetched from a queue last.", (it) => it.value),
    mq_size: pv({
      doc: "How many items a queue has.",
      bind({ inner }, _core, state) {
        if (!inner) return "the name of a queue is needed in parentheses";
        return { get: () => state().queues.get(inner)?.items.length };
      },
    }),
  },

  commands: {
    "mqueue.get_size": rpc({
      doc: "Name and size of a queue.",
      args: { name: str("The queue.") },
      run: ({ name }, state) => ({ name, size: known(state, name, 404).items.length }),
    }),
    "mqueue.get_sizes": rpc({
      doc: "Names and sizes of all queues.",
      args: {},
      run: (_args, { queues }) => [...queues].map(([name, { items }]) => ({ name, size: items.length })),
    }),
    "mqueue.fetch": rpc({
      doc: "Takes the first item of a queue.",
      args: { name: str("The queue.") },
      run({ name }, state) {
        const item = known(state, name, 500).items.shift();
        if (!item) throw new RpcFault(404, "Empty queue");
        return { key: item.key, val: item.value };
      },
    }),
  },
  events: {},
});
