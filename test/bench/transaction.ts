/** What a suspended transaction costs, and what is left when all have ended: `node --expose-gc test/bench/transaction.ts`. */
import { modules } from "../../src/modules/index.ts";
import { Simulation } from "../../src/simulate/simulation.ts";

const COUNT = 20_000;
const script = `
children=1
disable_tcp=yes
listen=udp:127.0.0.1:5060
auto_aliases=no
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "pv.so"
modparam("tm", "fr_timer", 60000)
modparam("tm", "wt_timer", 5000)
request_route {
  $avp(kind) = "number";
  t_suspend();
}
`;

const body = "v=0\r\no=u 1 1 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
const invite = (n: number): string =>
  `INVITE sip:1234@127.0.0.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bK-${n}\r\n` +
  `From: load <sip:load@127.0.0.2>;tag=f${n}\r\nTo: <sip:1234@127.0.0.1:5060>\r\nCall-ID: ${n}@bench\r\n` +
  `CSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContact: <sip:load@127.0.0.2:5060>\r\nContent-Type: application/sdp\r\n` +
  `Content-Length: ${body.length}\r\n\r\n${body}`;

const { gc } = globalThis as { gc?: () => void };
if (gc === undefined) throw new Error("run with --expose-gc");
const used = (): number => {
  gc();
  gc();
  return process.memoryUsage().heapUsed;
};

const simulation = new Simulation({ modules, files: { "/s.cfg": script }, script: "/s.cfg" });
const problems = await simulation.start();
if (problems.length > 0) throw new Error(problems.map((it) => it.message).join("\n"));
const peer = simulation.network.bindNow(
  { address: "127.0.0.2", port: 5060 },
  { message: () => undefined, failed: () => undefined },
);
const { engine } = simulation.server.transactions;

const load = async (from: number, count: number): Promise<void> => {
  for (let n = from; n < from + count; n++) {
    peer.send(invite(n), "127.0.0.1", 5060);
    if (n % 100 === 99) await simulation.advance(1);
  }
  await simulation.advance(1);
};

// Once through everything first, so that compiled code and tables are there.
await load(0, 2000);
await simulation.advance(200_000);
const before = used();
await load(10_000, COUNT);
const suspended = engine.size;
const during = used();
await simulation.advance(200_000);
const left = engine.size;
const after = used();
console.log(
  `  ${suspended} suspended transactions, ${((during - before) / suspended / 1024).toFixed(2)} KiB each (request of ${invite(10_000).length} bytes)`,
);
console.log(`  ${left} left when all have timed out, ${((after - before) / 1024).toFixed(0)} KiB more than before`);
await simulation.stop();
