/** The HTTP port against real servers on loopback: what it sends, what it gives back, and every kind of failure. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2 } from "node:http2";
import { type AddressInfo, createServer as createTcp, type Socket } from "node:net";
import { afterAll, afterEach, expect, test } from "vitest";
import type { HttpReply, HttpRequest } from "../../src/declare/host.ts";
import { createHttp } from "../../src/node/http/index.ts";

const http = createHttp();
afterAll(() => http.close());

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A server for one test; gives its origin. */
async function serve(answer: (request: IncomingMessage, response: ServerResponse, body: string) => void) {
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("latin1");
    request.on("data", (chunk: string) => (body += chunk));
    request.on("end", () => answer(request, response, body));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that does with each connection what it is told. */
async function raw(connected: (socket: Socket) => void) {
  const open = new Set<Socket>();
  const server = createTcp((socket) => {
    open.add(socket);
    socket.on("error", () => {});
    connected(socket);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  closers.push(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const get = (url: string, more: Partial<HttpRequest> = {}): Promise<HttpReply> =>
  http.request({ url, method: "GET", headers: [], timeout: 5000, ...more });

const error = (reply: HttpReply) => (reply.ok ? `status ${reply.status}` : reply.error);

test("what is sent and what comes back, byte for byte", async () => {
  const seen: unknown[] = [];
  const origin = await serve((request, response, body) => {
    seen.push(request.method, request.url, request.headers["x-one"], body);
    response.writeHead(201, "Made it", ["X-Test", "a", "x-test", "b"]);
    response.end(Buffer.from("caf\xe9", "latin1"));
  });
  const reply = await get(`${origin}/a/../b?u=1%20|2#part`, {
    method: "PUT",
    headers: [["X-One", "1"]],
    body: "b\xf6dy",
  });
  expect(seen).toEqual(["PUT", "/b?u=1%20|2", "1", "b\xf6dy"]);
  expect(reply).toMatchObject({
    ok: true,
    status: 201,
    reason: "Made it",
    body: "caf\xe9",
    url: `${origin}/b?u=1%20|2`,
  });
  expect(reply.ok && reply.headers.slice(0, 2)).toEqual([
    ["X-Test", "a"],
    ["x-test", "b"],
  ]);
  const { times } = reply;
  expect(times.connect).toBeGreaterThan(0);
  expect([
    times.connect <= times.preTransfer,
    times.preTransfer <= times.startTransfer,
    times.startTransfer <= times.total,
  ]).toEqual([true, true, true]);
});

test("UTF-8 bytes in a URL travel as they are", async () => {
  let line = "";
  const origin = await raw((socket) =>
    socket.once("data", (bytes) => {
      line = bytes.toString("latin1").split("\r\n")[0]!;
      socket.end("HTTP/1.0 204 No Content\r\n\r\n");
    }),
  );
  expect(error(await get(`${origin}/caf\xc3\xa9?x={"y"}`))).toBe("status 204");
  expect(line).toBe('GET /caf\xc3\xa9?x={"y"} HTTP/1.1');
});

test("a connection is used again, and waiting exchanges have one each", async () => {
  const sockets = new Set<Socket>();
  const waiting: ServerResponse[] = [];
  const origin = await serve((request, response) => {
    sockets.add(request.socket);
    if (request.url === "/wait") waiting.push(response);
    if (waiting.length === 20) for (const it of waiting.splice(0)) it.end("late");
    if (request.url === "/now") response.end("now");
  });
  for (let i = 0; i < 3; i++) await get(`${origin}/now`);
  expect(sockets.size).toBe(1);
  const replies = await Promise.all(Array.from({ length: 20 }, () => get(`${origin}/wait`)));
  expect(replies.every((it) => it.ok && it.body === "late")).toBe(true);
  expect(sockets.size).toBe(20);
});

test("a used connection that died meanwhile is replaced, a fresh one is not tried twice", async () => {
  let connections = 0;
  const origin = await raw((socket) => {
    connections++;
    let requests = 0;
    socket.on("data", () => {
      if (++requests > 1) socket.resetAndDestroy();
      else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
    });
  });
  expect(error(await get(origin))).toBe("status 200");
  expect(error(await get(origin, { method: "POST", body: "a" }))).toBe("status 200");
  expect(connections).toBe(2);
});

test.each([
  ["said something unasked", "", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong"],
  ["said more than the answer", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong", ""],
])("a connection whose server %s is not used again", async (_, behind, later) => {
  let connections = 0;
  let closed = (): void => {};
  const gone = new Promise<void>((done) => (closed = done));
  const origin = await raw((socket) => {
    connections++;
    socket.on("close", () => closed());
    socket.on("data", () => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nright${behind}`, () => {
        if (later) setImmediate(() => socket.write(later));
      });
    });
  });
  expect(await get(origin)).toMatchObject({ body: "right" });
  await gone;
  expect(await get(origin)).toMatchObject({ body: "right" });
  expect(connections).toBe(2);
});

test("a connection that the server keeps for two seconds is not trusted with another request", async () => {
  let connections = 0;
  const origin = await raw((socket) => {
    connections++;
    socket.on("data", () => socket.write("HTTP/1.1 204 No\r\nKeep-Alive: timeout=2\r\n\r\n"));
  });
  expect([error(await get(origin)), error(await get(origin)), connections]).toEqual(["status 204", "status 204", 2]);
});

test("what would end a line of the request is refused", async () => {
  const origin = await raw((socket) => socket.on("data", () => socket.write("HTTP/1.1 204 No\r\n\r\n")));
  for (const [name, value] of [
    ["X", "a\r\nY: b"],
    ["X\r\nY", "a"],
    ["X Y", "a"],
  ] as const)
    expect(error(await get(origin, { headers: [[name, value]] }))).toBe("other");
  expect(error(await get(origin, { method: "GET / HTTP/1.1\r\n" }))).toBe("other");
  expect(error(await get(origin, { headers: [["X", "caf\xc3\xa9"]] }))).toBe("status 204");
});

test.each<[string, (socket: Socket) => void, string]>([
  ["closes without a word", (socket) => socket.once("data", () => socket.end()), "empty"],
  ["resets", (socket) => socket.once("data", () => socket.resetAndDestroy()), "reset"],
  ["speaks something else", (socket) => socket.once("data", () => socket.end("220 smtp ready\r\n")), "protocol"],
  [
    "stops within the body",
    (socket) => socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")),
    "partial",
  ],
  ["never answers", () => {}, "timeout"],
  [
    "stalls within the body",
    (socket) => socket.once("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")),
    "timeout",
  ],
])("a server that %s", async (_, behave, expected) => {
  expect(error(await get(await raw(behave), { timeout: 80 }))).toBe(expected);
});

test("failures before there is a connection", async () => {
  const origin = await serve(() => {});
  closers.pop()!();
  expect(error(await get(origin))).toBe("refused");
  expect(error(await get("ftp://127.0.0.1/"))).toBe("url");
  expect(error(await get("http://a b/"))).toBe("url");
  expect(error(await get("http://127.0.0.1:99999/"))).toBe("url");
  expect(error(await get("http://name.invalid/"))).toBe("resolve");
});

test("a body is bounded, and may be cut instead", async () => {
  let sent = 0;
  const origin = await serve((_, response) => {
    const piece = Buffer.alloc(65_536, "a");
    const more = (): void => {
      while (sent < 100_000_000 && !response.destroyed) {
        sent += piece.length;
        if (!response.write(piece)) return void response.once("drain", more);
      }
      response.end();
    };
    more();
  });
  expect(error(await get(origin, { maxBody: 100_000 }))).toBe("too-large");
  expect(sent).toBeLessThan(50_000_000);
  sent = 0;
  const cut = await get(origin, { maxBody: 100_000, truncate: true });
  expect(cut.ok && cut.body.length).toBe(100_000);
  expect(sent).toBeLessThan(50_000_000);
});

test("the caller may give up", async () => {
  const origin = await raw(() => {});
  const controller = new AbortController();
  const reply = http.request({ url: origin, method: "GET", headers: [], timeout: 5000 }, controller.signal);
  controller.abort();
  expect(error(await reply)).toBe("aborted");
});

test("redirects: how many, where to, and what becomes of method and credentials", async () => {
  const seen: string[] = [];
  const other = await serve((request, response) => {
    seen.push(`other ${request.method} ${request.headers.authorization ?? "-"}`);
    response.end("there");
  });
  const origin = await serve((request, response, body) => {
    seen.push(`${request.method} ${request.url} ${body}`);
    const target: Record<string, [number, string]> = {
      "/a": [302, "b?x=1"],
      "/b?x=1": [307, `${other}/c`],
      "/keep": [307, "/done"],
      "/loop": [301, "/loop"],
    };
    const [status, location] = target[request.url!] ?? [200, ""];
    response.writeHead(status, location ? { Location: location } : {}).end("done");
  });
  const follow = { followRedirects: 5, headers: [["Authorization", "secret"]] as const };
  const reply = await get(`${origin}/a`, { ...follow, method: "POST", body: "data" });
  expect(reply).toMatchObject({ ok: true, body: "there", url: `${other}/c` });
  await get(`${origin}/keep`, { ...follow, method: "POST", body: "data" });
  expect(error(await get(`${origin}/loop`, { followRedirects: 2 }))).toBe("redirects");
  expect(error(await get(`${origin}/a`))).toBe("status 302");
  expect(seen).toEqual([
    "POST /a data",
    "GET /b?x=1 ",
    "other GET -",
    "POST /keep data",
    "POST /done data",
    "GET /loop ",
    "GET /loop ",
    "GET /loop ",
    "GET /a ",
  ]);
});

test("credentials: Basic at once, Digest after its challenge", async () => {
  const md5 = (text: string): string => createHash("md5").update(text).digest("hex");
  const origin = await serve((request, response) => {
    const given = request.headers.authorization;
    if (request.url === "/basic") return void response.end(given ?? "none");
    const fields = Object.fromEntries([...(given ?? "").matchAll(/(\w+)="?([^",]+)"?/g)].map((it) => [it[1], it[2]]));
    const expected = md5(`${md5("joe:here:pw")}:n1:${fields["nc"]}:${fields["cnonce"]}:auth:${md5("GET:/digest?a=1")}`);
    if (fields["response"] === expected) return void response.end("welcome");
    response.writeHead(401, {
      "WWW-Authenticate": 'Basic realm="x", Digest realm="here", nonce="n1", qop="auth,auth-int", opaque="o"',
    });
    response.end();
  });
  const as = (method: "basic" | "digest" | "any", password = "pw") => ({ auth: { method, username: "joe", password } });
  const body = async (path: string, more: Partial<HttpRequest>) => {
    const reply = await get(origin + path, more);
    return reply.ok ? `${reply.status} ${reply.body}` : reply.error;
  };
  expect(await body("/basic", as("basic"))).toBe(`200 Basic ${btoa("joe:pw")}`);
  expect(await body("/digest?a=1", as("digest"))).toBe("200 welcome");
  expect(await body("/digest?a=1", as("any"))).toBe("200 welcome");
  expect(await body("/digest?a=1", as("digest", "wrong"))).toBe("401 ");
  expect(await get(`${origin.replace("//", "//joe:pw@")}/basic`)).toMatchObject({ body: `Basic ${btoa("joe:pw")}` });
});

test("HTTP/2 from the first byte", async () => {
  const server = createHttp2((request, response) =>
    response.end(`${request.httpVersion} ${request.method} ${request.url}`),
  );
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  closers.push(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`;
  const own = createHttp();
  const reply = await own.request({ url, method: "GET", headers: [], timeout: 5000, version: "2-prior" });
  own.close();
  expect(reply).toMatchObject({ ok: true, status: 200, body: "2.0 GET /x" });
});

test("a proxy gets the whole URL", async () => {
  const origin = await serve((request, response) => void response.end(`${request.url} for ${request.headers.host}`));
  const proxy = { url: "http://127.0.0.1", port: Number(new URL(origin).port) };
  expect(await get("http://service.invalid/x", { proxy })).toMatchObject({
    body: "http://service.invalid/x for service.invalid",
  });
});
