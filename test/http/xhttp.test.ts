/** xhttp: HTTP requests on a SIP socket, and what becomes of them. */
import { expect, test } from "vitest";
import { coreCommands } from "../../src/control/core-commands.ts";
import { modules } from "../../src/modules/index.ts";
import { Simulation } from "../../src/simulate/simulation.ts";

/** Sends requests on one connection; gives what comes back, the log and the problems. */
async function exchange(head: string, event: string, ...requests: string[]) {
  const script = `
listen=tcp:127.0.0.1:5060
loadmodule "pv.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "textops.so"
loadmodule "xlog.so"
loadmodule "xhttp.so"
loadmodule "jsonrpcs.so"
modparam("jsonrpcs", "transport", 1)
modparam("jsonrpcs", "pretty_format", 0)
server_signature=no
${head}
request_route { xlog("> sip\\n"); }
${event}`;
  const simulation = new Simulation({
    modules,
    builtin: [coreCommands],
    files: { "/t.cfg": script },
    script: "/t.cfg",
  });
  const problems = (await simulation.start()).map((it) => it.message);
  let got = "";
  if (problems.length === 0) {
    const stream = simulation.network.connect(
      { address: "127.0.0.1", port: 5060, noDelay: true, localAddress: "127.0.0.9", localPort: 4444 },
      { data: (text) => (got += text), closed() {} },
    );
    for (const request of requests) {
      stream.write(request);
      await simulation.advance(100);
    }
  }
  const log = simulation.log.filter((it) => it.text.startsWith("> ")).map((it) => it.text.slice(2).trimEnd());
  return { got, log, problems };
}

const get = (url: string): string => `GET ${url} HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\n\r\n`;
const post = (url: string, body: string): string =>
  `POST ${url} HTTP/1.1\r\nHost: here\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const event = (body: string): string => `event_route[xhttp:request] { ${body} }`;

test("a request and its answer", async () => {
  const { got, log } = await exchange(
    "",
    event(`
      xlog("> $rm $hu $(hu{url.path}) $(hu{url.querystring}) $si:$sp $hdr(Host) $rb\\n");
      append_to_reply("X-Own: 1\\r\\n");
      xhttp_reply("202", "Taken", "text/plain", "body $rb");`),
    post("/a/b?x=1", "data"),
  );
  expect(log).toEqual(["POST /a/b?x=1 /a/b x=1 127.0.0.9:4444 here data"]);
  expect(got).toBe(
    "HTTP/1.1 202 Taken\r\nSia: SIP/2.0/TCP 127.0.0.9:4444\r\nX-Own: 1\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nbody data",
  );
});

test("commands over HTTP", async () => {
  const call = (method: string): string => post("/RPC", `{"jsonrpc":"2.0","method":"${method}","params":["a"],"id":7}`);
  const { got } = await exchange("", event("jsonrpc_dispatch();"), call("core.echo"), call("nope"));
  expect(
    got
      .split("HTTP/1.1 ")
      .slice(1)
      .map((it) => [it.split("\r\n")[0], it.split("\r\n\r\n")[1]]),
  ).toEqual([
    ["200 OK", '{"jsonrpc":"2.0","result":["a"],"id":7}'],
    ["500 Method Not Found", '{"jsonrpc":"2.0","error":{"code":500,"message":"Method Not Found"},"id":7}'],
  ]);
});

test("requests that are not for the event route", async () => {
  const head = 'modparam("xhttp", "url_match", "^/api")\nmodparam("xhttp", "url_skip", "secret$")';
  const { log } = await exchange(head, event('xlog("> $hu\\n");'), get("/"), get("/api/x"), get("/api/secret"));
  expect(log).toEqual(["/api/x"]);
});

test("wrong arguments, and a script that cannot serve", async () => {
  const { got, log } = await exchange(
    "",
    event(
      '$var(r) = xhttp_reply("99", "x", "", ""); xlog("> $var(r)\\n"); $var(e) = ""; $var(r) = xhttp_reply("200", "$var(e)", "", ""); xlog("> $var(r)\\n");',
    ),
    get("/"),
  );
  expect([got, ...log]).toEqual(["", "-1", "-1"]);
  expect((await exchange('modparam("xhttp", "url_match", "(")', event("exit;"))).problems.join()).toContain(
    "url_match",
  );
});
