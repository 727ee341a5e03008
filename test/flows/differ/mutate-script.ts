/** Changes of a flow's script: statements put into its routes, other parameters. */
import type { Flow } from "../flow.ts";
import type { Mutation } from "./mutate-play.ts";
import type { Random } from "./random.ts";

const BRANCH = "tb=$T_branch_idx tr=$T_reply_code ru=$ru du=$du br=$br";
const LOOKS = [
  `xlog("> look $rm $rs $rr ${BRANCH}\\n");`,
  'xlog("> tt $T(reply_code) $T(reply_type) $T(branch_index) $T_reply_last $T_ruid\\n");',
  'xlog("> tr $T_rpl($rs) $T_rpl($rr) $T_rpl($hdr(X-A)) $T_rpl($fU)\\n");',
  'xlog("> tq $T_req($rm) $T_req($ru) $T_req($si) $T_req($hdr(X-A))\\n");',
  'xlog("> ti $T_inv($rm) $T_inv($ru) $T_inv($hdr(Via))\\n");',
  'xlog("> kept $avp(keep) $xavp(keep) $var(keep) $mf $bf $sf\\n");',
  'xlog("> from $si $sp $proto $Ri $Rp $fu $tt $ft $cs $ct $mf $hdrc(Via)\\n");',
  'xlog("> set $(branch(uri)[0]) $branch(count) $(branch(uri)[1]) $ds\\n");',
  'xlog("> body $rb $cl $cT $bs\\n");',
  'if (t_is_canceled()) xlog("> canceled\\n"); if (t_any_timeout()) xlog("> any timeout\\n"); if (t_any_replied()) xlog("> any replied\\n");',
  'if (t_grep_status("404")) xlog("> 404\\n");',
  'if (t_is_expired()) xlog("> expired\\n"); if (t_is_failure_route()) xlog("> F\\n"); if (t_is_branch_route()) xlog("> B\\n"); if (t_is_reply_route()) xlog("> R\\n"); if (t_is_request_route()) xlog("> Q\\n");',
  'if (t_is_set("failure_route")) xlog("> sf\\n"); if (t_is_set("branch_route")) xlog("> sb\\n"); if (t_is_set("onreply_route")) xlog("> sr\\n");',
];
const KEEPS = [
  '$avp(keep) = $rm + "-" + $rs;',
  '$avp(keep) = "1"; $avp(keep) = "2";',
  '$xavp(keep) = "x" + $T_branch_idx;',
  "$var(keep) = $var(keep) + 1;",
  "setflag(3);",
  "resetflag(3);",
  "setbflag(2);",
  "setsflag(1);",
  "t_flush_flags();",
];
const EDITS = [
  'append_hf("X-A: 1\\r\\n");',
  'append_hf("X-B: $rm $rs\\r\\n", "Call-ID");',
  'insert_hf("X-C: 3\\r\\n");',
  'insert_hf("X-D: 4\\r\\n", "CSeq");',
  'remove_hf("Contact");',
  'remove_hf("Max-Forwards");',
  'subst("/example/elsewhere/g");',
  'subst_hf("From", "/alice/anna/", "a");',
  '$hdr(X-E) = "5";',
  'remove_hf_re("^(X-|Cont)");',
  'set_body("hello", "text/plain");',
  'append_hf("X-F: 6\\r\\n"); msg_apply_changes();',
  '$fU = "franz";',
  '$tu = "sip:toni@example.net";',
  '$fn = "Fran";',
  '$rU = "changed";',
  '$fs = "udp:127.0.0.1:5060";',
];
const STEERS = [
  "drop;",
  "exit;",
  "return;",
  "return -1;",
  "return 2;",
  't_drop_replies("a");',
  't_drop_replies("l");',
  't_drop_replies("n");',
  "t_set_fr(500, 200);",
  "t_set_fr(0, 150);",
  "t_reset_fr();",
  "t_set_retr(150, 300);",
  "t_reset_retr();",
  "t_set_max_lifetime(400, 300);",
  "t_reset_max_lifetime();",
  "t_set_auto_inv_100(0);",
  "t_set_disable_6xx(1);",
  "t_set_disable_failover(1);",
  "t_set_disable_internal_reply(1);",
  "t_set_no_e2e_cancel_reason(1);",
  "t_save_lumps();",
  't_on_failure("X");',
  't_on_reply("X");',
  't_on_branch("X");',
  't_on_branch_failure("X");',
  't_on_failure("");',
  't_on_reply("");',
  't_on_branch("");',
  'send_reply("404", "Own");',
  'sl_send_reply("480", "Own");',
  'append_to_reply("X-Reply: $rm\\r\\n");',
];
const REQUEST = [
  "t_newtran();",
  '$var(n) = t_newtran(); xlog("> newtran $var(n)\\n");',
  "t_release();",
  '$var(n) = t_reply("183", "Progress"); xlog("> reply $var(n)\\n");',
  '$var(n) = t_reply("486", "Own Busy"); xlog("> reply $var(n)\\n");',
  '$var(n) = t_reply("200", "Own OK"); xlog("> reply $var(n)\\n");',
  '$var(n) = t_reply("302", "Own Moved"); xlog("> reply $var(n)\\n");',
  '$var(n) = t_check_trans(); xlog("> check $var(n)\\n");',
  '$var(n) = t_lookup_request(); xlog("> lookup $var(n)\\n");',
  '$var(n) = t_retransmit_reply(); xlog("> retransmit $var(n)\\n");',
  '$var(n) = t_lookup_cancel(); xlog("> cancel $var(n)\\n");',
  'append_branch("sip:b7@127.0.0.4:5060");',
  'append_branch("sip:b8@127.0.0.3:5060", "0.5");',
  'append_branch("sip:b9@127.0.0.5:5060");',
  'append_branch("sip:b9@127.0.0.6:5060"); append_branch("sip:b8@127.0.0.4:5060");',
  "append_branch();",
  '$ru = "sip:r1@127.0.0.4:5060"; $du = $null;',
  '$du = "sip:127.0.0.4:5060";',
  '$ru = "sip:dead@127.0.0.99:5060"; $du = $null;',
  "clear_branches();",
  '$var(n) = t_relay(); xlog("> relay $var(n)\\n");',
  '$var(n) = t_relay_to_udp("127.0.0.4", "5060"); xlog("> relay $var(n)\\n");',
  '$var(n) = forward(); xlog("> forward $var(n)\\n");',
  '$var(n) = t_relay_cancel(); xlog("> relay_cancel $var(n)\\n");',
  '$var(n) = t_cancel_branches("all"); xlog("> cancel branches $var(n)\\n");',
  '$var(n) = t_cancel_branches("others"); xlog("> cancel branches $var(n)\\n");',
  '$var(n) = t_replicate("sip:127.0.0.5:5060"); xlog("> replicate $var(n)\\n");',
  "record_route();",
  'record_route(";z=1");',
  'add_rr_param(";w=2");',
  '$var(n) = loose_route(); xlog("> loose $var(n) $ru $du\\n");',
  'mf_process_maxfwd_header("10");',
  "force_rport();",
  "add_local_rport();",
  '$var(n) = t_load_contacts(); $var(m) = t_next_contacts(); xlog("> contacts $var(n) $var(m) $ru\\n");',
  "set_forward_no_connect();",
  '$var(n) = sl_reply_error(); xlog("> error $var(n)\\n");',
];
const ADDED = `
failure_route[X] { xlog("> XF $T_reply_code $rm $ru\\n"); }
onreply_route[X] { xlog("> XR $rs $rm $T_branch_idx\\n"); }
branch_route[X] { xlog("> XB $T_branch_idx $ru\\n"); }
event_route[tm:branch-failure:X] { xlog("> XBF $T_reply_code $T_branch_idx $ru\\n"); }
`;
const PARAMETERS: readonly (readonly [string, readonly number[]])[] = [
  ["fr_timer", [200, 450, 700]],
  ["fr_inv_timer", [300, 500, 1000]],
  ["retr_timer1", [60, 150, 250]],
  ["retr_timer2", [200, 600]],
  ["wt_timer", [100, 250, 500]],
  ["max_inv_lifetime", [300, 600]],
  ["max_noninv_lifetime", [250, 500]],
  ["noisy_ctimer", [0, 1]],
  ["restart_fr_on_each_reply", [0, 1]],
  ["auto_inv_100", [0, 1]],
  ["cancel_b_method", [0, 1, 2]],
  ["unmatched_cancel", [0, 1, 2]],
  ["ruri_matching", [0, 1]],
  ["via1_matching", [0, 1]],
  ["pass_provisional_replies", [0, 1]],
  ["aggregate_challenges", [0, 1]],
  ["failure_reply_mode", [0, 1, 2, 3]],
  ["failure_exec_mode", [0, 1]],
  ["local_ack_mode", [0, 1, 2]],
  ["reparse_invite", [0, 1]],
  ["disable_6xx_block", [0, 1]],
  ["e2e_cancel_reason", [0, 1]],
  ["local_cancel_reason", [0, 1]],
  ["auto_inv_100_reason", []],
  ["remap_503_500", [0, 1]],
  ["reparse_on_dns_failover", [0, 1]],
  ["faked_reply_prio", [200, 2000]],
  ["rich_redirect", [0, 1, 2, 3]],
  ["relay_100", [0, 1]],
  ["exec_time_check", [0]],
  ["on_sl_reply", []],
];

type Kind = "request" | "reply" | "failure" | "branch" | "core-reply" | "other";
/** The beginnings of a script's routes. */
function heads(cfg: string): { kind: Kind; end: number }[] {
  const found: { kind: Kind; end: number }[] = [];
  const head =
    /^[ \t]*(request_route|reply_route|onreply_route|failure_route|branch_route|onsend_route|route|event_route)\s*(\[[^\]]*\])?\s*\{/gm;
  for (const match of cfg.matchAll(head)) {
    const [all, name, label] = match;
    const kind: Kind =
      name === "request_route" || (name === "route" && label === undefined) || (name === "route" && label !== undefined)
        ? "request"
        : name === "reply_route" || (name === "onreply_route" && label === undefined)
          ? "core-reply"
          : name === "onreply_route"
            ? "reply"
            : name === "failure_route"
              ? "failure"
              : name === "branch_route"
                ? "branch"
                : "other";
    if (kind !== "other" && !cfg.slice(match.index + all.length).startsWith('xlog("@@'))
      found.push({ kind, end: match.index + all.length });
  }
  return found;
}
const insert = (cfg: string, at: number, text: string): string => `${cfg.slice(0, at)} ${text} ${cfg.slice(at)}`;

function statement(kind: Kind, random: Random): string {
  const common = [LOOKS, KEEPS, EDITS, STEERS];
  return random.pick(random.pick(kind === "request" || kind === "failure" ? [...common, REQUEST, REQUEST] : common));
}
/** Now and then only under a condition. */
function guarded(text: string, random: Random): string {
  const guard = random.pick([
    "",
    "",
    "",
    'if (is_method("INVITE"))',
    'if (!is_method("ACK|CANCEL"))',
    "if (!has_totag())",
    "if (isflagset(3))",
    'if ($rs =~ "^[1]")',
    'if ($rs =~ "^[2-6]")',
  ]);
  return guard === "" ? text : `${guard} { ${text} }`;
}

export const scriptMutations: Readonly<Record<string, Mutation>> = {
  "a statement at the head": (flow, random) => {
    const { kind, end } = random.pick(heads(flow.cfg).concat([]));
    return { ...flow, cfg: withRoutes(insert(flow.cfg, end, guarded(statement(kind, random), random))) };
  },
  "a statement before relay": (flow, random) => {
    const places = [...flow.cfg.matchAll(/(?<=[;{}]\s*)t_relay\(\)/g)];
    if (places.length === 0) return undefined;
    const text = guarded(statement("request", random), random);
    return { ...flow, cfg: withRoutes(insert(flow.cfg, random.pick(places).index, text)) };
  },
  "a statement after relay": (flow, random) => {
    const places = [...flow.cfg.matchAll(/(?<=[;{}]\s*)t_relay\(\);/g)];
    if (places.length === 0) return undefined;
    const place = random.pick(places);
    const text = guarded(statement("request", random), random);
    return { ...flow, cfg: withRoutes(insert(flow.cfg, place.index + place[0].length, text)) };
  },
  "routes armed": (flow, random) => {
    const places = [...flow.cfg.matchAll(/(?<=[;{}]\s*)t_relay\(\)/g)];
    if (places.length === 0) return undefined;
    const text = random.pick([
      't_on_failure("X"); t_on_reply("X");',
      't_on_branch("X");',
      't_on_branch_failure("X"); t_on_failure("X");',
      't_on_reply("X"); t_on_branch("X");',
    ]);
    return { ...flow, cfg: withRoutes(insert(flow.cfg, random.pick(places).index, text)) };
  },
  "another way": (flow, random) => {
    const other = random.pick([
      "t_newtran(); t_relay()",
      "forward()",
      't_relay_to("0x01")',
      't_relay_to("0x02")',
      't_relay_to_udp("127.0.0.4", 5060)',
      't_relay_to("0x04")',
    ]);
    const places = [...flow.cfg.matchAll(/(?<=[;{}]\s*)t_relay\(\)/g)];
    if (places.length === 0) return undefined;
    const { index } = random.pick(places);
    return { ...flow, cfg: `${flow.cfg.slice(0, index)}${other}${flow.cfg.slice(index + "t_relay()".length)}` };
  },
  parameter: (flow, random) => {
    const [name, values] = random.pick(PARAMETERS.filter(([, list]) => list.length > 0));
    const at = flow.cfg.search(/^\s*(request_route|route)\b/m);
    if (at < 0 || !flow.cfg.includes('loadmodule "tm')) return undefined;
    return { ...flow, cfg: insert(flow.cfg, at, `\nmodparam("tm", "${name}", ${random.pick(values)})\n`) };
  },
  "a statement less": (flow, random) => {
    const start = flow.cfg.search(/^\s*(request_route|route)\b/m);
    const places = [...flow.cfg.matchAll(/(?<=[;{}]\s*)[\w$][^;{}"]*(?:"[^"]*"[^;{}"]*)*;/g)].filter(
      (it) => it.index > start && !/^(if|else|xlog|case|default|break)/.test(it[0]),
    );
    if (places.length === 0) return undefined;
    const { index, 0: text } = random.pick(places);
    return { ...flow, cfg: `${flow.cfg.slice(0, index)};${flow.cfg.slice(index + text.length)}` };
  },
};

/** The routes that mutations name, where they are not there yet. */
const withRoutes = (cfg: string): string =>
  /t_on_\w+\("X"\)/.test(cfg) && !cfg.includes("failure_route[X]") ? `${cfg}${ADDED}` : cfg;

export const usable = (flow: Flow): boolean => flow.http === undefined && heads(flow.cfg).length > 0;
