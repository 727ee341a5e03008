/**
 * `npm run smoke`: starts what `npm start` starts, makes one call to it over loopback as a user would, and stops it.
 * Exits 0 when the call was answered 404 after the HTTP service's second, as configs/http-async.cfg says.
 */
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";

const READY_MS = 30_000;
const ANSWER_MS = 10_000;

const server = spawn("npm", ["start"], { stdio: ["ignore", "pipe", "inherit"], detached: true });
const stop = (): void => {
  try {
    process.kill(-server.pid!, "SIGTERM");
  } catch {
    // It has ended already.
  }
};

function fail(message: string): never {
  console.error(`smoke: ${message}`);
  stop();
  process.exit(1);
}

/** `udp:127.0.0.1:5060` from the line that says where the server listens. */
function listening(): Promise<{ host: string; port: number }> {
  return new Promise((resolve) => {
    let said = "";
    server.stdout.on("data", (chunk: Buffer) => {
      process.stdout.write(chunk);
      said += chunk.toString();
      const place = /udp:([\d.]+):(\d+)/.exec(said);
      if (place && said.includes("ready")) resolve({ host: place[1]!, port: Number(place[2]) });
    });
    server.on("exit", (code) => fail(`npm start ended with ${code}`));
    setTimeout(() => fail(`nothing listens after ${READY_MS / 1000} s`), READY_MS).unref();
  });
}

/** The final status of an INVITE, and the milliseconds it took. */
function call(host: string, port: number): Promise<{ status: number; ms: number }> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    const started = performance.now();
    socket.on("message", (data) => {
      const status = Number(/^SIP\/2\.0 (\d{3})/.exec(data.toString("latin1"))?.[1] ?? 0);
      if (status < 200) return;
      socket.close();
      resolve({ status, ms: performance.now() - started });
    });
    socket.bind(0, "127.0.0.1", () => {
      const own = `127.0.0.1:${socket.address().port}`;
      const invite = [
        `INVITE sip:smoke@${host}:${port} SIP/2.0`,
        `Via: SIP/2.0/UDP ${own};branch=z9hG4bK-smoke-${process.pid}`,
        `From: <sip:smoke@${own}>;tag=smoke`,
        `To: <sip:smoke@${host}>`,
        `Call-ID: smoke-${process.pid}@127.0.0.1`,
        "CSeq: 1 INVITE",
        `Contact: <sip:smoke@${own}>`,
        "Max-Forwards: 70",
        "Content-Length: 0",
        "",
        "",
      ].join("\r\n");
      socket.send(invite, port, host);
    });
    setTimeout(() => fail(`no answer after ${ANSWER_MS / 1000} s`), ANSWER_MS).unref();
  });
}

const { host, port } = await listening();
const { status, ms } = await call(host, port);
server.removeAllListeners("exit");
stop();
if (status !== 404 || ms < 900)
  fail(`the call was answered ${status} after ${Math.round(ms)} ms; 404 after a second is right`);
console.log(`smoke: the call was answered 404 after ${Math.round(ms)} ms`);
process.exit(0);
