/** acc: rows in tables of SQLite. */
import { expect, test } from "vitest";
import { databaseWith, must, running, URL } from "./with-database.ts";

const COLUMNS = `id INTEGER PRIMARY KEY NOT NULL, method VARCHAR(16) DEFAULT '' NOT NULL,
  from_tag VARCHAR(128) DEFAULT '' NOT NULL, to_tag VARCHAR(128) DEFAULT '' NOT NULL,
  callid VARCHAR(255) DEFAULT '' NOT NULL, sip_code VARCHAR(3) DEFAULT '' NOT NULL,
  sip_reason VARCHAR(128) DEFAULT '' NOT NULL, time TIMESTAMP WITHOUT TIME ZONE NOT NULL`;
const READ = "select method, from_tag, to_tag, callid, sip_code, sip_reason";

const message = (method: string): string =>
  [
    `${method} sip:bob@home.example SIP/2.0`,
    "Via: SIP/2.0/UDP 127.0.0.2:40000;branch=z9hG4bK-1",
    "From: <sip:alice@home.example>;tag=a1",
    "To: <sip:bob@home.example>",
    "Call-ID: c1",
    `CSeq: 1 ${method}`,
    "Max-Forwards: 10",
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");

test("answered and missed calls, with times, extras and legs", async () => {
  const more = "src VARCHAR(64), dst VARCHAR(64), seconds INTEGER, micros INTEGER";
  const database = await databaseWith(
    `create table acc (${COLUMNS}, ${more})`,
    `create table missed_bob (${COLUMNS}, ${more})`,
  );
  const it = await running(
    database,
    "acc",
    `modparam("acc", "db_url", "${URL}")
     modparam("acc", "db_flag", 1)
     modparam("acc", "db_missed_flag", 2)
     modparam("acc", "failed_transaction_flag", 3)
     modparam("acc", "db_table_missed_calls", "missed_$rU")
     modparam("acc", "db_extra", "src=$avp(src)")
     modparam("acc", "multi_leg_info", "dst=$avp(dst)")
     modparam("acc", "acc_extra_nullable", 1)
     modparam("acc", "time_mode", 1)
     modparam("acc", "time_attr", "seconds")
     modparam("acc", "time_exten", "micros")
     request_route {
       setflag(1); setflag(2); setflag(3);
       t_newtran();
       if (is_method("INVITE")) { $avp(src) = 5; t_reply("404", "Nobody"); }
       else { $avp(dst) = "one"; $avp(dst) = "two"; t_reply("200", "Fine"); }
     }`,
  );
  await it.send(message("MESSAGE"), message("INVITE"));
  const columns = `${READ}, src, dst, strftime('%s', time) = cast(seconds as text), micros between 0 and 999999`;
  expect(await must(database, `${columns} from acc order by id`)).toEqual([
    ["MESSAGE", "a1", "", "c1", "200", "OK", null, "two", 1, 1],
    ["MESSAGE", "a1", "", "c1", "200", "OK", null, "one", 1, 1],
    ["INVITE", "a1", expect.stringMatching(/^[0-9a-f-]+$/), "c1", "404", "Not Found", "5", null, 1, 1],
  ]);
  expect(await must(database, `${READ} from missed_bob`)).toEqual([
    ["INVITE", "a1", expect.stringMatching(/^[0-9a-f-]+$/), "c1", "404", "Not Found"],
  ]);
  await it.stop();
});

test("requests that the script accounts", async () => {
  const database = await databaseWith(`create table acc (${COLUMNS})`, `create table other (${COLUMNS}, at REAL)`);
  const it = await running(
    database,
    "acc",
    `modparam("acc", "db_url", "${URL}")
     debug=1
     request_route {
       acc_db_request("100 Received", "acc"); xlog("$rc\\n");
       acc_request("404 Nix", "acc"); xlog("$rc\\n");
       acc_db_request("x", "nosuch"); xlog("$rc\\n");
       $var(t) = "0123456789012345678901234567890123456789012345678901234567890123";
       acc_db_request("x", "$var(t)"); xlog("$rc\\n");
     }`,
  );
  await it.send(message("OPTIONS"));
  expect(it.log.map((line) => line.replace(/timestamp=\d+/, "timestamp="))).toEqual([
    "1",
    "ACC: request accounted: timestamp=;method=OPTIONS;from_tag=a1;to_tag=;call_id=c1;code=404;reason=Nix",
    "1",
    expect.stringContaining("no such table: nosuch"),
    "-1",
    expect.stringContaining("the name of a table is shorter than 64 bytes"),
    "-1",
  ]);
  expect(await must(database, `${READ} from acc order by id`)).toEqual([
    ["OPTIONS", "a1", "", "c1", "100", "Received"],
    ["OPTIONS", "a1", "", "c1", "404", "Nix"],
  ]);
  it.dead = true;
  await it.send(message("OPTIONS"));
  expect(it.log.filter((line) => line === "-1")).toHaveLength(6);
  await it.stop();
});

test("a script need not wait for its rows, and the server does when it stops", async () => {
  const database = await databaseWith(`create table acc (${COLUMNS}, at REAL)`);
  const it = await running(
    database,
    "acc",
    `modparam("acc", "db_url", "${URL}")
     modparam("acc", "db_insert_mode", 2)
     modparam("acc", "time_mode", 2)
     modparam("acc", "time_attr", "at")
     request_route { acc_db_request("200 Here", "acc"); xlog("$rc\\n"); }`,
  );
  await it.send(message("OPTIONS"));
  expect(await must(database, `${READ}, abs(at - (julianday(time) - 2440587.5) * 86400) < 1.5 from acc`)).toEqual([
    ["OPTIONS", "a1", "", "c1", "200", "Here", 1],
  ]);
  it.dead = true;
  await it.send(message("OPTIONS"));
  expect(it.log.filter((line) => line === "1")).toHaveLength(2);
  await it.stop();
});

test("without a database that answers the script is not taken up", async () => {
  const database = await databaseWith();
  const failing = { ...database, query: async () => ({ ok: false, error: "connect", message: "refused" }) as const };
  await expect(
    running(failing as typeof database, "acc", `modparam("acc", "db_url", "${URL}")\nrequest_route { exit; }`),
  ).rejects.toThrow("acc: failed to connect to the database: refused");
});
