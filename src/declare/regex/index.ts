/** POSIX extended regular expressions with glibc's semantics: leftmost, longest, and bounded over any input. */
import type { Regex } from "../module.ts";
import { BackReferenceSearch } from "./back-references.ts";
import { toJavaScript } from "./deterministic.ts";
import { Groups } from "./groups.ts";
import { build, Runner } from "./nfa.ts";
import { type Flags, parseEre, type Syntax } from "./syntax.ts";

/**
 * Compiles a pattern; null when glibc would refuse it. Text and pattern are latin1. In `exec`'s answer `groups[0]` is
 * the whole match and `groups[n]` the n-th group, undefined where it took no part.
 */
export function compileEre(source: string, flags: Flags = {}): Regex | null {
  const syntax = parseEre(source, flags);
  if (!syntax) return null;
  if (syntax.backReferences) return withBackReferences(source, syntax, flags);
  const javaScript = toJavaScript(syntax.root, flags.newline === true);
  if (javaScript !== null) return withJavaScript(source, javaScript);
  return withMachine(source, syntax, flags);
}

function withJavaScript(source: string, pattern: string): Regex {
  const regex = new RegExp(pattern, "g");
  return {
    source,
    exec(text, from = 0) {
      regex.lastIndex = from;
      const found = regex.exec(text);
      return found && { index: found.index, end: regex.lastIndex, groups: found };
    },
    test(text) {
      regex.lastIndex = 0;
      return regex.test(text);
    },
  };
}

function withMachine(source: string, syntax: Syntax, flags: Flags): Regex | null {
  const newline = flags.newline === true;
  const machine = build(syntax.root);
  if (!machine) return null;
  const runner = new Runner(machine, newline);
  const groups = syntax.groups > 0 && !flags.nosub ? new Groups(machine, newline) : undefined;
  return {
    source,
    exec(text, from = 0) {
      const found = runner.search(text, from, false);
      if (!found) return null;
      const spans = groups?.find(text, found.index, found.end, syntax.groups);
      return { ...found, groups: slices(text, found.index, found.end, spans) };
    },
    test: (text) => runner.search(text, 0, true) !== null,
  };
}

function withBackReferences(source: string, syntax: Syntax, flags: Flags): Regex {
  const search = new BackReferenceSearch(syntax.root, syntax.groups, flags.icase === true, flags.newline === true);
  return {
    source,
    exec(text, from = 0) {
      const found = search.search(text, from);
      return found && { index: found.index, end: found.end, groups: slices(text, found.index, found.end, found.spans) };
    },
    test: (text) => search.search(text, 0) !== null,
  };
}

function slices(text: string, index: number, end: number, spans: Int32Array | undefined): (string | undefined)[] {
  const groups: (string | undefined)[] = [text.slice(index, end)];
  for (let at = 2; spans && at < spans.length; at += 2) {
    groups.push(spans[at]! < 0 ? undefined : text.slice(spans[at], spans[at + 1]));
  }
  return groups;
}
