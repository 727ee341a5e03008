/**
 * What an iteration of two loops costs, beside Kamailio on the same machine when it is installed: both servers run the
 * same script, and the time is that between request and reply on loopback. Wanted: 50 and 10 times Kamailio's speed.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const PORT = 45_160;
const loops = [
  { name: "integers", wanted: 50, statements: "$var(s) = $var(s) + $var(i);\nif ($var(s) > 1000000) $var(s) = 0;" },
  {
    name: "texts",
    wanted: 10,
    statements:
      '$var(t) = "sip:" + $var(i) + "@biloxi.example:5080";\nif ($var(t) =~ "^sip:[0-9]+@") $var(h) = $(var(t){uri.host});',
  },
];
const moduleFolder = ["/usr/lib/*/kamailio/modules/", "/usr/lib/kamailio/modules/", "/usr/local/lib*/kamailio/modules/"]
  .flatMap((it) => globSync(it))
  .find((it) => existsSync(`${it}/pv.so`));
const script = `#!KAMAILIO
debug=0
log_stderror=yes
children=1
disable_tcp=yes
dns=no
rev_dns=no
auto_aliases=no
max_while_loops=0
listen=udp:127.0.0.1:${PORT}
mpath="${moduleFolder ?? ""}"
loadmodule "pv.so"
loadmodule "sl.so"
request_route {
  $var(n) = $(rU{s.int});
  $var(i) = 0;
${loops
  .map(
    ({ name, statements }) =>
      `  if ($rd == "${name}") while ($var(i) < $var(n)) {\n${statements}\n$var(i) = $var(i) + 1;\n}\n`,
  )
  .join("")}  sl_send_reply("200", "OK");
}
`;

const folder = mkdtempSync(join(tmpdir(), "bench-"));
const file = join(folder, "loops.cfg");
writeFileSync(file, script);
let server: ChildProcess | undefined;
process.on("exit", () => {
  end();
  rmSync(folder, { recursive: true, force: true });
});

function end(): void {
  if (server?.pid === undefined) return;
  try {
    process.kill(-server.pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
  server = undefined;
}

const socket = createSocket("udp4").bind(0, "127.0.0.1");
let answered: (() => void) | undefined;
socket.on("message", () => answered?.());
await once(socket, "listening");
let requests = 0;

/** Milliseconds until the reply to a request for `count` iterations; undefined when none came in time. */
function run(name: string, count: number, most: number): Promise<number | undefined> {
  const id = ++requests;
  const message = [
    `OPTIONS sip:${count}@${name} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:${socket.address().port};branch=z9hG4bK${id}`,
    "From: <sip:a@bench.example>;tag=1",
    "To: <sip:b@bench.example>",
    `Call-ID: ${id}`,
    "CSeq: 1 OPTIONS",
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");
  return new Promise((resolve) => {
    const start = performance.now();
    const timer = setTimeout(() => resolve(undefined), most);
    answered = () => {
      clearTimeout(timer);
      resolve(performance.now() - start);
    };
    socket.send(message, PORT, "127.0.0.1");
  });
}

/** Nanoseconds of an iteration of each loop, the least of several runs. */
async function measure(executable: string, counts: readonly number[]): Promise<number[]> {
  server = spawn(executable, ["-DD", "-E", "-f", file, "-Y", folder, "-P", join(folder, "pid")], {
    detached: true,
    stdio: "ignore",
  });
  for (let tries = 0; (await run("start", 0, 200)) === undefined; tries++)
    if (tries > 50) throw new Error(`${executable} does not answer`);
  const times: number[] = [];
  for (const [index, { name }] of loops.entries()) {
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 5; i++) {
      const [idle, busy] = [await run(name, 0, 1000), await run(name, counts[index]!, 60_000)];
      if (idle === undefined || busy === undefined) throw new Error(`${executable} gave no reply`);
      least = Math.min(least, ((busy - idle) * 1e6) / counts[index]!);
    }
    times.push(least);
  }
  end();
  await sleep(100);
  return times;
}

const ours = await measure(fileURLToPath(new URL("../../bin/viaduct", import.meta.url)), [5_000_000, 1_000_000]);
const installed = moduleFolder !== undefined && spawnSync("kamailio", ["-v"]).error === undefined;
const theirs = installed ? await measure("kamailio", [100_000, 50_000]) : undefined;
for (const [index, { name, wanted }] of loops.entries()) {
  const own = ours[index]!;
  const other = theirs?.[index];
  const beside = other
    ? `, Kamailio ${other.toFixed(0)} ns: ${(other / own).toFixed(0)} times (wanted: ${wanted})`
    : "";
  console.log(`${name}: ${own.toFixed(1)} ns an iteration${beside}`);
}
socket.close();
