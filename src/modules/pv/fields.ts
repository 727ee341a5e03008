/** Identities and contacts: `$ai`, `$pu`, `$re`, `$di`, `$rt`, `$ctu`, `$expires(...)`. */
import type { Call } from "../../declare/call.ts";
import type { Bound, Pv } from "../../declare/module.ts";
import type { Read } from "../../declare/value.ts";
import { HeaderType } from "../../sip/headers.ts";
import type { SipMessage } from "../../sip/message.ts";
import { type NameAddr, parseNameAddr, parseNameAddrs } from "../../sip/nameaddr.ts";
import { indexNow, isProblem, parseIndex } from "./binding.ts";
import { type PvState, pv } from "./state.ts";

/** The values of all fields of a type; undefined when one is malformed. A Contact that is `*` has none. */
function addresses({ headers, text }: SipMessage, type: number): NameAddr[] | undefined {
  const list: NameAddr[] = [];
  for (const header of headers) {
    if (header.type !== type || text.slice(header.valueStart, header.valueEnd).trim() === "*") continue;
    const parsed = parseNameAddrs(text, header.valueStart, header.valueEnd);
    if (!parsed) return undefined;
    list.push(...parsed);
  }
  return list;
}

/** One of the identities, by index; a negative index means the first, `[*]` fails. */
const identity = (variable: string, doc: string, type: number, read: (it: NameAddr) => Read): Pv<PvState> =>
  pv({
    doc,
    bind: ({ inner, index }, _core, _state, variables): Bound | string => {
      if (inner !== undefined) return `\`$${variable}\` takes nothing in parentheses`;
      const at = parseIndex(index, variables);
      if (isProblem(at)) return at.problem;
      return {
        get: (call) => {
          const list = addresses(call.msg, type);
          if (!list || list.length === 0) return null;
          const n = indexNow(at, call);
          if (n === undefined || n === "all") return undefined;
          const it = list[Math.max(0, n)];
          return it ? read(it) : null;
        },
      };
    },
  });

const PAI = HeaderType.pAssertedIdentity;
const PPI = HeaderType.pPreferredIdentity;
const uri = (it: NameAddr): Read => it.uri;

const single = (doc: string, type: number): Pv<PvState> =>
  pv({ doc, get: ({ msg }) => firstAddress(msg, type)?.uri ?? null });

/** A field that holds one address. */
function firstAddress(msg: SipMessage, type: number): NameAddr | null {
  const header = msg.find(type);
  return header ? parseNameAddr(msg.text, header.valueStart, header.valueEnd) : null;
}

const diversion = (doc: string, read: (it: NameAddr) => Read): Pv<PvState> =>
  pv({
    doc,
    get: ({ msg }) => {
      const [first] = addresses(msg, HeaderType.diversion) ?? [];
      return first ? read(first) : null;
    },
  });

const diversionParam = (name: string): Pv<PvState> =>
  diversion(`Parameter ${name} of the first Diversion.`, (it) => {
    const param = it.params.find((p) => p.name === name);
    return param ? (param.value ?? "") : null;
  });

const isStar = ({ headers, text }: SipMessage): boolean =>
  headers.some((it) => it.type === HeaderType.contact && text.slice(it.valueStart, it.valueEnd).trim() === "*");

/** Seconds of an Expires value: its leading digits; what is longer than ten characters is no number. */
function seconds(text: string): number {
  const trimmed = text.trim();
  return trimmed.length > 10 ? 0 : Number(/^\d*/.exec(trimmed)![0]) % 4294967296;
}

/** The expiry times of all contacts; the field Expires counts for those without their own, and when there are none. */
function expiries({ msg }: Call): number[] | undefined {
  const field = msg.first(HeaderType.expires);
  if (field !== undefined && field.trim() === "") return undefined;
  const all = field === undefined ? undefined : seconds(field);
  const contacts = addresses(msg, HeaderType.contact);
  if (!contacts) return undefined;
  const found: number[] = [];
  for (const it of contacts) {
    const own = it.param("expires")?.value;
    if (own) {
      if (!/^\d+$/.test(own)) return undefined;
      found.push(Number(own) % 4294967296);
    } else if (all !== undefined) found.push(all);
  }
  if (found.length === 0 && all !== undefined) found.push(all);
  return found;
}

export const fieldVariables: Record<string, Pv<PvState>> = {
  ai: identity("ai", "URI of P-Asserted-Identity, by index.", PAI, uri),
  pu: identity("pu", "URI of P-Preferred-Identity, by index.", PPI, uri),
  pU: identity("pU", "User of P-Preferred-Identity, by index.", PPI, (it) => it.parsed?.user || null),
  pd: identity("pd", "Host of P-Preferred-Identity, by index.", PPI, (it) => it.parsed?.host || null),
  pn: identity("pn", "Display name of P-Preferred-Identity, by index.", PPI, (it) => it.display || null),
  re: single("URI of Remote-Party-ID.", HeaderType.remotePartyId),
  rt: single("URI of Refer-To.", HeaderType.referTo),
  di: diversion("URI of the first Diversion.", uri),
  dir: diversionParam("reason"),
  dip: diversionParam("privacy"),
  dic: diversionParam("counter"),
  ctu: pv({
    doc: "URI of the first Contact.",
    get: ({ msg }) => addresses(msg, HeaderType.contact)?.[0]?.uri ?? null,
  }),
  cts: pv({
    doc: "1 when the Contact is `*`, else 0; null without a Contact.",
    get: ({ msg }) => (msg.find(HeaderType.contact) ? (isStar(msg) ? 1 : 0) : null),
  }),
  expires: pv({
    doc: "The shortest or longest expiry that the contacts ask for.",
    keys: { min: "the shortest", max: "the longest" },
    get: (call, key) => {
      const found = expiries(call);
      if (!found || found.length === 0) return null;
      return key === "min" ? Math.min(...found) : Math.max(...found);
    },
  }),
};
