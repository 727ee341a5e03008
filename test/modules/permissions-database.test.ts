/** permissions with the tables `address` and `trusted`. */
import { describe, expect, test } from "vitest";
import { extended } from "../../src/modules/permissions/basic-regex.ts";
import { request } from "./play.ts";
import { databaseWith, must, running, URL } from "./with-database.ts";

const DB = `modparam("permissions", "db_url", "${URL}")\nmodparam("permissions", "peer_tag_avp", "$avp(t)")\n`;

describe("address", () => {
  const ROWS = [
    "insert into address (grp, ip_addr, mask, port, tag) values (1, '127.0.0.2', 32, 0, 'peer')",
    "insert into address (grp, ip_addr, mask, port, tag) values (2, '10.0.0.0', 8, 5060, NULL)",
    "insert into address (grp, ip_addr, mask, port, tag) values (3, 'gw.example', 32, 0, 'gw')",
  ];

  test("groups come from the table, and are read again at the command", async () => {
    const database = await databaseWith(...ROWS);
    const script = `${DB}modparam("permissions", "load_backends", 1)
      request_route {
        if (allow_source_address()) xlog("source $avp(t)\\n");
        allow_address_group("10.2.3.4", "5060"); xlog("group $rc\\n");
        if (allow_address("3", "gw.example", "1")) xlog("name $avp(t)\\n");
        if (!allow_address("2", "10.2.3.4", "1")) xlog("port $rc\\n");
      }`;
    const it = await running(database, "permissions", script);
    await it.send(request("OPTIONS"));
    expect(it.log).toEqual(["source peer", "group 2", "name gw", "port -1"]);
    await must(database, "update address set grp = 7 where grp = 2");
    expect(await it.command("permissions.addressReload")).toBe("Reload OK");
    await it.send(request("OPTIONS").replace("z9hG4bK1", "z9hG4bK2"));
    expect(it.log).toContain("group 7");
    await it.simulation.advance(6_000);
    await must(database, "update address set grp = 0 where grp = 7");
    await expect(it.command("permissions.addressReload")).rejects.toMatchObject({ code: 500 });
    await expect(it.command("permissions.addressReload")).rejects.toThrow("ongoing reload");
    expect(await it.command("permissions.subnetDump")).toMatchObject([{ group: 7 }]);
    await it.stop();
    await database.close();
  });

  test("a table that cannot be used refuses the script", async () => {
    const database = await databaseWith(ROWS[0]!, "update version set table_version = 5 where table_name = 'address'");
    const script = `${DB}modparam("permissions", "load_backends", 1)\nrequest_route { exit; }`;
    await expect(running(database, "permissions", script)).rejects.toThrow(/address has version 5, but 6 is needed/);
    await expect(
      running(database, "permissions", 'modparam("permissions", "load_backends", 0)\nrequest_route { exit; }'),
    ).rejects.toThrow(/no backend/);
    await database.close();
  });

  test("without the backend there are no groups", async () => {
    const database = await databaseWith(...ROWS);
    const script = `${DB}modparam("permissions", "load_backends", 14)
      request_route { if (!allow_source_address()) xlog("no $rc\\n"); }`;
    const it = await running(database, "permissions", script);
    await it.send(request("OPTIONS"));
    expect(it.log).toEqual(["no -1"]);
    await expect(it.command("permissions.addressDump")).rejects.toThrow("No address table");
    await it.stop();
    await database.close();
  });
});

describe("trusted", () => {
  const row = (proto: string, from: string, uri: string, tag: string, priority: number): string =>
    `insert into trusted (src_ip, proto, from_pattern, ruri_pattern, tag, priority)
     values ('127.0.0.2', '${proto}', ${from}, ${uri}, ${tag}, ${priority})`;
  const ROWS = [
    row("udp", "'^sip:alice@.*\\.org$'", "NULL", "'low'", 1),
    row("ANY", "NULL", "'^sip:\\(bob\\|eve\\)@'", "'high'", 5),
    row("tcp", "NULL", "NULL", "'tcp'", 9),
    row("none", "NULL", "NULL", "'off'", 9),
  ];
  const body = `
    allow_trusted(); xlog("own $rc $avp(t)\\n");
    allow_trusted("127.0.0.2", "tcp"); xlog("tcp $rc $avp(t)\\n");
    allow_trusted("127.0.0.2", "udp", "sip:carol@x"); xlog("carol $rc $avp(t)\\n");
    allow_trusted("10.0.0.1", "any"); xlog("other $rc\\n");`;
  const script = (mode: number, more = ""): string =>
    `${DB}modparam("permissions", "db_mode", ${mode})\nmodparam("permissions", "load_backends", 2)\n${more}
     request_route { ${body} }`;

  test("every call asks the database: the lowest priority counts", async () => {
    const database = await databaseWith(...ROWS);
    const it = await running(database, "permissions", script(0));
    await it.send(request("OPTIONS"));
    expect(it.log).toEqual(["own 1 low", "tcp 1 high", "carol 1 high", "other -1"]);
    it.dead = true;
    await it.send(request("OPTIONS").replace("z9hG4bK1", "z9hG4bK2"));
    expect(it.log).toContain("own -1 <null>");
    await expect(it.command("permissions.trustedReload")).rejects.toThrow("Reload skipped (disabled cache)");
    await expect(it.command("permissions.trustedDump")).rejects.toThrow("No trusted table");
    await it.stop();
    await database.close();
  });

  test("peers in memory: the highest priority counts", async () => {
    const database = await databaseWith(...ROWS);
    const it = await running(database, "permissions", script(1));
    it.dead = true;
    await it.send(request("OPTIONS"));
    expect(it.log).toEqual(["own 1 high", "tcp 1 tcp", "carol 1 high", "other -1"]);
    it.dead = false;
    expect(JSON.stringify(await it.command("permissions.trustedDump"))).toContain('"ip","127.0.0.2"');
    expect(await it.command("permissions.trustedReload")).toBe("Reload OK");
    await it.stop();
    await database.close();
  });

  test("all tags", async () => {
    const database = await databaseWith(...ROWS);
    const it = await running(database, "permissions", script(1, 'modparam("permissions", "peer_tag_mode", 1)'));
    await it.send(request("OPTIONS"));
    expect(it.log[0]).toBe("own 2 low");
    await it.stop();
    await database.close();
  });
});

test.each([
  ["a+(b)|c{2}?", "a\\+\\(b\\)\\|c\\{2\\}\\?"],
  ["\\(a\\|b\\)\\{2\\}c\\+", "(a|b){2}c+"],
  ["*a^b$c$", "\\*a\\^b\\$c$"],
  ["^*[]*(]\\.\\(^x$\\)", "^\\*[]*(]\\.(^x$)"],
])("the basic expression %s", (basic, wanted) => {
  expect(extended(basic)).toBe(wanted);
});
