/** What a script can hold: bytes, a 64-bit integer, or nothing. */

/** A 64-bit signed integer: a number while it is exact as one, a bigint beyond ±(2^53 - 1). See int.ts for arithmetic. */
export type Int = number | bigint;

/**
 * An integer that prints as something else than its decimal digits: `$(var(x){s.int})` keeps the
 * sign and zeros of its source, a missing URI port is 0 that prints as nothing (Kamailio: a value with
 * PV_VAL_INT, PV_VAL_STR and PV_TYPE_INT set).
 */
export class IntText {
  readonly int: Int;
  readonly text: string;
  constructor(int: Int, text: string) {
    this.int = int;
    this.text = text;
  }
}

/** Strings are latin1: one char, one byte. `null` is Kamailio's undefined value (`$null`). */
export type Value = string | Int | IntText | null;

/** What reading a variable gives: `undefined` when reading failed, which is neither a value nor null. */
export type Read = Value | undefined;

/** A result that may still be on its way. Whoever gets one awaits only when it is a promise. */
export type Answer<T> = T | Promise<T>;

/** Goes on with an answer at once when it is there, later when it is a promise. */
export const after = <T, R>(answer: Answer<T>, then: (value: T) => Answer<R>): Answer<R> =>
  answer instanceof Promise ? answer.then(then) : then(answer);
