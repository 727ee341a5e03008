/** What Tab offers. */
import { beforeAll, expect, test } from "vitest";
import { completed } from "../../playground/repl/complete.ts";
import { Repl } from "../../playground/repl/repl.ts";
import { memory, sessionOf } from "./desk.ts";

let repl: Repl;
beforeAll(async () => {
  const outside = memory();
  const session = sessionOf({ outside });
  const terminal = { interactive: true, colours: false, width: 100, write() {}, line: async () => undefined };
  repl = new Repl({ session, terminal, outside, strict: false });
  await repl.begin();
  await repl.enter("INVITE bob from alice with X-Account: 7");
});

const offered = (line: string): string => completed(repl, line).candidates.join(" ");

test.each([
  ["", /\bINVITE\b.*\bafter\b.*\balice\b.*\bt_relay\(/],
  ["INV", /^INVITE $/],
  ["bre", /^break $/],
  ["t_rel", /^t_relay\( t_relay_cancel\( t_relay_to_tcp\( t_relay_to_tls\( t_relay_to_udp\(|^t_relay\(/],
  ["INVITE bob f", /^from $/],
  ["INVITE bob from a", /^alice $/],
  ["bob can", /^cancel $/],
  ["break route", /^route {2}route\[RELAY\]$/],
  ["break route F", /^$/],
  ["lines fail", /^failure_route\[FAILED\]$/],
  ["rpc htable.du", /^htable\.dump$/],
  ["help t_check_st", /^t_check_status$/],
  ["help $T_reply_c", /^\$T_reply_code$/],
  ["send rec", /^recording\.pcap$/],
  ["reload pro", /^proxy\.cfg$/],
  ["dns na", /^naptr$/],
  ["$r", /\$rU\b.*\$ru\b/],
  ["$hd", /^\$hdr\( \$hdrc$/],
  ["$hdr(X-A", /^X-Account\)$/],
  ["$var(us", /^user\)$/],
  ["$sht(us", /^users=>bob\)$|^$/],
  ["$(ru{ur", /^uri\. urialias\./],
  ["$(ru{uri.ho", /^uri\.host\}$/],
  ["$(hdr(X-Account){s.le", /^s\.len\}$/],
  ["$ru{uri.host}{s.le", /^s\.len\}$/],
  ['"abc"{s.le', /^s\.len\}$/],
  ['t_on_failure("F', /^FAILED$/],
  ["$var(x) = is_met", /^is_method\($/],
  ["zzz", /^$/],
])("%s", (line, wanted) => {
  expect(offered(line)).toMatch(wanted);
});
