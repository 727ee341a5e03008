/** Runs targets over random inputs from a seed. */
import fc from "fast-check";
import type { Target } from "./targets.ts";

export interface Finding {
  readonly target: string;
  /** As small as it could be made. */
  readonly input: readonly string[];
  readonly error: string;
}

/** `begin` sees each input before it is tried. */
export async function campaign(
  target: Target,
  runs: number,
  seed: number,
  begin: (input: readonly string[]) => void = () => {},
): Promise<Finding | undefined> {
  const property = fc.asyncProperty(target.input, async (input) => {
    begin(input);
    await target.run(input);
  });
  const { failed, counterexample, errorInstance } = await fc.check(property, { numRuns: runs, seed });
  if (!failed) return undefined;
  const error = errorInstance instanceof Error ? (errorInstance.stack ?? errorInstance.message) : String(errorInstance);
  return { target: target.name, input: counterexample?.[0] ?? [], error };
}
