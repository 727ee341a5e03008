/** Mistakes that need a script of their own, because they leave nothing else to read. */
import { expect, test } from "vitest";
import { parse } from "../../grammar/index.ts";
import { read } from "./read.ts";

const codes = (text: string): string[] => read(text).problems.map(({ code }) => code);

test.each([
  ["missing-endif", "#!ifdef A\n#!endif # A\n"],
  ["unmatched-endif", "#!endif\n"],
  ["ifexp", "#!ifexp 1 /\n#!endif\n"],
  ["async-argument", "route { async(sleep(1)); }"],
  ["legacy-operand", "route { if (myself == proto) exit; }"],
  // Values that Kamailio's grammar refuses.
  ["syntax", "listen=ws:127.0.0.1:80"],
  ["syntax", "alias=wss:a.example:443"],
  ["param-value", "g.x = -5"],
  ["param-value", "advertised_address=-1"],
  ["param-value", "alias=-1"],
  ["param-value", "tcp_source_ipv4=1"],
  ["param-value", "tcp_source_ipv6=udp:127.0.0.1:5060"],
  ["param-value", "tcp_poll_method=fast"],
  ["ip-mask", "route { if (src_ip == 10.0.0.0/33) exit; }"],
  ["route-name", 'event_route["plain"] { ; }'],
  ["route-name", "reply_route[A] { ; }"],
  ["unclosed-variable", "route { $x = $var(a\n); }"],
  ["subst-variable", '#!subst "/a/$ru/"\n'],
  ["empty-script", "#!KAMAILIO\n# Nothing but words.\n"],
  ["include-depth", 'include_file "main.cfg"\n'],
  ["stray-character", "route { exit; `}"],
] as const)("%s", (code, text) => {
  expect(codes(text)).toContain(code);
});

test("what means nothing does not hide the string that follows", () => {
  expect(codes('route { if (method == \\"INVITE") exit; }')).toEqual(["stray-character"]);
});

test("subst-unavailable: without regular expressions substitutions are refused", () => {
  const nothing = { readFile: () => null, resolve: () => "", dirname: () => "" };
  const { problems } = parse({ file: "a.cfg", text: '#!subst "/a/b/"\n', ...nothing });
  expect(problems.map(({ code }) => code)).toEqual(["subst-unavailable"]);
});
