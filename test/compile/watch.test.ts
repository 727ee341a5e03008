/** What a watched program tells, and that it does what the program does that nobody watches. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Place, Watch, Watcher } from "../../src/compile/index.ts";
import { together } from "../../src/compile/index.ts";
import type { Value } from "../../src/declare/value.ts";
import { type Limits, rigWhole, story } from "./rig.ts";

const folder = new URL("./", import.meta.url);
const script = readFileSync(new URL("watched.cfg", folder), "utf8");
const PREAMBLE = 'loadmodule "pv.so" loadmodule "probe.so"';
const rig = (text: string, max: Limits = {}) => rigWhole(`${PREAMBLE} ${text}`, max);

const shown = (value: Value | undefined): string =>
  typeof value === "string" ? JSON.stringify(value) : value === undefined ? "nothing" : String(value);

/** Writes down all that it is told. */
function teller(told: string[], more: Partial<Watch> = {}): Watcher & { places: readonly Place[] } {
  const watcher: Watcher & { places: readonly Place[] } = {
    places: [],
    watch(_core, places) {
      watcher.places = places;
      const at = (place: number): string => {
        const { span, route } = places[place]!;
        return `${span.line}:${span.column} ${route}`;
      };
      return {
        step: (_call, place) => void told.push(`${at(place)}`),
        branch: (_call, place, way) => void told.push(`${at(place)} -> ${places[place]!.names[way]}`),
        value: (_call, place, seen, name, value, args) =>
          void told.push(`${at(place)}   ${seen} ${name}${args ? `(${args.map(shown)})` : ""} ${shown(value)}`),
        begin: (_call, route) => void told.push(`begin ${route}`),
        end: (_call, route, code) => void told.push(`end ${route} ${code}`),
        enter: (_call, place, route) => void told.push(`${at(place)}   enter ${route}`),
        ...more,
      };
    },
  };
  return watcher;
}

/** Compares with a committed text; `UPDATE=1` writes it. */
function same(name: string, text: string): void {
  const file = new URL(name, folder);
  if (process.env["UPDATE"]) writeFileSync(file, text);
  expect(text).toBe(readFileSync(file, "utf8"));
}

test("statements, branches, reads, writes, results and returns are told in the order in which they happen", async () => {
  const told: string[] = [];
  const { program, call, problems } = rig(script, { watcher: teller(told) });
  expect(problems).toEqual([]);
  await program!.request!.run(call());
  same("watched.told", `${told.join("\n")}\n`);
});

test("every place has its line, its block and the names of its ways", () => {
  const { program } = rig(script, { watcher: teller([]) });
  const lines = program!.places.map(
    ({ span, route, kind, ways, names }) => `${span.line}:${span.column} ${route} ${kind} ${ways} ${names.join("|")}`,
  );
  same("watched.places", `${lines.map((it) => it.trim()).join("\n")}\n`);
});

test("without a watcher no word of watching is in the code", () => {
  const { program, source } = rig(script);
  expect(source).not.toMatch(/\.(step|held|chose|read|wrote|result|enter|returned)\(call, \d/);
  same("unwatched.txt", source.slice(source.indexOf("\n") + 1, source.indexOf("//# ")));
  expect(program!.places).toEqual([]);
  expect(program!.routes.get("INNER")!.waits).toBe(false);
  expect(rig(script, { watcher: teller([]) }).source).toMatch(/\.step\(call, 0\)/);
});

test("a watched script does what it does unwatched, whether runs may be held or not", async () => {
  const quiet = teller([]);
  let stories = 0;
  for (const name of readdirSync(folder).filter((it) => it.endsWith(".stories")))
    for (const it of readFileSync(new URL(name, folder), "utf8").split(/\n(?=# )/)) {
      const text = it.slice(it.indexOf("\n") + 1, it.lastIndexOf("\n--\n"));
      const plain = await story(text);
      expect(await story(text, { watcher: quiet })).toEqual(plain);
      expect(await story(text, { watcher: { ...quiet, holds: true } })).toEqual(plain);
      stories++;
    }
  expect(stories).toBeGreaterThan(30);
});

test("a step that is held holds the run, in routes that wait for nothing themselves too", async () => {
  const told: string[] = [];
  const held: (() => void)[] = [];
  const watcher: Watcher = {
    holds: true,
    watch: (core, places) =>
      teller(told, {
        step: (_call, place) => {
          if (places[place]!.route === "route[A]") return new Promise((resolve) => held.push(resolve));
        },
      }).watch(core, places),
  };
  const { program, call, lines } = rig('request_route { note("1"); route(A); note("3"); }\nroute[A] { note("2"); }', {
    watcher,
  });
  const run = program!.request!.run(call());
  await Promise.resolve();
  expect(lines).toEqual(["1"]);
  held[0]!();
  expect(await run).toBe(1);
  expect(lines).toEqual(["1", "2", "3"]);
});

test("several watchers are told of the same, and a step waits for each of them", async () => {
  const [one, two]: [string[], string[]] = [[], []];
  const both = together([teller(one), teller(two)]);
  const { program, call } = rig(script, { watcher: both });
  await program!.request!.run(call());
  expect(two).toEqual(one);
  expect(one.length).toBeGreaterThan(40);
  expect(both.holds).toBe(false);
});
