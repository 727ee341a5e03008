/** Inputs worth trying every time: nesting without end, doubling, and what the fuzzer has found. */

const MANY = 100_000;
const nested = (open: string, inside: string, close: string): string => open.repeat(MANY) + inside + close.repeat(MANY);
const inRoute = (text: string): string => `request_route {\n${text}\n}\n`;

const message = (fields: string, body = ""): string =>
  `INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n${fields}\r\n${body}`;

/** By name of the target. */
export const cases: Readonly<Record<string, readonly (readonly string[])[]>> = {
  "script-bytes": [
    [nested("{", "", "}")],
    [nested("#!ifdef A\n", "", "#!endif\n")],
    [inRoute(`$x = ${nested("(", "1", ")")};`)],
    [inRoute(nested("if (1) {", "exit;", "}"))],
    [inRoute(nested("while (1) {", "break;", "}"))],
    [inRoute(nested("switch (1) { case 1: ", "break;", "}"))],
    [inRoute(`$x = ${nested("$(var(", "x", "))")};`)],
    [inRoute(`xlog("${nested("$(var(", "x", "))")}");`)],
    [inRoute(`xlog("${nested("$(var(x){s.substr,", "1", "})")}");`)],
    [inRoute(`t_relay(${nested("f(", "1", ")")});`)],
    [inRoute(`$x = ${'"a" '.repeat(MANY)};`)],
    [inRoute(`$x = @${"a.".repeat(MANY)}b;`)],
  ],
  "script-loaded": [
    [inRoute(`$var(x) = 1${" + 1".repeat(90)};`)],
    [inRoute(`if ($ru =~ "${nested("(", "a", ")")}") exit;`)],
    [inRoute(`$var(x) = $(ru${"{s.len}".repeat(10_000)});`)],
  ],
  uri: [
    ["sip:".repeat(MANY)],
    [`sip:a@b${";a=b".repeat(MANY)}`],
    [`sip:${"[".repeat(MANY)}`],
    [`sip:a@b?${"a=b&".repeat(MANY)}`],
  ],
  fields: [
    [nested('"', "", "<")],
    [nested("SIP/2.0/UDP h", "", ",")],
    [`SIP/2.0/UDP h${nested("(", "", ")")}`],
    ["<sip:a@b>,".repeat(MANY)],
    [`SIP/2.0/UDP h${";a".repeat(MANY)}`],
  ],
  message: [
    [message("X: y\r\n".repeat(MANY))],
    [message(`X: y${"\r\n ".repeat(MANY)}\r\n`)],
    [message(`Content-Type: multipart/mixed;boundary=b\r\n`, "--b\r\n".repeat(MANY))],
    [message("Content-Type: application/sdp\r\n", "m=audio 1 RTP/AVP 0\r\n".repeat(MANY))],
    ["\r\n".repeat(MANY)],
  ],
  transformations: [
    ["$(var(x){s.int})", "9".repeat(MANY)],
    ["$(var(x){s.escape.common}{s.unescape.common})", "'".repeat(MANY)],
    ["$(var(x){re.subst,/((a*)*)*b/x/g})", "a".repeat(2000)],
    ["$(var(x){s.replace,a,aaaaaaaaaa})", "a".repeat(10_000)],
    ["$(var(x){s.fmtlinet,1,1})", "a".repeat(10_000)],
    ["$(var(x){json.parse,a.b})", nested('{"a":', "1", "}")],
    ["$(var(x){param.value,b})", "a=b;".repeat(MANY)],
    ["$(var(x){line.at,-1})", "\n".repeat(MANY)],
  ],
  variables: [
    [nested("$(var(", "x", "))")],
    [nested("$_s(", "x", ")")],
    [nested("$(_s(", "x", ")[0])")],
    [nested("$xavp(a[", "0", "]=>b)")],
    ["$var(x)".repeat(MANY)],
  ],
  regex: [
    [nested("(", "a", ")"), "a"],
    [nested("(", "", ""), "a"],
    [nested("(", "a", ")*"), "aaaa"],
    [`${"a|".repeat(MANY)}b`, "b"],
    ["(a*)*b", "a".repeat(5000)],
    ["(a|a)*(a|a)*(a|a)*c", "a".repeat(5000)],
    ["(a*)\\1\\1b", "a".repeat(5000)],
    ["((((a{255}){255}){255}){255})", "a".repeat(300)],
    ["x{0,255}".repeat(200), "x".repeat(300)],
    ["[".repeat(MANY), "["],
  ],
};
