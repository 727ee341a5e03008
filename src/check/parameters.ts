/** Module parameters: which modules and parameters are meant, and whether their values are of the right type. */
import type { ModParam } from "../../grammar/tree.ts";
import type { Kinds, Module } from "../declare/module.ts";
import type { Value } from "../declare/value.ts";
import { isModule, modulesWith } from "./elsewhere.ts";
import type { EvaluatedParameter } from "./ir.ts";
import { literalInt } from "./lower.ts";
import { didYouMean } from "./names.ts";
import { own, type Scope } from "./scope.ts";

export class Parameters {
  readonly evaluated: EvaluatedParameter[] = [];
  readonly #scope: Scope;
  readonly #values = new Map<Module, Map<string, Value[]>>();

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  /** `modparam("a|b", "name", value)`: the first argument is a regular expression over the loaded modules. */
  set(item: ModParam): void {
    const { problems, loaded, lacking, refused } = this.#scope;
    const wanted = matcher(item.modules);
    if (!wanted) {
      problems.error("bad-regex", item.modulesSpan, `\`${item.modules}\` is no list of module names`);
      return;
    }
    const modules = loaded.filter((it) => wanted.test(it.name) && it.name !== "core");
    if (modules.length === 0) {
      // That there is no such module has been said.
      if ([...lacking, ...refused].some((it) => wanted.test(it))) return;
      const known = this.#scope.available.some((it) => wanted.test(it.name));
      problems.error(
        "parameter-module",
        item.modulesSpan,
        `no module loaded so far is named \`${item.modules}\``,
        known
          ? `put this line behind loadmodule "${item.modules}.so"`
          : isModule(item.modules)
            ? "Viaduct does not have that module of Kamailio's"
            : didYouMean(
                item.modules,
                loaded.map((it) => it.name),
              ),
      );
    }
    for (const module of modules) this.#assign(module, item);
  }

  #assign(module: Module, item: ModParam): void {
    const { problems } = this.#scope;
    const kind = own(module.params as Kinds, item.name);
    if (!kind) {
      problems.error(
        "unknown-parameter",
        item.nameSpan,
        `the module ${module.name} has no parameter \`${item.name}\``,
        modulesWith("parameter", item.name).includes(module.name)
          ? "Kamailio's has it, Viaduct's does not"
          : didYouMean(item.name, Object.keys(module.params)),
      );
      return;
    }
    const { value } = item.value;
    // What is expanded is text, too, whatever it says.
    if (kind.kind !== "any" && (kind.kind === "int") !== (typeof value === "bigint")) {
      problems.error(
        "parameter-type",
        item.value.span,
        `\`${item.name}\` of ${module.name} takes ${kind.kind === "int" ? "a number" : "text in quotes"}`,
        kind.kind === "int" ? undefined : `write "${value}"`,
      );
      return;
    }
    if (item.evaluated && typeof value === "string" && value.includes("$")) {
      this.#scope.format(value, item.value.span);
      this.evaluated.push({ module, name: item.name, format: value, span: item.value.span });
      return;
    }
    const refused = typeof value === "string" ? kind.check?.(value) : undefined;
    if (refused !== undefined) {
      problems.error("parameter-value", item.value.span, `\`${item.name}\` of ${module.name}: ${refused}`);
      return;
    }
    let values = this.#values.get(module);
    if (!values) this.#values.set(module, (values = new Map()));
    const list = values.get(item.name) ?? [];
    list.push(typeof value === "bigint" ? literalInt(value) : value);
    values.set(item.name, list);
  }

  /** What the module's `start` receives; `modparamx` values are added when they are expanded. */
  of(module: Module): Record<string, unknown> {
    const set = this.#values.get(module);
    const received: Record<string, unknown> = {};
    for (const [name, kind] of Object.entries(module.params as Kinds)) {
      const values = set?.get(name);
      received[name] = module.repeated?.includes(name) ? (values ?? []) : (values?.at(-1) ?? kind.fallback);
    }
    return received;
  }
}

/** Module names are matched whole and without case. */
function matcher(names: string): RegExp | undefined {
  // Only what a list of names needs; anything else is taken literally.
  const source = names.replace(/[^A-Za-z0-9_|().*+?[\]^$-]/g, "\\$&");
  try {
    return new RegExp(`^(?:${source})$`, "i");
  } catch {
    return undefined;
  }
}
