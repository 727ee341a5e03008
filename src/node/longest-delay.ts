/** Milliseconds that a timer of Node's can wait, 24 days; one that is to wait longer fires at once. */
export const LONGEST_DELAY = 2 ** 31 - 1;

/** What somebody wants to wait at most, as a timer takes it. */
export const delay = (ms: number): number => Math.min(ms, LONGEST_DELAY);
