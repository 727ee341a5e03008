/**
 * `npm run memory:suspended`: what calls cost that are suspended all at once.
 *
 *     npm run memory:suspended -- [--calls 10000] [--rate 1000]
 *
 * Sends so many INVITEs to a script that suspends each, and prints how much more memory is resident and how much more
 * heap is in use than before, with all of them suspended; both after a collection. Exits 1 when not all were suspended.
 */
import { createSocket } from "node:dgram";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ask } from "../../src/node/control/client.ts";
import { later, Processes } from "./processes.ts";

const { values: options } = parseArgs({
  options: { calls: { type: "string", default: "10000" }, rate: { type: "string", default: "1000" } },
});
const [calls, rate] = [Number(options.calls), Number(options.rate)];
const processes = new Processes(calls / rate + 60);
const port = 27_000 + (process.pid % 1000) * 4;
const script = join(processes.folder, "suspend.cfg");
const control = join(processes.folder, "viaduct.sock");

writeFileSync(
  script,
  `
debug=1
listen=udp:127.0.0.1:${port}
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "pv.so"
modparam("tm", "fr_timer", 600000)
modparam("tm", "fr_inv_timer", 600000)
request_route { t_newtran(); t_suspend(); exit; }
`,
);

const rpc = async (method: string): Promise<unknown> => {
  const outcome = await ask(control, method, [], 10);
  if (outcome.kind === "result") return outcome.value;
  throw new Error(outcome.kind === "fault" ? outcome.fault.message : outcome.problem);
};
process.env["NODE_OPTIONS"] = "--expose-gc";
const viaduct = await processes.viaduct(["-f", script, "-DD", "-E", "--control", control], () =>
  rpc("core.uptime").then(
    () => true,
    () => false,
  ),
);
const before = await processes.memory(viaduct);

const caller = createSocket("udp4");
await new Promise<void>((resolve) => caller.bind(0, "127.0.0.1", resolve));
const own = `127.0.0.1:${caller.address().port}`;
const invite = (n: number): string =>
  [
    `INVITE sip:service${n}@127.0.0.1:${port} SIP/2.0`,
    `Via: SIP/2.0/UDP ${own};branch=z9hG4bK-${n}-0;rport`,
    `From: "Caller" <sip:caller@${own}>;tag=${n}`,
    `To: <sip:service${n}@127.0.0.1:${port}>`,
    `Call-ID: ${n}-suspended@127.0.0.1`,
    "CSeq: 1 INVITE",
    `Contact: <sip:caller@${own}>`,
    "Max-Forwards: 70",
    "Content-Type: application/sdp",
    `Content-Length: ${sdp.length}`,
    "",
    sdp,
  ].join("\r\n");
const sdp =
  "v=0\r\no=user1 53655765 2353687637 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";
/** Milliseconds between bursts. */
const PACE = 10;
const burst = (rate * PACE) / 1000;
for (let n = 0; n < calls; ) {
  for (let i = 0; i < burst && n < calls; i++, n++) caller.send(invite(n), port, "127.0.0.1");
  await later(PACE);
}
await later(1000);
const { current } = (await rpc("tm.stats")) as { readonly current: number };
const after = await processes.memory(viaduct);
caller.close();
await processes.stop(viaduct);
const more = (name: "resident" | "heap"): string => (after[name] - before[name]).toFixed(1);
console.log(
  `${current} transactions suspended: ${more("resident")} MB more resident, ${more("heap")} MB more heap in use`,
);
process.exit(current === calls ? 0 : 1);
