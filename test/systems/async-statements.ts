/**
 * `npm run system:async`: OpenSIPS's async() and launch() on real sockets, with a real shell, HTTP server and SQLite.
 * Each call is answered by a route that goes on later, with what it saw in the reason phrase. Exits 1 on a difference.
 */
import { createSocket } from "node:dgram";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Processes } from "./processes.ts";
import { answers, firstLine } from "./sip.ts";

const processes = new Processes(60);
const port = 25_000 + (process.pid % 900);

const http = createServer((_request, response) => {
  setTimeout(() => response.writeHead(203, { "Content-Type": "text/plain" }).end("body"), 200);
});
await new Promise<void>((done) => http.listen(0, "127.0.0.1", done));
const service = `http://127.0.0.1:${(http.address() as AddressInfo).port}/`;

const script = join(processes.folder, "script.cfg");
writeFileSync(
  script,
  `
${["pv", "tm", "sl", "textops", "xlog", "cfgutils", "exec", "rest_client", "sqlops", "htable"].map((it) => `loadmodule "${it}"`).join("\n")}
modparam("sqlops", "sqlcon", "db=>sqlite://${join(processes.folder, "test.db")}")
modparam("htable", "htable", "seen=>size=4;")
request_route {
    if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
    if (is_method("ACK")) { if (t_check_trans()) t_relay(); exit; }
    $avp(kept) = "kept";
    $ru = "sip:changed@127.0.0.1";
    switch ($oU) {
        case "sleep": async(sleep(1), SLEPT);
        case "exec": async(exec("echo hello; exit 3", , $var(out)), RAN);
        case "rest": async(rest_get("${service}", $var(body), $var(ct), $var(rcode)), GOT);
        case "refused": async(rest_get("http://127.0.0.1:1/", $var(body), $var(ct), $var(rcode)), GOT);
        case "sql": async(sql_query("db", "select 6 * 7 as n", "r"), ROWS);
        case "launch":
            launch(exec("sleep 0.3; echo later", , $avp(lo)), REPORT, "p");
            send_reply("480", "rc $rc");
            exit;
        case "report": send_reply("480", "$sht(seen=>report)"); exit;
    }
    send_reply("500", "the script went on");
}
route[SLEPT] { send_reply("480", "rc $rc ru $ru avp $avp(kept)"); }
route[RAN] { send_reply("480", "rc $rc out $var(out)"); }
route[GOT] { send_reply("480", "rc $rc status $var(rcode) body $var(body) type $var(ct)"); }
route[ROWS] { send_reply("480", "rc $rc n $dbr(r=>[0,0])"); }
route[REPORT] { $sht(seen=>report) = $_s(lo $avp(lo) kept $avp(kept) param $param(1) ru $ru); }
`.replaceAll("$oU", "$(ou{uri.user})"),
  "latin1",
);
const server = await processes.viaduct(["-f", script, "-DD", "-E", "-l", `udp:127.0.0.1:${port}`], () => answers(port));

/** The final reply's first line, and after how many milliseconds it came. */
function call(user: string): Promise<{ line: string; ms: number }> {
  return new Promise((resolve) => {
    const started = performance.now();
    const socket = createSocket("udp4");
    const message = (method: string, to: string): string =>
      [
        `${method} sip:${user}@127.0.0.1:${port} SIP/2.0`,
        `Via: SIP/2.0/UDP 127.0.0.1:${socket.address().port};branch=z9hG4bK-${user}-${started}`,
        "From: <sip:caller@127.0.0.1>;tag=1",
        `To: ${to}`,
        `Call-ID: ${user}-${started}`,
        `CSeq: 1 ${method}`,
        "Max-Forwards: 70",
        "Content-Length: 0",
        "",
        "",
      ].join("\r\n");
    socket.on("message", (data) => {
      const text = data.toString("latin1");
      if (/^SIP\/2.0 1/.test(text)) return;
      socket.send(message("ACK", /^To: (.*?)\r$/m.exec(text)?.[1] ?? ""), port, "127.0.0.1", () => socket.close());
      resolve({ line: firstLine(text), ms: performance.now() - started });
    });
    socket.bind(0, "127.0.0.1", () => socket.send(message("INVITE", `<sip:${user}@127.0.0.1>`), port, "127.0.0.1"));
  });
}

const later = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
let failed = false;
async function expect(user: string, reason: string, least = 0): Promise<void> {
  const { line, ms } = await call(user);
  const right = line === `SIP/2.0 480 ${reason}` && ms >= least && ms < least + 1500;
  if (!right) failed = true;
  console.log(`${right ? "ok  " : "NOT "} ${user.padEnd(8)} ${Math.round(ms)} ms  ${line}`);
}
await expect("sleep", "rc 1 ru sip:changed@127.0.0.1 avp kept", 990);
await expect("exec", "rc 1 out hello");
await expect("rest", "rc 1 status 203 body body type text/plain", 190);
await expect("refused", "rc -1 status 0 body 0 type 0");
await expect("sql", "rc 1 n 42");
await expect("launch", "rc 1");
await later(600);
await expect("report", "lo later kept <null> param p ru sip:user@dummy.com");

await processes.stop(server);
http.close();
process.exit(failed ? 1 : 0);
