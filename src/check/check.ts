/** Checks a parsed script against the declarations of the modules that it loads. */
import type {
  CoreParam,
  CustomParam,
  LoadModule,
  ParamValue,
  Problem,
  RouteBlock,
  Script,
  Span,
} from "../../grammar/tree.ts";
import type { Module } from "../declare/module.ts";
import type { Value } from "../declare/value.ts";
import { coreParameter } from "./core-parameters.ts";
import { isModule, moduleNames } from "./elsewhere.ts";
import type { Checked, CheckedRoute, CustomParameter, EvaluatedParameter, ListenSetting } from "./ir.ts";
import { Lowering, literalInt } from "./lower.ts";
import { didYouMean } from "./names.ts";
import { Parameters } from "./parameters.ts";
import { Problems } from "./problems.ts";
import { checkRoutes } from "./routes.ts";
import { Scope } from "./scope.ts";

export interface CheckOptions {
  /** Every module that there is; the one named "core" is loaded without being asked for. */
  readonly modules: readonly Module[];
  /** What a module that Viaduct lacks is: a mistake, or something to be let pass (its functions then fail when called). */
  readonly missing?: "error" | "warn";
}

export interface CheckResult {
  /** There even when problems refuse the script, for tools that show what they can. */
  readonly checked: Checked;
  readonly problems: readonly Problem[];
}

/** Reports every problem at once, in the order of the text. The script is refused when one of them is an error. */
export function check(script: Script, options: CheckOptions): CheckResult {
  const checker = new Checker(script, options);
  const checked = checker.run();
  return { checked, problems: checker.problems.sorted() };
}

class Checker {
  readonly problems = new Problems();
  readonly #script: Script;
  readonly #missing: "error" | "warn";
  readonly #scope: Scope;
  readonly #parameters: Parameters;
  readonly #core = new Map<string, Value>();
  readonly #custom: CustomParameter[] = [];
  readonly #instances: CustomParam[] = [];
  readonly #listens: ListenSetting[] = [];
  readonly #aliases: string[] = [];
  readonly #routes: CheckedRoute[] = [];
  #socketWorkers: number | undefined;

  constructor(script: Script, options: CheckOptions) {
    this.#script = script;
    this.#missing = options.missing ?? "error";
    this.#scope = new Scope(this.problems, options.modules);
    this.#parameters = new Parameters(this.#scope);
    const core = options.modules.find((it) => it.name === "core");
    if (core) this.#scope.loaded.push(core);
  }

  run(): Checked {
    this.#blockNames();
    // As Kamailio does, read from top to bottom: a module is there from its loadmodule line on.
    for (const item of this.#script.items) {
      switch (item.kind) {
        case "core-param":
          this.#coreParam(item);
          break;
        case "listen":
          this.#listens.push({ listen: item, workers: item.workers ?? this.#socketWorkers });
          this.#socketWorkers = undefined;
          break;
        case "load-module":
          this.#loadModule(item);
          break;
        case "mod-param":
          this.#parameters.set(item);
          break;
        case "custom-param":
          this.#customParam(item);
          break;
        case "route-block":
          this.#route(item);
          break;
        case "load-path":
          break;
      }
    }
    this.#checkInstances();
    checkRoutes(this.#routes, this.#scope);
    const modules = this.#ordered();
    const evaluated: EvaluatedParameter[] = this.#parameters.evaluated;
    return {
      script: this.#script,
      modules,
      parameters: new Map(modules.map((it) => [it, this.#parameters.of(it)])),
      evaluated,
      core: this.#core,
      custom: this.#custom,
      listens: this.#listens,
      aliases: this.#aliases,
      flags: this.#scope.flags,
      routes: this.#routes,
      lenient: this.#scope.lacking.size > 0,
      positions: this.#scope.positions,
      returnMode: Number(this.#core.get("return_mode") ?? 0),
    };
  }

  /** Names of all blocks first: a route may be used above the place where it is written. */
  #blockNames(): void {
    const { routes } = this.#scope;
    for (const item of this.#script.items) {
      if (item.kind !== "route-block") continue;
      let names = routes.get(item.block);
      if (!names) routes.set(item.block, (names = new Set()));
      // Blocks without a name are joined, one after the other.
      if (item.name !== "" && names.has(item.name))
        this.problems.error(
          "duplicate-route",
          item.nameSpan,
          `there is another ${item.block === "route" ? "route" : `${item.block} route`} named \`${item.name}\``,
        );
      names.add(item.name);
    }
  }

  #route(item: RouteBlock): void {
    const steps = new Lowering(this.#scope, item.block).steps(item.body);
    this.#routes.push({ block: item.block, name: item.name, steps, span: item.span });
  }

  #loadModule(item: LoadModule): void {
    const scope = this.#scope;
    const name = moduleName(item.name);
    const module = scope.available.find((it) => it.name === name);
    if (!module || name === "core") {
      const pass = this.#missing === "warn";
      (pass ? scope.lacking : scope.refused).add(name);
      const known = isModule(name);
      this.problems.add(
        pass ? "warning" : "error",
        "unknown-module",
        item.nameSpan,
        known ? `Viaduct does not have Kamailio's module \`${name}\`` : `there is no module \`${name}\``,
        known ? undefined : didYouMean(name, [...scope.available.map((it) => it.name), ...moduleNames()]),
      );
      return;
    }
    if (scope.loaded.includes(module)) {
      this.problems.error("duplicate-module", item.nameSpan, `the module ${name} is loaded already`);
      return;
    }
    scope.loaded.push(module);
    this.#moduleSpans.set(module, item.nameSpan);
  }
  readonly #moduleSpans = new Map<Module, Span>();

  /** An instance has values only of parameters that its group has without it; those of modules have one value. */
  #checkInstances(): void {
    for (const { group, name, instance, span } of this.#instances) {
      if (this.#custom.some((it) => it.instance === undefined && it.group === group && it.name === name)) continue;
      this.problems.error(
        "not-supported",
        span,
        `\`${group}[${instance}].${name}\` has no \`${group}.${name}\` beside it`,
        "instances are for parameters that the script itself declares",
      );
    }
  }

  #customParam(item: CustomParam): void {
    const { group, name, description, instance } = item;
    const value = plainValue(item.value);
    if (instance !== undefined) this.#instances.push(item);
    this.#custom.push({
      group,
      name,
      value,
      ...(description !== undefined && { description }),
      ...(instance !== undefined && { instance }),
    });
  }

  #coreParam(item: CoreParam): void {
    if (item.name === "flags" || item.name === "bool") {
      this.#declareFlags(item);
      return;
    }
    if (item.name === "avpflags") return;
    const setting = coreParameter(item, this.#scope.core?.params ?? {});
    if (!setting) return;
    if (setting.name === "alias") for (const it of item.values) this.#alias(it);
    else if (setting.name === "cfgengine") this.#engine(item.values[0]!);
    else if (setting.name === "socket_workers") this.#socketWorkers = Number(setting.value);
    else this.#core.set(setting.name, setting.value);
  }

  #engine({ value, span }: ParamValue): void {
    if (/^(?:native|default)$/i.test(String(value))) return;
    this.problems.error("not-supported", span, `routes in another language (\`${value}\`) are not supported`);
  }

  /** A name in quotes is taken whole: with a colon in it, it is nobody's name. */
  #alias({ kind, value, span }: ParamValue): void {
    const text = String(value);
    if (kind !== "string" || !text.includes(":") || text.startsWith("[")) {
      this.#aliases.push(text);
      return;
    }
    const [, protocol, host, port] = /^(?:(\w+):)?([^:]*)(?::(\d+))?$/.exec(text) ?? [];
    this.problems.warn(
      "quoted-port",
      span,
      "protocol and port inside the quotes belong to the name, so this alias matches nothing",
      host === undefined ? undefined : `write ${protocol ? `${protocol}:` : ""}"${host}"${port ? `:${port}` : ""}`,
    );
  }

  /** `flags ACC:1, NAT;`: a flag without a number gets the lowest that is free. */
  #declareFlags(item: CoreParam): void {
    const { flags } = this.#scope;
    for (const { value, span } of item.values) {
      const [name, number] = String(value).split(":");
      if (number !== undefined && !(Number(number) >= 0 && Number(number) <= 31)) {
        this.problems.error("flag-number", span, "flags are numbered from 0 to 31");
        continue;
      }
      if (flags.has(name!)) {
        this.problems.error("flag-number", span, `the flag \`${name}\` is declared already`);
        continue;
      }
      const taken = new Set(flags.values());
      let free = 0;
      while (taken.has(free)) free++;
      if (number === undefined && free > 31) this.problems.error("flag-number", span, "all 32 flags are taken");
      else flags.set(name!, number === undefined ? free : Number(number));
    }
  }

  /** Loaded modules, each behind those that it needs. */
  #ordered(): Module[] {
    const { loaded, lacking, refused } = this.#scope;
    const ordered: Module[] = [];
    const place = (module: Module, path: readonly Module[]): void => {
      if (ordered.includes(module) || path.includes(module)) return;
      for (const name of module.needs ?? []) {
        const needed = loaded.find((it) => it.name === name);
        if (needed) place(needed, [...path, module]);
        else if (!lacking.has(name) && !refused.has(name))
          this.problems.error(
            "needs-module",
            this.#moduleSpans.get(module)!,
            `the module ${module.name} needs ${name}`,
            `loadmodule "${name}.so"`,
          );
      }
      ordered.push(module);
    };
    for (const module of loaded) place(module, []);
    return ordered;
  }
}

/** `tm`, `tm.so` and `/usr/lib/…/tm.so` are all `tm`. */
const moduleName = (written: string): string => written.replace(/^.*\//, "").replace(/\.so$/, "");

const plainValue = ({ value }: ParamValue): Value => (typeof value === "bigint" ? literalInt(value) : value);
