/** The program as it is now, built beside the repository: it starts several times faster than its sources, and stays what it is when they change. */
import { copyFileSync, mkdirSync, mkdtempSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A folder with the program in `bin/viaduct`, for the caller to remove. */
export async function builtViaduct(): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), "viaduct-"));
  for (const folder of ["bin", "node_modules"]) mkdirSync(join(home, folder));
  for (const file of ["bin/viaduct", "package.json"]) copyFileSync(join(root, file), join(home, file));
  // The folder itself is not shared: bin/viaduct keeps compiled code there.
  symlinkSync(join(root, "node_modules/node"), join(home, "node_modules/node"));
  await build({
    input: join(root, "src/node/main.ts"),
    platform: "node",
    output: { dir: join(home, "dist"), format: "esm", chunkFileNames: "[name].js" },
  });
  return home;
}
