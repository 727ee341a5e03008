/** Log levels by their names in scripts (`L_ERR`), without `L_`. */
import { LogLevel } from "../../declare/core.ts";

export const levels = {
  ALERT: LogLevel.alert,
  BUG: LogLevel.bug,
  CRIT: LogLevel.crit,
  ERR: LogLevel.err,
  WARN: LogLevel.warn,
  NOTICE: LogLevel.notice,
  INFO: LogLevel.info,
  DBG: LogLevel.dbg,
} as const;

export const levelName = (level: number): string =>
  Object.entries(levels).find(([, it]) => it === level)?.[0] ?? String(level);
