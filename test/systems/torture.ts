/**
 * `npm run torture`: RFC 4475's messages and worse ones, over UDP and TCP, to a server on real sockets.
 *
 * Each is sent on a socket of its own; whatever becomes of it, the server must answer an OPTIONS right afterwards.
 * Prints what came back; exits 1 when the server did not answer, or has ended.
 */
import { createSocket } from "node:dgram";
import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { later, Processes } from "./processes.ts";
import { answers } from "./sip.ts";

const SCRIPT = fileURLToPath(new URL("../../configs/proxy.cfg", import.meta.url));
const MESSAGES = new URL("../messages/rfc4475/", import.meta.url);
/** Milliseconds to wait for what a message causes, and until the server must have answered an OPTIONS. */
const PATIENCE = 60;
const ALIVE_MS = 3000;

const processes = new Processes(180);
const port = 30_000 + (process.pid % 2000) * 2;
const viaduct = await processes.viaduct(
  ["-f", SCRIPT, "-DD", "-E", "-A", `LISTEN=udp:127.0.0.1:${port}`, "-l", `tcp:127.0.0.1:${port}`],
  () => answers(port),
);

const head = (length: number | string, more = ""): string =>
  [
    "OPTIONS sip:127.0.0.1 SIP/2.0",
    `Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK-torture-${length};rport`,
    "From: <sip:torture@127.0.0.1>;tag=1",
    "To: <sip:127.0.0.1>",
    `Call-ID: torture-${length}`,
    "CSeq: 1 OPTIONS",
    "Max-Forwards: 70",
    `${more}Content-Length: ${length}`,
    "",
    "",
  ].join("\r\n");

const cases: [name: string, bytes: Buffer][] = readdirSync(MESSAGES)
  .filter((it) => it.endsWith(".dat"))
  .sort()
  .map((it) => [it, readFileSync(new URL(it, MESSAGES))]);
const whole = head(0);
for (const part of [1, 9, 40, 100, 200, whole.length - 3])
  cases.push([`cut after ${part} bytes`, Buffer.from(whole.slice(0, part), "latin1")]);
cases.push(
  ["a datagram of 64 KB", Buffer.from(head(65_000) + "x".repeat(65_000), "latin1")],
  ["Content-Length beyond the body", Buffer.from(`${head(5000)}short`, "latin1")],
  ["Content-Length below zero", Buffer.from(`${head(-1)}short`, "latin1")],
  ["Content-Length without end", Buffer.from(head("9".repeat(60)), "latin1")],
  ["Content-Length 2 GB", Buffer.from(head(2_147_483_647), "latin1")],
  ["bytes of all values", Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7) & 255))],
  ["zeros", Buffer.alloc(2000)],
  ["line ends", Buffer.from("\r\n".repeat(500))],
  ["100,000 header fields", Buffer.from(head(0, "X-Many: 1\r\n".repeat(100_000)), "latin1")],
  ["a header field of 1 MB", Buffer.from(head(0, `X-Long: ${"y".repeat(1_000_000)}\r\n`), "latin1")],
);

/** The first line that came back; undefined when nothing did. */
const firstLine = (text: string): string | undefined => /^[^\r\n]+/.exec(text)?.[0];

function overUdp(bytes: Buffer): Promise<string | undefined> {
  // A datagram has an end: what is longer than one cannot come this way.
  if (bytes.length > 65_507) return Promise.resolve("not sent: too long for a datagram");
  return new Promise((resolve) => {
    let came = "";
    const socket = createSocket("udp4", (data) => {
      came += data.toString("latin1");
    });
    socket.bind(0, "127.0.0.1", () => socket.send(bytes, port, "127.0.0.1"));
    setTimeout(() => {
      socket.close();
      resolve(firstLine(came));
    }, PATIENCE);
  });
}

function overTcp(bytes: Buffer): Promise<string | undefined> {
  return new Promise((resolve) => {
    let came = "";
    let closed = false;
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (data) => {
      came += data.toString("latin1");
    });
    socket.on("close", () => {
      closed = true;
    });
    // The server may hang up on such a peer.
    socket.on("error", () => {});
    setTimeout(() => {
      socket.destroy();
      resolve(firstLine(came) ?? (closed ? "the connection was closed" : undefined));
    }, PATIENCE);
  });
}

async function alive(): Promise<boolean> {
  const limit = performance.now() + ALIVE_MS;
  while (viaduct.exitCode === null && performance.now() < limit) {
    if (await answers(port)) return true;
    await later(50);
  }
  return false;
}

let dead = 0;
for (const [name, bytes] of cases)
  for (const [protocol, send] of [
    ["UDP", overUdp],
    ["TCP", overTcp],
  ] as const) {
    const came = await send(bytes);
    const lives = await alive();
    if (!lives) dead++;
    console.log(`${lives ? "ok  " : "FAIL"} ${protocol} ${name}: ${came ?? "nothing came back"}`);
    if (viaduct.exitCode !== null) {
      console.error(`the server has ended:\n${processes.log("viaduct.log").slice(-3000)}`);
      process.exit(1);
    }
  }
const bugs = processes.log("viaduct.log").match(/.*\bBUG\b.*/g) ?? [];
for (const it of bugs) console.log(`FAIL the server logged ${it}`);
await processes.stop(viaduct);
console.log(`${cases.length * 2} messages, ${dead} without life afterwards, ${bugs.length} internal errors`);
process.exit(dead + bugs.length === 0 ? 0 : 1);
