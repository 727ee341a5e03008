/** What the parser needs of its surroundings; it reads nothing by itself. */

/** A compiled regular expression (POSIX extended, leftmost-longest); `groups[0]` is the whole match. */
export interface Matcher {
  exec(
    text: string,
    from?: number,
  ): { readonly index: number; readonly end: number; readonly groups: readonly (string | undefined)[] } | null;
}

export interface ParseInput {
  /** The path as it appears in spans and as relative includes are resolved against. */
  readonly file: string;
  /** The script, one character a byte (latin1). */
  readonly text: string;
  /** `-A name[=value]` of the command line, in order; undefined is a name without value. */
  readonly defines?: Readonly<Record<string, string | undefined>> | readonly (readonly [string, string | undefined])[];
  /** `--subst`, `--substdef` and `--substdefs` of the command line, in order. */
  readonly substitutions?: readonly { readonly kind: SubstKind; readonly rule: string }[];
  /** An environment variable. */
  env?(name: string): string | undefined;
  /** A file's bytes as latin1; null when it cannot be read. Relative paths are relative to the working directory. */
  readFile(path: string): string | null;
  resolve(...parts: string[]): string;
  dirname(path: string): string;
  /** Compiles the pattern of `#!subst` and its kin; null for a bad one. Without it these directives are refused. */
  regex?(source: string, flags: { readonly icase: boolean; readonly newline: boolean }): Matcher | null;
  /** Evaluates variables in the value of `#!substdef` beyond `$env(NAME)` and `$def(NAME)`; null when it cannot. */
  evaluate?(text: string): string | null;
  /** The Kamailio version that scripts are to see, "6.1.4" by default. */
  readonly version?: string;
  /** What OS_NAME holds, "linux" by default. */
  readonly osName?: string;
}

export type SubstKind = "subst" | "substdef" | "substdefs";
