/** Functions of textops that compare and look into texts. */
import { declare, type Fn, str, text } from "../../declare/module.ts";
import { cText, type Textops } from "./text.ts";

const { fn } = declare<Textops>();

const order = { 1: "they are equal", [-1]: "the first is greater", [-2]: "the first is smaller" } as const;
const two = { subject: str("The text to look at."), other: str("What to compare it with.") };

/** As C's strncmp does: up to a NUL. */
function compare(a: string, b: string): 1 | -1 | -2 {
  if (a === b) return 1;
  const left = cText(a);
  const right = cText(b);
  return left === right && a.length === b.length
    ? 1
    : left > right || (left === right && a.length > b.length)
      ? -1
      : -2;
}

/** The position, counted from 1, where the text stands. */
const position = (at: number): number => (at < 0 ? -1 : at + 1);

/** True when `fits` holds for an item of the list; items have no white space around them. */
function inList(list: string, separator: string, fits: (item: string) => boolean): boolean {
  const items = list.trimStart().split(separator);
  // A separator at the very end is not followed by an empty item.
  if (items.length > 1 && items.at(-1)!.trim() === "") items.pop();
  return items.some((item) => fits(item.trim()));
}
const listArgs = {
  subject: str("The text to look for."),
  list: str("The items."),
  separator: text("The character between the items.", {
    check: (it) => (it.length === 1 ? undefined : "the separator must be one character"),
    computed: true,
  }),
};

export const stringFunctions: Record<string, Fn<Textops>> = {
  cmp_str: fn({
    doc: "Compares two texts.",
    in: "any",
    args: two,
    returns: order,
    run: (_call, { subject, other }) => compare(subject, other),
  }),
  cmp_istr: fn({
    doc: "Compares two texts, ignoring case.",
    in: "any",
    args: two,
    returns: order,
    run: (_call, { subject, other }) => compare(subject.toLowerCase(), other.toLowerCase()),
  }),
  starts_with: fn({
    doc: "Tells whether the first text begins with the second.",
    in: "any",
    args: two,
    returns: { 1: "it does", [-1]: "it does not, or is shorter", [-2]: "its begin is smaller" },
    run: (_call, { subject, other }) =>
      subject.length < other.length ? -1 : compare(subject.slice(0, other.length), other),
  }),
  ends_with: fn({
    doc: "Tells whether the first text ends with the second.",
    in: "any",
    args: two,
    returns: { 1: "it does", [-1]: "it does not, or is shorter", [-2]: "its end is smaller" },
    run: (_call, { subject, other }) =>
      subject.length < other.length ? -1 : compare(subject.slice(subject.length - other.length), other),
  }),
  str_find: fn({
    doc: "Tells where the second text stands in the first; a positive code is the position, counted from 1.",
    in: "any",
    args: two,
    returns: { [-1]: "it is not there" } as Record<number, string>,
    run: (_call, { subject, other }) => position(other === "" ? subject.length : subject.indexOf(other)),
  }),
  str_ifind: fn({
    doc: "Tells where the second text stands in the first, ignoring case; a positive code is the position from 1.",
    in: "any",
    args: two,
    returns: { [-1]: "it is not there" } as Record<number, string>,
    run: (_call, { subject, other }) =>
      other === "" ? -1 : position(subject.toLowerCase().indexOf(other.toLowerCase())),
  }),
  str_any_in: fn({
    doc: "Tells whether at least one character of the second text is in the first.",
    in: "any",
    args: two,
    returns: { 1: "one is", [-1]: "none is, or a text is empty" },
    run: (_call, { subject, other }) => ([...other].some((c) => subject.includes(c)) ? 1 : -1),
  }),
  str_all_in: fn({
    doc: "Tells whether every character of the second text is in the first.",
    in: "any",
    args: two,
    returns: { 1: "all are", [-1]: "one is not, or a text is empty" },
    run: (_call, { subject, other }) =>
      subject !== "" && other !== "" && [...other].every((c) => subject.includes(c)) ? 1 : -1,
  }),
  in_list: fn({
    doc: "Tells whether a text is one of a list.",
    in: "any",
    args: listArgs,
    returns: { 1: "it is", [-1]: "it is not, or a text is empty" },
    run: (_call, { subject, list, separator }) =>
      subject !== "" && list !== "" && inList(list, separator, (item) => item === subject) ? 1 : -1,
  }),
  in_list_prefix: fn({
    doc: "Tells whether a text begins with one of a list.",
    in: "any",
    args: listArgs,
    returns: { 1: "it does", [-1]: "it does not, or a text is empty" },
    run: (_call, { subject, list, separator }) =>
      subject !== "" && list !== "" && inList(list, separator, (item) => item !== "" && subject.startsWith(item))
        ? 1
        : -1,
  }),
};
