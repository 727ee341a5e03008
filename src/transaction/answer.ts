/** Answers that may still be on their way, and going on with them at once when they are there. */

export type Answer<T> = T | Promise<T>;

export const after = <T, R>(answer: Answer<T>, then: (value: T) => Answer<R>): Answer<R> =>
  answer instanceof Promise ? answer.then(then) : then(answer);

/** Runs `step` for 0, 1, 2 … in order, each after the one before has ended; a step that answers false is the last. */
export function inTurn(count: number, step: (index: number) => Answer<boolean>, from = 0): Answer<void> {
  for (let i = from; i < count; i++) {
    const more = step(i);
    if (more instanceof Promise)
      return more.then((go) => {
        if (go) return inTurn(count, step, i + 1);
      });
    if (!more) return;
  }
}
