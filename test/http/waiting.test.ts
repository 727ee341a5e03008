/** http_client: what is sent, what comes back as code and text, and connections. */
import { expect, test } from "vitest";
import { parseConnection, parseConnectionFile } from "../../src/modules/http_client/connections.ts";
import { curlHeaders, curlText } from "../../src/modules/http_client/curl.ts";
import { printJson } from "../../src/modules/jsonrpcs/json.ts";
import { run } from "./script.ts";

const load = 'loadmodule "http_client.so"';

test.each<[string, string, string[]]>([
  [
    "GET",
    'http_client_query("http://api/$rU", "$var(b)")',
    ["GET http://api/bob", "User-Agent: Viaduct", "Accept: */*"],
  ],
  [
    "POST",
    'http_client_query("http://api/", "a=$rU", "$var(b)")',
    [
      "POST http://api/",
      "User-Agent: Viaduct",
      "Accept: */*",
      "Content-Type: application/x-www-form-urlencoded",
      "a=bob",
    ],
  ],
  [
    "an empty body is none",
    'http_client_query("http://api/", "", "X-A: 1\\r\\nX-B: 2", "$var(b)")',
    ["GET http://api/", "User-Agent: Viaduct", "Accept: */*", "X-A: 1", "X-B: 2"],
  ],
  [
    "GET with a body",
    'http_client_get("http://api/", "data", "Content-Type: text/plain", "$var(b)")',
    ["GET http://api/", "User-Agent: Viaduct", "Accept: */*", "Content-Type: text/plain", "data"],
  ],
  [
    "another method",
    'http_client_request("PURGE", "http://api/", "", "", "$var(b)")',
    ["PURGE http://api/", "User-Agent: Viaduct", "Accept: */*"],
  ],
  [
    "over a connection",
    'http_connect("one", "there", "$var(b)")',
    ["GET http://api/base/there", "User-Agent: own", "Accept: */*"],
  ],
  [
    "data over a connection",
    'http_connect("one", "/there", "application/json", "{$rU}", "$var(b)")',
    ["POST http://api/base/there", "User-Agent: own", "Accept: */*", "Content-Type: application/json", "{bob}"],
  ],
  [
    "data as it stands",
    'http_connect_raw("one", "", "a/b", "{$rU}", "$var(b)")',
    ["POST http://api/base", "User-Agent: own", "Accept: */*", "Content-Type: a/b", "{$rU}"],
  ],
])("%s", async (_, call, expected) => {
  const head = `${load}\nmodparam("http_client", "httpcon", "one=>http://joe:pw@api/base;useragent=own")`;
  const { requests, log, problems } = await run(head, `$var(r) = ${call}; xlog("> $var(r) $var(b)\\n");`, () => ({
    status: 200,
    body: "first\nsecond",
  }));
  expect(problems).toEqual([]);
  const [request] = requests;
  const { method, url, headers, body } = request!;
  expect([`${method} ${url}`, ...headers.map((it) => it.join(": ")), ...(body ? [body] : [])]).toEqual(expected);
  expect(request!.timeout).toBe(4000);
  // Queries give the first line, connections everything.
  expect(log).toEqual([call.startsWith("http_connect") ? "200 first\nsecond" : "200 first"]);
});

test.each([
  ["a status is the code, and its body counts up to 499", { status: 404, body: "none" }, "404 none"],
  ["from 500 there is no body", { status: 503, body: "broken" }, "503 "],
  ["nothing answers in time", { hang: true }, "28 "],
  ["nobody listens", { refuse: true }, "7 "],
  ["the connection is reset", { reset: true }, "56 "],
] as const)("%s", async (_, answer, expected) => {
  const { log, simulation } = await run(
    `${load}\nmodparam("http_client", "connection_timeout", 1)`,
    '$var(b) = "before"; $var(r) = http_client_query("http://api/", "$var(b)"); xlog("> $var(r) $var(b)\\n");',
    () => answer,
  );
  expect(log).toEqual([expected.trimEnd()]);
  expect(simulation.server.statistics.counter("httpclient", "connfail").value).toBe(1);
});

test("arguments that nothing can be sent with", async () => {
  const { log, requests } = await run(
    load,
    `$var(e) = ""; $var(b) = "kept"; $var(r) = http_client_query("$var(e)", "$var(b)"); xlog("> $var(r) $var(b)\\n");
     $var(r) = http_connect("none", "/", "$var(b)"); xlog("> $var(r) [$var(b)]\\n");
     $var(r) = http_get_redirect("none", "$var(b)"); xlog("> $var(r)\\n");`,
  );
  expect(log).toEqual(["-1 kept", "-1 []", "-1"]);
  expect(requests).toEqual([]);
});

test("a connection that fails has one that stands in for it, once", async () => {
  const head = ["a=>http://api/a;failover=b", "b=>http://api/b;failover=c", "c=>http://api/c"]
    .map((it) => `modparam("http_client", "httpcon", "${it}")`)
    .join("\n");
  const { log, requests } = await run(
    `${load}\n${head}`,
    '$var(r) = http_connect("a", "/x", "$var(b)"); xlog("> $var(r) $var(b)\\n");',
    (request) => (request.url.includes("/a/") ? { refuse: true } : { status: 500, body: "" }),
  );
  expect(requests.map(({ url }) => url)).toEqual(["http://api/a/x", "http://api/b/x"]);
  expect(log).toEqual(["500"]);
});

test("header fields of the answer, when they are kept", async () => {
  const { log } = await run(
    load,
    `http_client_query("http://api/", "$var(b)"); xlog("> $httprhdr(X-A)\\n");
     http_client_response_headers_set("1"); http_client_query("http://api/", "$var(b)"); xlog("> $httprhdr(x-a) $httprhdr(No)\\n");
     http_client_response_headers_clear(); xlog("> $httprhdr(X-A)\\n");`,
    () => ({
      status: 200,
      body: "",
      headers: [
        ["X-A", "1"],
        ["X-A", "2"],
      ],
    }),
  );
  expect(log).toEqual(["<null>", "2 <null>", "<null>"]);
});

test("what codes mean", async () => {
  const { log } = await run(load, 'xlog("> $curlerror(28)|$curlerror(200)|$curlerror(20)\\n");');
  expect(log).toEqual(["Timeout was reached|HTTP result code|Unknown error"]);
  expect(curlText(7)).toBe("Couldn't connect to server");
});

test("header lines as libcurl reads them", () => {
  const headers = curlHeaders(["A: 1 ", "Accept:", "B;", "no colon", "Content-Type: x/y"], {
    body: true,
    userAgent: "me",
  });
  expect(headers).toEqual([
    ["User-Agent", "me"],
    ["A", "1"],
    ["B", ""],
    ["Content-Type", "x/y"],
  ]);
});

const defaults = {
  timeout: 4,
  followRedirect: 0,
  userAgent: "Viaduct",
  maxDataSize: 0,
  verifyPeer: 1,
  verifyHost: 2,
  tlsVersion: 0,
  clientCert: "",
  clientKey: "",
  cipherSuites: "",
  authMethod: 3,
  keepConnections: 0,
  proxy: "proxy",
  proxyPort: 0,
};

test("definitions of connections", () => {
  expect(
    parseConnection(' api => https://joe:p:w@h:8443/x;timeout=7;verify_peer=5;speed=1;useragent="a;b"', defaults),
  ).toMatchObject({
    value: {
      name: "api",
      schema: "https",
      url: "h:8443/x",
      username: "joe",
      password: "p:w",
      timeout: 7,
      verifyPeer: 1,
      userAgent: "a;b",
      proxy: "",
    },
    warnings: [
      "connection api: bad value for verify_peer, the default holds",
      "connection api: unknown parameter speed",
    ],
  });
  for (const wrong of ["", "api", "api=>", "api=>host/path", "=>http://x"])
    expect(typeof parseConnection(wrong, defaults)).toBe("string");
});

test("a file of connections", () => {
  const file = `# services
[auth]
url = https://api.example.com/v4
timeout = 1
tlsversion = TLSv1.2
verify_peer = no
useragent = ""
httpproxy = "http://proxy"   # with its port
httpproxyport = 3128
[other]
url = http://x
`;
  expect(parseConnectionFile(file, defaults)).toMatchObject([
    {
      name: "auth",
      schema: "https",
      url: "api.example.com/v4",
      timeout: 1,
      tlsVersion: 6,
      verifyPeer: 0,
      userAgent: "",
      proxy: "http://proxy",
      proxyPort: 3128,
    },
    { name: "other", schema: "http", url: "x", timeout: 4, proxy: "" },
  ]);
  expect(parseConnectionFile("[a]\nurl = http://x\nspeed = 1\n", defaults)).toBe("line 3: unknown option speed");
  expect(parseConnectionFile("url = http://x\n", defaults)).toBe("line 1: expected [name] or key = value");
});

test("httpclient.listcon", async () => {
  const { simulation } = await run(
    `${load}\nmodparam("http_client", "httpcon", "a=>http://joe:pw@h/x;timeout=3")\nmodparam("http_client", "httpcon", "b=>http://h")`,
    "exit;",
  );
  const answer = await simulation.server.active.core.command("httpclient.listcon")!.run([]);
  expect(printJson(answer)).toBe(
    '{"CONNECTION":{"NAME":"b","SCHEMA":"http","URI":"h","USERNAME":"","PASSWORD":"","FAILOVER":"","TIMEOUT":4},' +
      '"CONNECTION":{"NAME":"a","SCHEMA":"http","URI":"h/x","USERNAME":"joe","PASSWORD":"pw","FAILOVER":"","TIMEOUT":3}}',
  );
});
