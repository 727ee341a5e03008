/** usrloc with a database, in each of its modes. */
import { expect, test } from "vitest";
import type { Database } from "../../src/declare/host.ts";
import { request } from "./play.ts";
import { databaseWith, must, type Running, running, URL } from "./with-database.ts";

const register = (cseq: number, ...fields: readonly string[]): string =>
  request("REGISTER", fields).replace("CSeq: 1 ", `CSeq: ${cseq} `).replace("z9hG4bK1", `z9hG4bK-r${cseq}`);
const contact = (user: string, more = ""): string => `Contact: <sip:${user}@10.0.0.9:5070>${more}`;
const statusOf = (reply: string | undefined): string => reply?.split("\r\n")[0] ?? "";

const started = (database: Database, mode: number, parameters = "", body = ""): Promise<Running> =>
  running(
    database,
    "usrloc registrar",
    `
    modparam("usrloc", "db_url", "${URL}")
    modparam("usrloc", "db_mode", ${mode})
    ${parameters}
    request_route {
      ${body}
      if (is_method("REGISTER")) { save("location"); xlog("save $rc\\n"); exit; }
      lookup("location", "sip:bob@example.org"); xlog("lookup $rc $ru\\n");
    }`,
  );

const rows = async (database: Database, columns = "username, contact, q, cseq"): Promise<string[]> =>
  (await must(database, `select ${columns} from location order by id`)).map((it) => it.join(" "));

const ROW = (ruid: string, contact: string, expires: string): string =>
  `insert into location (ruid, username, domain, contact, expires, callid) values
   ('${ruid}', 'bob', 'example.org', '${contact}', ${expires}, 'c')`;

test("mode 1 writes a contact before it is answered, and takes it away", async () => {
  const database = await databaseWith();
  const it = await started(database, 1);
  await it.send(register(1, contact("a", ";q=0.5"), contact("b")));
  expect(await rows(database)).toEqual(["bob sip:a@10.0.0.9:5070 0.5 1", "bob sip:b@10.0.0.9:5070 -1 1"]);
  expect(await rows(database, "domain, methods, instance, socket, server_id, connection_id")).toEqual([
    "   udp:127.0.0.1:5060 0 -1",
    "   udp:127.0.0.1:5060 0 -1",
  ]);
  await it.send(register(2, contact("a", ";q=0.7"), contact("b", ";expires=0")));
  expect(await rows(database)).toEqual(["bob sip:a@10.0.0.9:5070 0.7 2"]);
  await it.send(register(3, "Contact: *", "Expires: 0"));
  expect(await rows(database)).toEqual([]);
  await it.stop();
  await database.close();
});

test("mode 1 refuses what cannot be written, and catches up on what it knew before", async () => {
  const database = await databaseWith();
  const it = await started(database, 1);
  await it.send(register(1, contact("a")));
  it.dead = true;
  await it.send(register(2, contact("a", ";expires=700")));
  const other = register(3, contact("x")).replace("To: <sip:bob@", "To: <sip:carol@");
  await it.send(other);
  expect(it.sent.map(statusOf)).toEqual([
    "SIP/2.0 200 OK",
    "SIP/2.0 500 Server Internal Error",
    "SIP/2.0 500 Server Internal Error",
  ]);
  expect(it.sent[2]).toContain("P-Registrar-Error: usrloc_contact_insert failed\r\n");
  expect(it.log.filter((line) => line.startsWith("save"))).toEqual(["save 1", "save -1", "save -1"]);
  expect(it.log.some((line) => line.includes("connection refused"))).toBe(true);
  it.dead = false;
  await it.simulation.advance(61_000);
  expect(await rows(database, "username, contact, cseq")).toEqual(["bob sip:a@10.0.0.9:5070 2"]);
  await it.stop();
  await database.close();
});

test("mode 2 writes by and by, at the command and at the end", async () => {
  const database = await databaseWith();
  const it = await started(database, 2);
  await it.send(register(1, contact("a")));
  expect(await rows(database)).toEqual([]);
  await it.simulation.advance(60_000);
  expect(await rows(database)).toHaveLength(1);
  await it.send(register(2, contact("b")), register(3, contact("a", ";expires=0")));
  expect(await rows(database, "contact")).toEqual(["sip:a@10.0.0.9:5070"]);
  expect(JSON.stringify(await it.command("ul.dump"))).toContain("deleted");
  await it.command("ul.flush");
  expect(await rows(database, "contact")).toEqual(["sip:b@10.0.0.9:5070"]);
  await it.send(register(4, contact("c")));
  await it.stop();
  expect(await rows(database, "contact")).toEqual(["sip:b@10.0.0.9:5070", "sip:c@10.0.0.9:5070"]);
  await database.close();
});

test("what the table has is there after a start, with its attributes", async () => {
  const database = await databaseWith(
    ROW("r1", "sip:old@10.0.0.8", "julianday('2999-01-01')"),
    ROW("r2", "sip:gone@10.0.0.8", "julianday('1999-01-01')"),
    "insert into location_attrs (ruid, username, aname, atype, avalue) values ('r1', 'bob', 'color', 0, 'red')",
    "insert into location_attrs (ruid, username, aname, atype, avalue) values ('r9', 'x', 'color', 0, 'blue')",
  );
  const it = await started(
    database,
    2,
    'modparam("usrloc", "xavp_contact", "ul")\nmodparam("usrloc", "preload", "location")',
    `$xavp(ul=>size) = 7;`,
  );
  await it.send(request("OPTIONS"));
  expect(it.log.at(-1)).toBe("lookup 1 sip:old@10.0.0.8");
  expect(await must(database, "select ruid from location_attrs")).toEqual([["r1"]]);
  expect(await it.command("ul.db_users", "location")).toBe(1);
  expect(await it.command("ul.db_contacts", "location")).toBe(1);
  expect(await it.command("ul.db_expired_contacts", "location")).toBe(1);
  await it.send(register(1, contact("a")));
  await it.command("ul.flush");
  expect(await rows(database, "contact")).toEqual(["sip:old@10.0.0.8", "sip:a@10.0.0.9:5070"]);
  expect(await must(database, "select aname, atype, avalue from location_attrs order by id")).toEqual([
    ["color", 0, "red"],
    ["size", 1, "7"],
  ]);
  await it.stop();
  await database.close();
});

test("mode 3 keeps nothing in memory", async () => {
  const database = await databaseWith(ROW("r1", "sip:old@10.0.0.8", "julianday('2999-01-01')"));
  const it = await started(database, 3, 'modparam("usrloc", "use_domain", 1)');
  await it.send(register(1, contact("a")), request("OPTIONS"));
  expect(it.log.at(-1)).toBe("lookup 1 sip:old@10.0.0.8");
  expect(await rows(database, "username, domain, contact")).toEqual([
    "bob example.org sip:old@10.0.0.8",
    "bob example.org sip:a@10.0.0.9:5070",
  ]);
  await must(database, "delete from location where ruid = 'r1'");
  await it.send(request("OPTIONS").replace("z9hG4bK1", "z9hG4bK2"));
  expect(it.log.at(-1)).toBe("lookup 1 sip:a@10.0.0.9:5070");
  expect(JSON.stringify(await it.command("ul.dump"))).not.toContain("bob");
  await it.command("ul.rm", "location", "bob@example.org");
  expect(await rows(database)).toEqual([]);
  it.dead = true;
  await it.send(request("OPTIONS").replace("z9hG4bK1", "z9hG4bK3"), register(2, contact("a")));
  expect(it.log.filter((line) => /^(lookup|save)/.test(line)).slice(-2)).toEqual([
    "lookup -1 sip:bob@127.0.0.1",
    "save -1",
  ]);
  await it.stop();
  await database.close();
});

test("mode 3 removes rows whose time has passed, and tells of them", async () => {
  const database = await databaseWith(
    ROW("r1", "sip:gone@10.0.0.8", "julianday('1999-01-01')"),
    ROW("r2", "sip:ever@10.0.0.8", "julianday('1970-01-01')"),
  );
  const it = await running(
    database,
    "usrloc registrar",
    `modparam("usrloc", "db_url", "${URL}")
    modparam("usrloc", "db_mode", 3)
    modparam("usrloc", "preload", "location")
    request_route { exit; }
    event_route[usrloc:contact-expired] { xlog("gone $ulc(exp=>addr)\\n"); }`,
  );
  await it.simulation.advance(60_000);
  expect(await rows(database, "contact")).toEqual(["sip:ever@10.0.0.8"]);
  expect(it.log).toContain("gone sip:gone@10.0.0.8");
  await it.stop();
  await database.close();
});

test("mode 4 reads once and writes nothing", async () => {
  const database = await databaseWith(ROW("r1", "sip:old@10.0.0.8", "julianday('2999-01-01')"));
  const it = await started(database, 4);
  await must(database, "delete from location");
  await it.send(register(1, contact("a", ";q=0.2")), request("OPTIONS"));
  expect(it.log.at(-1)).toBe("lookup 1 sip:old@10.0.0.8");
  await it.stop();
  expect(await rows(database)).toEqual([]);
  await database.close();
});

test("rows are found by address of record and contact, and columns have other names", async () => {
  const database = await databaseWith("alter table location rename column username to who");
  const it = await started(
    database,
    1,
    'modparam("usrloc", "user_column", "who")\nmodparam("usrloc", "db_ops_ruid", 0)\nmodparam("usrloc", "expires_type", 1)',
  );
  await it.send(register(1, contact("a"), "Expires: 100"), register(2, contact("a"), "Expires: 200"));
  const [row] = await must(database, "select who, cseq, expires - last_modified from location");
  expect(row).toEqual(["bob", 2, 200]);
  await it.stop();
  await database.close();
});

test("a table of another version, and a database that is not there, refuse the script", async () => {
  const database = await databaseWith("update version set table_version = 8 where table_name = 'location'");
  await expect(started(database, 2)).rejects.toThrow(/location has version 8, but 9 is needed/);
  await expect(started(database, 2, 'modparam("usrloc", "version_table", 0)').then((it) => it.stop())).resolves.toBe(
    undefined,
  );
  await must(database, "drop table location");
  await expect(started(database, 2, 'modparam("usrloc", "version_table", 0)')).rejects.toThrow(/cannot be read/);
  await expect(started(database, 3, "", 'save("location", "1");')).rejects.toThrow(/db_mode 3 has none/);
  await expect(started(database, 7)).rejects.toThrow(/there is no db_mode 7/);
  await database.close();
});
