/** The module tls on real connections. */
import { readFileSync } from "node:fs";
import { type ConnectionOptions, connect, createServer, type TLSSocket } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../../free-port.ts";
import { pem, request, start } from "./rig.ts";

const head = (port: number, address = "127.0.0.1"): string => `
enable_tls=yes
listen=tls:${address}:${port}
loadmodule "pv"
loadmodule "xlog"
loadmodule "sl"
loadmodule "tm"
loadmodule "tls"
`;
const server = `certificate = ${pem("server")}\nprivate_key = ${pem("server.key")}\n`;
const other = `certificate = ${pem("other")}\nprivate_key = ${pem("other.key")}\n`;
const own = (name: string): ConnectionOptions => ({
  cert: readFileSync(pem(name)),
  key: readFileSync(pem(`${name}.key`)),
});

/** A client: what it gets, and what becomes of it. */
function client(port: number, options: ConnectionOptions = {}) {
  const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...options });
  onTestFinished(() => void socket.destroy());
  let text = "";
  const waiting: (() => void)[] = [];
  socket.on("data", (data) => {
    text += data.toString("latin1");
    for (const wake of waiting.splice(0)) wake();
  });
  const closed = new Promise<void>((resolve) => {
    socket.on("error", () => {});
    socket.on("close", () => resolve());
  });
  const secured = new Promise<TLSSocket>((resolve) => socket.once("secureConnect", () => resolve(socket)));
  const got = async (pattern: RegExp): Promise<string> => {
    while (!pattern.test(text)) await new Promise<void>((resolve) => waiting.push(resolve));
    return text;
  };
  return { socket, closed, secured, got };
}

test("the module's parameters secure connections, and the script learns of them", async () => {
  const port = await freePort();
  const rig = await start(`${head(port)}
modparam("tls", "tls_method", "TLSv1.2")
modparam("tls", "certificate", "${pem("server")}")
modparam("tls", "private_key", "${pem("server.key")}")
modparam("tls", "ca_list", "${pem("other")}")
modparam("tls", "verify_certificate", 1)
modparam("tls", "cipher_list", "ECDHE-ECDSA-AES256-GCM-SHA384")
request_route {
  is_peer_verified(); xlog("> $rc $pr\\n");
  xlog("> $tls_version $tls_cipher_info $tls_cipher_bits\\n");
  xlog("> $tls_description");
  xlog("> $tls_peer_verified $tls_peer_revoked $tls_peer_expired $tls_peer_selfsigned $tls_peer_server_name\\n");
  xlog("> $tls_peer_subject $tls_peer_subject_cn $tls_peer_issuer_organization $tls_peer_subject_unit\\n");
  xlog("> $tls_my_subject_cn $tls_my_san_hostname $tls_my_san_count(DNS) $tls_my_san_count(IP) $tls_my_san_uri\\n");
  xlog("> $tls_peer_version $tls(m_subject_line) $tls(p_issuer_line)\\n");
  xlog("> $tls_peer_notAfter $(tls_my_raw_cert{s.substr,0,27}) $(tls_my_urlencoded_cert{s.substr,0,22})\\n");
  xlog("> $sel(@tls.version) $sel(@tls.cipher.bits) $sel(@tls.peer.subject.cn) $sel(@tls.my.issuer) $sel(@tls.me.dns[0])\\n");
  xlog("> $sel(@tls.peer.verified) $sel(@tls.peer.expired) $sel(@tls.server_name) $sel(@tls.peer.ip)\\n");
  sl_send_reply("200", "OK");
}`);
  expect(rig.problems).toEqual([]);
  const it = client(port, { ...own("other"), servername: "sip.example.org" });
  it.socket.write(request("x", "TLS 127.0.0.1"));
  await it.got(/^SIP\/2.0 200/);
  expect(rig.log()).toEqual([
    "1 tls",
    "TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384 256",
    "ECDHE-ECDSA-AES256-GCM-SHA384  TLSv1.2 Kx=ECDH     Au=ECDSA Enc=AESGCM(256)            Mac=AEAD",
    "1 0 0 0 sip.example.org",
    "/C=DE/O=Viaduct/CN=other.example.org other.example.org Viaduct <null>",
    "server.example.org server.example.org 1 0 <null>",
    "2 /C=DE/O=Viaduct/CN=server.example.org /C=DE/O=Viaduct/CN=other.example.org",
    "Oct 28 06:58:55 2126 GMT -----BEGIN CERTIFICATE----- -----BEGIN%20CERTIFICA",
    "TLSv1.2 256 other.example.org /C=DE/O=Viaduct/CN=server.example.org server.example.org",
    "1 0 sip.example.org <null>",
  ]);
  const list = rig.command("tls.list") as { fields: [string, unknown][] }[];
  expect(list).toHaveLength(1);
  expect(Object.fromEntries(list[0]!.fields)).toMatchObject({
    id: 1,
    dom: "TLSs<default>",
    sni: "sip.example.org",
    dst_port: port,
    state: "established",
  });
  expect(rig.command("tls.info")).toEqual({
    max_connections: 2048,
    opened_connections: 1,
    clear_text_write_queued_bytes: 0,
  });
  expect(rig.command("tls.kill", 7)).toBe("TLS connection id not found");
  expect(rig.command("tls.kill", 1)).toBe("OK");
  await it.closed;
});

test("the server name chooses the profile; reload changes the next connection and leaves the open one", async () => {
  const port = await freePort();
  const rig = await start(
    `${head(port)}
modparam("tls", "config", "tls.cfg")
request_route { sl_send_reply("200", "OK"); }`,
    {
      "tls.cfg": `# profiles
[server:default]
method = TLSv1.2+   # and later
${server}
[client:default]
[server:any]
${other}server_name = "example.net"
server_name_mode = 1
`,
    },
  );
  expect(rig.problems).toEqual([]);
  const nameOf = async (servername?: string): Promise<string | undefined> => {
    const it = await client(port, servername === undefined ? {} : { servername }).secured;
    return it.getPeerX509Certificate()?.subjectAltName;
  };
  expect(await nameOf()).toBe("DNS:server.example.org");
  expect(await nameOf("example.net")).toBe("DNS:other.example.org");
  expect(await nameOf("sip.EXAMPLE.net")).toBe("DNS:other.example.org");
  expect(await nameOf("notexample.net")).toBe("DNS:server.example.org");
  const open = client(port);
  await open.secured;
  rig.write("tls.cfg", `[server:default]\n${other}`);
  expect(rig.command("tls.reload")).toBe("Ok. TLS configuration reloaded.");
  expect(await nameOf()).toBe("DNS:other.example.org");
  open.socket.write(request("x", "TLS 127.0.0.1"));
  await open.got(/^SIP\/2.0 200/);
  rig.write("tls.cfg", "[server:default]\ncertificate = nowhere.pem\n");
  expect(() => rig.command("tls.reload")).toThrow(/TLSs<default>: the certificate .*nowhere.pem cannot be read/);
  expect(await nameOf()).toBe("DNS:other.example.org");
});

test("clients without a certificate, or with one that is not trusted", async () => {
  const port = await freePort();
  const rig = await start(
    `${head(port)}
modparam("tls", "config", "tls.cfg")
request_route { is_peer_verified(); xlog("> $rU $rc $tls_peer_verified $tls_peer_selfsigned\\n"); sl_send_reply("200", "OK"); }`,
    {
      "tls.cfg": `[server:default]
${server}
[server:any]
server_name = must.test
${server}ca_list = ${pem("other")}
require_certificate = yes
[server:any]
server_name = may.test
${server}ca_list = ${pem("other")}
verify_client = optional
[server:any]
server_name = any.test
${server}verify_client = optional_no_ca
`,
    },
  );
  expect(rig.problems).toEqual([]);
  const speaks = async (servername: string, options: ConnectionOptions): Promise<boolean> => {
    const it = client(port, { servername, ...options });
    it.socket.write(request(servername, "TLS 127.0.0.1"));
    return Promise.race([it.got(/^SIP\/2.0 200/).then(() => true), it.closed.then(() => false)]);
  };
  expect(await speaks("must.test", {})).toBe(false);
  expect(await speaks("must.test", own("server"))).toBe(false);
  expect(await speaks("must.test", own("other"))).toBe(true);
  expect(await speaks("may.test", {})).toBe(true);
  expect(await speaks("may.test", own("server"))).toBe(false);
  expect(await speaks("may.test", own("other"))).toBe(true);
  expect(await speaks("any.test", own("other"))).toBe(true);
  expect(await speaks("other.test", own("other"))).toBe(true);
  expect(rig.log()).toEqual([
    "must.test 1 1 0",
    "may.test -1 0 0",
    "may.test 1 1 0",
    "any.test -1 0 1",
    // Who is not asked by the profile has shown nothing.
    "other.test -1 0 0",
  ]);
});

test("connections that we open: server name and profile by XAVP and by function, and the event route", async () => {
  const port = await freePort();
  const seen: string[] = [];
  const peer = createServer(
    {
      cert: readFileSync(pem("server")),
      key: readFileSync(pem("server.key")),
      requestCert: true,
      rejectUnauthorized: false,
    },
    (socket: TLSSocket) => {
      socket.on("error", () => {});
      const subject = socket.getPeerX509Certificate()?.subjectAltName ?? "nobody";
      socket.on("data", (data) =>
        seen.push(`${socket.servername || "no name"} ${subject} ${data.toString().split(" ")[1]}`),
      );
    },
  );
  await new Promise<void>((resolve) => peer.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void peer.close());
  const to = (peer.address() as { port: number }).port;
  const rig = await start(
    `${head(port)}
modparam("tls", "config", "tls.cfg")
modparam("tls", "xavp_cfg", "tls")
request_route {
  if ($rU == "xavp") { $xavp(tls=>server_name) = "far.test"; $xavp(tls[0]=>server_id) = "two"; }
  if ($rU == "function") tls_set_connect_server_id("TWO");
  if ($rU == "wary") tls_set_connect_server_id("wary");
  $shv(deny) = $rU == "dropped";
  $du = "sip:127.0.0.1:${to};transport=tls";
  if (!t_relay()) xlog("> $rU not sent\\n");
}
event_route[tls:connection-out] {
  xlog("> out $tls_peer_subject_cn $tls_version\\n");
  if ($shv(deny) == 1) drop;
}`,
    {
      "tls.cfg": `[server:default]
${server}
[client:default]
[client:any]
server_name = unused
server_id = two
${other}
[client:any]
server_name = unused
server_id = wary
verify_certificate = yes
ca_list = ${pem("other")}
`,
    },
  );
  expect(rig.problems).toEqual([]);
  const it = client(port);
  for (const [i, user] of ["plain", "xavp", "function", "wary"].entries()) {
    it.socket.write(request(user, "TLS 127.0.0.1"));
    while (user !== "wary" && seen.length <= i) await new Promise((resolve) => setTimeout(resolve, 5));
    // The next request is to open a connection of its own.
    for (const { id, passive } of rig.server.transports!.streams.list())
      if (!passive && user !== "wary") rig.server.transports!.streams.shut(id);
  }
  expect(seen).toEqual([
    "no name nobody sip:plain@viaduct.test",
    "far.test DNS:other.example.org sip:xavp@viaduct.test",
    "no name DNS:other.example.org sip:function@viaduct.test",
  ]);
  const until = async (done: () => boolean): Promise<void> => {
    while (!done()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const { streams } = rig.server.transports!;
  // Else the next request might go over this connection before it is known to be none.
  await until(() => rig.lines.some((line) => line.includes("SELF_SIGNED")));
  it.socket.write(request("dropped", "TLS 127.0.0.1"));
  // The sender is told when the handshake is quick; in any case the connection goes, and nothing has gone over it.
  await until(() => rig.log().filter((line) => line.startsWith("out")).length === 4);
  await until(() => streams.list().every(({ passive }) => passive));
  expect(seen.length).toBe(3);
  expect(rig.log().filter((line) => line.startsWith("out"))).toEqual(Array(4).fill("out server.example.org TLSv1.3"));
});

test.each([
  ["no certificate", "", /tls: TLSs<default>: the certificate .*cert.pem cannot be read/],
  [
    "a key of another certificate",
    `modparam("tls", "certificate", "${pem("server")}")\nmodparam("tls", "private_key", "${pem("other.key")}")`,
    /tls: TLSs<default>: .*key values mismatch/,
  ],
  ["a method that is none", 'modparam("tls", "tls_method", "TLSv9")', /tls: TLSs<default>: `TLSv9` is no TLS method/],
  ["an engine", 'modparam("tls", "engine", "pkcs11")', /tls: engine: `pkcs11` cannot be used/],
  [
    "a certificate for an address where nobody listens",
    'modparam("tls", "config", "tls.cfg")',
    /tls: TLSs<192.0.2.1:5061>: the server does not listen there for TLS/,
  ],
])("refused at load: %s", async (_, parameters, problem) => {
  const port = await freePort();
  const rig = await start(`${head(port)}${parameters}\nrequest_route { exit; }`, {
    "tls.cfg": `[server:default]\n${server}[server:192.0.2.1:5061]\n${server}`,
  });
  expect(rig.problems.join("\n")).toMatch(problem);
});

test("TLS without the module is refused", async () => {
  const rig = await start(`enable_tls=yes\nlisten=udp:127.0.0.1:${await freePort()}\nrequest_route { exit; }`);
  expect(rig.problems.join("\n")).toContain("the module tls is not loaded");
});

test("over IPv6", async () => {
  const port = await freePort("::1");
  const rig = await start(`${head(port, "[::1]")}
modparam("tls", "tls_method", "TLSv1.2+")
modparam("tls", "cipher_list", "ECDHE-ECDSA-AES256-GCM-SHA384")
modparam("tls", "certificate", "${pem("server")}")
modparam("tls", "private_key", "${pem("server.key")}")
request_route { xlog("> $pr $si $Ri $tls_version\\n"); sl_send_reply("200", "OK"); }`);
  expect(rig.problems).toEqual([]);
  const it = client(port, { host: "::1" });
  it.socket.write(request("x", "TLS [::1];rport"));
  expect(await it.got(/^SIP\/2.0 200/)).toMatch(
    /^Via: SIP\/2.0\/TLS \[::1\];rport=\d+;received=::1;branch=z9hG4bKx\r$/m,
  );
  expect(rig.log()).toEqual(["tls ::1 ::1 TLSv1.3"]);
});
