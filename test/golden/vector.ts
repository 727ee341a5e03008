/** One golden vector: what real Kamailio answered to a small script, and how its configuration is composed. */

export interface Vector {
  readonly id: string;
  readonly area: string;
  readonly preamble?: string;
  readonly script?: string;
  readonly cfg?: string;
  readonly routes?: string;
  readonly observe?: readonly string[];
  readonly message?: string | readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly uas?: readonly (readonly (number | readonly [number, string, (readonly string[])?])[])[];
  readonly wait_ms?: number;
  readonly quirk?: string;
  readonly expect: Expectation;
  readonly expect_5_6?: Expectation;
}

export interface Expectation {
  readonly config_error?: boolean;
  readonly log?: readonly unknown[];
  readonly values?: readonly unknown[] | null;
  readonly sent?: readonly unknown[];
}

export const PORT = { server: 45060, client: 45061, ctl: 45062, sink: 45063 };

const MODULES =
  "kex corex tm tmx sl rr pv maxfwd textops textopsx siputils xlog sanity json jansson avpops htable cfgutils regex ipops nathelper sdpops";

const BASE = `#!KAMAILIO
debug=2
log_stderror=yes
log_name="golden"
children=1
disable_tcp=yes
auto_aliases=no
dns=no
rev_dns=no
server_signature=no
listen=udp:127.0.0.1:${PORT.server}
alias="gold.example"
mpath="/usr/lib/kamailio/modules/"
${MODULES.split(" ")
  .map((name) => `loadmodule "${name}.so"\n`)
  .join("")}modparam("xlog", "buf_size", 65000)
modparam("htable", "htable", "a=>size=4;")
modparam("htable", "htable", "b=>size=4;initval=7;")
modparam("pv", "shvset", "sv=i:5")
modparam("pv", "shvset", "ss=s:abc")
`;

const ended = (text: string): string => text.replace(/\n*$/, "\n");

/** Whether the vector has a reply_route of its own, so that the mark at the end of a message cannot be used. */
export const hasReplyRoute = (v: Vector): boolean =>
  /^\s*(reply_route|onreply_route)\s*\{/m.test(`${v.cfg ?? ""}\n${v.routes ?? ""}`);

export function composeScript(v: Vector): string {
  let text = BASE + (v.preamble ? ended(v.preamble) : "");
  if (v.cfg !== undefined) text += ended(v.cfg);
  else {
    const observes = v.observe && v.observe.length > 0;
    text += `request_route {\n\troute(MAIN);\n${observes ? "\troute(OBS);\n" : ""}}\nroute[MAIN] {\n${ended(v.script ?? "")}}\n`;
    if (observes) text += `route[OBS] {\n${v.observe!.map(observation).join("")}}\n`;
    if (v.routes) text += ended(v.routes);
  }
  if (!/core:worker-one-init/.test(text)) text += 'event_route[core:worker-one-init] {\n\txlog("@@UP\\n");\n}\n';
  if (!hasReplyRoute(v))
    text += `reply_route {\n\tif($sp == ${PORT.ctl}) {\n\t\txlog("@@END\\n");\n\t\tdrop;\n\t}\n}\n`;
  return text;
}

/**
 * One script for vectors that differ in `script`, `observe` and `message` only: a mark with a field `X-Go` says which
 * one the next message is for, and puts back what outlives a message.
 */
export function composePack(pack: readonly Vector[]): string {
  const { preamble, routes } = pack[0]!;
  let text = BASE + (preamble ? ended(preamble) : "");
  text += `request_route {\n\troute($var(__m));\n\troute($var(__o));\n}\n`;
  pack.forEach((v, i) => {
    text += `route[M${i}] {\n${ended(v.script ?? "")}}\n`;
    text += `route[O${i}] {\n${(v.observe ?? []).map(observation).join("") || "\treturn;\n"}}\n`;
  });
  if (routes) text += ended(routes);
  const names = (kind: string): string[] => {
    const named = new RegExp(`\\$\\(?${kind}\\(([A-Za-z0-9_]+)\\)`, "g");
    const all = pack.flatMap((it) => [...`${it.script} ${it.observe} ${routes}`.matchAll(named)].map((m) => m[1]!));
    return [...new Set(all)];
  };
  const reset = [
    ...names("var").map((it) => `$var(${it}) = 0;`),
    ...names("vn").map((it) => `$vn(${it}) = $null;`),
    ...names("shv").map((it) => `$shv(${it}) = 0;`),
    '$shv(sv) = 5; $shv(ss) = "abc"; sht_reset("a"); sht_reset("b");',
  ];
  text += 'event_route[core:worker-one-init] {\n\txlog("@@UP\\n");\n}\n';
  text += `reply_route {\n\tif($sp == ${PORT.ctl}) {\n\t\tif($hdr(X-Go) != $null) {\n\t\t\t`;
  text += `${reset.join("\n\t\t\t")}\n\t\t\t$var(__m) = "M" + $hdr(X-Go);\n\t\t\t$var(__o) = "O" + $hdr(X-Go);\n\t\t}\n`;
  return `${text}\t\txlog("@@END\\n");\n\t\tdrop;\n\t}\n}\n`;
}

/** Statements that log type and value (in hexadecimal) of one variable. */
function observation(text: string, i: number): string {
  const quoted = (it: string): string => it.replace(/\\/g, "\\\\").replace(/"/g, '\\"');
  const hex = quoted(
    text.startsWith("$(") ? `${text.slice(0, -1)}{s.encode.hexa})` : `$(${text.slice(1)}{s.encode.hexa})`,
  );
  const it = quoted(text);
  return (
    `\tif(typeof("${it}", "null")) { xlog("@@${i} null \\n"); }\n` +
    `\telse if(typeof("${it}", "int")) { xlog("@@${i} int ${hex}\\n"); }\n` +
    `\telse if(typeof("${it}", "str")) { xlog("@@${i} str ${hex}\\n"); }\n` +
    `\telse { xlog("@@${i} err \\n"); }\n`
  );
}
