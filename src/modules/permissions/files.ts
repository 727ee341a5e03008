/** Rules in files: which caller may reach whom, and who may register which contacts. */
import type { Call } from "../../declare/call.ts";
import { type Core, LogLevel } from "../../declare/core.ts";
import { HeaderType } from "../../sip/headers.ts";
import { parseNameAddrs } from "../../sip/nameaddr.ts";
import { parseUri } from "../../sip/uri.ts";
import { parseRules, type Rule, search } from "./rules.ts";
import type { Permissions, Rules } from "./state.ts";

/** Longest URI that rules are tried on, as in Kamailio. */
export const LONGEST = 256;

/** A name without a slash stands beside the script. */
const pathOf = ({ host, file }: Core, name: string): string =>
  name.includes("/") ? name : host.files.resolve(host.files.dirname(file), name);

export function readRules(core: Core, name: string): readonly Rule[] {
  const path = pathOf(core, name);
  const content = core.host.files.read(path);
  if (content === null) {
    core.log.write(LogLevel.info, `permissions: the file ${path} cannot be read\n`);
    return [];
  }
  return parseRules(
    content,
    (source) => core.regex(source, { icase: true }),
    (problem) => core.log.write(LogLevel.err, `permissions: ${path}: ${problem}\n`),
  );
}
function fileOf(name: string, state: Permissions): readonly Rule[] {
  let rules = state.files.get(name);
  if (!rules) state.files.set(name, (rules = readRules(state.core, name)));
  return rules;
}
export const byBase = (base: string, state: Permissions): Rules => ({
  allow: fileOf(base + state.allowSuffix, state),
  deny: fileOf(base + state.denySuffix, state),
});
export const byFiles = (allow: string, deny: string, state: Permissions): Rules => ({
  allow: fileOf(allow, state),
  deny: fileOf(deny, state),
});
export const none = ({ allow, deny }: Rules): boolean => allow.length === 0 && deny.length === 0;

/** `sip:user@host`, and the port when it counts; undefined for a malformed or long URI. */
function plain(uri: string, withPort: boolean): string | undefined {
  const parsed = parseUri(uri);
  if (!parsed) return undefined;
  const port = withPort && parsed.port !== "" ? `:${parsed.port}` : "";
  const shown = `sip:${parsed.user && `${parsed.user}@`}${parsed.host}${port}`;
  return shown.length > LONGEST ? undefined : shown;
}

export function routing({ msg }: Call, rules: Rules, { allBranches }: Permissions): 1 | -1 {
  if (none(rules)) return 1;
  const from = msg.from?.uri ?? "";
  const uri = msg.parsedUri;
  if (!msg.from || !uri || from.length > LONGEST) return -1;
  const allowed = search(rules.allow, from, `sip:${uri.user}@${uri.host}`);
  if (!allowed && search(rules.deny, from, `sip:${uri.user}@${uri.host}`)) return -1;
  if (!allBranches) return 1;
  for (const branch of msg.branches) {
    const shown = plain(branch.uri, false);
    if (shown === undefined) return -1;
    if (!search(rules.allow, from, shown) && search(rules.deny, from, shown)) return -1;
  }
  return 1;
}

export function registering({ msg }: Call, rules: Rules, withPort: boolean, { allBranches }: Permissions): 1 | -1 {
  if (none(rules)) return 1;
  const to = msg.to?.uri;
  if (to === undefined || to.length > LONGEST) return -1;
  for (const header of msg.headers) {
    if (header.type !== HeaderType.contact) continue;
    if (msg.value(header).trim() === "*") return 1;
    const contacts = parseNameAddrs(msg.text, header.valueStart, header.valueEnd);
    if (!contacts) return -1;
    for (const { uri } of contacts) {
      const shown = plain(uri, withPort);
      if (shown === undefined) return -1;
      // Kamailio passes an allowed contact over only when all branches are to be checked.
      if (search(rules.allow, to, shown) && allBranches) continue;
      if (search(rules.deny, to, shown)) return -1;
    }
  }
  return 1;
}
