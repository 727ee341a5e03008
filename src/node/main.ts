/** The command `viaduct`: reads the command line and starts what it asks for. */
import { enableCompileCache } from "node:module";
import { readArguments } from "./cli/arguments.ts";

// Kamailio's exit status for everything that keeps it from running.
const failure = 255;
/** `check` has statuses of its own: fine, problems, failed. */
const checkFailed = 2;

// Compiled code is kept between starts. bin/viaduct names the folder; child processes of scripts are not to inherit it.
enableCompileCache();
delete process.env["NODE_COMPILE_CACHE"];

const main = async (argv: readonly string[]): Promise<number | undefined> => {
  const command = readArguments(argv);
  if (command.kind === "wrong") {
    process.stderr.write(`${command.message}\n`);
    return argv[0] === "check" ? checkFailed : failure;
  }
  if (command.kind === "tool") {
    const { tools } = await import("./cli/tools.ts");
    const { main } = await tools[command.name]!.load();
    return main(command.argv);
  }
  const { options } = command;
  if (options.print !== undefined) {
    const { internalsText, usageText, versionText } = await import("./cli/usage.ts");
    const texts = { help: usageText, version: versionText, internals: internalsText };
    process.stdout.write(texts[options.print]());
    return 0;
  }
  if (command.kind === "check") {
    const { checkFiles } = await import("./cli/check.ts");
    return checkFiles(command.files, options);
  }
  if (options.checkOnly) {
    const { checkLikeKamailio } = await import("./cli/check.ts");
    return (await checkLikeKamailio(options)) ? 0 : failure;
  }
  if (options.foreground === 0 || options.foreground > 2) {
    const { isDaemon, startDaemon } = await import("./cli/daemon.ts");
    if (!isDaemon()) return startDaemon(argv, options.stderr);
  }
  const { serve } = await import("./cli/serve.ts");
  return (await serve(options)) ? undefined : failure;
};

const status = await main(process.argv.slice(2));
// A running server has no status yet; everything else ends here, whatever it still has open, once a slow reader has
// taken what was written.
if (status !== undefined) process.stdout.write("", () => process.stderr.write("", () => process.exit(status)));
