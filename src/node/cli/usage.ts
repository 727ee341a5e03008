/** What -h, -v and -I print. */
import { readFileSync } from "node:fs";
import { subcommands } from "./arguments.ts";
import { flags } from "./flags.ts";
import { tools } from "./tools.ts";

const indent = 30;

/** The version in package.json, which stands two folders above this one in the sources and one above the build. */
export const version = (): string => {
  for (const path of ["../../../package.json", "../package.json"]) {
    try {
      const read = JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8")) as {
        name?: string;
        version?: string;
      };
      if (read.name === "viaduct" && read.version !== undefined) return read.version;
    } catch {
      // Not there: the other place, or none.
    }
  }
  return "unknown";
};

export const versionText = (): string => `version: viaduct ${version()} (${process.arch}/${process.platform})\n`;

export const internalsText = (): string =>
  `${versionText()}node ${process.versions.node}, V8 ${process.versions.v8}, OpenSSL ${process.versions.openssl}, libuv ${process.versions.uv}\n`;

export const usageText = (): string => {
  const line = (left: string, doc: string): string => `  ${left.padEnd(indent)}${doc}\n`;
  let text = `${versionText()}Usage: viaduct [flags]\n`;
  const commands = [...Object.values(subcommands), ...Object.values(tools)];
  for (const { usage } of commands) text += `       viaduct ${usage} [flags]\n`;
  text += "\n";
  for (const { usage, doc } of commands) text += line(usage, doc);
  text += "\nExit status of check: 0 without errors and warnings, 1 with some, 2 when something could not be read.\n";
  text += "Otherwise 255 says that the script was refused or the server could not start.\n";
  text += "\nFlags:\n";
  for (const { short, long, arg, doc } of flags) {
    const names = [short && `-${short}${arg ? ` ${arg}` : ""}`, long && `--${long}${arg ? `=${arg}` : ""}`];
    text += line(names.filter(Boolean).join(", "), doc);
  }
  return text;
};
