/** Commands on destinations: dispatcher.list, dispatcher.set_state and their kin. */
import { int, type Rpc, RpcArray, RpcDouble, RpcFault, RpcStruct, str } from "../../declare/module.ts";
import { after } from "../../declare/value.ts";
import { setState } from "./changes.ts";
import { hashOf } from "./choose.ts";
import { type Destination, Flag } from "./destination.ts";
import { type Dispatcher, rpc } from "./state.ts";

const set = int("Id of the set.");
const uri = str("URI of the destination.");

function flagsText({ flags }: Destination): string {
  const state = flags & Flag.inactive ? "I" : flags & Flag.disabled ? "D" : flags & Flag.trying ? "T" : "A";
  return state + (flags & Flag.probing ? "P" : flags & Flag.noPing ? "N" : "X");
}

function describe(it: Destination, index: number, brief: boolean, { settings }: Dispatcher): RpcStruct {
  const fields: [string, unknown][] = [
    ["IDX", index],
    ["URI", it.uri],
    ["FLAGS", flagsText(it)],
    ["PRIORITY", it.priority],
    ["IUID", it.id],
  ];
  if (!brief && it.attributes !== "") {
    const attributes = new RpcStruct([
      ["BODY", it.attributes],
      ["DUID", it.duid],
      ["PROBING_COUNT", it.probes],
      ["MAXLOAD", it.maxLoad],
      ["WEIGHT", it.weight],
      ["RWEIGHT", it.rweight],
      ["SOCKET", it.socketText],
      ["SOCKNAME", it.socketName],
      ["PING_SOCKET", it.pingSocketText],
      ["OBPROXY", it.outboundProxy],
    ]);
    fields.push(["ATTRS", attributes]);
  }
  if (settings.latencyStats) {
    const { average, deviation, estimate, max, timeouts } = it.latency;
    const latency = new RpcStruct([
      ["AVG", new RpcDouble(average)],
      ["STD", new RpcDouble(deviation)],
      ["EST", new RpcDouble(estimate)],
      ["MAX", max],
      ["TIMEOUT", timeouts],
    ]);
    fields.push(["LATENCY", latency]);
  }
  if (settings.showsLoad) fields.push(["RUNTIME", new RpcStruct([["DLGLOAD", it.load]])]);
  return new RpcStruct([["DEST", new RpcStruct(fields)]]);
}

/** The first letter or digit is the state, a second letter `p` says that it is to be pinged. */
function stateOf(text: string): number {
  if (text === "") throw new RpcFault(500, "Invalid State Parameter");
  const at = ["0i", "1a", "2d", "3t"].findIndex((it) => it.includes(text[0]!.toLowerCase()));
  if (at < 0) throw new RpcFault(500, "Unknown State Value");
  const state = [Flag.inactive, 0, Flag.disabled, Flag.trying][at]!;
  return state | (at !== 2 && text[1]?.toLowerCase() === "p" ? Flag.probing : 0);
}

function changeState(
  { sets }: Dispatcher,
  args: { readonly state: string; readonly set: number; readonly destination: string },
  matches: (it: Destination, wanted: string) => boolean,
): string {
  const state = stateOf(args.state);
  const found = sets.get(args.set);
  const wanted = args.destination.toLowerCase();
  if (args.destination === "all") for (const it of found?.list ?? []) setState(found!, it, state);
  else {
    const it = found?.list.find((one) => matches(one, wanted));
    if (!found || !it) throw new RpcFault(500, "State Update Failed");
    setState(found, it, state);
  }
  return "Ok. Dispatcher state updated.";
}

const setting = {
  state: str("i inactive, a active, d disabled, t trying; with p behind it: to be pinged."),
  set,
  destination: str("The destination; `all` for every one of the set."),
};

const checkTime = (state: Dispatcher): void => {
  if (!state.mayReload()) throw new RpcFault(500, "Ongoing reload");
};

export const commands: Readonly<Record<string, Rpc<Dispatcher>>> = {
  "dispatcher.reload": rpc({
    doc: "Reads the list file, or the table, anew.",
    args: {},
    run: (_args, state) =>
      after(state.reload(), (done) => {
        if (!done) throw new RpcFault(500, "Reload Failed");
        return "Ok. Dispatcher successfully reloaded.";
      }),
  }),
  "dispatcher.list": rpc({
    doc: "Every set with its destinations.",
    args: { mode: str("`short`: without attributes.", { fallback: "" }) },
    run({ mode }, state) {
      if (state.sets.size === 0) throw new RpcFault(500, "No Destination Sets");
      const brief = mode.toLowerCase() === "short";
      const records = [...state.sets.values()].map(({ id, list }) => {
        const targets = new RpcArray(list.map((it, i) => describe(it, i, brief, state)));
        return new RpcStruct([
          [
            "SET",
            new RpcStruct([
              ["ID", id],
              ["TARGETS", targets],
            ]),
          ],
        ]);
      });
      return new RpcStruct([
        ["NRSETS", records.length],
        ["RECORDS", new RpcArray(records)],
      ]);
    },
  }),
  "dispatcher.set_state": rpc({
    doc: "Sets the state of a destination by its URI.",
    args: setting,
    run: (args, state) =>
      changeState(state, { ...args, set: Number(args.set) }, (it, wanted) => it.uri.toLowerCase() === wanted),
  }),
  "dispatcher.set_duid_state": rpc({
    doc: "Sets the state of a destination by its duid.",
    args: setting,
    run: (args, state) =>
      changeState(state, { ...args, set: Number(args.set) }, (it, wanted) => it.duid.toLowerCase() === wanted),
  }),
  "dispatcher.ping_active": rpc({
    doc: "Whether destinations are pinged; with an argument, turns that on or off.",
    args: { on: int("1 or 0.", { optional: true }) },
    run({ on }, state) {
      const old = state.pings ? 1 : 0;
      if (on === undefined || Number(on) === -1) return { OldPingState: old };
      state.pings = Number(on) !== 0;
      return { NewPingState: Number(on), OldPingState: old };
    },
  }),
  "dispatcher.add": rpc({
    doc: "Adds a destination until the next reload.",
    args: {
      set,
      uri,
      flags: int("Flags.", { fallback: 0 }),
      priority: int("Priority.", { fallback: 0 }),
      attributes: str("Attributes.", { fallback: "" }),
    },
    run({ set, uri, flags, priority, attributes }, state) {
      checkTime(state);
      const line = { set: Number(set), uri, flags: Number(flags), priority: Number(priority), attributes };
      if (!state.add(line)) throw new RpcFault(500, "Adding dispatcher dst failed");
      return "Ok. Dispatcher destination added.";
    },
  }),
  "dispatcher.remove": rpc({
    doc: "Removes a destination until the next reload.",
    args: { set, uri },
    run(args, state) {
      checkTime(state);
      state.remove(Number(args.set), args.uri);
      return "Ok. Dispatcher destination removed.";
    },
  }),
  "dispatcher.hash": rpc({
    doc: "The number that texts are hashed to, and the slot that it is of so many.",
    args: { slots: int("Number of slots."), first: str("A text."), second: str("Another.", { fallback: "" }) },
    run({ slots, first, second }) {
      const hashid = hashOf(first, second);
      const count = Number(slots);
      return { hashid, slot: count > 0 ? hashid % count : 0 };
    },
  }),
};
