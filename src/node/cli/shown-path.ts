import { relative } from "node:path";

/** An absolute path as people are shown it: from the current folder where it is below that. */
export const shownPath = (path: string): string => {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : short;
};
