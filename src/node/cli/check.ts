/** Checks scripts without running them. */
import { resolve } from "node:path";
import { textLog } from "../log.ts";
import { createServer } from "./engine.ts";
import type { Options } from "./flags.ts";
import { errorsIn, problemText } from "./problems.ts";

/** `check FILE...`: prints the problems of all of them; false when one is an error. */
export const checkFiles = async (files: readonly string[], options: Options): Promise<boolean> => {
  let errors = 0;
  for (const file of files) errors += await check(file, options);
  if (errors === 0) process.stdout.write(files.length === 1 ? "no errors\n" : `no errors in ${files.length} files\n`);
  return errors === 0;
};

/** `-c`: what Kamailio prints and answers. */
export const checkLikeKamailio = async (options: Options): Promise<boolean> => {
  const errors = await check(options.file, options);
  process.stderr.write(errors === 0 ? "config file ok, exiting...\n" : `ERROR: bad config file (${errors} errors)\n`);
  return errors === 0;
};

const check = async (file: string, options: Options): Promise<number> => {
  const log = textLog({ fd: 2, pid: process.pid, colours: options.colours });
  const server = createServer(options, log);
  const { generation, problems } = await server.load(resolve(file));
  await generation?.stop();
  log.flush();
  for (const problem of problems) process.stderr.write(problemText(problem));
  return generation ? errorsIn(problems) : Math.max(errorsIn(problems), 1);
};
