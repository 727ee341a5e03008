/** Time: of the message (`$Ts`, `$Tf`, `$time(...)`, `$TV(s)`) and now (`$TS`, `$TF`, `$TV(sn)`), by the host's clock. */
import type { Call } from "../../declare/call.ts";
import type { Bound, Pv, PvText } from "../../declare/module.ts";
import type { Read } from "../../declare/value.ts";
import { type PvState, pv } from "./state.ts";
import { strftime, timeOf } from "./strftime.ts";

const now = ({ core }: Call): number => core.host.clock.wall();

/** When the message was received, in milliseconds since 1970; a message made here has no such time, so it is now. */
function messageTime({ core, msg }: Call): number {
  const { clock } = core.host;
  return msg.faked ? clock.wall() : clock.wall() - Math.max(0, clock.now() - msg.received.time);
}

const seconds = (ms: number): number => Math.floor(ms / 1000);
const micros = (ms: number): number => Math.floor((ms - seconds(ms) * 1000) * 1000);

/** As ctime(3), without the line end. */
const ctime = (ms: number): string => strftime("%a %b %e %H:%M:%S %Y", timeOf(ms, false));

const PARTS = {
  sec: "seconds",
  min: "minutes",
  hour: "hours",
  mday: "day of the month",
  mon: "month, from 1",
  year: "year",
  wday: "day of the week, 1 is Sunday",
  yday: "day of the year, from 1",
  isdst: "1 in daylight saving time",
};

const broken = (utc: boolean): Pv<PvState> =>
  pv({
    doc: `A part of the message's time${utc ? " in UTC" : ""}.`,
    keys: PARTS,
    get: (call, key) => {
      const time = timeOf(messageTime(call), utc);
      return key === "mon" || key === "wday" || key === "yday" ? time[key] + 1 : time[key];
    },
  });

/** The longest text that Kamailio's buffer holds. */
const LONGEST = 63;

const formatted = (variable: string, utc: boolean): Pv<PvState> =>
  pv({
    doc: `The message's time${utc ? " in UTC" : ""}, printed as strftime(3) does.`,
    bind: ({ inner, index }: PvText): Bound | string => {
      if (index !== undefined) return `\`$${variable}\` takes no index`;
      if (inner === undefined) return `\`$${variable}\` needs a format in parentheses`;
      return {
        get: (call) => {
          const text = strftime(inner, timeOf(messageTime(call), utc));
          return text === "" || text.length > LONGEST ? null : text;
        },
      };
    },
  });

export const timeVariables: Record<string, Pv<PvState>> = {
  Tb: pv({ doc: "When the server started, in seconds since 1970.", get: ({ core }) => seconds(core.startedAt) }),
  Ts: pv({ doc: "When the message was received, in seconds since 1970.", get: (call) => seconds(messageTime(call)) }),
  TS: pv({ doc: "Seconds since 1970, now.", get: (call) => seconds(now(call)) }),
  Tf: pv({
    doc: "When the message was received, as text.",
    get: (call) => ctime(messageTime(call)),
    number: (call) => seconds(messageTime(call)),
  }),
  TF: pv({ doc: "The time now, as text.", get: (call) => ctime(now(call)), number: (call) => seconds(now(call)) }),
  time: broken(false),
  utime: broken(true),
  timef: formatted("timef", false),
  utimef: formatted("utimef", true),
  TV: pv({
    doc: "The time with microseconds.",
    keys: {
      s: "seconds of the message's time",
      u: "microseconds of the message's time",
      sn: "seconds now",
      un: "microseconds of the time that `sn` last gave",
      Sn: "now, as seconds and microseconds with a dot",
      Fn: "now, as a date with microseconds",
      Sm: "a monotonic clock, in nanoseconds",
    },
    get: (call, key, state): Read => {
      switch (key) {
        case "s":
          return seconds(messageTime(call));
        case "u":
          return micros(messageTime(call));
        case "sn":
          state.timeval = now(call);
          return seconds(state.timeval);
        case "un":
          return micros(state.timeval);
        case "Sn":
          return `${seconds(now(call))}.${String(micros(now(call))).padStart(6, "0")}`;
        case "Fn": {
          const ms = now(call);
          return `${strftime("%Y-%m-%d %H:%M:%S", timeOf(ms, false))}.${String(micros(ms)).padStart(6, "0")}`;
        }
        case "Sm":
          return BigInt(Math.round(call.core.host.clock.now() * 1e6)).toString();
      }
    },
  }),
};
