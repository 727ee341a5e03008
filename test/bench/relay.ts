/** Whole calls through a record-routing proxy in the simulator: engine alone, no sockets. Prints µs of CPU a call. */
import { modules } from "../../src/modules/index.ts";
import { Simulation } from "../../src/simulate/simulation.ts";

const script = `
children=1
disable_tcp=yes
listen=udp:127.0.0.1:5060
auto_aliases=no
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "sanity.so"
request_route {
  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
  if (!sanity_check("1511", "7")) exit;
  if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
  if (!is_method("ACK")) {
    if (t_precheck_trans()) { t_check_trans(); exit; }
    t_check_trans();
  }
  if (has_totag()) {
    if (loose_route()) t_relay();
    exit;
  }
  record_route();
  $var(user) = $rU;
  if ($var(user) =~ "^[0-9]+$") $avp(kind) = "number"; else $avp(kind) = "name";
  append_hf("X-Kind: $avp(kind)\\r\\n");
  $du = "sip:127.0.0.3:5060";
  t_on_reply("REPLY");
  t_relay();
}
onreply_route[REPLY] { if ($rs == 404) drop; }
`;

const CALLS = 20_000;
const SECONDS_PER_STEP = 1;

const sdp = "v=0\r\no=u 1 1 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
const head = (n: number, cseq: string, to: string): string =>
  `From: load <sip:load@127.0.0.2>;tag=f${n}\r\nTo: <sip:1234@127.0.0.1:5060>${to}\r\nCall-ID: ${n}@bench\r\nCSeq: ${cseq}\r\nMax-Forwards: 70\r\n`;
const via = (n: number, kind: string): string => `Via: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bK-${n}-${kind}\r\n`;

const simulation = new Simulation({ modules, files: { "/s.cfg": script }, script: "/s.cfg" });
const problems = await simulation.start();
if (problems.length > 0) {
  console.error(problems.map((it) => `${it.span.line}: ${it.message}`).join("\n"));
  process.exit(1);
}
const { network } = simulation;
let ended = 0;

const field = (text: string, name: string): string => {
  let out = "";
  let at = text.indexOf(`\r\n${name}: `);
  while (at >= 0) {
    const end = text.indexOf("\r\n", at + 2);
    out += text.slice(at + 2, end + 2);
    at = text.indexOf(`\r\n${name}: `, end);
  }
  return out;
};

const uas = network.bindNow(
  { address: "127.0.0.3", port: 5060 },
  {
    message(text, ip, port) {
      if (text.startsWith("ACK")) return;
      const to = field(text, "To").replace("\r\n", text.startsWith("INVITE") ? ";tag=uas\r\n" : "\r\n");
      const answer = (status: string): void => {
        const copied = field(text, "Via") + field(text, "Record-Route") + field(text, "From") + to;
        const rest = `${field(text, "Call-ID")}${field(text, "CSeq")}Contact: <sip:uas@127.0.0.3:5060>\r\nContent-Length: 0\r\n\r\n`;
        uas.send(`SIP/2.0 ${status}\r\n${copied}${rest}`, ip, port);
      };
      if (text.startsWith("INVITE")) answer("180 Ringing");
      answer("200 OK");
    },
    failed() {},
  },
);
const uac = network.bindNow(
  { address: "127.0.0.2", port: 5060 },
  {
    message(text) {
      if (!text.startsWith("SIP/2.0 200")) return;
      const n = Number(/Call-ID: (\d+)/.exec(text)![1]);
      if (text.includes(" BYE\r\n")) {
        ended++;
        return;
      }
      const route = field(text, "Record-Route").replaceAll("Record-Route", "Route");
      const send = (method: string, cseq: number): boolean =>
        uac.send(
          `${method} sip:uas@127.0.0.3:5060 SIP/2.0\r\n${via(n, method)}${route}${head(n, `${cseq} ${method}`, ";tag=uas")}Content-Length: 0\r\n\r\n`,
          "127.0.0.1",
          5060,
        );
      send("ACK", 1);
      send("BYE", 2);
    },
    failed() {},
  },
);

async function run(first: number, calls: number): Promise<number> {
  const before = process.cpuUsage();
  for (let n = first; n < first + calls; n++) {
    uac.send(
      `INVITE sip:1234@127.0.0.1:5060 SIP/2.0\r\n${via(n, "INVITE")}${head(n, "1 INVITE", "")}Contact: <sip:load@127.0.0.2:5060>\r\nContent-Type: application/sdp\r\nContent-Length: ${sdp.length}\r\n\r\n${sdp}`,
      "127.0.0.1",
      5060,
    );
    if (n % 100 === 99) await simulation.advance(SECONDS_PER_STEP * 100);
  }
  await simulation.advance(SECONDS_PER_STEP * 1000);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

await run(0, CALLS / 4);
ended = 0;
const perCall = await run(CALLS, CALLS);
console.log(
  `  relayed call (6 messages in, 7 out)  ${perCall.toFixed(1)} µs CPU, ${Math.round(1e6 / perCall)} calls/s on one core`,
);
await simulation.advance(60_000);
await simulation.stop();
if (ended !== CALLS) {
  console.error(`  only ${ended} of ${CALLS} calls ended`);
  process.exit(1);
}
