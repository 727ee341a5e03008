/**
 * `npm run control:kamailio`: an installed Kamailio and Viaduct run the same script and see the same messages; every
 * control command is then given to both through Kamailio's own kamcmd, and where the shapes of the answers differ
 * (names and types of fields, order and number of values, faults) both are printed. `control.txt` lists the differences
 * that are meant, with reasons; anything else fails.
 */
import { createSocket } from "node:dgram";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "../free-port.ts";
import { commands } from "./control-commands.ts";
import { kamcmd, type Party, start, traffic } from "./control-parties.ts";
import { shape } from "./control-shape.ts";

const MEANT = fileURLToPath(new URL("./control.txt", import.meta.url));

/** The lines of `control.txt`: `command arguments — reason`, a `#` begins a remark. */
function meant(): ReadonlyMap<string, string> {
  const lines = readFileSync(MEANT, "utf8").split("\n");
  return new Map(
    lines
      .filter((it) => it.includes(" — "))
      .map((it) => [it.slice(0, it.indexOf(" — ")), it.slice(it.indexOf(" — ") + 3)]),
  );
}

const indented = (text: string): string => text.replace(/^/gm, "    ");

const folder = mkdtempSync(join(tmpdir(), "control-"));
/** Where calls are sent that nobody answers. */
const silent = createSocket("udp4");
await new Promise<void>((done) => silent.bind(0, "127.0.0.1", done));
const silence = silent.address().port;
const started = async (name: string): Promise<Party> =>
  start(name, await freePort(), silence, mkdtempSync(join(folder, `${name}-`)));

const parties: Party[] = [];
let failures = 0;
const closers: (() => void)[] = [];
try {
  const [kamailio, viaduct] = (await Promise.all([started("kamailio"), started("viaduct")])) as [Party, Party];
  parties.push(kamailio, viaduct);
  for (const it of parties) closers.push(await traffic(it));
  const names = async (it: Party): Promise<string[]> =>
    (await kamcmd(it, ["system.listMethods"])).out.trim().split("\n").sort();
  const [theirs, ours] = [await names(kamailio), await names(viaduct)];
  const expected = meant();
  const used = new Set<string>();
  const differs = (what: string, details: string): void => {
    const excuse = [what, what.split(" ")[0]!].find((it) => expected.has(it));
    if (excuse !== undefined) {
      used.add(excuse);
      return;
    }
    failures++;
    console.log(`${what}\n${details}`);
  };
  const asked = new Set(commands.map(([name]) => name!));
  for (const it of theirs.filter((name) => !ours.includes(name))) differs(it, "    there is no such command here");
  for (const it of ours.filter((name) => theirs.includes(name) && !asked.has(name)))
    differs(it, "    the command is not compared");
  const known = (name: string): boolean => ours.includes(name) && theirs.includes(name);
  let compared = 0;
  for (const [name, ...args] of commands) {
    if (!known(name!) && name !== "no.such") continue;
    const words = [name!, ...args.map((it) => it.replace("SILENT", String(silence)))];
    const [a, b] = await Promise.all([kamcmd(kamailio, words), kamcmd(viaduct, words)]);
    compared++;
    // Some of Kamailio's own commands end it; whatever comes next is asked of a new one.
    if (/^ERROR: /m.test(a.out)) {
      for (let waited = 0; kamailio.child.exitCode === null && waited < 5000; waited += 50) await sleep(50);
      const { child, log } = await start("kamailio", kamailio.port, silence, kamailio.folder);
      Object.assign(kamailio, { child, log });
      closers.push(await traffic(kamailio));
      differs([name, ...args].join(" "), "    Kamailio ends");
      continue;
    }
    const [wanted, got] = [shape(a.out), shape(b.out)];
    if (wanted !== got)
      differs(
        [name, ...args].join(" ").replace(/\s+/g, " ").trim(),
        `  Kamailio\n${indented(wanted)}\n  Viaduct\n${indented(got)}`,
      );
  }
  for (const it of expected.keys())
    if (!used.has(it)) {
      failures++;
      console.log(`control.txt: ${it}: no difference any more`);
    }
  console.log(`${compared} commands compared, ${used.size} differences that are meant, ${failures} others`);
} finally {
  for (const close of closers) close();
  silent.close();
  for (const { child } of parties) child.kill("SIGTERM");
  await Promise.all(parties.map(({ child }) => child.exitCode ?? new Promise((done) => child.once("exit", done))));
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failures > 0 ? 1 : 0;
