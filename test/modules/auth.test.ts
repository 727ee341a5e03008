/** auth: challenges, and credentials that answer them. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { modules } from "../../src/modules/index.ts";
import { Simulation } from "../../src/simulate/simulation.ts";
import { request } from "./play.ts";

interface Answering {
  readonly user?: string;
  readonly password?: string;
  readonly nonce?: (nonce: string) => string;
  readonly qop?: "auth";
  readonly nc?: string;
}

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

/** A server whose script authenticates every request; `send` gives the code that the script saw, and the reply. */
async function server(parameters = "", check = 'pv_www_authenticate("r.org", "secret", "0")', flags = "1") {
  const text = `
    listen=udp:127.0.0.1:5060
    loadmodule "pv" loadmodule "xlog" loadmodule "sl" loadmodule "auth"
    ${parameters}
    request_route {
      if (!${check}) { xlog("$rc\\n"); www_challenge("r.org", "${flags}"); exit; }
      xlog("$rc\\n");
      sl_send_reply("200", "OK");
    }`;
  const simulation = new Simulation({ modules, files: { "/auth.cfg": text }, script: "/auth.cfg" });
  const problems = await simulation.start();
  if (problems.length > 0) throw new Error(problems.map((it) => it.message).join("; "));
  let last = "";
  const peer = simulation.network.bindNow(
    { address: "10.0.0.5", port: 5062 },
    {
      message(datagram: string) {
        last = datagram;
      },
      failed() {},
    },
  );
  const send = async (message: string): Promise<{ code: string; reply: string }> => {
    peer.send(message, "127.0.0.1", 5060);
    await simulation.advance(20);
    const lines = simulation.log.filter((it) => it.prefix?.startsWith("<script>"));
    return { code: lines.at(-1)!.text.trim(), reply: last };
  };
  const nonce = async (): Promise<string> => /nonce="([^"]+)"/.exec((await send(request("REGISTER"))).reply)![1]!;
  return { send, nonce, advance: (ms: number) => simulation.advance(ms) };
}

function answer(nonce: string, { user = "alice", password = "secret", qop, nc = "00000001", ...more }: Answering = {}) {
  const used = more.nonce ? more.nonce(nonce) : nonce;
  const ha1 = md5(`${user}:r.org:${password}`);
  const ha2 = md5("REGISTER:sip:r.org");
  const response = md5(qop ? `${ha1}:${used}:${nc}:c1:${qop}:${ha2}` : `${ha1}:${used}:${ha2}`);
  const session = qop ? `, qop=${qop}, nc=${nc}, cnonce="c1"` : "";
  return request("REGISTER", [
    `Authorization: Digest username="${user}", realm="r.org", nonce="${used}", uri="sip:r.org", response="${response}"${session}`,
  ]);
}

describe("pv_www_authenticate", () => {
  test("challenges, and accepts the right password only", async () => {
    const { send, nonce } = await server();
    const challenged = await send(request("REGISTER"));
    expect(challenged.code).toBe("-5");
    expect(challenged.reply).toMatch(/^SIP\/2\.0 401 Unauthorized\r\n/);
    expect(challenged.reply).toMatch(
      /WWW-Authenticate: Digest realm="r.org", nonce="[^"]+", qop="auth", algorithm=MD5\r\n/,
    );
    const given = await nonce();
    expect((await send(answer(given))).code).toBe("1");
    expect((await send(answer(given, { qop: "auth" }))).code).toBe("1");
    expect((await send(answer(given, { password: "wrong" }))).code).toBe("-2");
  });

  test("nonces that this server has not made, or made too long ago", async () => {
    const { send, nonce, advance } = await server('modparam("auth", "nonce_expire", 10)');
    const given = await nonce();
    const forged = (it: string): string => it.slice(0, 12) + (it[12] === "A" ? "B" : "A") + it.slice(13);
    expect((await send(answer(given, { nonce: forged }))).code).toBe("-1");
    expect((await send(answer(given, { nonce: () => "short" }))).code).toBe("-1");
    await advance(12_000);
    expect((await send(answer(given))).code).toBe("-4");
  });

  test("a nonce-count has to grow", async () => {
    const { send, nonce } = await server('modparam("auth", "nonce_count", 1)');
    const given = await nonce();
    const counted = async (nc: string): Promise<string> => (await send(answer(given, { qop: "auth", nc }))).code;
    expect([await counted("00000001"), await counted("00000001"), await counted("00000002")]).toEqual(["1", "-4", "1"]);
    expect(await counted("00000100")).toBe("-4");
    expect(await counted("0000000x")).toBe("-1");
  });

  test("a one-time nonce is good once", async () => {
    const { send, nonce } = await server('modparam("auth", "one_time_nonce", 1)');
    const given = await nonce();
    expect([(await send(answer(given))).code, (await send(answer(given))).code]).toEqual(["1", "-6"]);
  });

  test("a nonce may be bound to parts of the request", async () => {
    const { send, nonce } = await server('modparam("auth", "auth_checks_register", 2)');
    const given = await nonce();
    expect((await send(answer(given))).code).toBe("1");
    expect((await send(answer(given).replace("Call-ID: c1", "Call-ID: c2"))).code).toBe("-4");
  });

  test("the password may be an HA1", async () => {
    const { send, nonce } = await server("", `pv_www_authenticate("r.org", "${md5("alice:r.org:secret")}", "1")`);
    expect((await send(answer(await nonce()))).code).toBe("1");
  });
});

test("pv_auth_check compares users", async () => {
  const { send, nonce } = await server("", 'pv_auth_check("r.org", "secret", "0", "1")');
  const given = await nonce();
  expect((await send(answer(given))).code).toBe("-8");
  const own = answer(given).replace("To: <sip:bob@", "To: <sip:alice@");
  expect((await send(own)).code).toBe("1");
});
