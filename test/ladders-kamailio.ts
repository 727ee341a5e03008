/**
 * `npm run ladders:kamailio -- [PART-OF-A-FILE-NAME…]`: plays the ladders against an installed Kamailio over loopback,
 * in real time, and says where it differs from `ladders-kamailio.txt`, which lists the differences that are meant. It
 * needs root: it works in namespaces of its own, with a name server that answers from the ladder. Not played: ladders
 * with HTTP, commands of ours, or more than six seconds of waiting. Order counts within what one peer receives.
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
import { changeNames } from "../src/simulate/ladder/names.ts";
import type { Peer } from "../src/simulate/ladder/peer.ts";
import { type Arrow, type Ladder, readLadder, type Scene } from "../src/simulate/ladder/read.ts";
import { preamble } from "../src/simulate/ladder/run.ts";
import { peersOf, receivedBy } from "../src/simulate/ladder/wires.ts";
import { SimulatedDns } from "../src/simulate/names.ts";
import { SipMessage } from "../src/sip/message.ts";
import { Framer } from "../src/transport/framing.ts";
import { NameServer } from "./ladders-dns.ts";

const scripts = new URL("./scripts/", import.meta.url);
/** The address of the name server. */
const NAME_SERVER = "127.0.0.53";
const LONGEST_WAIT = 6000;
/** How long a message may take that is sent at once. */
const AT_ONCE = 700;

/** Root gets namespaces of its own: a network with only loopback, and a resolv.conf that names our name server. */
function inNamespace(): boolean {
  if (process.getuid?.() !== 0 || process.env.LADDERS_NAMESPACE) return false;
  const self = fileURLToPath(import.meta.url);
  const set = "ip link set lo up; for i in 2 3 4 5 6 7 8 9; do ip -6 addr add fd00::$i/128 dev lo; done";
  const conf = join(mkdtempSync(join(tmpdir(), "ladders-")), "resolv.conf");
  writeFileSync(conf, `nameserver ${NAME_SERVER}\noptions timeout:1 attempts:1\n`);
  const run = `${set}; mount --bind ${conf} /etc/resolv.conf; exec "$@"`;
  const args = ["-n", "-m", "sh", "-c", run, "sh", process.execPath, self, ...process.argv.slice(2)];
  const { status } = spawnSync("unshare", args, {
    stdio: "inherit",
    env: { ...process.env, LADDERS_NAMESPACE: "1" },
  });
  process.exitCode = status ?? 1;
  return true;
}

/** Transports that peers speak here. */
const WIRES = new Set(["udp", "tcp"]);
/** Steps about what is in the simulated machine. */
const ONLY_OURS = new Set(["state", "expect", "reload", "file", "interface", "define"]);

function whyNot({ steps }: Scene): string | undefined {
  let waits = 0;
  for (const step of steps) {
    if (step.kind === "pause") waits += step.ms;
    if (step.kind === "http-sent") return "HTTP";
    if (step.kind === "rpc") return "a command";
    const onPort = step.kind === "arrow" && step.port !== undefined;
    const faraway =
      step.kind === "peer" && (step.behind || step.protocols.length > 1 || !WIRES.has(step.protocols[0]!));
    const changing = step.kind === "dns" && /^(nxdomain|alive|delay)$/.test(step.type);
    if (onPort || faraway || changing || ONLY_OURS.has(step.kind)) return "only the simulator can";
    if (/\{[A-Za-z_][\w-]*(\.[\w-]+)?\}/.test(JSON.stringify(step))) return "values of messages";
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
async function play(ladder: Ladder, scene: Scene, nameServer: NameServer): Promise<string> {
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
  const names = new SimulatedDns();
  for (const { name, address } of peers.values())
    names.records[address.includes(":") ? "aaaa" : "a"].set(name.toLowerCase(), [address]);
  names.records.a.set("proxy", ["127.0.0.1"]);
  nameServer.records = names;
  try {
    for (const peer of peers.values()) {
      const wire = new Wire(peer);
      await wire.open();
      wires.set(peer.name, wire);
    }
    if (!(await isUp())) return `Kamailio does not start: ${errors.split("\n").slice(0, 3).join(" ")}`;
    for (const step of scene.steps) {
      if (step.kind === "pause") await sleep(step.ms);
      else if (step.kind === "dns") changeNames(names, step);
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

/** Scenes that differ for a reason: `FILE: TITLE | reason`, one a line. */
function listed(): Map<string, string> {
  const lines = readFileSync(new URL("ladders-kamailio.txt", import.meta.url), "utf8").split("\n");
  const entries = lines.filter((it) => it !== "" && !it.startsWith("#")).map((it) => it.split(" | "));
  return new Map(entries.map(([name, reason]) => [name!, reason ?? ""]));
}

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const files = (readdirSync(scripts, { recursive: true }) as string[])
    .filter((it) => it.endsWith(".ladder") && (wanted.length === 0 || wanted.some((part) => it.includes(part))))
    .sort();
  const meant = listed();
  const nameServer = new NameServer();
  await nameServer.open(NAME_SERVER);
  const counts = { same: 0, listed: 0, different: 0, skipped: 0 };
  for (const file of files) {
    const ladder = readLadder(readFileSync(new URL(file, scripts), "latin1"));
    for (const scene of ladder.scenes) {
      const name = scene.title === "" ? file : `${file}: ${scene.title}`;
      const skipped = whyNot(scene);
      if (skipped) {
        counts.skipped++;
        console.log(`skipped    ${name} (${skipped})`);
        continue;
      }
      let difference = await play(ladder, scene, nameServer);
      if (difference !== "") difference = await play(ladder, scene, nameServer);
      const reason = meant.get(name);
      if (difference === "") console.log(`same       ${name}`);
      else console.log(`${reason ? "as listed " : "different "} ${name}\n           ${difference}`);
      if (difference === "" && reason) console.log("           but it is listed: take it off ladders-kamailio.txt");
      counts[(difference === "") === (reason !== undefined) ? "different" : difference === "" ? "same" : "listed"]++;
    }
  }
  await nameServer.close();
  const { same, listed: asListed, different, skipped } = counts;
  console.log(`${same} the same, ${asListed} different as listed, ${different} otherwise, ${skipped} skipped`);
  process.exitCode = counts.different === 0 ? 0 : 1;
}

if (!inNamespace()) await main();
