/** Control commands of the loaded modules, by name, with their arguments converted to what each declares. */
import type { Core } from "../declare/core.ts";
import { type Kind, type Module, type Rpc, RpcFault } from "../declare/module.ts";
import { type Answer, IntText, type Value } from "../declare/value.ts";

export interface Command {
  readonly module: Module;
  readonly rpc: Rpc;
  run(args: readonly Value[]): Answer<unknown>;
}

export class Commands {
  readonly #byName = new Map<string, Command>();

  constructor(modules: readonly Module[], core: Core, stateOf: (module: Module) => unknown) {
    for (const module of modules)
      for (const [name, rpc] of Object.entries(module.commands))
        this.#byName.set(name, {
          module,
          rpc,
          run: (args) => rpc.run(received(rpc, args), stateOf(module), core),
        });
  }

  get names(): string[] {
    return [...this.#byName.keys()].sort();
  }
  find(name: string): Command | undefined {
    return this.#byName.get(name);
  }
}

/** Positional arguments by name. Throws the fault that the caller is to see. */
function received(rpc: Rpc, args: readonly Value[]): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  const kinds = Object.entries(rpc.args as Record<string, Kind<unknown>>);
  kinds.forEach(([name, kind], i) => {
    const given = args[i];
    if (given === undefined || given === null) {
      if (!kind.optional) throw new RpcFault(400, `Not enough parameters: ${name} is missing`);
      out[name] = kind.fallback;
    } else out[name] = convert(name, kind, given);
  });
  // Parameters that nobody asked for are not looked at, as in Kamailio.
  const { rest } = rpc;
  if (rest && args.length > kinds.length) {
    out["rest"] = args.slice(kinds.length).map((it) => convert("rest", rest, it));
  }
  return out;
}

function convert(name: string, kind: Kind<unknown>, value: Value): unknown {
  if (kind.kind === "int") {
    if (typeof value === "number" || typeof value === "bigint") return value;
    const number = Number(typeof value === "string" && value.trim() !== "" ? value : Number.NaN);
    if (!Number.isInteger(number)) throw new RpcFault(400, `Invalid parameter: ${name} must be an integer`);
    return number;
  }
  if (kind.kind === "any") return value;
  return value instanceof IntText ? value.text : String(value);
}
