/** The two servers that control.ts compares: their script, their start, and the traffic that both see. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const MAIN = fileURLToPath(new URL("../../src/node/main.ts", import.meta.url));
const run = promisify(execFile);

/** What both are given; `PORT` and `DIR` differ between them. */
const script = `
debug=0
children=1
tcp_children=1
listen=udp:127.0.0.1:PORT
listen=tcp:127.0.0.1:PORT
alias="example.org"
use_dst_blocklist=on
auto_aliases=no
loadmodule "ctl.so"
loadmodule "cfg_rpc.so"
loadmodule "kex.so"
loadmodule "corex.so"
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "cfgutils.so"
loadmodule "counters.so"
loadmodule "statistics.so"
loadmodule "htable.so"
loadmodule "mqueue.so"
loadmodule "pike.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "permissions.so"
loadmodule "dispatcher.so"
loadmodule "nathelper.so"
loadmodule "tsilo.so"
loadmodule "regex.so"
loadmodule "uac.so"
loadmodule "tls.so"
loadmodule "xhttp.so"
loadmodule "xhttp_prom.so"
loadmodule "jsonrpcs.so"
loadmodule "sanity.so"
loadmodule "websocket.so"
modparam("ctl", "binrpc", "unixs:DIR/ctl")
modparam("jsonrpcs", "transport", 1)
modparam("htable", "htable", "calls=>size=4;")
modparam("htable", "htable", "short=>size=4;autoexpire=600;")
modparam("mqueue", "mqueue", "name=jobs")
modparam("pike", "reqs_density_per_unit", 1000)
modparam("dispatcher", "list_file", "DIR/dispatcher.list")
modparam("permissions", "address_file", "DIR/address.list")
modparam("regex", "file", "DIR/regex.list")
modparam("pv", "shvset", "number=i:7")
modparam("pv", "shvset", "text=s:abc")
modparam("uac", "reg_contact_addr", "127.0.0.1:PORT")
modparam("statistics", "variable", "mine")
modparam("xhttp_prom", "prom_counter", "name=calls; label=method;")
modparam("xhttp_prom", "prom_gauge", "name=load;")
shared.two = 2 desc "the second"
shared.txt = "abc" desc "a text"
event_route[xhttp:request] { xhttp_reply("200", "OK", "text/plain", ""); }
event_route[htable:mod-init] {
  $sht(calls=>a) = 1;
  $sht(calls=>b) = "two";
  $sht(short=>c) = 3;
}
request_route {
  if (!pike_check_req()) exit;
  if (is_method("REGISTER")) {
    save("location");
    exit;
  }
  if (is_method("MESSAGE")) {
    mq_add("jobs", "key", "value");
    ts_store();
    sl_send_reply("200", "OK");
    exit;
  }
  prom_counter_inc("calls", "1", "INVITE");
  t_set_fr(30000, 30000);
  t_relay_to_udp("127.0.0.1", "SILENT");
}
`;

export interface Party {
  readonly name: string;
  readonly folder: string;
  readonly port: number;
  child: ChildProcess;
  log: string;
}

const command: Readonly<Record<string, (config: string, dir: string) => [string, string[]]>> = {
  kamailio: (config, dir) => [
    "kamailio",
    ["-f", config, "-DD", "-E", "-Y", dir, "-w", dir, "-P", join(dir, "pid"), "-m", "64", "-M", "8"],
  ],
  viaduct: (config, dir) => [
    process.execPath,
    [MAIN, "-f", config, "-DD", "-E", "-Y", dir, "-w", dir, "--control", "none"],
  ],
};

/** `silent`: the port where calls are sent that nobody answers. */
export async function start(name: string, port: number, silent: number, dir: string): Promise<Party> {
  const config = join(dir, "test.cfg");
  writeFileSync(join(dir, "dispatcher.list"), "1 sip:127.0.0.1:9 0 0 duid=x;weight=50;rweight=3\n2 sip:127.0.0.1:9\n");
  writeFileSync(join(dir, "address.list"), "1 127.0.0.1 32 5060 t\n1 10.0.0.0 8 0 net\n2 example.org 32 0\n");
  writeFileSync(join(dir, "regex.list"), "[0]\n^a\n");
  writeFileSync(
    config,
    script.replaceAll("PORT", String(port)).replaceAll("DIR", dir).replaceAll("SILENT", String(silent)),
  );
  const [program, args] = command[name]!(config, dir);
  const party: Party = {
    name,
    folder: dir,
    port,
    child: spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] }),
    log: "",
  };
  for (const stream of [party.child.stdout!, party.child.stderr!])
    stream.on("data", (bytes: Buffer) => (party.log += bytes.toString("latin1")));
  for (let waited = 0; ; waited += 100) {
    const { out } = await kamcmd(party, ["core.version"]);
    if (/^(kamailio|viaduct) /.test(out)) return party;
    if (waited > 15_000 || party.child.exitCode !== null) throw new Error(`${name} does not start:\n${party.log}`);
    await sleep(100);
  }
}

export async function kamcmd(party: Party, args: readonly string[]): Promise<{ out: string }> {
  try {
    const { stdout, stderr } = await run("kamcmd", ["-s", `unixs:${party.folder}/ctl`, ...args], {
      timeout: 20_000,
      maxBuffer: 1 << 26,
    });
    return { out: stdout + stderr };
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return { out: stdout + stderr };
  }
}

const request = (method: string, callId: string, port: number, more = ""): string =>
  [
    `${method} sip:bob@example.org SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK${callId}${method}`,
    "Max-Forwards: 70",
    "From: <sip:alice@example.org>;tag=1",
    "To: <sip:bob@example.org>",
    `Call-ID: ${callId}`,
    `CSeq: 1 ${method}`,
    `${more}Content-Length: 0`,
    "",
    "",
  ].join("\r\n");

/** The same traffic for both: a call that nobody answers, a registration, a message, a connection. */
export async function traffic({ port }: Party): Promise<() => void> {
  const socket = createSocket("udp4");
  await new Promise<void>((done) => socket.bind(0, "127.0.0.1", done));
  const from = socket.address().port;
  for (const text of [
    request("INVITE", "call-1", from, `Contact: <sip:alice@127.0.0.1:${from}>\r\n`),
    request("REGISTER", "reg-1", from, `Contact: <sip:bob@127.0.0.1:${from}>;q=0.5\r\nUser-Agent: test\r\n`),
    request("MESSAGE", "msg-1", from),
  ]) {
    socket.send(text, port, "127.0.0.1");
    await sleep(100);
  }
  const stream = connect(port, "127.0.0.1");
  stream.on("error", () => {});
  stream.write(request("MESSAGE", "msg-2", from).replace("UDP", "TCP"));
  await sleep(300);
  return () => {
    socket.close();
    stream.destroy();
  };
}
