/** http_async_client: what a script sets, what is sent, and what its callback reads. */
import { expect, test } from "vitest";
import type { HttpRequest } from "../../src/declare/host.ts";
import { run } from "./script.ts";

const load = 'loadmodule "http_async_client.so"';
const callback = (body: string): string => `route[CB] { ${body} }`;
const query = 'http_async_query("http://api/x?u=$rU", "CB");';

const sent = (request: HttpRequest | undefined) => {
  const { headers, method, url, body } = request!;
  return [`${method} ${url}`, ...headers.map(([name, value]) => `${name}: ${value}`), ...(body ? [body] : [])];
};

test("a query without settings", async () => {
  const { log, requests } = await run(
    load,
    `xlog("> id=$http_req_id|\\n"); $var(r) = ${query} xlog("> r=$var(r) id=$http_req_id\\n");`,
    () => ({
      status: 201,
      reason: "Made",
      body: "hello",
      headers: [
        ["X-A", "1"],
        ["x-a", "2"],
        ["l", "5"],
      ],
    }),
    callback(`
      xlog("> $http_ok $http_err $http_rs $http_rr $http_rb $http_bs $http_ml $http_req_id\\n");
      xlog("> $http_hdr(X-a) $(http_hdr(x-A)[1]) $(http_hdr(X-A)[-1]) $(http_hdr(X-A)[*]) $http_hdr(Content-Length) $http_hdr(No)\\n");
      $var(n) = "X-A"; xlog("> $http_hdr($var(n)) $http_time(total) $http_xdata\\n");`),
  );
  expect(sent(requests[0])).toEqual(["GET http://api/x?u=bob", "Accept: */*"]);
  expect(requests[0]!.timeout).toBe(500);
  expect(log).toEqual(["id=|", "r=1 id=1-1", "1 <null> 201 Made hello 5 48 1-1", "1 2 2 1,2 5 <null>", "1 0 <null>"]);
});

test("settings of the next query, and of it alone", async () => {
  const { requests } = await run(
    `${load}\nmodparam("http_async_client", "connection_timeout", 900)`,
    `
    $http_req(method) = "pat";
    $http_req(hdr) = "X-One: 1"; $http_req(hdr) = "X-Two: " + $rU;
    $http_req(hdr) = "Accept:"; $http_req(hdr) = "X-Empty;"; $http_req(hdr) = "no header";
    $http_req(body) = "data"; $http_req(timeout) = 200; $http_req(suspend) = 0;
    $http_req(username) = "joe"; $http_req(password) = "pw"; $http_req(authmethod) = 2;
    $http_req(keepalive) = 1; $http_req(ka-idle) = 30; $http_req(tcp_ka_interval) = 5;
    $http_req(follow_redirect) = 1; $http_req(http_version) = 2;
    ${query} ${query}
    $http_req(method) = "DELETE"; $http_req(all) = $null; ${query}`,
    undefined,
    callback("return;"),
  );
  expect(sent(requests[0])).toEqual([
    "PATCH http://api/x?u=bob",
    "X-One: 1",
    "X-Two: bob",
    "X-Empty: ",
    "Content-Type: application/x-www-form-urlencoded",
    "data",
  ]);
  expect(requests[0]).toMatchObject({
    timeout: 200,
    auth: { method: "digest", username: "joe", password: "pw" },
    keepAlive: { enabled: true, idleSeconds: 30, intervalSeconds: 5 },
    followRedirects: 30,
    version: "2-prior",
  });
  expect(requests.slice(1).map(sent)).toEqual([
    ["GET http://api/x?u=bob", "Accept: */*"],
    ["GET http://api/x?u=bob", "Accept: */*"],
  ]);
  expect(requests[1]).toMatchObject({ timeout: 900 });
});

test("values of the wrong type are refused and change nothing", async () => {
  const { requests, complaints } = await run(
    load,
    `$http_req(timeout) = "200"; $http_req(method) = "FETCH"; $http_req(body) = 5; $http_req(http_version) = 3; ${query}`,
    undefined,
    callback("return;"),
  );
  expect(sent(requests[0])).toEqual(["GET http://api/x?u=bob", "Accept: */*"]);
  expect(requests[0]!.timeout).toBe(500);
  expect(complaints.filter((it) => it.includes("http_async_client"))).toHaveLength(5);
});

test("a transaction is suspended and goes on in the route, again and again", async () => {
  const { log } = await run(
    load,
    `$avp(a) = "kept"; t_newtran(); ${query} xlog("> not reached\\n");`,
    (request) => ({ status: 200, reason: "OK", body: request.url.slice(-1), delay: 100 }),
    `route[CB] { xlog("> first $http_rb $avp(a)\\n"); http_async_query("http://api/2", "CB2"); xlog("> not reached\\n"); }
     route[CB2] { xlog("> second $http_rb $avp(a)\\n"); t_reply("200", "OK"); }`,
  );
  expect(log).toEqual(["first b kept", "second 2 kept"]);
});

test("http_async_send never suspends, and carries data along", async () => {
  const { log } = await run(
    load,
    `t_newtran(); http_async_send_xdata("http://api/x", "CB", "for $rU"); xlog("> goes on\\n"); t_reply("200", "OK");`,
    undefined,
    callback('xlog("> $http_ok $http_xdata $rm\\n");'),
  );
  expect(log).toEqual(["goes on", "1 for bob OPTIONS"]);
});

test.each([
  ["hang", { hang: true }, "0 TIMEOUT <null> <null>", { timeouts: 1, errors: 0 }],
  [
    "refuse",
    { refuse: true },
    "0 Failed to connect to api port 80 after 0 ms: Couldn't connect to server <null> <null>",
    { timeouts: 0, errors: 1 },
  ],
  ["reset", { reset: true }, "0 Recv failure: Connection reset by peer <null> <null>", { timeouts: 0, errors: 1 }],
] as const)("a service that would %s", async (_, answer, expected, counted) => {
  const { log, simulation } = await run(
    load,
    query,
    () => answer,
    callback('xlog("> $http_ok $http_err $http_rs $http_rb\\n");'),
  );
  expect(log).toEqual([expected]);
  const { statistics } = simulation.server;
  const count = (name: string) => statistics.counter("http_async_client", name).value;
  expect({
    requests: count("requests"),
    replies: count("replies"),
    timeouts: count("timeouts"),
    errors: count("errors"),
  }).toEqual({
    requests: 1,
    replies: 0,
    ...counted,
  });
});

test("wrong arguments, and a route that is not there", async () => {
  const { log, complaints } = await run(
    load,
    `$var(e) = ""; $var(r) = http_async_query("$var(e)", "CB"); xlog("> $var(r)\\n");
     $var(r) = http_async_query("http://api/", "$var(e)"); xlog("> $var(r)\\n");
     $var(r) = http_async_query("http://api/", "NOPE"); xlog("> $var(r) $http_rs\\n");`,
  );
  expect(log).toEqual(["-1", "-1", "1 <null>"]);
  expect(complaints).toContain('http_async_client: there is no route block "NOPE"');
});

test("a script that names an unknown setting is refused", async () => {
  expect((await run(load, "$http_req(speed) = 1;")).problems).not.toEqual([]);
  expect((await run(`${load}\nmodparam("http_async_client", "workers", 0)`, "exit;")).problems.join()).toContain(
    "workers",
  );
});
