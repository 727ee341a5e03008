/** What differs between two scripts, as an operator speaks of it: routes, parameters, modules, addresses. */
import type { Item, Listen, ParamValue, Script } from "../../../grammar/tree.ts";

export interface Difference {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

export interface Differences {
  readonly routes: Difference;
  readonly parameters: Difference;
  readonly modules: Difference;
  readonly listens: Difference;
}

export function differences(from: Script, to: Script): Differences {
  const [a, b] = [outline(from), outline(to)];
  return {
    routes: compare(a.routes, b.routes),
    parameters: compare(a.parameters, b.parameters),
    modules: compare(a.modules, b.modules),
    listens: compare(a.listens, b.listens),
  };
}

/** What each thing is called, and a text that is the same while it is. */
type Outline = Readonly<Record<keyof Differences, Map<string, string>>>;

function outline(script: Script): Outline {
  const found: Outline = { routes: new Map(), parameters: new Map(), modules: new Map(), listens: new Map() };
  for (const it of script.items) take(it, found);
  return found;
}

function take(it: Item, { routes, parameters, modules, listens }: Outline): void {
  // A name that stands twice is both together: parameters may repeat, and request_route may.
  const add = (map: Map<string, string>, name: string, text: string): void => {
    const before = map.get(name);
    map.set(name, before === undefined ? text : `${before}, ${text}`);
  };
  if (it.kind === "route-block") add(routes, routeName(it.block, it.name), tree(it.body));
  else if (it.kind === "core-param") add(parameters, it.name, it.values.map(valueText).join(" "));
  else if (it.kind === "mod-param") add(parameters, `${it.modules}.${it.name}`, valueText(it.value));
  else if (it.kind === "custom-param") add(parameters, `${it.group}.${it.name}`, tree({ ...it, doc: undefined }));
  else if (it.kind === "load-module") add(modules, it.name.replace(/^.*\//, "").replace(/\.so$/, ""), "");
  else if (it.kind === "listen") add(listens, listenText(it), tree(it));
}

const routeName = (block: string, name: string): string => {
  const kind = block === "route" ? "route" : `${block}_route`;
  return name === "" ? kind : `${kind}[${name}]`;
};

const valueText = ({ kind, value }: ParamValue): string => (kind === "string" ? JSON.stringify(value) : String(value));

const listenText = ({ protocol, hosts, port, lastPort }: Listen): string =>
  `${protocol ?? "*"}:${hosts.length > 1 ? `(${hosts.join(", ")})` : hosts[0]}${port ? `:${port}` : ""}${lastPort ? `-${lastPort}` : ""}`;

/** The tree without the places where things stand: moving a route changes nothing. */
const tree = (value: unknown): string =>
  JSON.stringify(value, (key, it) =>
    key === "span" || key.endsWith("Span") ? undefined : typeof it === "bigint" ? `${it}n` : it,
  );

function compare(from: ReadonlyMap<string, string>, to: ReadonlyMap<string, string>): Difference {
  const short = (text: string): string => (text.length > 60 || /^[[{]/.test(text) ? "" : text);
  return {
    added: [...to.keys()].filter((it) => !from.has(it)).map((it) => withValue(it, short(to.get(it)!))),
    removed: [...from.keys()].filter((it) => !to.has(it)),
    changed: [...to].flatMap(([name, text]) => {
      const before = from.get(name);
      if (before === undefined || before === text) return [];
      const [old, now] = [short(before), short(text)];
      return [old === "" || now === "" ? name : `${name}: ${old} -> ${now}`];
    }),
  };
}

const withValue = (name: string, value: string): string => (value === "" ? name : `${name}=${value}`);
