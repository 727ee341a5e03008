/** What the texts of the fuzzer are made of. */

/** Split at blanks; a blank, a line end and a tabulator are words, too. */
const words = (text: string): readonly string[] => [...text.trim().split(/\s+/), " ", " ", "\n", "\t"];

export const scriptWords: readonly string[] = [
  ...words(`
    request_route route[ route failure_route[ branch_route[ onreply_route[ reply_route onsend_route event_route[ ]
    { } { } ( ) ( ) [ ] ; ; ; , . : :: = == != < > <= >= =~ !~ && || ! + - * / % & | ^ ~ << >> and or not mod += ?
    if if( else while switch case default break return exit drop defined strempty strlen async launch
    $var(x) $var(y) $avp(a) $xavp(a=>b) $(xavp(a[0]=>b[*])) $ru $rU $rd $fu $rc $retcode $null $$ $( $(var(x){s.len}) $(var(x){
    $hdr(To) $(hdr(Via)[-1]) $sht(a=>b) $_s(x$var(y)) $def(X) $defn(X) @ruri.user @via[0].host @ selval
    uri myself src_ip dst_ip src_port method status from_uri to_uri proto af UDP INET6 max_len msg:len snd_ip
    1 0 -1 0x7f 0777 08 9223372036854775808 10.0.0.1 10.0.0.0/8 [::1] udp:10.0.0.1:5060
    "a" 'b' "" "$var(x)" "\\" "\\"" " ' "^a(b|c)*$" /x/ //x # #!
    xlog("x\\n"); log( t_relay(); sl_send_reply("404","x"); forward(); setflag(3) isflagset(FLT) rewritehost("x"); append_hf("X:y\\r\\n");
    debug=2 children=1 listen=udp:127.0.0.1:5060 alias= loadmodule loadmodulex modparam( modparamx( mpath= log_prefix= x.y=1 desc
    socket={ flags include_file import_file cfgengine /* */ yes no on off
  `),
  "\n#!define X 1\n",
  "\n#!define X",
  "\n#!define Y X X\n",
  "\n#!ifdef X\n",
  "\n#!ifndef Y\n",
  "\n#!ifexp X > 1\n",
  "\n#!else\n",
  "\n#!endif\n",
  '\n#!subst "/a/b/g"\n',
  '\n#!substdef "!X!y!g"\n',
  "\n#!trydef X\n",
  "\n#!redefine X 2\n",
  "\n#!defexp Z 1+X\n",
  "\n!!ifdef X\n",
  "\\\n",
];

export const uriWords =
  words(`sip: sips: tel: urn: + alice %41 %4 %zz : @ @ host.example 10.0.0.1 [::1] [ ] :5060 :65536 :0
  ; ; = ;transport= udp tls ws ;lr ;lr=on ;maddr= ;ttl=1 ;user=phone ;gr= ;r2=on ;received= ? & ?To=x < > " \\ , * 1 a`);

export const headerWords = [
  ...words(`SIP/2.0/UDP SIP / 2.0 10.0.0.1 host [::1] :5060 ;branch=z9hG4bK1 ;rport ;rport= ;received=1.1.1.1 ;i= ;x ;tag= ;q=0.5 ;expires=7
    ; = , , " "A\\"b" "A < > <sip:a@b> <sip:a@b;lr> sip:a@b;x=y * : ( ) (c) \\ @ a 1 = ' % & ?`),
  "\r\n ",
  "\r\n\t",
  "\r\n",
];

export const messageWords = [
  ...headerWords,
  ...words(`INVITE ACK CANCEL SIP/2.0 200 OK Via: v: From: f: To: t: Call-ID: CSeq: 1 Contact: m: Route: Record-Route: Content-Length: l: 0 99999999999
    Content-Type: multipart/mixed;boundary=b --b --b-- application/sdp Max-Forwards: 70 Authorization: Digest username="a", nonce= X:`),
  "\r\n\r\n",
  "\n",
  "\0",
  "\r\nv=0\r\nc=IN IP4 1.1.1.1\r\nm=audio 1 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n",
];

export const variableWords =
  words(`$ $$ $( $( ( ) ) [ ] { } } {s. {s.substr, {s.select, {re.subst,/ /g {uri. {param. {param.value, {nameaddr. {line.at,
  {sock. {val.json {json.parse, , ; = => = , var x xavp avp hdr sht a hdrc def su ru rU fu Ts TV(s) tt _s sel cnt via( cT rb ua $var(x) $rU 0 1 -1 * $$ \\ / . "`);

export const regexWords =
  words(`a b A ab . * + ? | ( ) ( ) [ ] [^ [a-z] [[:digit:]] [[:alpha:] [[.a.]] [[=a=]] [:x:] {1,2} {0} {3,} { } {255} {256} {2,1}
  ^ $ \\ \\1 \\2 \\b \\< \\> \\w \\W \\s \\. \\( - , (a|b)* (a*)* (a|a)* (.*)* ()`);
