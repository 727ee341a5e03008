/** What system calls answer, in words. */
import { getSystemErrorMap } from "node:util";

/** For a negative error number of libuv. */
export const getSystemErrorMessage = (code: number): string => {
  const known = getSystemErrorMap().get(code);
  return known ? `${known[1]} (${known[0]})` : `error ${code}`;
};

/** A readable reason for an error of a socket or file. */
export const reasonOf = (error: unknown): string => {
  const { code, message, errno } = error as NodeJS.ErrnoException;
  return errno !== undefined && errno < 0 ? getSystemErrorMessage(errno) : message || code || "failed";
};
