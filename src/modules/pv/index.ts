/** pv: the pseudo-variables and transformations that every script uses. Follows Kamailio's src/modules/pv. */

import type { AvpName } from "../../declare/avp.ts";
import { text } from "../../declare/module.ts";
import { strictInt } from "../../declare/variables-values.ts";
import { branchTo } from "../../sip/message.ts";
import { avp, parseAvpName } from "./avp.ts";
import { isProblem } from "./binding.ts";
import { branchFunctions, branchVariables } from "./branches.ts";
import { bufferVariables } from "./buffer.ts";
import { commands } from "./commands.ts";
import { credentialVariables } from "./credentials.ts";
import { fieldVariables } from "./fields.ts";
import { flagVariables } from "./flags.ts";
import { fromToVariables } from "./fromto.ts";
import { variableFunctions } from "./functions.ts";
import { headerVariables } from "./headers.ts";
import { messageVariables } from "./message.ts";
import { miscVariables } from "./misc.ts";
import { networkVariables } from "./network.ts";
import { scriptVariables } from "./script-variables.ts";
import { sendingVariables } from "./sending.ts";
import { module, type Preset, type PvState, sharedVariable } from "./state.ts";
import { timeVariables } from "./time.ts";
import { transformations } from "./transformations/index.ts";
import { uriVariables } from "./uri.ts";
import { viaVariables } from "./vias.ts";
import { xavpVariables } from "./xavp.ts";
import { xavpFunctions } from "./xavp-functions.ts";

export const pv = module({
  name: "pv",
  doc: "Pseudo-variables of messages, scripts and the server, and the transformations of their values.",
  params: {
    shvset: text("Sets a shared variable when the server starts: `name=i:5` or `name=s:text`.", { optional: true }),
    varset: text("Sets a worker's variable before its first message: `name=i:5` or `name=s:text`.", { optional: true }),
    avp_aliases: text("Names for AVPs: `email=s:email_addr;tmp=i:53`.", { optional: true }),
  },
  repeated: ["shvset", "varset", "avp_aliases"],
  start: (params, core, old) => {
    const given = params as unknown as Record<"shvset" | "varset" | "avp_aliases", readonly string[] | undefined>;
    const shared = old?.shared ?? new Map();
    const presets: Preset[] = [];
    for (const it of given.shvset ?? []) {
      const setting = parseSetting(it);
      if (typeof setting === "string") return setting;
      // A reload does not reset what the script has set since; of two settings the first counts.
      if (!shared.has(setting.name) && !presets.some((it) => it.name === setting.name)) presets.push(setting);
    }
    for (const it of given.varset ?? []) {
      const setting = parseSetting(it);
      if (typeof setting === "string") return setting;
      core.variables.slots.preset(setting.name, setting.value);
    }
    const aliases = parseAliases(given.avp_aliases ?? []);
    if (typeof aliases === "string") return aliases;
    if (!old) preset({ shared, presets });
    return { core, shared, presets: old ? presets : [], aliases, staticBranch: branchTo(""), timeval: 0 };
  },
  serve: preset,
  functions: { ...variableFunctions, ...xavpFunctions, ...branchFunctions },
  transformations,
  variables: {
    ...scriptVariables,
    avp,
    ...xavpVariables,
    ...headerVariables,
    ...uriVariables,
    ...fromToVariables,
    ...messageVariables,
    ...networkVariables,
    ...flagVariables,
    ...branchVariables,
    ...timeVariables,
    ...miscVariables,
    ...bufferVariables,
    ...credentialVariables,
    ...fieldVariables,
    ...sendingVariables,
    ...viaVariables,
  },
  commands,
  events: {},
});

function preset({ shared, presets }: Pick<PvState, "shared" | "presets">): void {
  for (const { name, value } of presets) sharedVariable(shared, name).value = value;
}

/** `name=i:5`, `name=s:text`. A string is the problem. */
function parseSetting(it: string): Preset | string {
  const [, name, kind, value] = /^([^=]+)=([sSiI]):(.*)$/s.exec(it) ?? [];
  if (name === undefined || value === undefined) return `\`${it}\` is not written name=i:number or name=s:text`;
  if (kind!.toLowerCase() === "s") return { name, value };
  const int = strictInt(value);
  return int === undefined || int > 2147483647 || int < -2147483648
    ? `\`${value}\` is not a number`
    : { name, value: int };
}

/** `name=s:x;other=i:5`. A string is the problem. */
function parseAliases(settings: readonly string[]): ReadonlyMap<string, AvpName> | string {
  const aliases = new Map<string, AvpName>();
  for (const setting of settings)
    for (const part of setting.split(";")) {
      if (part.trim() === "") continue;
      const [alias, target] = part.split("=", 2).map((it) => it.trim());
      const name = parseAvpName((target ?? "").replace(/^\$avp\((.*)\)$/, "$1"));
      if (!alias || !target || isProblem(name)) return `\`${part}\` is not an alias of an AVP`;
      aliases.set(alias, name);
    }
  return aliases;
}
