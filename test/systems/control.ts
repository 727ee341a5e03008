/**
 * `npm run control:kamailio`: an installed Kamailio and Viaduct run the same script and see the same messages; every
 * control command is then given to both through Kamailio's own kamcmd, and where the shapes of the answers differ
 * (names and types of fields, order and number of values, faults) both are printed. `control.txt` lists the differences
 * that are meant, with reasons; anything else fails.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const MAIN = fileURLToPath(new URL("../../src/node/main.ts", import.meta.url));
const MEANT = fileURLToPath(new URL("./control.txt", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "control-"));
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

interface Party {
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

/** Where calls are sent that nobody answers. */
const silent = createSocket("udp4");
await new Promise<void>((done) => silent.bind(0, "127.0.0.1", done));

async function start(name: string, port: number, dir = mkdtempSync(join(folder, `${name}-`))): Promise<Party> {
  const config = join(dir, "test.cfg");
  writeFileSync(join(dir, "dispatcher.list"), "1 sip:127.0.0.1:9 0 0 duid=x;weight=50;rweight=3\n2 sip:127.0.0.1:9\n");
  writeFileSync(join(dir, "address.list"), "1 127.0.0.1 32 5060 t\n1 10.0.0.0 8 0 net\n2 example.org 32 0\n");
  writeFileSync(join(dir, "regex.list"), "[0]\n^a\n");
  writeFileSync(
    config,
    script.replaceAll("PORT", String(port)).replaceAll("DIR", dir).replaceAll("SILENT", String(silent.address().port)),
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

async function kamcmd(party: Party, args: readonly string[]): Promise<{ out: string }> {
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
async function traffic({ port }: Party): Promise<() => void> {
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

const uac = ["OPTIONS", "sip:x@127.0.0.1:SILENT", ".", "."];
const fields = "From: <sip:a@example.org>;tag=9\r\nTo: <sip:x@example.org>\r\n";

/** Commands with their arguments, in an order that keeps state for those that follow. */
const commands: readonly (readonly string[])[] = [
  ...["version", "info", "runinfo", "uptime", "flags", "ps", "psx", "psa", "pwd", "arg", "shmmem", "modules"].map(
    (it) => [`core.${it}`],
  ),
  ...["tcp_info", "tcp_options", "tcp_list", "udp4_raw_info", "sockets_list", "aliases_list", "ppdefines"].map((it) => [
    `core.${it}`,
  ]),
  ["core.ppdefines_full"],
  ["core.shmmem", "k"],
  ["core.shmmem", "x"],
  ["core.kill", "0"],
  ["core.kill", "999"],
  ["core.echo", "a", "1", "s:2", "2.5"],
  ["core.prints", "a", "b"],
  ["core.printi", "1", "2"],
  ["core.printi", "x"],
  ["system.listMethods", "x"],
  ["system.methodHelp", "core.version"],
  ["system.methodHelp", "no.such"],
  ["system.methodHelp"],
  ["system.methodSignature", "core.version"],
  ["no.such"],
  ["cfg.list"],
  ["cfg.list", "shared"],
  ["cfg.list", "nogroup"],
  ["cfg.get", "shared", "two"],
  ["cfg.get", "shared", "txt"],
  ["cfg.get", "shared"],
  ["cfg.get", "shared", "none"],
  ["cfg.get", "nogroup", "none"],
  ["cfg.get"],
  ["cfg.help", "shared", "two"],
  ["cfg.help", "shared", "none"],
  ["cfg.set_now_int", "shared", "two", "5"],
  ["cfg.set_now_int", "shared", "two"],
  ["cfg.set_now_int", "shared", "none", "5"],
  ["cfg.set_now_string", "shared", "txt", "def"],
  ["cfg.set_delayed_int", "shared", "two", "6"],
  ["cfg.set_delayed_string", "shared", "txt", "ghi"],
  ["cfg.diff"],
  ["cfg.rollback"],
  ["cfg.set_delayed", "shared", "two", "8"],
  ["cfg.del_delayed", "shared", "two"],
  ["cfg.commit"],
  ["cfg.seti", "shared", "two", "9"],
  ["cfg.sets", "shared", "txt", "xyz"],
  ["cfg.set", "shared", "two", "1"],
  ["cfg.add_group_inst", "shared[3]"],
  ["cfg.add_group_inst", "shared"],
  ["cfg.set_now_int", "shared[3]", "two", "33"],
  ["cfg.get", "shared[3]", "two"],
  ["cfg.get", "shared[3]"],
  ["cfg.get", "shared[4]", "two"],
  ["cfg.del", "shared[3]", "two"],
  ["cfg.del", "shared", "two"],
  ["cfg.del_group_inst", "shared[3]"],
  ["cfg.del_group_inst", "shared[9]"],
  ["cfg.reset", "shared"],
  ["cfg.reset", "nogroup"],
  ["corex.debug"],
  ["corex.debug", "1"],
  ["corex.debug", "0"],
  ["corex.list_sockets"],
  ["corex.list_aliases"],
  ["corex.shm_status"],
  ["corex.shm_summary"],
  ["corex.pkg_summary"],
  ["corex.pkg_summary", "idx", "0"],
  ["shm.stats"],
  ["shm.info"],
  ["pkg.stats"],
  ["pkg.stats", "index", "0"],
  ["pkg.stats", "pid", "1"],
  ["pkg.stats", "bad", "1"],
  ["pkg.stats", "index"],
  ["pkg.info"],
  ["mod.stats", "tm", "shm"],
  ["mod.stats", "tm", "pkg"],
  ["mod.mem_stats", "tm", "shm"],
  ["mod.mem_statsx", "tm", "shm"],
  ["stats.get_statistics", "core:"],
  ["stats.get_statistics", "rcv_requests"],
  ["stats.get_statistics", "all"],
  ["stats.get_statistics", "nothing"],
  ["stats.get_statistics"],
  ["stats.fetch", "core:"],
  ["stats.fetch", "rcv_requests"],
  ["stats.fetchn", "tmx:"],
  ["stats.fetchn", "core.rcv_requests"],
  ["stats.clear_statistics", "rcv_replies"],
  ["stats.reset_statistics", "rcv_requests"],
  ["cnt.get", "core", "rcv_requests"],
  ["cnt.get", "core", "none"],
  ["cnt.get_raw", "core", "rcv_requests"],
  ["cnt.reset", "core", "rcv_requests"],
  ["cnt.list_groups", "x"],
  ["cnt.grps_list"],
  ["cnt.list_vars", "sl"],
  ["cnt.var_list", "sl"],
  ["cnt.get_vars", "sl"],
  ["cnt.grp_get_all", "sl"],
  ["cnt.help", "sl", "xxx_replies"],
  ["sl.stats"],
  ["dns.mem_info"],
  ["dns.view"],
  ["dns.debug"],
  ["dns.debug_all"],
  ["dns.stats_get", "x"],
  ["dns.get_server_state"],
  ["dns.add_a", "x.example", "60", "127.0.0.1", "0"],
  ["dns.add_srv", "_sip._udp.x.example", "60", "1", "1", "5060", "x.example", "0"],
  ["dns.lookup", "A", "x.example"],
  ["dns.lookup", "SRV", "_sip._udp.x.example"],
  ["dns.lookup", "BAD", "x.example"],
  ["dns.view"],
  ["dns.add_aaaa", "x.example", "60", "::1", "0"],
  ...["aaaa", "srv", "naptr", "cname", "txt", "ebl", "ptr"].map((it) => [`dns.delete_${it}`, "x.example"]),
  ["dns.delete_a", "x.example"],
  ["dns.delete_a", "none.example"],
  ["dns.delete_all"],
  ["dns.delete_all_force"],
  ["dst_blocklist.mem_info"],
  ["dst_blocklist.add", "10.9.9.9", "5060", "1", "2"],
  ["dst_blocklist.view"],
  ["dst_blocklist.debug"],
  ["dst_blocklist.stats_get", "x"],
  ["dst_blocklist.delete_all"],
  ["modparam.list", "pike"],
  ["tm.stats"],
  ["tm.list"],
  ["tm.hash_stats"],
  ["tm.clean"],
  ["tm.reply_callid", "180", "Ringing", "call-1", "s:1", "tag1", ".", "."],
  ["tm.reply_callid", "180", "Ringing", "none", "s:1", "tag1", ".", "."],
  ["tm.reply", "480", "Gone", "1:1", "tag1", "", ""],
  ["tm.reply", "480", "Gone", "bad", "tag1", "", ""],
  ["tm.retransmit_reply_callid", "call-1", "s:1"],
  ["tm.retransmit_reply", "9:9"],
  ["tm.cancel", "call-1", "s:1"],
  ["tm.cancel", "none", "s:1"],
  ["tm.t_uac_start", ...uac, fields, ""],
  ["tm.t_uac_start_noack", ...uac, fields, ""],
  ["tm.t_uac_wait", "OPTIONS", "sip:x@127.0.0.1:9", ".", "nowhere", fields, ""],
  ["tm.t_uac_wait_block", "OPTIONS", "x", ".", ".", fields, ""],
  ["tm.t_uac_start", "OPTIONS"],
  ["tm.t_uac_start", "OPTIONS", "sip:x@127.0.0.1:9", ".", ".", "X: 1\r\n"],
  ["tm.t_uac_attrs", "OPTIONS", "sip:x@127.0.0.1:SILENT", ".", ".", fields, ""],
  ["htable.get", "calls", "a"],
  ["htable.get", "calls", "b"],
  ["htable.get", "short", "c"],
  ["htable.get", "calls", "none"],
  ["htable.get", "none", "a"],
  ["htable.get", "calls"],
  ["htable.sets", "calls", "d", "text"],
  ["htable.seti", "calls", "e", "5"],
  ["htable.setex", "calls", "e", "50"],
  ["htable.setex", "calls", "none", "50"],
  ["htable.setxs", "calls", "f", "text", "50"],
  ["htable.setxi", "calls", "g", "5", "50"],
  ["htable.delete", "calls", "g"],
  ["htable.delete", "calls", "none"],
  ["htable.dump", "calls"],
  ["htable.dump", "none"],
  ["htable.listTables"],
  ["htable.stats"],
  ["htable.reload", "calls"],
  ["htable.store", "calls"],
  ["htable.reload", "none"],
  ["htable.store", "none"],
  ["htable.dmqsync", "calls"],
  ["htable.dmqresync", "calls"],
  ["htable.flush", "calls"],
  ["htable.flush", "none"],
  ["pv.shvGet", "number"],
  ["pv.shvGet", "text"],
  ["pv.shvGet"],
  ["pv.shvGet", "none"],
  ["pv.shvSet", "number", "int", "8"],
  ["pv.shvSet", "text", "str", "def"],
  ["pv.shvSet", "text", "bad", "def"],
  ["mqueue.get_sizes"],
  ["mqueue.get_size", "jobs"],
  ["mqueue.get_size", "none"],
  ["mqueue.fetch", "jobs"],
  ["mqueue.fetch", "jobs"],
  ["mqueue.fetch", "jobs"],
  ["mqueue.fetch", "none"],
  ["pike.list"],
  ["pike.list", "ALL"],
  ["pike.top", "ALL"],
  ["ul.dump"],
  ["ul.dump", "brief"],
  ["ul.lookup", "location", "bob"],
  ["ul.lookup", "location", "none"],
  ["ul.lookup", "none", "none"],
  ["ul.add", "location", "carol", "sip:carol@127.0.0.1:9", "100", "0.5", "", "0", "0", "0"],
  ["ul.rm_contact", "location", "carol", "sip:carol@127.0.0.1:9"],
  ["ul.rm_contact", "location", "carol", "sip:none@127.0.0.1:9"],
  ["ul.rm", "location", "bob"],
  ["ul.rm", "location", "none"],
  ["ul.flush"],
  ["ul.db_users", "location"],
  ["ul.db_contacts", "location"],
  ["ul.db_expired_contacts", "location"],
  ["permissions.addressDump"],
  ["permissions.subnetDump"],
  ["permissions.domainDump"],
  ["permissions.trustedDump"],
  ["permissions.addressReload"],
  ["permissions.trustedReload"],
  ["permissions.testUri", "x", "sip:a@b", "sip:c@d"],
  ["permissions.allowUri", "x", "sip:a@b", "sip:c@d"],
  ["dispatcher.list"],
  ["dispatcher.set_state", "ip", "1", "sip:127.0.0.1:9"],
  ["dispatcher.set_state", "ip", "9", "sip:127.0.0.1:9"],
  ["dispatcher.set_state", "bad", "1", "sip:127.0.0.1:9"],
  ["dispatcher.set_duid_state", "ap", "1", "x"],
  ["dispatcher.set_duid_state", "ap", "1", "none"],
  ["dispatcher.ping_active", "0"],
  ["dispatcher.ping_active", "1"],
  ["dispatcher.ping_active"],
  ["dispatcher.add", "3", "sip:127.0.0.1:10", "0"],
  ["dispatcher.remove", "3", "sip:127.0.0.1:10"],
  ["dispatcher.hash", "4", "a", "b"],
  ["dispatcher.hash", "4", "a"],
  ["dispatcher.oclist", "1"],
  ["dispatcher.reload"],
  ["nathelper.enable_ping", "0"],
  ["nathelper.enable_ping", "1"],
  ["ts.dump"],
  ["ts.lookup", "sip:bob@example.org"],
  ["ts.lookup", "sip:none@example.org"],
  ["regex.reload"],
  ["uac.reg_dump"],
  [
    "uac.reg_add",
    "u1",
    "alice",
    "example.org",
    "alice",
    "other.example",
    "other.example",
    "alice",
    "pw",
    ".",
    "sip:127.0.0.1:9",
    "360",
    "0",
    "0",
    "0",
    ".",
  ],
  ["uac.reg_info", "l_uuid", "u1"],
  ["uac.reg_info", "l_uuid", "none"],
  ["uac.reg_info", "bad", "none"],
  ["uac.reg_disable", "l_uuid", "u1"],
  ["uac.reg_enable", "l_uuid", "u1"],
  ["uac.reg_enable", "l_uuid", "none"],
  ["uac.reg_dump"],
  ["uac.reg_unregister", "l_uuid", "none"],
  ["uac.reg_remove", "u1"],
  ["uac.reg_remove", "none"],
  ["uac.reg_active", "0"],
  ["uac.reg_refresh", "u1"],
  ["uac.reg_reload"],
  ["tls.info"],
  ["tls.list"],
  ["tls.options"],
  ["tls.reload"],
  ["tls.kill", "7"],
  ["ws.dump"],
  ["ws.dump", "id_desc"],
  ["ws.disable"],
  ["ws.enable"],
  ["ws.close", "99"],
  ["ws.ping", "99"],
  ["ws.pong", "99"],
  ["cfgutils.get_config_hash"],
  ["cfgutils.check_config_hash"],
  ["cfgutils.get_gflags"],
  ["cfgutils.set_gflag", "4"],
  ["cfgutils.reset_gflag", "4"],
  ["cfgutils.is_gflag", "4"],
  ["cfgutils.rand_get_prob"],
  ["cfgutils.rand_set_prob", "50"],
  ["cfgutils.rand_set_prob", "500"],
  ["cfgutils.rand_reset_prob"],
  ["xhttp_prom.counter_inc", "calls", "1", "BYE"],
  ["xhttp_prom.counter_inc", "none", "1"],
  ["xhttp_prom.counter_reset", "calls", "BYE"],
  ["xhttp_prom.gauge_set", "load", "1.5"],
  ["xhttp_prom.gauge_reset", "load"],
  ["xhttp_prom.histogram_observe", "none", "1.5"],
  ["xhttp_prom.metric_list_print"],
  ["jsonrpc.echo", "a", "1"],
  ["ctl.listen"],
  ["ctl.who"],
  ["ctl.connections"],
];

/**
 * An answer as kamcmd prints it, reduced to what a program relies on: one line for each field, as the path of names to
 * it with its type, once and sorted; values outside structs in their order; faults with code and text. What is said
 * about parameters that are missing or wrong is ours: there the code has to do.
 */
function shape(text: string): string {
  if (/^error: /m.test(text))
    return /parameter|wrong format|expected|Invalid/i.test(text) ? "error: parameters" : text.trim();
  const found: string[] = [];
  const path: string[] = [];
  const type = (value: string): string =>
    /^-?\d+$/.test(value) ? "int" : /^-?\d+\.\d+$/.test(value) ? "double" : "text";
  for (const line of text.split("\n")) {
    const it = line.trim();
    if (it === "") continue;
    const opened = /^(?:(.*?): )?\{$/.exec(it);
    if (opened) path.push(opened[1] ?? "");
    else if (it === "}") path.pop();
    else {
      const field = path.length > 0 ? /^([^:]*): ?(.*)$/.exec(it) : null;
      found.push(field ? `${[...path, field[1]].join(".")}: ${type(field[2]!)}` : type(it));
    }
  }
  const fieldsFound = found.filter((it) => it.includes(": "));
  return [...new Set(fieldsFound)]
    .sort()
    .concat(collapse(found.filter((it) => !it.includes(": "))))
    .join("\n");
}

/** Many values one after the other are a list of no certain length. */
const collapse = (values: readonly string[]): readonly string[] =>
  values.length > 4 ? [`list of ${[...new Set(values)].sort().join(" or ")}`] : values;

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

const parties: Party[] = [];
let failures = 0;
const closers: (() => void)[] = [];
try {
  const [kamailio, viaduct] = (await Promise.all([start("kamailio", 27_810), start("viaduct", 27_820)])) as [
    Party,
    Party,
  ];
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
    const words = [name!, ...args.map((it) => it.replace("SILENT", String(silent.address().port)))];
    const [a, b] = await Promise.all([kamcmd(kamailio, words), kamcmd(viaduct, words)]);
    compared++;
    // Some of Kamailio's own commands end it; whatever comes next is asked of a new one.
    if (/^ERROR: /m.test(a.out)) {
      for (let waited = 0; kamailio.child.exitCode === null && waited < 5000; waited += 50) await sleep(50);
      const { child, log } = await start("kamailio", kamailio.port, kamailio.folder);
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
