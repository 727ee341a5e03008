/** Where the server's own control socket is: in the runtime folder, or in one of the user's own. */
import { accessSync, constants, existsSync, lstatSync, mkdirSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { defaultRuntimeDir } from "../../modules/ctl/address.ts";

const NAME = "viaduct.sock";

/** Folders in the order in which a server takes, and a client looks for, the first that will do. */
function folders(runtimeDir: string | undefined): readonly string[] {
  if (runtimeDir !== undefined) return [runtimeDir];
  const own = process.env["XDG_RUNTIME_DIR"];
  return [defaultRuntimeDir, ...(own ? [join(own, "viaduct")] : []), join(tmpdir(), `viaduct-${userInfo().uid}`)];
}

/** The path for a server that starts, its folder made. Undefined when there is no folder that it may use. */
export function controlPath(runtimeDir: string | undefined): string | undefined {
  for (const folder of folders(runtimeDir)) if (usable(folder)) return join(folder, NAME);
  return undefined;
}

/** Paths where a server may be listening. */
export const controlPaths = (runtimeDir: string | undefined): readonly string[] =>
  folders(runtimeDir)
    .map((it) => join(it, NAME))
    .filter((it) => existsSync(it));

/** A folder that is there, or can be made, and that nobody else can have put there. */
function usable(folder: string): boolean {
  try {
    if (!existsSync(folder)) {
      accessSync(dirname(folder), constants.W_OK);
      mkdirSync(folder, { mode: 0o700 });
    }
    accessSync(folder, constants.W_OK);
    if (dirname(folder) !== tmpdir()) return true;
    const entry = lstatSync(folder);
    return entry.isDirectory() && entry.uid === userInfo().uid && (entry.mode & 0o022) === 0;
  } catch {
    return false;
  }
}
