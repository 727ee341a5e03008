/** async_tkv_emit and `$atkv`, and extended flags that a transaction takes over. */
import { expect, test } from "vitest";
import { play, request } from "./play.ts";

const ROUTES = `
  request_route {
    if (async_tkv_emit(5, "k", "v of $rm")) xlog("emitted\\n");
    else xlog("not emitted\\n");
    xlog("here: $atkv(key)\\n");
  }
  event_route[core:tkv] { xlog("$atkv(type) $atkv(key) $atkv(val) $atkv(gname)\\n"); }`;

test("the event route reads what was emitted", async () => {
  const { log } = await play(
    "tm async corex",
    `async_tkv_gname="tkv"\nasync_tkv_evcb="core:tkv"\nasync_workers_group="name=tkv;workers=1"\n${ROUTES}`,
    request("OPTIONS"),
  );
  expect(log).toEqual(["emitted", "here: <null>", "5 k v of OPTIONS tkv"]);
});

test("without a group, or without the route, nothing is emitted", async () => {
  for (const [parameters] of [[""], ['async_tkv_gname="tkv"\nasync_tkv_evcb="core:none"\n']]) {
    const { log } = await play("tm async corex", `${parameters}${ROUTES}`, request("OPTIONS"));
    expect(log).toEqual(["not emitted", "here: <null>"]);
  }
});

test("extended flags reach the failure route when they are flushed", async () => {
  const copies = Array.from({ length: 3 }, () => request("OPTIONS"));
  const script = `request_route {
      if (!t_flush_xflags()) xlog("no transaction\\n");
      setxflag("3");
      t_newtran();
      setxflag("40");
      resetxflag("3");
      t_flush_xflags();
      if (t_clean()) xlog("clean\\n");
      t_on_failure("F");
      $du = "sip:127.0.0.9:5080";
      t_relay();
    }
    failure_route[F] {
      if (isxflagset("40") && !isxflagset("3")) xlog("flushed\\n");
    }`;
  const { log } = await play("tm tmx corex", `modparam("tm", "fr_timer", 20)\n${script}`, ...copies);
  // The second and third are absorbed; meanwhile the timer runs out.
  expect(log.filter((it) => it !== "no transaction")).toEqual(["clean", "flushed"]);
});

test("$msgbuf reads and writes single characters", async () => {
  const script = `request_route {
    $var(i) = 2;
    xlog("$msgbuf(0)$msgbuf($var(i))\\n");
    $msgbuf(0) = "Q";
    $msgbuf(1) = $null;
    xlog("$rm $msgbuf(0)\\n");
    $var(i) = 100000;
    xlog("[$msgbuf($var(i))]\\n");
  }`;
  const { log } = await play("kex", script, request("OPTIONS"));
  expect(log).toEqual(["OT", "QPTIONS Q", "[<null>]"]);
});
