/** Where a rule speaks, and where it keeps quiet: `<<` marks the lines that it finds fault with. */
import { describe, expect, test } from "vitest";
import { lint } from "../../src/check/lint/index.ts";
import { modules } from "../../src/modules/index.ts";
import { read } from "../syntax/read.ts";

const CASES: Readonly<Record<string, readonly string[]>> = {
  "implicit-route-result": [
    `request_route { route(A); $var(x) = 1; }
     route[A] { setflag(1); }`,
    `request_route {
       if (!route(A)) exit; # <<
       if (route(B)) exit;
     }
     route[A] { if ($rU == "x") return 1; setflag(1); }
     route[B] { if ($rU == "x") { exit; } else { return -1; } }`,
  ],
  "rc-clobbered": [
    `request_route {
       route(A);
       xlog("$rc\\n");
       if ($rc == -2) exit; # <<
       is_method("INVITE");
       switch ($rc) { case 1: exit; }
     }
     route[A] { return -2; }`,
    `request_route { if (!xlog("x")) { if ($rc == -1) exit; } }`,
  ],
  "var-read-before-write": [
    `request_route {
       xlog("$var(never)\\n");
       $var(count) = $var(count) + 1;
       $var(set) = 1;
       route(A);
       route(B);
     }
     route[A] { xlog("$var(set)\\n"); }
     route[B] {
       if ($rU == "x") $var(some) = 1;
       xlog("$var(some)\\n"); # <<
     }`,
    `request_route {
       $var(ok) = 0;
       if ($rU == "x") { $var(ok) = 1; $var(y) = 2; }
       if ($var(ok) == 1) xlog("$var(y)\\n");
     }`,
    `request_route { sql_pvquery("c", "q", "$var(x)"); xlog("$var(x)"); if ($rU == "x") $var(x) = 1; }`,
  ],
  "never-armed": [
    `request_route {
       #!ifdef WITH_FORKING
       t_on_branch("FORK");
       #!endif
       # t_on_failure("OLD");
       t_relay();
     }
     branch_route[FORK] { exit; }
     failure_route[OLD] { exit; } # <<`,
    `modparam("tm", "on_sl_reply", "STRAY")
     request_route { t_on_failure("GAVE_UP"); t_relay(); }
     failure_route[GAVE_UP] { exit; }
     onreply_route[STRAY] { exit; }
     onreply_route[OTHER] { exit; } # <<`,
  ],
  "var-across-suspend": [
    `request_route {
       $var(x) = 1;
       async_sleep("2");
       xlog("$var(x)\\n"); # <<
     }`,
    `request_route { $var(x) = 1; http_async_query("http://x", "GO"); }
     route[GO] {
       route(SET);
       xlog("$var(x)\\n");
     }
     route[SET] { $var(x) = 2; }`,
    `request_route { $var(x) = 1; http_async_query("http://x", "GO"); }
     route[GO] { route(READ); }
     route[READ] {
       xlog("$var(x)\\n"); # <<
     }`,
  ],
  "dead-after-suspend": [
    `request_route {
       http_async_query("http://x", "GO");
       xlog("it failed\\n");
       $var(x) = 1; # <<
     }
     route[GO] { exit; }`,
    `request_route { http_async_query("http://x", "GO"); xlog("it failed\\n"); send_reply("500", "No"); exit; }
     route[GO] { exit; }`,
    `request_route { $http_req(suspend) = 0; http_async_query("http://x", "GO"); t_relay(); }
     route[GO] { exit; }`,
  ],
  "suspend-without-transaction": [
    `request_route {
       if (is_method("INVITE")) t_newtran();
       http_async_query("http://x", "GO"); # <<
     }
     route[GO] { t_relay(); }`,
    `request_route { http_async_query("http://x", "TOLD"); exit; }
     route[TOLD] { xlog("$http_rs\\n"); }`,
    `request_route { t_on_failure("F"); t_relay(); }
     failure_route[F] { http_async_query("http://x", "GO"); }
     route[GO] { t_relay(); }`,
  ],
  "suspend-unguarded": [
    `request_route { t_newtran(); t_set_fr(3000); t_suspend(); exit; }`,
    `request_route {
       t_newtran();
       if (!t_suspend()) exit; # <<
     }`,
  ],
  "http-timeout-ge-fr": [
    `modparam("tm", "fr_timer", 2000)
     modparam("http_async_client", "connection_timeout", 2000) # <<
     request_route { t_newtran(); http_async_query("http://x", "GO"); }
     route[GO] { exit; }`,
    `modparam("tm", "fr_timer", 2000)
     modparam("http_async_client", "connection_timeout", 2000)
     request_route { http_async_query("http://x", "GO"); }
     route[GO] { exit; }`,
  ],
  "resume-route-kind": [
    `request_route { t_newtran(); http_async_query("http://x", "GO"); route(DENY); }
     route[GO] { route(DENY); }
     route[DENY] {
       if (t_is_failure_route()) exit;
       sl_send_reply("403", "No");
     }`,
    `request_route { t_newtran(); http_async_query("http://x", "GO"); }
     route[GO] { route(DENY); }
     route[DENY] {
       sl_send_reply("403", "No"); # <<
     }`,
  ],
  "called-route-kind": [
    `request_route { t_on_reply("R"); route(NAT); }
     onreply_route[R] { route(NAT); }
     route[NAT] {
       if (is_request()) t_relay();
       if (is_reply()) fix_nated_contact();
     }`,
  ],
  "failure-cancel-check": [
    `request_route { t_on_failure("F"); t_relay(); }
     failure_route[F] { route(CHECK); if (t_check_status("486|408")) { t_relay(); } }
     route[CHECK] { return 1; }`,
    `request_route { t_on_failure("F"); t_relay(); }
     failure_route[F] { route(CHECK); t_relay(); }
     route[CHECK] { if (t_is_canceled()) exit; }`,
    `request_route { t_on_failure("F"); t_relay(); }
     failure_route[F] {
       if (t_check_status("4[0-9][0-9]")) {
         t_relay(); # <<
       }
     }`,
    `request_route { t_on_failure("F"); t_relay(); }
     failure_route[F] { if ($T_reply_code == 486) { t_relay(); } if (!is_method("INVITE")) t_relay(); }`,
  ],
  "failure-not-rearmed": [
    `request_route { route(RELAY); }
     failure_route[F] { $du = "sip:b.example"; route(RELAY); }
     route[RELAY] {
       if (is_method("INVITE")) { if (!t_is_set("failure_route")) t_on_failure("F"); }
       if (!t_relay()) sl_reply_error();
       exit;
     }`,
  ],
  "uri-edit-after-newtran": [
    `request_route { t_newtran(); $rU = "b"; t_on_failure("F"); t_relay(); }
     failure_route[F] { $rU = "c"; xlog("$rU\\n"); exit; }`,
    `request_route {
       t_newtran();
       $du = "sip:b.example"; # <<
       t_on_failure("F");
       t_relay();
     }
     failure_route[F] { if ($du == "sip:b.example") exit; }`,
  ],
  "reply-then-fall-through": [
    `request_route {
       route(CHECK);
       t_relay();
     }
     route[CHECK] {
       if ($rU == "x") sl_send_reply("403", "No"); # <<
       if ($rU == "y") { sl_send_reply("404", "No"); exit; }
       if ($rU == "z") sl_send_reply("100", "Trying");
     }`,
    `request_route { if (!route(CHECK)) exit; t_relay(); }
     route[CHECK] { if ($rU == "x") { sl_send_reply("403", "No"); return -1; } return 1; }`,
    `request_route { if (!t_relay()) sl_reply_error(); exit; }`,
  ],
  "mixed-compare": [
    `onreply_route {
       if ($rs == "486") drop;
       if ($rs == "busy") drop; # <<
       if (0 == $rU) drop; # <<
       if ($rU == 100) drop;
     }`,
  ],
  "header-read-back": [
    `request_route {
       if (is_present_hf("X-A")) exit;
       append_hf("X-A: 1\\r\\n");
       if ($hdr(X-B) == "1") exit;
       if ($hdr(X-A) == "1") exit; # <<
     }`,
    `request_route { remove_hf("X-A"); xlog("$hdr(X-A)\\n"); }`,
  ],
  "from-set-twice": [
    `request_route {
       $fU = "a";
       $fn = "A";
       $tU = "b";
       $fu = "sip:c@c.example"; # <<
       msg_apply_changes();
       $fu = "sip:d@d.example";
     }`,
  ],
  "apply-after-record-route": [
    `request_route {
       record_route_preset("192.0.2.1:5060");
       msg_apply_changes(); # <<
       t_relay();
     }`,
    `request_route {
       record_route_advertised_address("192.0.2.1");
       msg_apply_changes(); # <<
       t_relay();
     }`,
    `request_route { record_route(); msg_apply_changes(); sl_send_reply("403", "No"); exit; }`,
    `request_route {
       record_route();
       route(CLEAN);
       t_relay();
     }
     route[CLEAN] {
       msg_apply_changes(); # <<
     }`,
  ],
  "reply-route-tail": [
    `reply_route {
       if ($rU == "x") {
         remove_hf("X-A"); # <<
       } else xlog("x\\n");
     }
     onreply_route[R] { remove_hf("X-A"); }`,
  ],
  "return-zero-exits": [
    `request_route { route(A); return 0; }
     route[A] { exit; return 0; }`,
  ],
  unreachable: [
    `request_route {
#!ifdef NEVER
       xlog("x\\n");
#!else
       exit;
#!endif
       xlog("x\\n");
     }`,
  ],
  "unused-route": [
    `modparam("rtimer", "exec", "timer=t;route=TICK")
     request_route {
#!ifdef NEVER
       route(A);
#!endif
       exit;
     }
     route[A] { exit; }
     route[TICK] { exit; }
     # route(B);
     route[B] { exit; } # <<`,
    `route[PART] { exit; }`,
  ],
  "non-posix-regex": [
    `request_route { if ($rU =~ "^\\\\+?[0-9]+$" || $rU =~ "^[*+?]?x$") exit; }`,
    `request_route {
       if ($rU =~ "^a+?$") exit; # <<
     }`,
  ],
  "avp-in-loop": [
    `request_route { while ($var(i) < 3) { $avp($var(n)) = 1; if ($rU == "x") { $avp(found) = 1; break; } } }`,
  ],
};

/** Lines that are marked, and lines of findings. */
function lines(rule: string, text: string): { wanted: number[]; found: number[] } {
  const { script, problems, sources } = read(text);
  expect(problems).toEqual([]);
  const told = lint(script, { sources, modules, levels: { [rule]: "info" } }).filter(({ code }) => code === rule);
  return {
    wanted: text.split("\n").flatMap((line, at) => (line.includes("<<") ? [at + 1] : [])),
    found: [...new Set(told.map(({ span }) => span.line))],
  };
}

describe("cases", () => {
  for (const [rule, texts] of Object.entries(CASES)) {
    test(rule, () => {
      for (const text of texts) {
        const { wanted, found } = lines(rule, text);
        expect(found, text).toEqual(wanted);
      }
    });
  }
});
