/** Parses texts for the tests of this folder, with files and an environment of their own. */
import { type ParseInput, type ParseResult, parse } from "../../grammar/index.ts";
import { compileEre } from "../../src/declare/regex/index.ts";

export interface Given extends Partial<Pick<ParseInput, "defines" | "substitutions" | "version">> {
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

export const read = (text: string, { files = {}, env = {}, ...rest }: Given = {}): ParseResult =>
  parse({
    file: "main.cfg",
    text,
    ...rest,
    env: (name) => env[name],
    readFile: (path) => files[path] ?? null,
    resolve: (...parts) => parts.filter((part) => part !== ".").join("/"),
    dirname: (path) => (path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "."),
    regex: compileEre,
  });
