/**
 * `npm run load:suspend`: many calls that each wait a second for an HTTP service, suspended and then in place.
 *
 *     npm run load:suspend -- [--script FILE] [--scenario FILE] [--calls 18000] [--rate 300] [--blocking-calls 300]
 *
 * Starts Viaduct on the script (configs/http-async.cfg), a server that answers after one second, and SIPp; then
 * Kamailio's own kamcmd sets $shv(http_async) to 0 and back to 1. A script's `http://www/` is led to that server.
 * Exits 1 when a call of a suspended phase failed. Everything is ended by its process id.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { later, Processes } from "./processes.ts";
import { scenario } from "./scenarios.ts";

const { values: options } = parseArgs({
  options: {
    script: { type: "string", default: fileURLToPath(new URL("../../configs/http-async.cfg", import.meta.url)) },
    scenario: { type: "string" },
    calls: { type: "string", default: "18000" },
    rate: { type: "string", default: "300" },
    "blocking-calls": { type: "string", default: "300" },
  },
});
const calls = Number(options.calls);
const rate = Number(options.rate);
const blocking = Number(options["blocking-calls"]);
/** Seconds that SIPp may take beyond the time in which it starts its calls. */
const GRACE = 20;
const processes = new Processes(2 * (calls / rate + GRACE) + blocking / rate + GRACE + 60);
const base = 26_000 + (process.pid % 1000) * 4;
const ports = { sip: base, caller: base + 1, control: base + 2 };

const http = createServer({ keepAliveTimeout: 60_000 }, (_request, response) => {
  setTimeout(() => response.end("slept a second\n"), 1000);
});
await new Promise<void>((done) => http.listen(0, "127.0.0.1", 4096, done));
const service = `http://127.0.0.1:${(http.address() as AddressInfo).port}/`;
const control = `tcp:127.0.0.1:${ports.control}`;

/** The script with its addresses replaced by ours. */
const text = readFileSync(resolve(options.script), "latin1")
  .replaceAll("http://www/", service)
  .replace(/modparam\("ctl",\s*"binrpc".*\n/, "");
const script = join(processes.folder, "script.cfg");
writeFileSync(script, `${text}\nmodparam("ctl", "binrpc", "${control}")\n`, "latin1");
const ownListen = /^\s*listen\s*=/m.test(text);
const listen = `udp:127.0.0.1:${ports.sip}`;
const place = ownListen ? ["-A", `LISTEN=${listen}`, "-A", `SERVICE="${service}"`] : ["-l", listen];

const kamcmd = (...args: string[]): string | undefined => {
  try {
    return execFileSync("kamcmd", ["-s", control, ...args], {
      encoding: "latin1",
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch {
    return undefined;
  }
};
const viaduct = await processes.viaduct(["-f", script, "-DD", "-E", "-n", "2", ...place], async () => {
  return kamcmd("core.uptime") !== undefined;
});

const course = options.scenario ? resolve(options.scenario) : join(processes.folder, "caller.xml");
if (!options.scenario) writeFileSync(course, scenario({ status: 404 }));

interface Outcome {
  readonly successful: number;
  readonly failed: number;
  readonly retransmitted: number;
}
let phases = 0;

async function drive(name: string, count: number): Promise<Outcome> {
  const file = `phase-${++phases}.csv`;
  const seconds = Math.ceil(count / rate) + GRACE;
  const { ended } = processes.start(
    "sipp",
    [
      ...[
        "-sf",
        course,
        `127.0.0.1:${ports.sip}`,
        "-i",
        "127.0.0.1",
        "-p",
        String(ports.caller),
        "-s",
        "1234",
        "-nostdin",
      ],
      ...["-m", String(count), "-r", String(rate), "-l", String(count), "-timeout", String(seconds)],
      ...["-trace_stat", "-stf", file, "-fd", "1", "-buff_size", "4194304", "-recv_timeout", "15000"],
    ],
    `phase-${phases}.log`,
  );
  await ended;
  const lines = processes.log(file).trim().split("\n");
  const names = lines[0]!.split(";");
  const last = lines.at(-1)!.split(";");
  const figure = (title: string): number => Number(last[names.indexOf(title)]);
  const outcome = {
    successful: figure("SuccessfulCall(C)"),
    failed: Math.max(figure("FailedCall(C)"), count - figure("SuccessfulCall(C)")),
    retransmitted: figure("Retransmissions(C)"),
  };
  const { successful, failed, retransmitted } = outcome;
  console.log(`${name}: ${count} calls, ${successful} successful, ${failed} failed, ${retransmitted} retransmitted`);
  return outcome;
}

function setAsync(value: 0 | 1): void {
  if (kamcmd("pv.shvSet", "http_async", "int", String(value)) === undefined) {
    console.error("kamcmd could not set http_async");
    process.exit(1);
  }
}

const before = await drive("suspended", calls);
setAsync(0);
await drive("in place", blocking);
setAsync(1);
// What waited for a worker meanwhile is served first, two calls a second.
while (/QUEUED: [1-9]/.test(kamcmd("core.psx") ?? "")) await later(1000);
await later(3000);
const after = await drive("suspended again", calls);
await processes.stop(viaduct);
http.closeAllConnections();
http.close();
process.exit(before.failed + after.failed === 0 ? 0 : 1);
