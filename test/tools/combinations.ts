/** Combinations of the switches that a script tests. */

/** The `WITH_` names that preprocessor conditions of a script ask for, in order. */
export const switchesOf = (text: string): string[] => [
  ...new Set([...text.matchAll(/^[ \t]*[#!]!ifn?def[ \t]+(WITH_\w+)/gm)].map(([, name]) => name!)),
];

/** All subsets, or: those of at most three, all, all but each, and a number of random ones, the same every time. */
export function combinations(names: readonly string[], random: number | "all"): string[][] {
  const masks = new Set<number>();
  const whole = 2 ** names.length - 1;
  if (random === "all") for (let mask = 0; mask <= whole; mask++) masks.add(mask);
  else {
    const bits = names.map((_, index) => 2 ** index);
    for (const mask of [0, whole, ...bits.map((bit) => whole - bit)]) masks.add(mask);
    for (const one of bits)
      for (const two of bits)
        for (const three of bits) masks.add([...new Set([one, two, three])].reduce((a, b) => a + b));
    const most = Math.min(masks.size + random, whole + 1);
    for (let seed = 1; masks.size < most; ) {
      // Lehmer's generator with the multiplier of Park and Miller's minimal standard.
      seed = (seed * 48_271) % 2_147_483_647;
      masks.add(seed % (whole + 1));
      if (seed === 1) break;
    }
  }
  return [...masks].map((mask) => names.filter((_, index) => Math.floor(mask / 2 ** index) % 2 === 1));
}
