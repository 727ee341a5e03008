/** The parameters fr_timer_avp and fr_inv_timer_avp: AVPs whose seconds go before the timers for one transaction. */
import type { AvpName } from "../../declare/avp.ts";
import type { Core } from "../../declare/core.ts";
import { Lists } from "../../declare/lists.ts";
import type { Settings } from "../../transaction/settings.ts";

/** Undefined when neither is given; a string is the problem that refuses the script. */
export function timerAvps(fr: string, frInvite: string, { log }: Core): Settings["askedTimers"] | string {
  if (fr === "" && frInvite === "") return undefined;
  const [name, nameInvite] = [avpName(fr), avpName(frInvite)];
  if (name === undefined) return `fr_timer_avp is no AVP: ${fr}`;
  if (nameInvite === undefined) return `fr_inv_timer_avp is no AVP: ${frInvite}`;
  const seconds = (lists: unknown, wanted: AvpName): number => {
    const value = wanted !== "" && lists instanceof Lists ? lists.avps.first(wanted) : undefined;
    if (value === undefined) return 0;
    const number = typeof value === "string" && !/^\d+$/.test(value) ? Number.NaN : Number(value);
    if (number >= 0) return number;
    log.write(-1, `tm: the AVP ${wanted} is no time: ${value}\n`);
    return 0;
  };
  return (lists) => ({ fr: seconds(lists, name), frInvite: seconds(lists, nameInvite) });
}

/** `$avp(name)`, `$avp(s:name)`, `$avp(i:5)`, or as SER wrote them: `name`, `s:name`, `i:5`. "" for none. */
function avpName(written: string): AvpName | undefined {
  if (written === "") return "";
  const inner = written.startsWith("$") ? /^\$avp\((.+)\)$/.exec(written)?.[1] : written;
  if (inner === undefined) return undefined;
  const [, kind, name = ""] = /^(?:([is]):)?([\w.-]+)$/.exec(inner) ?? [];
  if (name === "") return undefined;
  if (kind !== "i") return name;
  return /^[1-9]\d*$/.test(name) ? Number(name) : undefined;
}
