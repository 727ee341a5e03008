/**
 * `npm run build`: one file of JavaScript for each entry, in dist/. It starts three times faster than the sources,
 * which bin/viaduct runs where there is no build or an older one. `npm install` builds too, where the bundler is there.
 */
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

// Without the development tools there is nothing to build with, and no need to: the sources run as they are.
const bundler = await import("rolldown").catch(() => undefined);
if (bundler === undefined) {
  console.log("build: the bundler is not installed; the sources will be run");
  process.exit(0);
}

await bundler.build({
  input: `${root}src/node/main.ts`,
  platform: "node",
  output: { dir: `${root}dist`, format: "esm", cleanDir: true, chunkFileNames: "[name].js", sourcemap: true },
});
