/** Integers behave as 64-bit two's complement ones: compared with bigint arithmetic on random and on awkward values. */
import fc from "fast-check";
import { expect, test } from "vitest";
import * as int from "../../src/declare/int.ts";
import type { Int } from "../../src/declare/value.ts";

const awkward = [
  0n,
  1n,
  -1n,
  2n ** 31n,
  -(2n ** 31n),
  2n ** 53n,
  2n ** 53n - 1n,
  -(2n ** 53n),
  2n ** 63n - 1n,
  -(2n ** 63n),
];
const value = fc.oneof(
  fc.constantFrom(...awkward),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt(-100n, 100n),
);

const operations: Record<string, readonly [(a: Int, b: Int) => Int, (a: bigint, b: bigint) => bigint]> = {
  add: [int.add, (a, b) => a + b],
  sub: [int.sub, (a, b) => a - b],
  mul: [int.mul, (a, b) => a * b],
  and: [int.and, (a, b) => a & b],
  or: [int.or, (a, b) => a | b],
  xor: [int.xor, (a, b) => a ^ b],
  shiftLeft: [int.shiftLeft, (a, b) => a << (b & 63n)],
  shiftRight: [int.shiftRight, (a, b) => a >> (b & 63n)],
  div: [int.div, (a, b) => a / b],
  mod: [int.mod, (a, b) => a % b],
};

for (const [name, [ours, exact]] of Object.entries(operations))
  test(name, () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        if (b === 0n && (name === "div" || name === "mod")) {
          expect(ours(int.fromBig(a), 0)).toBeNaN();
          return;
        }
        const got = ours(int.fromBig(a), int.fromBig(b));
        expect(Object.is(got, int.fromBig(exact(a, b)))).toBe(true);
      }),
    );
  });

test("what has no result stays so", () => {
  for (const [ours] of Object.values(operations)) {
    expect(ours(Number.NaN, 5)).toBeNaN();
    expect(ours(5, Number.NaN)).toBeNaN();
    expect(ours(Number.NaN, 2n ** 60n)).toBeNaN();
  }
  expect(int.not(Number.NaN)).toBeNaN();
  expect(int.negate(Number.NaN)).toBeNaN();
});

test("codes have 32 bits", () => {
  expect([5, -1, 2147483648, 4294967295, 2n ** 62n].map(int.wrap32)).toEqual([5, -1, -2147483648, -1, 0]);
});
