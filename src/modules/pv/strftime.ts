/** strftime(3) in the C locale, for `$timef`, `$utimef` and `{s.ftime}`. */

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = [
  ...["January", "February", "March", "April", "May", "June"],
  ...["July", "August", "September", "October", "November", "December"],
];

/** Broken-down time, as C's struct tm but with the full year. */
export interface Time {
  readonly sec: number;
  readonly min: number;
  readonly hour: number;
  readonly mday: number;
  /** From 0. */
  readonly mon: number;
  readonly year: number;
  /** 0 is Sunday. */
  readonly wday: number;
  /** From 0. */
  readonly yday: number;
  readonly isdst: number;
  /** Minutes east of UTC. */
  readonly offset: number;
  /** Seconds since 1970. */
  readonly epoch: number;
}

/** Breaks down milliseconds since 1970, in UTC or in the process's time zone. */
export function timeOf(ms: number, utc: boolean): Time {
  const date = new Date(ms);
  const offset = utc ? 0 : -date.getTimezoneOffset();
  const shifted = new Date(ms + offset * 60_000);
  const year = shifted.getUTCFullYear();
  const january = -new Date(year, 0, 1).getTimezoneOffset();
  const july = -new Date(year, 6, 1).getTimezoneOffset();
  return {
    sec: shifted.getUTCSeconds(),
    min: shifted.getUTCMinutes(),
    hour: shifted.getUTCHours(),
    mday: shifted.getUTCDate(),
    mon: shifted.getUTCMonth(),
    year,
    wday: shifted.getUTCDay(),
    yday: Math.floor((Date.UTC(year, shifted.getUTCMonth(), shifted.getUTCDate()) - Date.UTC(year, 0, 1)) / 86_400_000),
    isdst: !utc && january !== july && offset === Math.max(january, july) ? 1 : 0,
    offset,
    epoch: Math.floor(ms / 1000),
  };
}

const pad = (n: number, width = 2, fill = "0"): string => String(n).padStart(width, fill);

/** Weeks of ISO 8601: the year that the week belongs to, and its number. */
function isoWeek({ year, yday, wday }: Time): { readonly year: number; readonly week: number } {
  const weekday = (wday + 6) % 7;
  const week = Math.floor((yday - weekday + 10) / 7);
  if (week < 1) return { year: year - 1, week: weeksIn(year - 1) };
  return week > weeksIn(year) ? { year: year + 1, week: 1 } : { year, week };
}

function weeksIn(year: number): number {
  const january1 = new Date(Date.UTC(year, 0, 1)).getUTCDay();
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return january1 === 4 || (leap && january1 === 3) ? 53 : 52;
}

export function strftime(format: string, time: Time): string {
  let out = "";
  for (let i = 0; i < format.length; i++) {
    if (format[i] !== "%") {
      out += format[i];
      continue;
    }
    let c = format[++i];
    // The modifiers for alternative forms mean nothing in the C locale.
    if (c === "E" || c === "O") c = format[++i];
    out += c === undefined ? "%" : (field(c, time) ?? `%${c}`);
  }
  return out;
}

function field(c: string, time: Time): string | undefined {
  const { sec, min, hour, mday, mon, year, wday, yday } = time;
  switch (c) {
    case "a":
      return DAYS[wday]!.slice(0, 3);
    case "A":
      return DAYS[wday];
    case "b":
    case "h":
      return MONTHS[mon]!.slice(0, 3);
    case "B":
      return MONTHS[mon];
    case "c":
      return strftime("%a %b %e %H:%M:%S %Y", time);
    case "C":
      return pad(Math.floor(year / 100));
    case "d":
      return pad(mday);
    case "D":
    case "x":
      return strftime("%m/%d/%y", time);
    case "e":
      return pad(mday, 2, " ");
    case "F":
      return strftime("%Y-%m-%d", time);
    case "g":
      return pad(isoWeek(time).year % 100);
    case "G":
      return String(isoWeek(time).year);
    case "H":
      return pad(hour);
    case "I":
      return pad(hour % 12 || 12);
    case "j":
      return pad(yday + 1, 3);
    case "k":
      return pad(hour, 2, " ");
    case "l":
      return pad(hour % 12 || 12, 2, " ");
    case "m":
      return pad(mon + 1);
    case "M":
      return pad(min);
    case "n":
      return "\n";
    case "p":
      return hour < 12 ? "AM" : "PM";
    case "P":
      return hour < 12 ? "am" : "pm";
    case "r":
      return strftime("%I:%M:%S %p", time);
    case "R":
      return strftime("%H:%M", time);
    case "s":
      return String(time.epoch);
    case "S":
      return pad(sec);
    case "t":
      return "\t";
    case "T":
    case "X":
      return strftime("%H:%M:%S", time);
    case "u":
      return String(wday || 7);
    case "U":
      return pad(Math.floor((yday + 7 - wday) / 7));
    case "V":
      return pad(isoWeek(time).week);
    case "w":
      return String(wday);
    case "W":
      return pad(Math.floor((yday + 7 - ((wday + 6) % 7)) / 7));
    case "y":
      return pad(year % 100);
    case "Y":
      return String(year);
    case "z": {
      const minutes = Math.abs(time.offset);
      return `${time.offset < 0 ? "-" : "+"}${pad(Math.floor(minutes / 60))}${pad(minutes % 60)}`;
    }
    case "Z":
      return zoneName(time);
    case "%":
      return "%";
    default:
      return undefined;
  }
}

function zoneName({ offset, epoch }: Time): string {
  if (offset === 0) return "UTC";
  const parts = new Intl.DateTimeFormat("en-US", { timeZoneName: "short" }).formatToParts(new Date(epoch * 1000));
  return parts.find((it) => it.type === "timeZoneName")?.value ?? "";
}
