/** Control commands for changing the script of a server that runs: generation.*. Always there, whatever a script loads. */
import type { Core } from "../declare/core.ts";
import { declare, int, optional, RpcArray, RpcFault, str } from "../declare/module.ts";
import { GenerationCore } from "../run/core.ts";
import { problemsText, readScript } from "../run/load.ts";
import { type Difference, differences } from "../run/reload/diff.ts";
import type { Known } from "../run/reload/generations.ts";
import type { ReloadResult } from "../run/reload/reload.ts";
import { type Ending, retire } from "../run/reload/retire.ts";
import { waitsOf, waitsText } from "../run/reload/waits.ts";
import type { Server } from "../run/server.ts";
import { ctime } from "./core-commands.ts";

const { rpc, module } = declare<Record<string, never>>();

/** Faults, by what kept the script from being taken up. */
const REFUSED = 500;
const OUTDATED = 409;
const UNKNOWN = 404;

function serverOf(core: Core): Server {
  if (core instanceof GenerationCore) return core.server;
  throw new RpcFault(REFUSED, "this server has no generations");
}

function known(server: Server, number: number): Known {
  const it = server.generations.find(number);
  if (it) return it;
  const numbers = server.generations.list().map((one) => one.number);
  throw new RpcFault(UNKNOWN, `there is no generation ${number}; known are ${numbers.join(", ")}`);
}

/** What became of a reload; its problems are a fault, as text with their lines. */
function told(result: ReloadResult): Record<string, unknown> {
  if (result.outcome === "outdated")
    throw new RpcFault(OUTDATED, `generation ${result.generation} serves by now: nothing was done`);
  const problems = problemsText(result.problems, result.sources);
  if (result.outcome === "refused")
    throw new RpcFault(REFUSED, `generation ${result.generation} serves on: the script was refused\n${problems}`);
  const { outcome, generation, warnings } = result;
  if (outcome === "unchanged") return { outcome, generation };
  return {
    outcome,
    generation,
    previous: result.previous,
    ms: Math.round(result.took),
    blockedMs: Math.round(result.blocked ?? 0),
    ...(warnings.length > 0 && { warnings: new RpcArray(warnings) }),
    ...(problems !== "" && { remarks: problems }),
  };
}

const lines = (what: string, { added, removed, changed }: Difference): string[] => [
  ...added.map((it) => `+ ${what} ${it}`),
  ...removed.map((it) => `- ${what} ${it}`),
  ...changed.map((it) => `~ ${what} ${it}`),
];

export const generationCommands = module({
  name: "generations",
  doc: "Control commands that change the script while calls go on.",
  params: {},
  start: () => ({}),
  functions: {},
  variables: {},
  events: {},

  commands: {
    "generation.reload": rpc({
      doc: "Loads the script anew, or another one, and changes to it. Calls that are under way end on theirs.",
      args: {
        file: str("The script; the one that serves when empty.", { fallback: "" }),
        ifGeneration: int("Refuse unless this generation serves; 0 for any.", { fallback: 0 }),
        force: int("1: load the script even when it is what serves already.", { fallback: 0 }),
      },
      run: async ({ file, ifGeneration, force }, _, core) =>
        told(
          await serverOf(core).reload({
            ...(file !== "" && { file }),
            ...(Number(ifGeneration) !== 0 && { ifGeneration: Number(ifGeneration) }),
            force: Number(force) !== 0,
          }),
        ),
    }),
    "generation.list": rpc({
      doc: "The generations that are known: which serves, which end what they began and what they wait for, which can be used again.",
      args: {},
      run(_, __, core) {
        const server = serverOf(core);
        return new RpcArray(
          server.generations.list().map(({ number, file, hash, since, generation }) => {
            const state = generation?.state ?? "retired";
            const waits = generation && state === "cooling" ? waitsOf(generation, server.transactions) : undefined;
            return {
              generation: number,
              state,
              file,
              hash: hash.slice(0, 12),
              since: ctime(since),
              ...(waits && { waitsFor: waitsText(waits), waits: { ...waits } }),
            };
          }),
        );
      },
    }),
    "generation.diff": rpc({
      doc: "What differs between two generations: routes, parameters, modules and addresses that were added (+), removed (-) or changed (~).",
      args: {
        from: optional(int("The older; when left out, the one before.")),
        to: optional(int("The newer; when left out, the one that serves.")),
      },
      run({ from, to }, _, core) {
        const server = serverOf(core);
        const newer = known(server, Number(to ?? server.active.number));
        const before = server.generations.list().filter((it) => it.number < newer.number);
        const older = from === undefined ? before.at(-1) : known(server, Number(from));
        if (!older) throw new RpcFault(UNKNOWN, "there is no generation before that one");
        const [a, b] = [older, newer].map(({ file, sources }) => readScript(server, file, sources));
        if (!a || !b) throw new RpcFault(REFUSED, "the sources cannot be read");
        const found = differences(a.script, b.script);
        return new RpcArray([
          ...lines("module", found.modules),
          ...lines("listen", found.listens),
          ...lines("parameter", found.parameters),
          ...lines("", found.routes).map((it) => it.replace("  ", " ")),
        ]);
      },
    }),
    "generation.use": rpc({
      doc: "Goes back to the script of a generation that is known, as it was then. It becomes a generation with a new number.",
      args: {
        generation: int("Its number."),
        ifGeneration: int("Refuse unless this generation serves; 0 for any.", { fallback: 0 }),
      },
      run: async ({ generation, ifGeneration }, _, core) => {
        const server = serverOf(core);
        const { file, sources } = known(server, Number(generation));
        const wanted = Number(ifGeneration);
        return told(await server.reload({ file, sources, ...(wanted !== 0 && { ifGeneration: wanted }) }));
      },
    }),
    "generation.retire": rpc({
      doc: "Ends a generation that cools. adopt: its transactions go on with the routes of the same names in the one that serves. end: they are ended as if nobody had answered in time.",
      args: {
        generation: int("Its number."),
        how: str("adopt or end.", { fallback: "adopt" }),
      },
      run({ generation, how }, _, core) {
        const server = serverOf(core);
        const it = known(server, Number(generation)).generation;
        if (how !== "adopt" && how !== "end") throw new RpcFault(400, "how is adopt or end");
        if (it?.state !== "cooling") throw new RpcFault(400, `generation ${generation} does not cool`);
        const transactions = retire(server, it, how as Ending);
        return { [how === "adopt" ? "adopted" : "ended"]: transactions, waitsFor: it.waitsFor() };
      },
    }),
  },
});
