/** uac_redirect: follows redirections (3xx) on behalf of the caller. Follows Kamailio's src/modules/uac_redirect. */
import type { Call } from "../../declare/call.ts";
import type { Core } from "../../declare/core.ts";
import { int, optional, type Regex, str, text } from "../../declare/module.ts";
import { Ruids } from "../usrloc/ruid.ts";
import { type FilterKind, Filters } from "./filters.ts";
import { redirects } from "./redirects.ts";
import { type Accounting, fn, module, type Redirect } from "./state.ts";

const ACCOUNTING: readonly string[] = ["acc_log_request", "acc_db_request", "acc_request"] satisfies Accounting[];
const RESETS: readonly string[] = ["", "reset_all", "reset_default", "reset_added"];
/** `total`, `total:branch`, each a number up to 255 or `*`. */
const MAX = /^(\*|\d+)(?::(\*|\d+))?$/;

/** Null when the expression is wrong; undefined when it is empty. */
const filterOf = (source: string, core: Core): Regex | undefined | null =>
  source === "" ? undefined : core.regex(source, { icase: true, newline: true });

function limits(written: string): readonly [total: number, branch: number] | undefined {
  const [, total, branch = "*"] = MAX.exec(written) ?? [];
  if (total === undefined) return undefined;
  const numbers = [total, branch].map((it) => (it === "*" ? 0 : Number(it)));
  return numbers.every((it) => it <= 255) ? [numbers[0]!, numbers[1]!] : undefined;
}

const filtersOf = ({ msg }: Call, { filters, defaults }: Redirect): Filters => {
  let found = filters.get(msg);
  if (!found) filters.set(msg, (found = new Filters(defaults)));
  return found;
};

const filterFn = (kind: FilterKind) =>
  fn({
    doc: `Contacts that the expression fits are ${kind === "deny" ? "left out, unless a filter accepts them" : "followed"}.`,
    in: ["failure"],
    args: {
      filter: text("The expression; of none, only the flags count."),
      flags: text("reset_all, reset_default, reset_added or empty: which filters it takes the place of.", {
        check: (it) => (RESETS.includes(it.toLowerCase()) ? undefined : `\`${it}\` resets nothing`),
      }),
    },
    returns: { 1: "done", [-1]: "there are six filters already" },
    check: ([filter], { core }) =>
      filterOf(filter ?? "", core) === null ? `\`${filter}\` is no regular expression` : undefined,
    run(call, args, state) {
      const flags = args.flags.toLowerCase();
      const reset = {
        added: flags === "reset_all" || flags === "reset_added",
        default: flags === "reset_all" || flags === "reset_default",
      };
      const filter = filterOf(args.filter, state.core) ?? undefined;
      return filtersOf(call, state).add(kind, filter, reset) ? 1 : -1;
    },
  });

/** Has module acc write a record for each URI, as if the request had it. */
async function account(call: Call, uris: readonly string[], comment: string, state: Redirect): Promise<void> {
  const { core, accounting, table } = state;
  const acc = core.modules.find((it) => it.name === "acc");
  if (!accounting || !acc) return;
  const { msg } = call;
  const { newUri, uriConsumed } = msg;
  for (const uri of uris) {
    msg.newUri = uri;
    await acc.functions[accounting]!.run(call, { comment, table }, core.state("acc"));
  }
  msg.newUri = newUri;
  // The Request-URI is no target again because a record has looked at it.
  msg.uriConsumed = uriConsumed;
}

export const uacRedirect = module({
  name: "uac_redirect",
  doc: "Follows redirections: the contacts of 3xx replies become branches.",
  needs: ["tm"],
  params: {
    default_filter: text("`accept` or `deny`: what becomes of contacts that no filter fits.", { fallback: "accept" }),
    deny_filter: text("Expression of contacts that are left out.", { fallback: "" }),
    accept_filter: text("Expression of contacts that are followed.", { fallback: "" }),
    acc_function: text("Function of module acc for records of redirections; empty: there are none.", {
      fallback: "acc_log_request",
      check: (it) => (it === "" || ACCOUNTING.includes(it) ? undefined : `\`${it}\` is no function of acc`),
    }),
    acc_db_table: text("Table for those records.", { fallback: "acc" }),
    bflags: int("Branch flags of the new branches.", { fallback: 0 }),
    flags_hdr_mode: int("1: a contact's parameter `flags` counts in place of bflags; 2: both count.", { fallback: 0 }),
    q_value: int("Thousandths of the q value of a contact that has none.", { fallback: 10 }),
  },
  start(params, core) {
    const accept = filterOf(params.accept_filter, core);
    const deny = filterOf(params.deny_filter, core);
    if (accept === null || deny === null) return "accept_filter and deny_filter are regular expressions";
    const rule = params.default_filter.toLowerCase();
    if (rule !== "accept" && rule !== "deny") return `default_filter is accept or deny, not ${params.default_filter}`;
    const accounting = params.acc_function === "" ? undefined : (params.acc_function as Accounting);
    if (accounting && !core.modules.some((it) => it.name === "acc")) return "acc_function needs the module acc";
    return {
      core,
      defaults: { accepts: rule === "accept", accept, deny },
      filters: new WeakMap(),
      ids: new Ruids("rdir", core),
      accounting,
      table: params.acc_db_table,
      bflags: Number(params.bflags),
      flagsMode: Number(params.flags_hdr_mode),
      q: Number(params.q_value),
    };
  },
  functions: {
    set_deny_filter: filterFn("deny"),
    set_accept_filter: filterFn("accept"),
    get_redirects: fn({
      doc: "Makes branches of the contacts of the 3xx replies that the last t_relay has brought.",
      in: ["failure"],
      args: {
        max: text("`total` or `total:branch`: how many at most, in all and of each reply; `*` and 0 for any number.", {
          check: (it) => (limits(it) ? undefined : `\`${it}\` is not two numbers up to 255`),
        }),
        reason: optional(str("Each of them is accounted, with this as the comment.")),
      },
      returns: { 1: "there are new branches", [-1]: "there are none" },
      waits: true,
      check: (literals, { accounting }) =>
        literals.length > 1 && !accounting ? "acc_function is empty, so nothing can be accounted" : undefined,
      run(call, args, state) {
        const [total, branch] = limits(args.max) ?? [0, 0];
        const uris = redirects(call, total, branch, filtersOf(call, state), state);
        state.filters.delete(call.msg);
        const result = uris.length > 0 ? 1 : -1;
        if (args.reason === undefined || uris.length === 0) return result;
        return account(call, uris, args.reason, state).then(() => result);
      },
    }),
  },
  variables: {},
  commands: {},
  events: {},
});
