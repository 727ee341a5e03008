/** Tells the script writer what went wrong at run time; the function is then false. */
import { type Core, LogLevel } from "../../declare/core.ts";

export const complain = ({ core }: { readonly core: Core }, problem: string): -1 => {
  core.log.write(LogLevel.err, `corex: ${problem}\n`);
  return -1;
};
