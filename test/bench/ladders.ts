/** 500 ladders, each with a call through configs/proxy.cfg, as `viaduct test` plays them: time and CPU of all. */
import { fileURLToPath } from "node:url";
import { modules } from "../../src/modules/index.ts";
import { createFiles } from "../../src/node/files.ts";
import { failureText } from "../../src/simulate/ladder/failure.ts";
import { runLadder } from "../../src/simulate/ladder/run.ts";

const LADDERS = 500;
const folder = fileURLToPath(new URL("../../configs/", import.meta.url));
const disk = createFiles();

const ladder = (n: number): string => `use "proxy.cfg"
define GATEWAY="sip:gateway:5060"
alice -> proxy     INVITE sip:user${n}@proxy
proxy -> alice     100
proxy -> gateway   INVITE sip:user${n}@proxy
    Via: 2 entries
gateway -> proxy   180 Ringing
proxy -> alice     180 Ringing
gateway -> proxy   200 OK
proxy -> alice     200 OK
alice -> proxy     ACK
proxy -> gateway   ACK
after 1min
alice -> proxy     BYE
proxy -> gateway   BYE
gateway -> proxy   200 OK
proxy -> alice     200 OK
`;

const started = performance.now();
const before = process.cpuUsage();
for (let n = 0; n < LADDERS; n++) {
  const failures = await runLadder(ladder(n), { modules, path: `${folder}bench.ladder`, disk });
  if (failures.length === 0) continue;
  console.error(failures.map(failureText).join("\n"));
  process.exit(1);
}
const { user, system } = process.cpuUsage(before);
const wall = (performance.now() - started) / 1000;
console.log(`  ${LADDERS} ladders  ${wall.toFixed(2)} s, ${((user + system) / 1e6).toFixed(2)} s CPU`);
