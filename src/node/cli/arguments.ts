/** Reads the command line: Kamailio's flags (getopt's rules), and our subcommands. */
import { didYouMean } from "../../check/names.ts";
import { defaults, type Flag, flags, type Options } from "./flags.ts";
import { isTool, tools } from "./tools.ts";

export type Command =
  | { readonly kind: "run"; readonly options: Options }
  | { readonly kind: "check"; readonly options: Options; readonly files: readonly string[] }
  /** A tool, which reads the rest of the line itself. */
  | { readonly kind: "tool"; readonly name: string; readonly argv: readonly string[] }
  /** What is wrong with the command line. */
  | { readonly kind: "wrong"; readonly message: string };

/** Our subcommands, with their usage. */
export const subcommands: Readonly<Record<string, { readonly usage: string; readonly doc: string }>> = {
  run: { usage: "run FILE", doc: "run a script in the foreground, logging to stderr" },
  check: { usage: "check FILE...", doc: "check scripts and print their problems" },
};

/** `argv` without the names of node and the program. */
export const readArguments = (argv: readonly string[]): Command => {
  const options = defaults();
  const [first, ...rest] = argv;
  if (first !== undefined && isTool(first)) return { kind: "tool", name: first, argv: rest };
  if (first !== undefined && Object.hasOwn(subcommands, first)) return subcommand(first, rest, options);
  const meant = first === undefined ? undefined : meantBy(first);
  if (meant !== undefined) return { kind: "wrong", message: meant };
  const words = readFlags(argv, options);
  // Kamailio ignores words that belong to no flag.
  return typeof words === "string" ? { kind: "wrong", message: words } : { kind: "run", options };
};

/** What to write in place of a first word that would be ignored, where that is plain. */
const meantBy = (word: string): string | undefined => {
  if (word.endsWith(".cfg") && !word.startsWith("-")) return `to run a script, use run ${word}`;
  const near = didYouMean(word, [...Object.keys(tools), ...Object.keys(subcommands)]);
  return near && `there is no command ${word}; ${near}`;
};

const subcommand = (name: string, argv: readonly string[], options: Options): Command => {
  const words = readFlags(argv, options);
  if (typeof words === "string") return { kind: "wrong", message: words };
  if (name === "check")
    return words.length > 0
      ? { kind: "check", options, files: words }
      : { kind: "wrong", message: "check: which file? Use check FILE..." };
  if (words.length !== 1) return { kind: "wrong", message: "run: one file is needed. Use run FILE" };
  options.file = words[0]!;
  options.foreground ||= 1;
  options.stderr = true;
  return { kind: "run", options };
};

/** Applies the flags and gives the other words; a text is the problem. */
const readFlags = (argv: readonly string[], options: Options): string[] | string => {
  const words: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    if (word === "--") return [...words, ...argv.slice(i + 1)];
    if (word.startsWith("--")) {
      const [, name, inline] = /^--([^=]*)(?:=(.*))?$/s.exec(word)!;
      const flag = flags.find((it) => it.long === name);
      if (!flag) return `Unknown option '${word}'. Use -h for help.`;
      const value = flag.arg === undefined ? "" : (inline ?? argv[++i]);
      if (value === undefined) return `Option '${word}' requires an argument. Use -h for help.`;
      const problem = flag.apply(options, value);
      if (problem !== undefined) return problem;
    } else if (word.startsWith("-") && word.length > 1) {
      const taken = cluster(word.slice(1), argv[i + 1], options);
      if (typeof taken === "string") return taken;
      i += taken;
    } else words.push(word);
  }
  return words;
};

/** `-DDEn4`: several short flags in one word. Gives how many further words were used, or the problem. */
const cluster = (letters: string, next: string | undefined, options: Options): number | string => {
  for (let at = 0; at < letters.length; at++) {
    const letter = letters[at]!;
    const flag: Flag | undefined = flags.find((it) => it.short === letter);
    if (!flag) return `Unknown option '-${letter}'. Use -h for help.`;
    if (flag.arg === undefined) {
      const problem = flag.apply(options, "");
      if (problem !== undefined) return problem;
      continue;
    }
    const attached = letters.slice(at + 1);
    const value = attached !== "" ? attached : next;
    if (value === undefined) return `Option '-${letter}' requires an argument. Use -h for help.`;
    return flag.apply(options, value) ?? (attached !== "" ? 0 : 1);
  }
  return 0;
};
