/** Core functions that golden vectors do not reach. */
import { expect, test } from "vitest";
import { play, request } from "./play.ts";

test("cfg_select chooses an instance of a group until the message is dealt with", async () => {
  const script = `
    g.x = 1 desc "a number"
    g.z = "b"
    g[1].x = 7
    g[2].z = "zz"
    request_route {
      xlog("A $sel(cfg_get.g.x) $sel(cfg_get.g.z)\\n");
      if (cfg_select("g", 1)) xlog("B $sel(cfg_get.g.x) $sel(cfg_get.g.z)\\n");
      if (!cfg_select("g", 3)) xlog("C $sel(cfg_get.g.x)\\n");
      $var(id) = 2;
      cfg_select("g", $var(id));
      $var(d) = "D " + @cfg_get.g.x + " " + @cfg_get.g.z;
      xlog("$var(d)\\n");
      cfg_reset("g");
      xlog("E $sel(cfg_get.g.z)\\n");
      cfg_select("g", 1);
    }`;
  const { log } = await play("kex", script, request("OPTIONS"), request("OPTIONS"));
  const once = ["A 1 b", "B 7 b", "C 7", "D 1 zz", "E b"];
  expect(log.filter((it) => /^[A-E] /.test(it))).toEqual([...once, ...once]);
});

test("instances and groups that cannot be are refused", async () => {
  const refusal = (script: string): Promise<string> =>
    play("kex", script).then(
      () => "accepted",
      (error: Error) => error.message,
    );
  expect(await refusal("g[1].x = 5\nrequest_route { exit; }")).toBe("`g[1].x` has no `g.x` beside it");
  expect(await refusal('request_route { cfg_select("g", 1); }')).toBe(
    "`cfg_select`: there is no group of parameters `g`",
  );
});

test("over UDP there is no connection to name, and no SCTP socket to send from", async () => {
  const script = `request_route {
    if (force_tcp_alias()) xlog("alias\\n");
    add_tcp_alias(5070);
    if (!forward_sctp(127.0.0.9, 5080)) xlog("no SCTP\\n");
  }`;
  const { log, sent } = await play("kex", script, request("OPTIONS"));
  expect(log).toEqual(["alias", "no SCTP"]);
  expect(sent).toEqual([]);
});
