/** POSIX regular expressions: usual ones in nanoseconds a match, and that what explodes elsewhere grows in line with its text. */
import { compileEre } from "../../src/declare/regex/index.ts";

/** Nanoseconds that one match takes, the best of several rounds. */
function time(pattern: string, text: string): number {
  const regex = compileEre(pattern, { icase: true });
  if (!regex) throw new Error(`bad pattern ${pattern}`);
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    let runs = 0;
    const begin = process.hrtime.bigint();
    const until = begin + 20_000_000n;
    let now = begin;
    for (; now < until; now = process.hrtime.bigint()) {
      for (let i = 0; i < 10; i++) regex.exec(text);
      runs += 10;
      if (runs === 10 && process.hrtime.bigint() - begin > 200_000_000n) break;
    }
    now = process.hrtime.bigint();
    best = Math.min(best, Number(now - begin) / runs);
  }
  return best;
}

const row = (name: string, ...cells: string[]): void =>
  console.log(`  ${name.padEnd(34)}${cells.map((it) => it.padStart(14)).join("")}`);
const nanoseconds = (it: number): string => `${it < 10_000 ? Math.round(it) : `${Math.round(it / 1000)} k`} ns`;

console.log("usual patterns");
const usual: readonly (readonly [pattern: string, text: string])[] = [
  ["^sip:[0-9]+@", "sip:4930123456@gateway.example.org;user=phone"],
  ["friendly-scanner|sipcli|sipvicious", "Mozilla/5.0 (compatible; some telephone 1.2.3)"],
  ["^\\+?[1-9][0-9]{3,14}$", "+4930123456"],
  ["(.*)@(.*)", "alice@example.org"],
  ["192\\.168\\.|10\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.", "c=IN IP4 203.0.113.7"],
];
for (const [pattern, text] of usual) row(pattern, nanoseconds(time(pattern, text)));

console.log("patterns that explode where backtracking is done: text of n, 2n and 4n characters");
const SIZE = 2000;
const hostile: readonly (readonly [pattern: string, text: (n: number) => string])[] = [
  ["^(a+)+$", (n) => `${"a".repeat(n)}!`],
  ["^(a|a)*$", (n) => `${"a".repeat(n)}!`],
  ["^(a*)*b$", (n) => "a".repeat(n)],
  ["^(.*a){8}$", (n) => `${"a".repeat(n)}!`],
  ["(x+x+)+y", (n) => "x".repeat(n)],
  ["^([a-z]+[0-9]*)+:$", (n) => "ab1".repeat(n / 3)],
  ["(a|ab)(c|bcd)(d*)$", (n) => `${"abcd".repeat(n / 4)}!`],
];
let slow = 0;
for (const [pattern, text] of hostile) {
  const [one, two, four] = [SIZE, 2 * SIZE, 4 * SIZE].map((n) => time(pattern, text(n))) as [number, number, number];
  // Linear is 4, the square would be 16.
  const growth = four / one;
  if (growth > 12) slow++;
  row(pattern, nanoseconds(one), nanoseconds(two), nanoseconds(four), `x ${growth.toFixed(1)}`);
}
process.exitCode = slow > 0 ? 1 : 0;
