/** Registrations in a database outlive a reload, and are read when the database comes later. */
import { expect, test } from "vitest";
import { request } from "./play.ts";
import { databaseWith, must, running, URL } from "./with-database.ts";

const script = (mode: number): string => `listen=udp:127.0.0.1:5060
  ${"pv xlog sl tm siputils textops usrloc registrar"
    .split(" ")
    .map((it) => `loadmodule "${it}"`)
    .join("\n")}
  modparam("usrloc", "db_url", "${URL}")
  modparam("usrloc", "db_mode", ${mode})
  request_route {
    if (is_method("REGISTER")) { save("location"); exit; }
    lookup("location", "sip:bob@example.org"); xlog("$rc $ru $branch(count)\\n");
  }`;

const register = (cseq: number, user: string): string =>
  request("REGISTER", [`Contact: <sip:${user}@10.0.0.9>`])
    .replace("CSeq: 1 ", `CSeq: ${cseq} `)
    .replace("z9hG4bK1", `z9hG4bK-r${cseq}`);

test("the mode changes with the script", async () => {
  const database = await databaseWith(
    `insert into location (ruid, username, contact, expires, callid, q)
     values ('r1', 'bob', 'sip:old@10.0.0.8', julianday('2999-01-01'), 'c', 1)`,
  );
  const it = await running(database, "usrloc registrar", script(0).replace(/^(listen|.*loadmodule).*\n/gm, ""));
  const reload = async (mode: number): Promise<void> => {
    it.simulation.host.files.write("/s.cfg", script(mode));
    expect(await it.simulation.reload()).toMatchObject({ outcome: "switched" });
    await it.simulation.advance(10);
  };
  const contacts = async (): Promise<string[]> =>
    (await must(database, "select contact from location order by contact")).map(([uri]) => String(uri));

  await it.send(register(1, "a"));
  await reload(2);
  await it.send(request("OPTIONS"));
  expect(it.log.at(-1)).toBe("1 sip:old@10.0.0.8 1");
  expect(await contacts()).toEqual(["sip:old@10.0.0.8"]);

  await it.send(register(2, "b"));
  await reload(1);
  await it.simulation.advance(100);
  expect(await contacts()).toEqual(["sip:a@10.0.0.9", "sip:b@10.0.0.9", "sip:old@10.0.0.8"]);
  await it.send(register(3, "c"));
  expect(await contacts()).toHaveLength(4);

  it.dead = true;
  it.simulation.host.files.write("/s.cfg", script(2));
  expect(await it.simulation.reload()).not.toMatchObject({ outcome: "switched" });
  it.dead = false;
  await it.send(register(4, "d"));
  expect(await contacts()).toHaveLength(5);
  await it.stop();
  expect(await contacts()).toHaveLength(5);
  await database.close();
});
