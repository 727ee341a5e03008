/** Control commands of a ladder: `rpc` lines. */
import { RpcArray, RpcDouble, RpcFault, RpcStruct } from "../../declare/module.ts";
import type { Server } from "../../run/server.ts";
import type { Rpc } from "./ladder.ts";

/** The answer as JSON; of a fault the text `code reason`. Undefined when there is no such command. */
export async function answerOf(server: Server, { method, args }: Rpc): Promise<string | undefined> {
  const command = server.active.core.command(method);
  if (!command) return undefined;
  try {
    return JSON.stringify(plain(await command.run(args)) ?? null);
  } catch (fault) {
    if (!(fault instanceof RpcFault)) throw fault;
    return JSON.stringify(`${fault.code} ${fault.message}`);
  }
}

/** An answer with its structs and arrays as those of JSON. A key that comes twice keeps all its values, in an array. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof RpcDouble) return value.value;
  if (value instanceof RpcArray) return value.items.map(plain);
  if (Array.isArray(value)) return value.map(plain);
  const fields =
    value instanceof RpcStruct
      ? value.fields
      : typeof value === "object" && value !== null
        ? Object.entries(value)
        : undefined;
  if (!fields) return value;
  const out: Record<string, unknown> = {};
  const times = new Map<string, number>();
  for (const [name, it] of fields) {
    const before = times.get(name) ?? 0;
    out[name] = before === 0 ? plain(it) : [...(before === 1 ? [out[name]] : (out[name] as unknown[])), plain(it)];
    times.set(name, before + 1);
  }
  return out;
}
