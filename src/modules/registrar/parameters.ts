/** The parameters of module registrar, and the settings that they give. */
import type { Core } from "../../declare/core.ts";
import { int, type Received, text } from "../../declare/module.ts";
import { Outbound, type Settings } from "./state.ts";

export const parameters = {
  default_expires: int("Seconds that a contact lives when its registration does not say.", { fallback: 3600 }),
  default_expires_range: int("Percent by which that varies.", { fallback: 0 }),
  expires_range: int("Percent by which a lifetime that the registration asks for is shortened at random.", {
    fallback: 0,
  }),
  min_expires: int("The shortest lifetime in seconds.", { fallback: 60 }),
  max_expires: int("The longest lifetime in seconds; 0 for no limit.", { fallback: 0 }),
  min_expires_mode: int("1: a shorter lifetime is refused with 423; 0: it is raised.", { fallback: 0 }),
  default_q: int("Thousandths of the q value of a contact that has none; -1: it stays without.", { fallback: -1 }),
  append_branches: int("1: lookup() makes every contact a branch; 0: only the first counts.", { fallback: 1 }),
  case_sensitive: int("1: the user of an address of record keeps its case.", { fallback: 0 }),
  realm_prefix: text("What is left out at the beginning of a domain.", { fallback: "" }),
  received_param: text("Contact parameter of replies with the address that a contact was registered from.", {
    fallback: "received",
  }),
  received_avp: text("AVP with the address that a contact is registered from, as module nathelper sets it.", {
    fallback: "",
  }),
  max_contacts: int("The most contacts of an address of record; 0 for no limit.", { fallback: 0 }),
  retry_after: int("Seconds for Retry-After of replies with 5xx; 0 for none.", { fallback: 0 }),
  sock_flag: int("Message flag under which `sock_hdr_name`, or the XAVP, names the socket of a contact.", {
    fallback: -1,
  }),
  sock_hdr_name: text("Field that names the socket that a contact was registered at.", { fallback: "" }),
  method_filtering: int("1: contacts that do not take the request's method are left out.", { fallback: 0 }),
  use_path: int("1: Path fields are kept (RFC 3327).", { fallback: 0 }),
  path_mode: int("2: refuses a client that does not know Path; 1: does not show it the Path; 0: shows it to nobody.", {
    fallback: 2,
  }),
  path_use_received: int("1: `received` of the first Path URI is where the contact is reached.", { fallback: 0 }),
  path_check_local: int("1: leaves out a first Path URI that is this server's.", { fallback: 0 }),
  xavp_cfg: text("XAVP with values for the next registration: max_contacts, expires, q, socket, match_…", {
    fallback: "",
  }),
  xavp_rcd: text("XAVP that shows a contact that was found: ruid, contact, expires, received, path.", { fallback: "" }),
  xavp_rcd_mask: int("What it leaves out: 1 ruid, 2 contact, 4 expires, 8 received, 16 path.", { fallback: 0 }),
  gruu_enabled: int("1: makes GRUUs for clients that ask for them (RFC 5627).", { fallback: 1 }),
  outbound_mode: int("RFC 5626: 0 not known, 1 supported, 2 required.", { fallback: 0 }),
  regid_mode: int("1: `reg-id` counts even where the edge proxy does not know outbound.", { fallback: 0 }),
  flow_timer: int("Seconds for Flow-Timer of replies; 0 for none.", { fallback: 0 }),
  contact_max_size: int("The longest contact URI.", { fallback: 512 }),
  lookup_filter_mode: int("1: only contacts with the branch flags of `rlf_bflags`; 2: with an open connection.", {
    fallback: 0,
  }),
  use_expired_contacts: int("1: contacts are found though their time has passed.", { fallback: 0 }),
};

const bounded = (q: number): number => (q === -1 ? -1 : Math.min(1000, Math.max(0, q)));

/** A string is the problem. */
export function settingsOf(params: Received<typeof parameters>, core: Core): Settings | string {
  const received = params.received_avp === "" ? undefined : core.variables.variable(params.received_avp);
  if (typeof received === "string") return received;
  if (received !== undefined && received.name !== "avp") return `received_avp: \`${params.received_avp}\` is no AVP`;
  const outbound = Number(params.outbound_mode);
  const flowTimer = Number(params.flow_timer);
  if (outbound < Outbound.none || outbound > Outbound.required) return `there is no outbound_mode ${outbound}`;
  const regIdMode = Number(params.regid_mode);
  if (regIdMode !== 0 && regIdMode !== 1) return `there is no regid_mode ${regIdMode}`;
  if (flowTimer < 0 || flowTimer > 999) return "flow_timer must be from 0 to 999";
  if (flowTimer > 0 && outbound === Outbound.none) return "flow_timer needs an outbound_mode";
  const flag = Number(params.sock_flag);
  const named = params.sock_hdr_name !== "" || params.xavp_cfg !== "";
  return {
    realmPrefix: params.realm_prefix,
    defaultExpires: Number(params.default_expires),
    defaultExpiresRange: Number(params.default_expires_range),
    expiresRange: Number(params.expires_range),
    minExpires: Number(params.min_expires),
    maxExpires: Number(params.max_expires),
    maxContacts: Number(params.max_contacts),
    retryAfter: Number(params.retry_after),
    caseSensitive: Number(params.case_sensitive) !== 0,
    defaultQ: bounded(Number(params.default_q)),
    appendBranches: Number(params.append_branches) !== 0,
    useExpired: Number(params.use_expired_contacts) !== 0,
    receivedParam: params.received_param,
    receivedAvp: received,
    socketFlag: flag >= 0 && named ? 1 << flag : 0,
    socketHeader: params.sock_hdr_name,
    methodFiltering: Number(params.method_filtering) !== 0,
    usePath: Number(params.use_path) !== 0,
    pathMode: Number(params.path_mode),
    pathUseReceived: Number(params.path_use_received) !== 0,
    pathCheckLocal: Number(params.path_check_local) > 0,
    xavpCfg: params.xavp_cfg,
    xavpRecord: params.xavp_rcd,
    xavpRecordMask: Number(params.xavp_rcd_mask),
    gruu: Number(params.gruu_enabled) === 1,
    outbound,
    regIdAlways: regIdMode === 1,
    flowTimer,
    contactMaxSize: Number(params.contact_max_size),
    lookupFilter: Number(params.lookup_filter_mode),
    refusesBrief: Number(params.min_expires_mode) !== 0,
  };
}

/** The numbers that cfg.set_now_int may change, by the name that they have there; `flag` ones are 0 or 1. */
const CHANGEABLE = [
  ["default_expires", "defaultExpires", "Seconds that a contact lives when its registration does not say."],
  ["default_expires_range", "defaultExpiresRange", "Percent by which that varies."],
  ["expires_range", "expiresRange", "Percent by which lifetimes vary."],
  ["min_expires", "minExpires", "The shortest lifetime."],
  ["max_expires", "maxExpires", "The longest lifetime."],
  ["max_contacts", "maxContacts", "The most contacts of an address of record."],
  ["retry_after", "retryAfter", "Seconds for Retry-After of replies with 5xx."],
] as const;
const SWITCHES = [
  ["case_sensitive", "caseSensitive", "The user of an address of record keeps its case."],
  ["append_branches", "appendBranches", "lookup() makes every contact a branch."],
  ["use_expired_contacts", "useExpired", "Contacts are found though their time has passed."],
] as const;

/** Shows settings to cfg.get, and lets cfg.set_now_int change them. `changed` is told. */
export function exposeSettings(settings: Settings, { config }: Core, changed: () => void): void {
  for (const [name, key, doc] of CHANGEABLE)
    config.expose("registrar", name, {
      doc,
      get: () => settings[key],
      set: (value) => {
        if (typeof value !== "number" || value < 0) return false;
        settings[key] = value;
        return true;
      },
    });
  for (const [name, key, doc] of SWITCHES)
    config.expose("registrar", name, {
      doc,
      get: () => (settings[key] ? 1 : 0),
      set: (value) => {
        if (typeof value !== "number") return false;
        settings[key] = value !== 0;
        changed();
        return true;
      },
    });
  config.expose("registrar", "realm_pref", {
    doc: "Left out at the beginning of a domain.",
    get: () => settings.realmPrefix,
  });
  config.expose("registrar", "default_q", {
    doc: "The q value of a contact that has none.",
    get: () => settings.defaultQ,
  });
}
