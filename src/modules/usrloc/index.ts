/** usrloc: where users are registered. Follows Kamailio's src/modules/usrloc, without its own keepalives. */
import { LogLevel } from "../../declare/core.ts";
import { int, text } from "../../declare/module.ts";
import { tableStatistics } from "../db/tables.ts";
import { columnNames, columnParameters } from "./columns.ts";
import { commands } from "./commands.ts";
import { Matching } from "./contact.ts";
import { Ruids } from "./ruid.ts";
import { module, Usrloc } from "./state.ts";
import { Mode } from "./store.ts";
import { storeOf, storeParameters } from "./store-parameters.ts";

export const usrloc = module({
  name: "usrloc",
  doc: "Where users are registered: in memory, in a database, or in both.",
  params: {
    ...columnParameters,
    ...storeParameters,
    timer_interval: int("Seconds between two searches for contacts whose time has passed.", { fallback: 60 }),
    timer_procs: int("Processes that search for such contacts; one timer does, whatever the number.", { fallback: 0 }),
    use_domain: int("1: an address of record is a user and a domain, not a user alone.", { fallback: 0 }),
    desc_time_order: int("1: the newest contact comes first, whatever its q.", { fallback: 0 }),
    matching_mode: int(
      "What tells that a contact is known: 0 its URI, 1 URI and Call-ID, 2 URI and Path, 3 the Call-ID.",
      { fallback: 0 },
    ),
    cseq_delay: int("Seconds in which a repeated CSeq counts as a retransmission.", { fallback: 20 }),
    hash_size: int("The tables have 2 to the power of this many slots, as ul.dump shows them.", { fallback: 10 }),
    nat_bflag: int("Branch flag that says that a contact is behind a NAT.", { fallback: -1 }),
    handle_lost_tcp: int("1: contacts whose stream connection was closed are removed.", { fallback: 0 }),
    close_expired_tcp: int("1: the stream connection of a contact whose time has passed is closed.", { fallback: 0 }),
    preload: text("A table that is there although no function names it.", { optional: true }),
    xavp_contact: text("XAVP with attributes that are kept with a contact.", { fallback: "" }),
  },
  repeated: ["preload"],
  start(params, core, old) {
    const matching = Number(params.matching_mode);
    if (matching < Matching.contact || matching > Matching.callIdOnly) return `there is no matching_mode ${matching}`;
    const flag = Number(params.nat_bflag);
    if (flag > 31) return `nat_bflag ${flag} is too big: the last branch flag is 31`;
    const size = Number(params.hash_size);
    const useDomain = Number(params.use_domain) !== 0;
    const store = storeOf(params, { useDomain, matching, columns: columnNames(params) }, core);
    if (typeof store === "string") return store;
    const mode = store?.settings.mode;
    const settings = {
      interval: Number(params.timer_interval),
      slots: size <= 1 ? 512 : 2 ** size,
      useDomain,
      attributes: params.xavp_contact,
      dropsLost: Number(params.handle_lost_tcp) !== 0,
      closesExpired: Number(params.close_expired_tcp) !== 0,
      rules: {
        matching,
        newestFirst: Number(params.desc_time_order) !== 0,
        cseqDelay: Number(params.cseq_delay),
        natFlag: flag < 0 ? 0 : (1 << flag) >>> 0,
        now: () => Math.floor(core.host.clock.wall() / 1000),
        tellsChanges: mode === Mode.through || mode === Mode.only,
        keepsRemoved: mode === Mode.back,
      },
    };
    if (settings.dropsLost && mode === Mode.only)
      core.log.write(LogLevel.warn, "usrloc: handle_lost_tcp has no effect in db_mode 3\n");
    const state = new Usrloc(core, settings, old?.ruids ?? new Ruids("ulcx", core), old?.domains ?? new Map(), store);
    for (const it of (params.preload as unknown as readonly string[] | undefined) ?? []) state.domain(it);
    core.statistics.gauge("usrloc", "registered_users", () =>
      [...state.domains.values()].reduce((sum, it) => sum + it.entries.size, 0),
    );
    return state;
  },
  async open(state) {
    const problem = await state.load();
    if (problem !== undefined) throw new Error(`usrloc: ${problem}`);
  },
  serve(state) {
    state.serve();
    if (state.settings.interval > 0) arm(state);
  },
  cool: (state) => state.timer?.cancel(),
  stop: (state) => state.stop(),
  functions: {},
  variables: {},
  commands,
  events: {},
  statistics: {
    "usrloc.registered_users": "Addresses of record that have contacts.",
    ...tableStatistics("usrloc"),
  },
});

function arm(state: Usrloc): void {
  state.timer = state.core.host.clock.after(state.settings.interval * 1000, () => {
    arm(state);
    void state.flush();
  });
}
