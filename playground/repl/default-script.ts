/** The script of a playground that was not given one: enough to see a call go through, small enough to be changed. */
export const DEFAULT_NAME = "playground.cfg";

export const DEFAULT_SCRIPT = `# A proxy to play with: \`edit\` changes it, \`lines\` shows it.
debug=2
listen=udp:127.0.0.1:5060

loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "xlog.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "htable.so"

modparam("htable", "htable", "users=>size=4;")

request_route {
    if (!mf_process_maxfwd_header("10")) {
        sl_send_reply("483", "Too Many Hops");
        exit;
    }
    if (has_totag()) {
        if (!loose_route() && !t_check_trans()) {
            sl_send_reply("404", "Not Here");
            exit;
        }
        t_relay();
        exit;
    }
    if (is_method("CANCEL")) {
        t_relay();
        exit;
    }
    if (is_method("OPTIONS") && uri == myself) {
        sl_send_reply("200", "Alive");
        exit;
    }
    record_route();
    if ($rd == "proxy") {
        # sip:bob@proxy is the peer bob, or who the table says.
        $var(user) = $rU;
        if ($sht(users=>$var(user)) != $null) {
            $var(user) = $sht(users=>$var(user));
        }
        $du = "sip:" + $var(user) + ":5060";
    }
    route(RELAY);
}

route[RELAY] {
    t_on_failure("FAILED");
    xlog("L_INFO", "$rm for $rU goes to $du\\n");
    if (!t_relay()) {
        sl_reply_error();
    }
    exit;
}

failure_route[FAILED] {
    xlog("L_INFO", "$rU answered $T_reply_code\\n");
}
`;
