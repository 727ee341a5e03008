/**
 * `npm run ladders:kamailio -- [PART-OF-A-FILE-NAME…]`: plays the ladders against an installed Kamailio over loopback,
 * in real time, and says where it differs. As root it does so in a network namespace of its own. Not played: ladders
 * with HTTP, DNS, commands of ours, or more than six seconds of waiting. Order counts within what one peer receives.
 */
import { spawn, spawnSync } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket as Stream } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { bodyDiffers, detailDiffers, startFits, startOf } from "../src/simulate/ladder/compare.ts";
import type { Peer } from "../src/simulate/ladder/peer.ts";
import { type Arrow, type Ladder, readLadder, type Scene } from "../src/simulate/ladder/read.ts";
import { preamble } from "../src/simulate/ladder/run.ts";
import { peersOf, receivedBy } from "../src/simulate/ladder/wires.ts";
import { SipMessage } from "../src/sip/message.ts";
import { Framer } from "../src/transport/framing.ts";

const scripts = new URL("./scripts/", import.meta.url);
const LONGEST_WAIT = 6000;
/** How long a message may take that is sent at once. */
const AT_ONCE = 700;

/** Root gets a network namespace of its own, with only loopback. */
function inNamespace(): boolean {
  if (process.getuid?.() !== 0 || process.env.LADDERS_NAMESPACE) return false;
  const self = fileURLToPath(import.meta.url);
  const set = "ip link set lo up; for i in 2 3 4 5 6 7 8 9; do ip -6 addr add fd00::$i/128 dev lo; done";
  const run = `${set}; exec "$@"`;
  const args = ["-n", "sh", "-c", run, "sh", process.execPath, self, ...process.argv.slice(2)];
  const { status } = spawnSync("unshare", args, {
    stdio: "inherit",
    env: { ...process.env, LADDERS_NAMESPACE: "1" },
  });
  process.exitCode = status ?? 1;
  return true;
}

function whyNot({ steps }: Scene): string | undefined {
  let waits = 0;
  for (const step of steps) {
    if (step.kind === "pause") waits += step.ms;
    if (step.kind === "http-sent") return "HTTP";
    if (step.kind === "rpc") return "a command";
    if (step.kind === "dns") return "DNS";
  }
  return waits > LONGEST_WAIT ? "waits too long" : undefined;
}

/** Names of peers as hosts of URIs, and alone between quotes, become their addresses. */
function addressed(text: string, peers: Iterable<Peer>): string {
  for (const { name, host } of peers)
    text = text
      .replace(new RegExp(`(sips?:(?:[^\\s@>";]*@)?)${name}(?=[:;>"'\\s?,]|$)`, "gm"), `$1${host}`)
      .replaceAll(`"${name}"`, `"${host}"`)
      .replaceAll(`"@${name}"`, `"@${host}"`);
  return text;
}

class Wire {
  readonly peer: Peer;
  readonly queue: SipMessage[] = [];
  #udp: Socket | undefined;
  #server: Server | undefined;
  #stream: Stream | undefined;

  constructor(peer: Peer) {
    this.peer = peer;
  }

  async open(): Promise<void> {
    const { address, port, protocol } = this.peer;
    if (protocol === "udp") {
      const udp = createSocket(address.includes(":") ? "udp6" : "udp4");
      this.#udp = udp;
      udp.on("message", (bytes, from) => this.#take(bytes.toString("latin1"), from.address, from.port));
      await new Promise<void>((done) => udp.bind(port, address, done));
    } else {
      const server = createServer((stream) => this.#read(stream));
      this.#server = server;
      await new Promise<void>((done) => server.listen(port, address, done));
    }
  }

  send(text: string): void {
    const to = this.peer.address.includes(":") ? "::1" : "127.0.0.1";
    if (this.#udp) this.#udp.send(Buffer.from(text, "latin1"), 5060, to);
    else {
      if (!this.#stream) this.#read(connect({ host: to, port: 5060, localAddress: this.peer.address }));
      this.#stream!.write(text, "latin1");
    }
  }

  closeStream(): void {
    this.#stream?.destroy();
    this.#stream = undefined;
  }

  async close(): Promise<void> {
    this.closeStream();
    if (this.#udp) await new Promise<void>((done) => this.#udp!.close(() => done()));
    if (this.#server) await new Promise<void>((done) => this.#server!.close(() => done()));
  }

  #read(stream: Stream): void {
    const framer = new Framer({ longest: 65_535, acceptNoLength: false });
    this.#stream = stream;
    stream.on("error", () => {});
    stream.on("close", () => {
      if (this.#stream === stream) this.#stream = undefined;
    });
    stream.on("data", (bytes) => {
      this.#stream = stream;
      framer.push(bytes.toString("latin1"));
      for (let frame = framer.next(); frame; frame = framer.next())
        if (frame.kind === "message") this.#take(frame.text, stream.remoteAddress ?? "", stream.remotePort ?? 0);
    });
  }

  #take(text: string, ip: string, port: number): void {
    const msg = new SipMessage(text, receivedBy(this.peer, ip, port));
    this.peer.received(msg);
    this.queue.push(msg);
  }
}

async function isUp(): Promise<boolean> {
  for (let i = 0; i < 100; i++) {
    const open = ["udp", "udp6", "tcp"].some((it) =>
      / [0-9A-F]+:13C4 /.test(readFileSync(`/proc/net/${it}`, "latin1")),
    );
    if (open) {
      await sleep(150);
      return true;
    }
    await sleep(20);
  }
  return false;
}

/** The first difference, "" when there is none. */
async function play(ladder: Ladder, scene: Scene): Promise<string> {
  const peers = peersOf(scene.steps);
  const folder = mkdtempSync(join(tmpdir(), "ladder-"));
  const settings = "#!KAMAILIO\ndebug=0 log_stderror=yes children=1 dns=no rev_dns=no\n";
  writeFileSync(join(folder, "usual.cfg"), readFileSync(new URL("usual.cfg", scripts)));
  const script = addressed(preamble(ladder) + ladder.script, peers.values());
  const tcp = /^\s*(listen|socket)\s*=.*tcp:/m.test(script) ? "" : "disable_tcp=yes\n";
  writeFileSync(join(folder, "ladder.cfg"), settings + tcp + script, "latin1");
  const child = spawn(
    "kamailio",
    ["-DD", "-E", "-f", join(folder, "ladder.cfg"), "-m", "32", "-M", "8", "-Y", folder, "-P", join(folder, "pid")],
    { stdio: ["ignore", "ignore", "pipe"], cwd: folder },
  );
  let errors = "";
  child.stderr.on("data", (it) => {
    errors += it;
  });
  const ended = new Promise<void>((done) => child.on("exit", () => done()));
  const wires = new Map<string, Wire>();
  try {
    for (const peer of peers.values()) {
      const wire = new Wire(peer);
      await wire.open();
      wires.set(peer.name, wire);
    }
    if (!(await isUp())) return `Kamailio does not start: ${errors.split("\n").slice(0, 3).join(" ")}`;
    for (const step of scene.steps) {
      if (step.kind === "pause") await sleep(step.ms);
      else if (step.kind === "close") wires.get(step.name)!.closeStream();
      else if (step.kind === "arrow" && step.from === "proxy") {
        const wrong = await expectArrow(addressedArrow(step, peers), wires.get(step.to)!);
        if (wrong) return `line ${step.line}: ${wrong}`;
      } else if (step.kind === "arrow") {
        await sleep(8);
        const wire = wires.get(step.from)!;
        const written = wire.peer.write(addressedArrow(step, peers), receivedBy(wire.peer, "127.0.0.1", 5060));
        if (written.wrong !== undefined) return `line ${step.line}: ${written.wrong}`;
        wire.send(written.text);
      }
    }
    await sleep(30);
    for (const { queue, peer } of wires.values())
      if (queue[0]) return `at the end ${peer.name} also got ${startOf(queue[0])}`;
    return "";
  } finally {
    child.kill("SIGTERM");
    await ended;
    for (const wire of wires.values()) await wire.close();
    rmSync(folder, { recursive: true });
  }
}

function addressedArrow(arrow: Arrow, peers: Map<string, Peer>): Arrow {
  const all = [...peers.values()];
  const details = arrow.details.map((it) => ({ ...it, value: addressed(it.value, all) }));
  return { ...arrow, start: addressed(arrow.start, all), details };
}

async function expectArrow(arrow: Arrow, wire: Wire): Promise<string> {
  for (let waited = 0; wire.queue.length === 0 && waited < AT_ONCE; waited += 5) await sleep(5);
  const msg = wire.queue.shift();
  if (!msg) return `expected ${arrow.to} to get ${arrow.start}; nothing came`;
  if (!startFits(arrow, msg)) return `expected ${arrow.to} to get ${arrow.start}; came ${startOf(msg)}`;
  for (const detail of arrow.details) {
    const wrong = detailDiffers(msg, detail);
    if (wrong) return `${detail.name}: expected ${detail.value}; came ${wrong}`;
  }
  return bodyDiffers(msg, arrow) ? `the body is ${JSON.stringify(msg.body)}` : "";
}

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const files = (readdirSync(scripts, { recursive: true }) as string[])
    .filter((it) => it.endsWith(".ladder") && (wanted.length === 0 || wanted.some((part) => it.includes(part))))
    .sort();
  const counts = { same: 0, different: 0, skipped: 0 };
  for (const file of files) {
    const ladder = readLadder(readFileSync(new URL(file, scripts), "latin1"));
    for (const scene of ladder.scenes) {
      const name = scene.title === "" ? file : `${file}: ${scene.title}`;
      const reason = whyNot(scene);
      if (reason) {
        counts.skipped++;
        console.log(`skipped    ${name} (${reason})`);
        continue;
      }
      let difference = await play(ladder, scene);
      if (difference !== "") difference = await play(ladder, scene);
      counts[difference === "" ? "same" : "different"]++;
      if (difference === "") console.log(`same       ${name}`);
      else console.log(`different  ${name}\n           ${difference}`);
    }
  }
  console.log(`${counts.same} the same, ${counts.different} different, ${counts.skipped} skipped`);
  process.exitCode = counts.different === 0 ? 0 : 1;
}

if (!inNamespace()) await main();
