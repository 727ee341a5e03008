/** Random texts: of bytes, of words, and made of others by small changes. */
import fc from "fast-check";

/** Any latin1 text. */
export const bytes = (maxLength = 60): fc.Arbitrary<string> =>
  fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((it) => String.fromCharCode(it)), maxLength });

/** Words in any order, some of them random bytes. */
export function soup(words: readonly string[], maxLength = 40): fc.Arbitrary<string> {
  const word = fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...words) },
    { weight: 2, arbitrary: fc.integer({ min: -70_000, max: 70_000 }).map(String) },
    { weight: 1, arbitrary: bytes(4) },
  );
  return fc.array(word, { maxLength }).map((it) => it.join(""));
}

/** One of the texts with a few spans taken out, doubled, moved, or words put between. */
export function mutated(texts: readonly string[], words: readonly string[], changes = 6): fc.Arbitrary<string> {
  const place = fc.integer({ min: 0, max: 0xffff });
  const change = fc.record({
    kind: fc.constantFrom("cut", "double", "insert", "replace", "end", "splice"),
    at: place,
    length: fc.oneof(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 80 })),
    word: fc.oneof(fc.constantFrom(...words), bytes(3)),
    other: fc.nat(texts.length - 1),
  });
  return fc
    .tuple(fc.nat(texts.length - 1), fc.array(change, { minLength: 1, maxLength: changes }))
    .map(([index, changes]) =>
      changes.reduce((text, { kind, at, length, word, other }) => {
        const from = text === "" ? 0 : at % text.length;
        const [before, span, after] = [text.slice(0, from), text.slice(from, from + length), text.slice(from + length)];
        switch (kind) {
          case "cut":
            return before + after;
          case "double":
            return before + span + span + after;
          case "insert":
            return before + word + span + after;
          case "replace":
            return before + word + after;
          case "end":
            return before;
          default:
            return before + texts[other]!.slice(at % (texts[other]!.length + 1)).slice(0, length) + after;
        }
      }, texts[index]!),
    );
}
