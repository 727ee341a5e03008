/** Commands of the core and of cfg_rpc on a server in virtual time, as JSON. */
import { expect, test } from "vitest";
import { coreCommands, ctime } from "../../src/control/core-commands.ts";
import { RpcFault } from "../../src/declare/module.ts";
import type { Value } from "../../src/declare/value.ts";
import { modules } from "../../src/modules/index.ts";
import { printJson } from "../../src/modules/jsonrpcs/json.ts";
import { Simulation } from "../../src/simulate/simulation.ts";

const script = `
debug=2
children=3
listen=udp:127.0.0.1:5060
listen=tcp:127.0.0.1:5060
alias="example.org"
loadmodule "pv.so"
loadmodule "cfg_rpc.so"
shared.two = 2 desc "the second"
shared.txt = "abc" desc "a text"
request_route { exit; }
`;

async function server(more = "") {
  const simulation = new Simulation({
    modules,
    builtin: [coreCommands],
    files: { "/test.cfg": more + script },
    script: "/test.cfg",
  });
  expect(await simulation.start()).toEqual([]);
  const call = async (name: string, ...args: Value[]): Promise<string> => {
    try {
      return printJson(await simulation.server.active.core.command(name)!.run(args));
    } catch (error) {
      if (error instanceof RpcFault) return `${error.code} ${error.message}`;
      throw error;
    }
  };
  return Object.assign(call, { simulation });
}

test("the core's commands", async () => {
  const call = await server();
  expect(await call("core.echo", "a", 1)).toBe('["a","1"]');
  expect(await call("core.prints")).toBe("[]");
  expect(await call("core.printi", "3", 4)).toBe("[3,4]");
  expect(await call("core.printi", "x")).toMatch(/^400 /);
  expect(await call("core.modules")).toMatch(/^\["cfg_rpc","pv"/);
  expect(await call("core.uptime")).toMatch(
    /^\{"now":"\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}","up_since":".*","uptime":0\}$/,
  );
  expect(await call("core.sockets_list")).toBe(
    '[{"socket":{"af":"ipv4","proto":"udp","address":"127.0.0.1","port":"5060","agname":"none","mcast":"no","mhomed":"no","virtual":"no"}},' +
      '{"socket":{"af":"ipv4","proto":"tcp","address":"127.0.0.1","port":"5060","agname":"none","mcast":"no","mhomed":"no","virtual":"no"}}]',
  );
  expect(await call("core.aliases_list")).toContain('{"alias":{"proto":"*","address":"example.org","port":"*"}}');
  const psx = await call("core.psx");
  expect(psx).toContain('{"IDX":0,"PID":1,"DSC":"main process - attendant"}');
  expect(psx).toMatch(/"SLOTS":3,"BUSY":0,"QUEUED":0,"DROPPED":0,"HANDLED":0/);
  expect(await call("core.shmmem", "mb")).toBe(
    '{"total":0,"free":0,"used":0,"real_used":0,"max_used":0,"fragments":0}',
  );
  expect(await call("core.shmmem", "x")).toBe("500 bad param, (use b|k|m|g)");
  expect(await call("core.tcp_info")).toMatch(/"opened_connections":0,"opened_tls_connections":0/);
  expect(await call("core.tcp_list")).toBe("[]");
  expect(JSON.parse(await call("core.ppdefines"))).toContain("KAMAILIO_6");
  expect(await call("core.ppdefines_full")).toContain('{"name":"KAMAILIO_6","type":0,"value":"none"}');
  expect(await call("core.kill", 0)).toBe("null");
});

test("connections", async () => {
  const simulation = new Simulation({
    modules,
    builtin: [coreCommands],
    files: { "/test.cfg": script },
    script: "/test.cfg",
  });
  await simulation.start();
  simulation.network.connect(
    { address: "127.0.0.1", port: 5060, noDelay: true, localAddress: "127.0.0.9", localPort: 4444 },
    { data() {}, closed() {} },
  );
  await simulation.advance(1000);
  const { core } = simulation.server.active;
  expect(printJson(await core.command("core.tcp_list")!.run([]))).toBe(
    '[{"id":1,"type":"TCP","state":"CONN_OK","timeout":119,"lifetime":120,"ref_count":1,"src_ip":"127.0.0.9","src_port":4444,"dst_ip":"127.0.0.1","dst_port":5060}]',
  );
  expect(await core.command("core.tcp_info")!.run([])).toMatchObject({
    opened_connections: 1,
    opened_tls_connections: 0,
  });
});

test("commands about commands", async () => {
  const call = await server();
  const names = JSON.parse(await call("system.listMethods")) as string[];
  expect(names).toEqual([...names].sort());
  expect(names).toContain("core.version");
  for (const name of names) expect(await call("system.methodHelp", name)).not.toBe('""');
  expect(await call("system.methodHelp", "nope")).toBe("400 command not found");
  expect(await call("system.methodHelp")).toBe("400 Method Name Expected");
  expect(await call("system.methodSignature", "cfg.get")).toBe('"cfg.get(group: string?, name: string?)"');
});

test("parameters: read, set, prepared, committed, taken back", async () => {
  const call = await server();
  expect(await call("cfg.list", "shared")).toBe('["shared: two","shared: txt"]');
  expect(await call("cfg.get", "shared")).toBe('{"two":2,"txt":"abc"}');
  expect(await call("cfg.get", "shared", "nope")).toBe("400 Failed to get the variable");
  expect(await call("cfg.get")).toBe("500 Failed to get the parameters");
  expect(await call("cfg.get", "shared[", "two")).toMatch(/^400 Wrong group syntax/);
  expect(await call("cfg.help", "shared", "two")).toBe('{"desc":"the second","type":"integer"}');
  expect(await call("cfg.set_now_int", "shared", "two", 5)).toBe("null");
  expect(await call("cfg.set_now_int", "shared", "txt", 12)).toBe("null");
  expect(await call("cfg.get", "shared")).toBe('{"two":5,"txt":"12"}');
  expect(await call("cfg.set_now_string", "core", "debug", "x")).toBe("400 Failed to set the variable");
  expect(await call("cfg.set_now_int", "shared", "nope", 1)).toBe("400 Failed to set the variable");
  expect(await call("cfg.set_now_int", "core", "debug", 3)).toBe("null");
  expect(await call("cfg.get", "core", "debug")).toBe("3");
  await call("cfg.set_delayed_int", "shared", "two", 9);
  await call("cfg.set_delayed_string", "shared", "txt", "zz");
  expect(await call("cfg.diff")).toBe(
    '[{"group name":"shared","variable name":"two","old value":5,"new value":9},' +
      '{"group name":"shared","variable name":"txt","old value":"12","new value":"zz"}]',
  );
  expect(await call("cfg.get", "shared", "two")).toBe("5");
  await call("cfg.commit");
  expect(await call("cfg.get", "shared")).toBe('{"two":9,"txt":"zz"}');
  await call("cfg.set_delayed", "shared", "two", 10);
  await call("cfg.rollback");
  await call("cfg.commit");
  expect(await call("cfg.get", "shared", "two")).toBe("9");
  await call("cfg.reset", "shared");
  expect(await call("cfg.get", "shared")).toBe('{"two":2,"txt":"abc"}');
});

test("instances of a group", async () => {
  const call = await server();
  const syntax = '400 Wrong group syntax. Use "group[id]"';
  expect(await call("cfg.get", "shared[3]", "two")).toBe("400 Failed to get the variable");
  expect(await call("cfg.set_now_int", "shared[3]", "two", 5)).toBe("400 Failed to set the variable");
  expect(await call("cfg.add_group_inst", "shared")).toBe(syntax);
  expect(await call("cfg.add_group_inst", "none[1]")).toBe("400 Failed to add the group instance");
  expect(await call("cfg.add_group_inst", "shared[3]")).toBe("null");
  expect(await call("cfg.get", "shared[3]")).toBe('{"two":2,"txt":"abc"}');
  expect(await call("cfg.set_now_int", "shared[3]", "two", 33)).toBe("null");
  expect(await call("cfg.set_now_int", "shared", "two", 4)).toBe("null");
  expect(await call("cfg.get", "shared[3]")).toBe('{"two":33,"txt":"abc"}');
  expect(await call("cfg.get", "shared", "two")).toBe("4");
  await call("cfg.set_delayed_int", "shared[3]", "two", 34);
  await call("cfg.del_delayed", "shared[3]", "two");
  expect(await call("cfg.diff")).toBe(
    '[{"group name":"shared","group id":3,"variable name":"two","old value":33,"new value":34},' +
      '{"group name":"shared","group id":3,"variable name":"two","old value":33,"new value":4}]',
  );
  expect(await call("cfg.get", "shared[3]", "two")).toBe("33");
  await call("cfg.commit");
  expect(await call("cfg.get", "shared[3]", "two")).toBe("4");
  await call("cfg.set_now_int", "shared[3]", "two", 35);
  expect(await call("cfg.del", "shared", "two")).toBe(syntax);
  expect(await call("cfg.del", "shared[3]", "none")).toBe("400 Failed to delete the value");
  expect(await call("cfg.del", "shared[3]", "two")).toBe("null");
  expect(await call("cfg.get", "shared[3]", "two")).toBe("4");
  expect(await call("cfg.del_group_inst", "shared[9]")).toBe("400 Failed to delete the group instance");
  expect(await call("cfg.del_group_inst", "shared[3]")).toBe("null");
  expect(await call("cfg.get", "shared[3]", "two")).toBe("400 Failed to get the variable");
  expect(await call("cfg.get", "shared[x]", "two")).toMatch(/^400 Wrong group syntax/);
});

test("requests of our own whose body is hexadecimal, and what became of them", async () => {
  const call = await server('loadmodule "tm.so"\n');
  const to = ["OPTIONS", "sip:x@10.0.0.9", ".", ".", "From: <sip:a@b>\r\nTo: <sip:x@y>\r\nContent-Type: a/b\r\n"];
  const sent: string[] = [];
  call.simulation.network.faults = ({ text }) => {
    sent.push(text);
    return [0];
  };
  expect(await call("tm.t_uac_start_hex", ...to, "68 65\n6C6c 6f")).toBe("null");
  expect(sent[0]).toMatch(/\r\n\r\nhello$/);
  expect(await call("tm.t_uac_start_hex", ...to, "6")).toBe("400 Invalid hexa body");
  const answer = call("tm.t_uac_wait_block", ...to);
  const detailed = call("tm.t_uac_wait", ...to);
  await call.simulation.advance(31_000);
  expect(await answer).toBe('{"code":408,"text":"Request Timeout"}');
  expect(await detailed).toBe('[408,"Request Timeout","","","",""]');
  expect(await call("tm.t_uac_wait_block", "OPTIONS", "x", ".", ".", "")).toBe("400 Invalid request uri");
});

test("corex writes how much memory is in use to the log", async () => {
  const call = await server('loadmodule "corex.so"\nmemlog=1\n');
  const said = (): number => call.simulation.log.filter(({ text }) => text.startsWith("memory: ")).length;
  expect(await call("corex.shm_status")).toBe("null");
  expect(await call("corex.shm_summary")).toBe("null");
  expect(await call("corex.pkg_summary", "idx", 0)).toBe("null");
  expect(said()).toBe(3);
  expect(await call("corex.pkg_summary", "pid", 77)).toBe("null");
  expect(said()).toBe(3);
  expect(await call("corex.pkg_summary", "idx", 99)).toBe("500 Index value out of range");
  expect(await call("corex.pkg_summary", "ids", 0)).toBe("500 Unsupported selector type");
  expect(await call("corex.pkg_summary")).toBe("400 Selector and value not provided");
});

test("ctime", () => {
  const at = new Date(2026, 10, 1, 5, 6, 7);
  expect(ctime(at.getTime())).toBe("Sun Nov  1 05:06:07 2026");
});
