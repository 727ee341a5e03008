/** HTTPS: what is trusted, client certificates, HTTP/2 by negotiation, and tunnels through a proxy. */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createSecureServer } from "node:http2";
import { createServer, type Server } from "node:https";
import { type AddressInfo, connect, createServer as createTcp, type Server as TcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HttpReply, HttpRequest, HttpTls } from "../../src/declare/host.ts";
import { createHttp } from "../../src/node/http/index.ts";

const hasOpenssl = (() => {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(!hasOpenssl)("over TLS", () => {
  const http = createHttp();
  let folder = "";
  let server: Server;
  let proxy: TcpServer;
  const tunnels: string[] = [];
  const file = (name: string): string => join(folder, name);
  const portOf = (it: Server | TcpServer): number => (it.address() as AddressInfo).port;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "tls-"));
    const make = (name: string, subject: string, alternative: string) =>
      execFileSync(
        "openssl",
        [
          ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
          ...["-keyout", file(`${name}.key`), "-out", file(`${name}.pem`), "-subj", `/CN=${subject}`],
          ...["-addext", `subjectAltName=${alternative}`],
        ],
        { stdio: "ignore" },
      );
    make("server", "localhost", "DNS:localhost");
    make("client", "client", "DNS:client");
    mkdirSync(file("ca"));
    copyFileSync(file("server.pem"), file("ca/one.pem"));
    const options = {
      key: readFileSync(file("server.key")),
      cert: readFileSync(file("server.pem")),
      ca: readFileSync(file("client.pem")),
      requestCert: true,
      rejectUnauthorized: false,
    };
    server = createServer(options, (request, response) => {
      const peer = (request.socket as TLSSocket).getPeerCertificate();
      response.end(`${peer.subject?.CN ?? "nobody"} ${(request.socket as TLSSocket).isSessionReused()}`);
    });
    proxy = createTcp((socket) => {
      socket.once("data", (bytes) => {
        tunnels.push(bytes.toString("latin1").split("\r\n")[0]!);
        const onward = connect(portOf(server), "127.0.0.1", () => socket.write("HTTP/1.1 200 Connected\r\n\r\n"));
        socket.pipe(onward).pipe(socket);
        for (const it of [socket, onward]) it.on("error", () => {});
      });
    });
    for (const it of [server, proxy]) await new Promise<void>((done) => it.listen(0, "127.0.0.1", done));
  });
  afterAll(() => {
    http.close();
    server.close();
    server.closeAllConnections();
    proxy.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const get = (host: string, tls: HttpTls, more: Partial<HttpRequest> = {}): Promise<HttpReply> =>
    http.request({
      url: `https://${host}:${portOf(server)}/`,
      method: "GET",
      headers: [],
      timeout: 5000,
      tls,
      ...more,
    });
  const outcome = async (host: string, tls: HttpTls, more?: Partial<HttpRequest>): Promise<string> => {
    const reply = await get(host, tls, more);
    return reply.ok ? reply.body.split(" ")[0]! : reply.error;
  };

  test("a certificate must be trusted and be for the name", async () => {
    expect(await outcome("localhost", {})).toBe("certificate");
    expect(await outcome("localhost", { caPath: file("server.pem") })).toBe("nobody");
    expect(await outcome("localhost", { caPath: file("ca") })).toBe("nobody");
    expect(await outcome("127.0.0.1", { caPath: file("ca") })).toBe("certificate");
    expect(await outcome("127.0.0.1", { caPath: file("ca"), verifyHost: false })).toBe("nobody");
    expect(await outcome("localhost", { verifyPeer: false })).toBe("nobody");
    expect(await outcome("127.0.0.1", { verifyPeer: false })).toBe("certificate");
    expect(await outcome("127.0.0.1", { verifyPeer: false, verifyHost: false })).toBe("nobody");
  });

  test("client certificates, and files that are not there", async () => {
    const tls = { caPath: file("ca"), clientCert: file("client.pem"), clientKey: file("client.key") };
    expect(await outcome("localhost", tls)).toBe("client");
    expect(await outcome("localhost", { ...tls, clientKey: file("none") })).toBe("tls");
    expect(await outcome("localhost", { caPath: file("none") })).toBe("tls");
    expect((await get("localhost", tls)).times.appConnect).toBeGreaterThanOrEqual(0);
  });

  test("a server that does not speak TLS, and a version that it does not have", async () => {
    const plain = createTcp((socket) => socket.once("data", () => socket.end("HTTP/1.0 400 no\r\n\r\n")));
    await new Promise<void>((done) => plain.listen(0, "127.0.0.1", done));
    const reply = await http.request({
      url: `https://127.0.0.1:${portOf(plain)}/`,
      method: "GET",
      headers: [],
      timeout: 5000,
    });
    plain.close();
    expect(reply.ok || reply.error).toBe("tls");
  });

  test("through a proxy", async () => {
    const more = { proxy: { url: "http://127.0.0.1", port: portOf(proxy) } };
    expect(await outcome("localhost", { caPath: file("ca") }, more)).toBe("nobody");
    expect(tunnels).toEqual([`CONNECT localhost:${portOf(server)} HTTP/1.1`]);
  });

  test("HTTP/2 where the server has it", async () => {
    const modern = createSecureServer(
      { key: readFileSync(file("server.key")), cert: readFileSync(file("server.pem")), allowHTTP1: true },
      (request, response) => void response.end(request.httpVersion),
    );
    await new Promise<void>((done) => modern.listen(0, "127.0.0.1", done));
    const { port } = modern.address() as AddressInfo;
    const own = createHttp();
    const ask = (version?: "2") =>
      own.request({
        url: `https://localhost:${port}/`,
        method: "GET",
        headers: [],
        timeout: 5000,
        tls: { caPath: file("ca") },
        ...(version && { version }),
      });
    const bodies = [await ask("2"), await ask()].map((it) => it.ok && it.body);
    own.close();
    modern.close();
    expect(bodies).toEqual(["2.0", "1.1"]);
  });
});
