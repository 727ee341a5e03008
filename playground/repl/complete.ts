/** What can stand where the cursor is. */
import type { Module, TransformationClass } from "../../src/declare/module.ts";
import type { Desk } from "./command.ts";
import { isScript } from "./input.ts";
import { methods } from "./short.ts";
import { VALUE } from "./value-name.ts";

/** What the word may become, and the word: the part of the line that is replaced. */
export interface Completion {
  readonly candidates: readonly string[];
  readonly word: string;
}

export function completed(desk: Desk, line: string): Completion {
  const variable = variablePart(desk, line);
  if (variable) return variable;
  const [, head = "", word = ""] = /^(.*\s|)(\S*)$/s.exec(line) ?? [];
  const first = head.trim().split(/\s+/)[0] ?? "";
  if (isScript(line)) return script(desk, word);
  if (first === "")
    return words([...Object.keys(desk.commands), ...peers(desk), ...methods, ...MORE, ...functions(desk)], word);
  const { session } = desk;
  const command = Object.hasOwn(desk.commands, first) ? desk.commands[first] : undefined;
  if (command?.completes === "file" || first === "file") return files(desk, word);
  if (command?.completes === "route")
    return from(
      ["route ", ...blocks(desk)].filter((it) => it !== "route " || head.trim() === first),
      word,
    );
  if (command?.completes === "rpc")
    return from(session.loaded ? session.simulation.server.active.core.commands() : [], word);
  if (command?.completes === "help") return from(helpWords(desk), word);
  if (first === "dns")
    return from(["a", "aaaa", "srv", "naptr", "txt", "ptr", "nxdomain", "dead", "alive", "delay"], word);
  if (methods.includes(first) || /->\s*$/.test(head) || first === "close")
    return words([...peers(desk), "from", "proxy", "with"], word);
  if (session.peers.has(first) && head.trim() === first)
    return words([...methods.map((it) => it.toLowerCase()), "->", "again"], word);
  return script(desk, word);
}

/** Within a piece of script: functions, and names of routes in quotes. */
function script(desk: Desk, word: string): Completion {
  const [, before = "", name = ""] = /^(.*?)(\w*)$/s.exec(word) ?? [];
  const names = /\(["']$/.test(before) ? blocks(desk).map((it) => it.replace(/^.*\[(.*)\]$/, "$1")) : functions(desk);
  return from(names, name);
}

const MORE = ["peer", "close", "state", "expect", "nothing", "file"];

const from = (all: readonly string[], word: string): Completion => ({
  candidates: [...new Set(all)].filter((it) => it.startsWith(word)).sort(),
  word,
});

/** Behind the only word that fits goes a blank. */
function words(all: readonly string[], word: string): Completion {
  const found = from(all, word);
  const [only] = found.candidates;
  return found.candidates.length === 1 && /\w$/.test(only!) ? { candidates: [`${only} `], word } : found;
}

const peers = ({ session }: Desk): string[] => [...session.peers.keys()];

/** The modules whose names can be used now: those that are loaded, or all. */
const modulesOf = ({ session }: Desk): readonly Module[] =>
  session.loaded ? session.simulation.server.active.modules : session.options.modules;

const functions = (desk: Desk): string[] =>
  modulesOf(desk).flatMap((it) => Object.keys(it.functions).map((name) => `${name}(`));

function blocks({ session }: Desk): string[] {
  const items = session.loaded ? (session.simulation.server.active.checked?.script.items ?? []) : [];
  return items.flatMap((it) => {
    if (it.kind !== "route-block") return [];
    const head = it.block === "route" ? "route" : `${it.block}_route`;
    return [it.name === "" ? head : `${head}[${it.name}]`];
  });
}

function helpWords(desk: Desk): string[] {
  const modules = [...desk.session.options.modules, ...desk.session.options.builtin];
  return [
    ...Object.keys(desk.commands),
    ...modules.flatMap((it) => [
      it.name,
      ...Object.keys(it.functions),
      ...Object.keys(it.variables).map((name) => `$${name}`),
      ...Object.keys(it.commands),
    ]),
  ];
}

/** `$na…`, `$hdr(Na…`, `$(ru{ur…`, `$(ru{uri.ho…`: the last variable of the line that is not closed. */
function variablePart(desk: Desk, line: string): Completion | undefined {
  const modules = modulesOf(desk);
  const chain =
    /\$\(?[\w.]+(?:\([^()]*\))?(?:\{[^{}]*\})*\{([\w.]*)$/.exec(line) ??
    /^(?:"[^"]*"|'[^']*')?\s*(?:\{[^{}]*\})*\{([\w.]*)$/.exec(line);
  if (chain) {
    const word = chain[1]!;
    const all = modules.flatMap((it) =>
      Object.entries(it.transformations ?? {}).flatMap(([name, one]) => transformations(name, one)),
    );
    if (word.includes("."))
      return from(
        all.map((it) => `${it}}`),
        word,
      );
    return from([...new Set(all.map((it) => `${it.split(".")[0]}.`))], word);
  }
  const keyed = /\$\(?([\w.]+)\(([^()]*)$/.exec(line);
  if (keyed) {
    const [, name, key] = keyed;
    return from(
      keysOf(desk, modules, name!).map((it) => `${it})`),
      key!,
    );
  }
  const plain = /\$(\(?)([\w.]*)$/.exec(line);
  if (!plain) return undefined;
  const [, open, name] = plain;
  const all = modules.flatMap((it) =>
    Object.entries(it.variables).map(([own, pv]) => own + (pv.keys || NAMED.has(own) ? "(" : "")),
  );
  return from(
    all.map((it) => `$${open}${it}`),
    `$${open}${name}`,
  );
}

/** Variables that stand for something of a name of one's own. */
const NAMED = new Set(["var", "shv", "sht", "avp", "hdr", "xavp", "vn", "def", "sel"]);

function transformations(name: string, { names }: TransformationClass): string[] {
  return Object.keys(names).map((it) => (it.includes(".") ? it : `${name}.${it}`));
}

/** What may stand in the parentheses: declared names, names that the script uses, fields of the last message. */
function keysOf({ session }: Desk, modules: readonly Module[], name: string): string[] {
  const pv = modules.map((it) => it.variables[name]).find((it) => it !== undefined);
  const declared = Object.keys(pv?.keys ?? {});
  if (!session.loaded) return declared;
  const { active } = session.simulation.server;
  if (name === "var") declared.push(...active.slots.names.filter((it) => !it.startsWith("vn:") && it !== VALUE));
  const call = session.debugger.held[0]?.call ?? session.debugger.last;
  if ((name === "hdr" || name === "hfl") && call) declared.push(...call.msg.headers.map((it) => call.msg.name(it)));
  const used = new RegExp(`\\$\\(?${name}\\(([^()$]+)\\)`, "g");
  for (const text of session.sources.values()) for (const [, key] of text.matchAll(used)) declared.push(key!);
  return declared;
}

function files({ outside }: Desk, word: string): Completion {
  const at = word.lastIndexOf("/") + 1;
  const folder = word.slice(0, at);
  const names = outside.list(outside.resolve(folder === "" ? "." : folder));
  return from(
    names.filter((it) => !it.startsWith(".") || word.slice(at).startsWith(".")).map((it) => folder + it),
    word,
  );
}
