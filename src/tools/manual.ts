/** The manual: Markdown pages made of the declarations. `test/manual.test.ts` fails when `docs/` is not what this gives. */
import type { Fn, Kind, Module, Pv, Rpc } from "../declare/module.ts";

/** A page by its path below `docs/`. */
export type Pages = ReadonlyMap<string, string>;

export interface ManualSources {
  readonly modules: readonly Module[];
  /** Explanations by problem code. */
  readonly problems: Readonly<Record<string, string>>;
  readonly rules: readonly LintRule[];
  /** Modules that are always there; their commands are described with the core's. */
  readonly builtin: readonly Module[];
}

/** Advice on scripts that Kamailio would load. */
export interface LintRule {
  readonly name: string;
  readonly severity: string;
  /** Silent unless it is given a level. */
  readonly off?: true;
  readonly doc: string;
  readonly source: string;
  /** What it found on public scripts. */
  readonly measured: string;
  readonly bad: string;
  readonly good: string;
}

export function manual({ modules, problems, rules, builtin }: ManualSources): Pages {
  const pages = new Map<string, string>();
  const sorted = [...modules].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const module of [...sorted, ...builtin]) pages.set(`modules/${module.name}.md`, modulePage(module));
  pages.set("problems.md", problemPage(problems));
  pages.set("rules.md", rulesPage(rules));
  pages.set("README.md", indexPage(sorted, builtin));
  return pages;
}

/** `send_reply(code, [reason])` */
export function signature(name: string, fn: Fn): string {
  const args = Object.entries(fn.args as Record<string, Kind<unknown>>).map(([arg, kind]) =>
    kind.optional ? `[${arg}]` : arg,
  );
  if (fn.rest) args.push("…");
  return `${name}(${args.join(", ")})`;
}

const byName = <T>(table: Readonly<Record<string, T>> | undefined): [string, T][] =>
  Object.entries(table ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));

function modulePage(module: Module): string {
  const out: string[] = [`# ${module.name}`, module.doc];
  if (module.needs?.length) out.push(`Needs: ${module.needs.map((it) => `[${it}](${it}.md)`).join(", ")}.`);
  section(out, "Parameters", byName(module.params as Record<string, Kind<unknown>>), (name, kind) =>
    parameter(module, name, kind),
  );
  section(out, "Functions", byName(module.functions), functionText);
  section(out, "Variables", byName(module.variables), variableText);
  section(out, "Transformations", byName(module.transformations), (name, it) =>
    [
      `### {${name}.…}`,
      it.doc,
      ...byName(it.names).map(([full, doc]) => `- \`{${full.includes(".") ? full : `${name}.${full}`}}\`: ${doc}`),
    ]
      .join("\n\n")
      .replace(/\n\n- /g, "\n- ")
      .replace("\n- ", "\n\n- "),
  );
  section(out, "Event routes", byName(module.events), (name, doc) => `- \`event_route[${name}]\`: ${doc}`, "\n");
  section(out, "Commands", byName(module.commands), commandText);
  section(out, "Statistics", byName(module.statistics), (name, doc) => `- \`${name}\`: ${doc}`, "\n");
  return `${out.join("\n\n")}\n`;
}

function section<T>(
  out: string[],
  title: string,
  entries: readonly [string, T][],
  text: (name: string, it: T) => string,
  joint = "\n\n",
): void {
  if (entries.length === 0) return;
  out.push(`## ${title}`, entries.map(([name, it]) => text(name, it)).join(joint));
}

function parameter(module: Module, name: string, kind: Kind<unknown>): string {
  const notes: string[] = [kind.kind === "int" ? "number" : "text"];
  if (module.repeated?.includes(name)) notes.push("may be given several times");
  else if (kind.fallback !== undefined && kind.fallback !== "") notes.push(`default \`${String(kind.fallback)}\``);
  return `### ${name}\n\n${kind.doc} (${notes.join(", ")})`;
}

function functionText(name: string, fn: Fn): string {
  const out: string[] = [];
  for (const form of [fn, ...(fn.overloads ?? [])]) {
    out.push(`### ${signature(name, form)}`, form.doc);
    const args = Object.entries(form.args as Record<string, Kind<unknown>>);
    if (form.rest) args.push(["…", form.rest]);
    if (args.length > 0)
      out.push(args.map(([arg, kind]) => `- \`${arg}\` (${argumentKind(kind)}): ${kind.doc}`).join("\n"));
    out.push(
      `Returns: ${returnCodes(form)}.`,
      `Allowed in: ${places(form)}.${form.waits ? " May wait without holding up other runs." : ""}`,
    );
  }
  return out.join("\n\n");
}

function argumentKind(kind: Kind<unknown>): string {
  const names: Record<string, string> = {
    int: "number",
    string: "text with variables",
    text: "literal text",
    regex: "regular expression",
    format: "text with variables",
    route: "name of a route block",
    any: "any value",
  };
  const base = names[kind.kind] ?? kind.kind;
  if (!kind.optional) return base;
  return kind.fallback !== undefined && kind.fallback !== ""
    ? `${base}, default ${String(kind.fallback)}`
    : `${base}, optional`;
}

const returnCodes = (fn: Fn): string =>
  Object.entries(fn.returns as Record<string, string>)
    .sort(([a], [b]) => Number(b) - Number(a))
    .map(([code, why]) => `\`${code}\` ${why.replace(/\.$/, "")}`)
    .join("; ");

const ROUTES: Readonly<Record<string, string>> = {
  request: "request_route",
  onreply: "onreply_route",
  failure: "failure_route",
  branch: "branch_route",
  onsend: "onsend_route",
  event: "event_route",
  local: "event_route[tm:local-request]",
  "branch-failure": "event_route[tm:branch-failure:…]",
};
const places = (fn: Fn): string => (fn.in === "any" ? "every route" : fn.in.map((it) => ROUTES[it]).join(", "));

function variableText(name: string, pv: Pv): string {
  const keys = byName(pv.keys as Record<string, string> | undefined);
  const writable = pv.set !== undefined ? " (may be assigned to)" : "";
  const head = `### $${name}${keys.length > 0 ? "(…)" : ""}\n\n${pv.doc}${writable}`;
  return keys.length === 0
    ? head
    : `${head}\n\n${keys.map(([key, doc]) => `- \`$${name}(${key})\`: ${doc}`).join("\n")}`;
}

function commandText(name: string, rpc: Rpc): string {
  const args = Object.entries(rpc.args as Record<string, Kind<unknown>>);
  const usage = args.map(([arg, kind]) => (kind.optional ? `[${arg}]` : arg)).join(" ");
  const head = `### ${name}${usage === "" ? "" : ` ${usage}`}\n\n${rpc.doc}`;
  return args.length === 0
    ? head
    : `${head}\n\n${args.map(([arg, kind]) => `- \`${arg}\` (${argumentKind(kind)}): ${kind.doc}`).join("\n")}`;
}

const problemPage = (problems: Readonly<Record<string, string>>): string =>
  `# Problems\n\nWhat \`viaduct check\` reports, by code.\n\n${byName(problems)
    .map(([code, text]) => `## ${code}\n\n${text}`)
    .join("\n\n")}\n`;

const fenced = (text: string): string => `\`\`\`\n${text.trim()}\n\`\`\``;

const rulesPage = (rules: readonly LintRule[]): string => {
  const sorted = [...rules].sort((a, b) => (a.name < b.name ? -1 : 1));
  return `# Lint rules

Advice of \`viaduct check\` on scripts that load: none of it refuses a script. \`# lint: ignore RULE\` silences a rule on its line, or on the line below when it stands alone; \`# lint: ignore-file RULE\` in the whole file. \`--rule RULE=warning\` (or \`info\`, \`error\`, \`off\`) gives a rule another level.

The last column was measured on 320 public scripts, copies left out: the places that a rule had to look at, what it found there, and how many of the findings that were looked at were right. A rule that had fewer than ten places to look at and not enough findings to tell, or that errs more often than not, is off until it is given a level.

| rule | level | on public scripts |
|---|---|---|
${sorted.map((it) => `| [${it.name}](#${it.name}) | ${levelOf(it)} | ${it.measured} |`).join("\n")}

${sorted.map(ruleText).join("\n\n")}
`;
};

const levelOf = ({ severity, off }: LintRule): string => (off ? `off (${severity})` : severity);

const ruleText = (it: LintRule): string =>
  `## ${it.name}\n\n${it.doc}\n\nLevel: ${levelOf(it)}. Source: ${it.source}.\n\nInstead of\n\n${fenced(it.bad)}\n\nwrite\n\n${fenced(it.good)}`;

function indexPage(modules: readonly Module[], builtin: readonly Module[]): string {
  const line = (it: Module): string => `- [${it.name}](modules/${it.name}.md): ${it.doc.split(/(?<=\.)\s/)[0]}`;
  return `# Manual

Made from the declarations in \`src/modules\`: what the server itself checks scripts against.

## Tools

- [Ladders](ladders.md): tests of scripts, and \`viaduct test\`
- [The playground](repl.md): \`viaduct repl\`
- [Traces](trace.md): what a script does with a call
- [Metrics](metrics.md): for Prometheus

## Modules

${modules.map(line).join("\n")}

## Control commands of the server

${builtin.map(line).join("\n")}

## Problems

- [What \`viaduct check\` reports, by code](problems.md)
- [Its advice on scripts that load](rules.md)
`;
}
