/** Flags of the message, the script run and the first branch: `$mf`, `$sf`, `$bf` and their kin. */
import type { Call } from "../../declare/call.ts";
import type { Bound, Pv, PvText } from "../../declare/module.ts";
import type { Int, Value } from "../../declare/value.ts";
import { intOf, intWithText } from "../../declare/variables-values.ts";
import { type PvState, pv } from "./state.ts";

/** A set of 32 flags. */
interface FlagSet {
  readonly name: string;
  read(call: Call): number;
  write(call: Call, flags: number): void;
}

const message: FlagSet = {
  name: "message",
  read: ({ msg }) => msg.flags,
  write: ({ msg }, flags) => {
    msg.flags = flags;
  },
};
const script: FlagSet = {
  name: "script",
  read: (call) => call.scriptFlags,
  write: (call, flags) => {
    call.scriptFlags = flags;
  },
};
const branch: FlagSet = {
  name: "first branch",
  read: ({ msg }) => msg.branchFlags,
  write: ({ msg }, flags) => {
    msg.branchFlags = flags;
  },
};

/** 32 bits as Kamailio gives them: printed without a sign, counted with one. */
const flagsValue = (flags: number): Value => intWithText(flags | 0, String(flags >>> 0));

const low32 = (int: Int): number => Number(BigInt.asIntN(32, BigInt(int)));

const set =
  (flags: FlagSet) =>
  (call: Call, _key: string, value: Value): boolean => {
    const int = value === null ? 0 : intOf(value);
    if (int === undefined) return false;
    flags.write(call, low32(int));
    return true;
  };

const decimal = (flags: FlagSet): Pv<PvState> =>
  pv({ doc: `Flags of the ${flags.name} as a number.`, get: (call) => flagsValue(flags.read(call)), set: set(flags) });

const hexadecimal = (flags: FlagSet): Pv<PvState> =>
  pv({
    doc: `Flags of the ${flags.name} as eight hexadecimal digits.`,
    get: (call) => (flags.read(call) >>> 0).toString(16).padStart(8, "0"),
    number: (call) => flags.read(call) | 0,
    set: set(flags),
  });

const single = (variable: string, flags: FlagSet): Pv<PvState> =>
  pv({
    doc: `One flag of the ${flags.name} by its number, 0 to 31. Null resets all of them.`,
    bind: ({ inner, index }: PvText): Bound | string => {
      if (index !== undefined) return `\`$${variable}\` takes no index`;
      if (inner === undefined) return `\`$${variable}\` needs the number of a flag in parentheses`;
      const number = /^[+-]?\d+$/.test(inner) ? Number(inner) : Number.NaN;
      if (!(number >= 0 && number <= 31)) return `\`${inner}\` is not a flag: they are numbered 0 to 31`;
      const bit = 1 << number;
      return {
        get: (call) => ((flags.read(call) & bit) === 0 ? 0 : 1),
        set: (call, value) => {
          const int = value === null ? undefined : intOf(value);
          if (int === undefined && value !== null) return false;
          const now = flags.read(call);
          flags.write(call, int === undefined ? 0 : Number(int) === 0 ? now & ~bit : now | bit);
          return true;
        },
      };
    },
  });

export const flagVariables: Record<string, Pv<PvState>> = {
  mf: decimal(message),
  mF: hexadecimal(message),
  Mf: single("Mf", message),
  sf: decimal(script),
  sF: hexadecimal(script),
  Sf: single("Sf", script),
  bf: decimal(branch),
  bF: hexadecimal(branch),
  Bf: single("Bf", branch),
};
