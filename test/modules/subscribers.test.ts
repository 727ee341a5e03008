/** auth_db, alias_db, speeddial and domain: what is in their tables, and a database that does not answer. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { request } from "./play.ts";
import { databaseWith, must, type Running, running, URL } from "./with-database.ts";

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

let branch = 0;
/** A request of a transaction of its own. */
const fresh = (message: string): string => message.replace("z9hG4bK1", `z9hG4bK-f${++branch}`);

describe("auth_db", () => {
  const SUBSCRIBERS = [
    `insert into subscriber (username, domain, password, ha1, ha1b, rpid)
     values ('alice', 'r.org', 'secret', '${md5("alice:r.org:secret")}', '${md5("alice@r.org:r.org:secret")}', '+49')`,
    `insert into subscriber (username, domain, password, ha1) values ('short', 'r.org', 'x', 'notahash')`,
  ];
  const script = (parameters: string, body: string): string => `
    modparam("auth_db", "db_url", "${URL}")
    ${parameters}
    request_route { ${body} if ($rc < 0) { www_challenge("r.org", "0"); } exit; }`;

  /** The nonce of a challenge, to a request that has no credentials. */
  async function nonceOf(it: Running): Promise<string> {
    await it.send(fresh(request("REGISTER")));
    return /nonce="([^"]+)"/.exec(it.sent.at(-1) ?? "")![1]!;
  }
  async function credentials(it: Running, user: string, password: string): Promise<string> {
    const nonce = await nonceOf(it);
    const response = md5(`${md5(`${user}:r.org:${password}`)}:${nonce}:${md5("REGISTER:sip:r.org")}`);
    return `Authorization: Digest username="${user}", realm="r.org", nonce="${nonce}", uri="sip:r.org", response="${response}"`;
  }
  const codes = (it: Running): string[] => it.log.filter((line) => line.startsWith("rc "));
  async function attempt(it: Running, user: string, password: string, to = "alice"): Promise<string | undefined> {
    const message = request("REGISTER", [await credentials(it, user, password)]).replace(
      "To: <sip:bob@",
      `To: <sip:${to}@`,
    );
    await it.send(fresh(message));
    return codes(it).at(-1);
  }

  const CHECK = 'auth_check("r.org", "subscriber", "1"); $var(rc) = $rc; xlog("rc $rc $avp(rpid)\\n"); $rc = $var(rc);';
  const WWW =
    'www_authenticate("r.org", "subscriber"); xlog("rc $rc $avp(n)\\n"); www_authenticate("r.org", "subscriber");';

  test("HA1s of the table", async () => {
    const database = await databaseWith(...SUBSCRIBERS);
    const it = await running(
      database,
      "auth auth_db",
      script('modparam("auth_db", "load_credentials", "$avp(n)=rpid; domain")', WWW),
    );
    expect(await attempt(it, "alice", "secret")).toBe("rc 1 +49");
    expect(await attempt(it, "alice", "wrong")).toBe("rc -2 <null>");
    expect(await attempt(it, "nobody", "secret")).toBe("rc -3 <null>");
    expect(await attempt(it, "short", "x")).toBe("rc -1 <null>");
    expect(await attempt(it, "alice@r.org", "secret")).toBe("rc 1 +49");
    it.dead = true;
    expect(await attempt(it, "alice", "secret")).toBe("rc -1 <null>");
    expect(codes(it)[0]).toBe("rc -5 <null>");
    await it.stop();
    await database.close();
  });

  test("passwords of the table, and whose the credentials are", async () => {
    const database = await databaseWith(...SUBSCRIBERS);
    const parameters = `modparam("auth_db", "calculate_ha1", 1)
      modparam("auth_db", "password_column", "password")
      modparam("auth_db", "use_domain", 1)
      modparam("auth_db", "load_credentials", "rpid")`;
    const body =
      'auth_check("r.org", "subscriber", "1"); xlog("rc $rc $avp(rpid)\\n"); auth_check("r.org", "subscriber", "1");';
    const it = await running(database, "auth auth_db", script(parameters, body));
    expect(await attempt(it, "alice", "secret")).toBe("rc 1 +49");
    expect(await attempt(it, "alice", "secret", "carol")).toBe("rc -8 +49");
    await must(database, "update subscriber set domain = 'other.org'");
    expect(await attempt(it, "alice", "secret")).toBe("rc -3 <null>");
    await it.stop();
    await database.close();
  });

  test("is_subscriber", async () => {
    const database = await databaseWith(...SUBSCRIBERS);
    const body = `
      is_subscriber("sip:alice@x.org", "subscriber", "0"); xlog("rc $rc $avp(rpid)\\n");
      $avp(rpid) = $null;
      is_subscriber("sip:alice@x.org", "subscriber", "1"); xlog("rc $rc\\n");
      is_subscriber("sip:alice@r.org", "subscriber", "3"); xlog("rc $rc $avp(rpid)\\n");
      is_subscriber("sip:alice@r.org", "nosuchtable", "3"); xlog("rc $rc\\n"); exit;`;
    const it = await running(database, "auth auth_db", script('modparam("auth_db", "load_credentials", "rpid")', body));
    await it.send(request("OPTIONS"));
    expect(codes(it)).toEqual(["rc 1 +49", "rc -2", "rc 1 <null>", "rc -1"]);
    await it.stop();
    await database.close();
  });

  test("what refuses the script", async () => {
    const database = await databaseWith("update version set table_version = 6 where table_name = 'subscriber'");
    await expect(running(database, "auth auth_db", script("", WWW))).rejects.toThrow(/has version 6, but 7 is needed/);
    const named = script('modparam("auth_db", "load_credentials", "$ci=rpid")', WWW);
    await expect(running(database, "auth auth_db", named)).rejects.toThrow(/can only be read/);
    await expect(running(database, "auth_db", script("", CHECK))).rejects.toThrow(/auth/);
    await database.close();
  });
});

describe("alias_db", () => {
  const ALIASES = [
    "insert into dbaliases (alias_username, alias_domain, username, domain) values ('bob', 'a.org', 'u1', 'r.org')",
    "insert into dbaliases (alias_username, alias_domain, username, domain) values ('bob', 'b.org', 'u2', 'r.org')",
  ];
  const script = (parameters: string, body: string): string => `
    modparam("alias_db", "db_url", "${URL}")
    ${parameters}
    request_route { ${body} exit; }`;
  const LOOKUP = `alias_db_lookup("dbaliases"); xlog("$rc $ru $branch(count)\\n");`;

  test("the first user, or all of them", async () => {
    const database = await databaseWith(...ALIASES);
    const one = await running(database, "alias_db", script("", LOOKUP));
    await one.send(request("OPTIONS"), fresh(request("OPTIONS", [], "", "sip:eve@a.org")));
    expect(one.log).toEqual(["1 sip:u1@r.org <null>", "-1 sip:eve@a.org <null>"]);
    one.dead = true;
    await one.send(fresh(request("OPTIONS")));
    expect(one.log.at(-1)).toBe("-1 sip:bob@127.0.0.1 <null>");
    await one.stop();
    const all = await running(
      database,
      "alias_db",
      script('modparam("alias_db", "append_branches", 1)', `${LOOKUP} xlog("$(branch(uri)[0]) $(branch(q)[0])\\n");`),
    );
    await all.send(request("OPTIONS"));
    expect(all.log).toEqual(["1 sip:u1@r.org 1", "sip:u2@r.org 0"]);
    await all.stop();
    await database.close();
  });

  test("domains, and the way back", async () => {
    const database = await databaseWith(...ALIASES);
    const it = await running(
      database,
      "alias_db",
      script(
        'modparam("alias_db", "use_domain", 1)\nmodparam("alias_db", "domain_prefix", "sip.")',
        `alias_db_lookup("dbaliases"); xlog("$rc $ru\\n");
         $var(u) = "sip:u2@r.org"; alias_db_find("dbaliases", "$var(u)", "$avp(a)", "ru"); xlog("$rc $avp(a)\\n");
         $var(u) = "sip:bob@none.org"; alias_db_find("dbaliases", "$var(u)", "$var(b)"); xlog("$rc\\n");
         alias_db_find("dbaliases", "$var(u)", "$var(b)", "d"); xlog("$rc $var(b)\\n");`,
      ),
    );
    await it.send(request("OPTIONS", [], "", "sip:bob@sip.b.org"));
    expect(it.log).toEqual(["1 sip:u2@r.org", "1 sip:bob@b.org", "-1", "1 sip:u1@r.org"]);
    await it.stop();
    const wrong = script("", 'alias_db_lookup("dbaliases", "x");');
    await expect(running(database, "alias_db", wrong)).rejects.toThrow(/there is no flag `x`/);
    await database.close();
  });
});

test("speeddial", async () => {
  const row = (domain: string, number: string, uri: string): string =>
    `insert into speed_dial (username, domain, sd_username, sd_domain, new_uri)
     values ('alice', '${domain}', '${number}', '127.0.0.1', '${uri}')`;
  const database = await databaseWith(
    row("example.org", "12", "sip:carol@far.org"),
    row("example.org", "13", "dave@far.org"),
    row("other.org", "14", "sip:x@y"),
  );
  const it = await running(
    database,
    "speeddial",
    `modparam("speeddial", "db_url", "${URL}")
     modparam("speeddial", "use_domain", 2)
     request_route {
       if (sd_lookup("speed_dial")) xlog("own $ru\\n");
       else if (sd_lookup("speed_dial", "sip:alice@other.org")) xlog("other $ru\\n");
       else xlog("$rc $ru\\n");
       exit;
     }`,
  );
  for (const number of ["12", "13", "14", "15"])
    await it.send(fresh(request("OPTIONS", [], "", `sip:${number}@127.0.0.1`)));
  expect(it.log).toEqual(["own sip:carol@far.org", "own sip:dave@far.org", "other sip:x@y", "-1 sip:15@127.0.0.1"]);
  await it.stop();
  await database.close();
});

describe("domain", () => {
  const ROWS = [
    "insert into domain (domain, did) values ('Example.org', NULL)",
    "insert into domain (domain, did) values ('two.org', 'T')",
    "insert into domain_attrs (did, name, type, value) values ('t', 'n', 0, '7')",
    "insert into domain_attrs (did, name, type, value) values ('T', 's', 2, 'text')",
    "insert into domain_attrs (did, name, type, value) values ('T', 's', 2, 'later')",
  ];
  const script = (parameters: string): string => `
    modparam("domain", "db_url", "${URL}")
    ${parameters}
    request_route {
      if (is_from_local()) xlog("from\\n");
      if (is_uri_host_local()) xlog("uri\\n"); else xlog("not $rc\\n");
      if (is_domain_local("TWO.org")) xlog("two\\n");
      if (lookup_domain("two.org", "p_")) xlog("$avp(p_n) $avp(p_s) $(avp(p_s)[1]) $avp(p_did)\\n");
      if (lookup_domain("example.org")) xlog("$avp(did)\\n");
      if (uri == myself) xlog("myself\\n");
      exit;
    }`;

  test("domains, their attributes and commands", async () => {
    const database = await databaseWith(...ROWS);
    const it = await running(database, "domain", script('modparam("domain", "register_myself", 1)'));
    await it.send(request("OPTIONS", [], "", "sip:bob@two.org"));
    expect(it.log).toEqual(["from", "uri", "two", "7 text later T", "Example.org", "myself"]);
    expect(JSON.stringify(await it.command("domain.dump"))).toContain('"did":"t","attrs":{"items":["s","s","n"]}');
    await must(database, "delete from domain where domain = 'two.org'");
    await it.command("domain.reload");
    await it.send(fresh(request("OPTIONS", [], "", "sip:bob@two.org")));
    expect(it.log.slice(6)).toEqual(["from", "not -1", "Example.org"]);
    await must(database, "update domain_attrs set type = 1");
    await expect(it.command("domain.reload")).rejects.toMatchObject({ code: 400 });
    it.dead = true;
    await expect(it.command("domain.reload")).rejects.toMatchObject({ code: 400 });
    await it.send(fresh(request("OPTIONS")));
    expect(it.log).toContain("from");
    await it.stop();
    await database.close();
  });

  test("tables that cannot be used refuse the script", async () => {
    const database = await databaseWith(...ROWS, "update version set table_version = 1 where table_name = 'domain'");
    await expect(running(database, "domain", script(""))).rejects.toThrow(/domain has version 1, but 2 is needed/);
    await database.close();
  });
});
