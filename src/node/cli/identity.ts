/** Giving up the rights of root (-u and -g). */
import { readFileSync } from "node:fs";
import type { Options } from "./flags.ts";

/** Throws when the user or group does not exist or may not be taken. */
export const becomeUser = ({ user, group }: Options): void => {
  // The group first: without root's rights it could not be changed any more. A user without a group brings its own.
  const gid = group !== undefined ? nameOrNumber(group) : user !== undefined ? groupOf(user) : undefined;
  if (gid !== undefined) {
    process.setgroups!([gid]);
    process.setgid!(gid);
  }
  if (user !== undefined) process.setuid!(nameOrNumber(user));
};

const nameOrNumber = (text: string): string | number => (/^\d+$/.test(text) ? Number(text) : text);

/** The group of a user by /etc/passwd (name:password:uid:gid:…), for which Node has no call. */
const groupOf = (user: string): number | undefined => {
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  const fields = lines.map((line) => line.split(":")).find((it) => it[0] === user || it[2] === user);
  return fields?.[3] === undefined ? undefined : Number(fields[3]);
};
