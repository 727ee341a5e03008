/** The script of the fault simulation: what the user part of the Request-URI says becomes of a call. */
export const FAULTS_SCRIPT = `
listen=udp:127.0.0.1:5060
loadmodule "tm"
loadmodule "tmx"
loadmodule "corex"
loadmodule "sl"
loadmodule "pv"
loadmodule "textops"
loadmodule "siputils"
loadmodule "http_async_client"
modparam("tm", "fr_timer", 6000)
modparam("tm", "fr_inv_timer", 15000)
modparam("http_async_client", "workers", 4)
modparam("http_async_client", "connection_timeout", 3000)
# Timer D (RFC 3261, 17.1.1.2) and Timer L (RFC 6026, 7.1): a late copy of a reply has to find its transaction.
modparam("tm", "wt_timer", 40000)
request_route {
    if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
    if (is_method("ACK")) {
        # An ACK to a 2xx names the callee itself and is forwarded without a transaction (RFC 3261, 13.2.2.4).
        if (!t_check_trans()) forward();
        exit;
    }
    if (!t_newtran()) exit;
    if ($rU =~ "^suspend") {
        http_async_query("http://api/$rU", "ROUTED");
        send_reply("503", "Not Suspended");
        exit;
    }
    route(GO);
}
route[ROUTED] {
    if ($http_ok && $http_rs == 200) { route(GO); exit; }
    t_reply("500", "No Routes");
}
route[GO] {
    $avp(left) = 0;
    if ($rU =~ "fork") {
        $du = "sip:127.0.0.11";
        append_branch("sip:fork2@127.0.0.12");
        append_branch("sip:fork3@127.0.0.13");
    } else if ($rU =~ "serial") {
        $avp(left) = 2;
        t_on_failure("NEXT");
        $du = "sip:127.0.0.11";
    } else $du = "sip:127.0.0.12";
    t_relay();
}
failure_route[NEXT] {
    if (t_is_canceled()) exit;
    if ($avp(left) <= 0) exit;
    $avp(left) = $avp(left) - 1;
    if ($avp(left) > 0) t_on_failure("NEXT");
    if ($avp(left) == 1) $du = "sip:127.0.0.12"; else $du = "sip:127.0.0.13";
    t_relay();
}
`;
