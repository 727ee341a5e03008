/**
 * What one datagram costs on the way in and out: an echo of 500 bytes over loopback, by each way there is to read and
 * write them on Node. Figures are microseconds of CPU of the echoing process for a pair; the socket calls of the
 * kernel are most of it.
 */
import { fork } from "node:child_process";
import { createSocket } from "node:dgram";
import { fileURLToPath } from "node:url";
import { createSockets } from "../../src/node/sockets.ts";

const pairs = 60_000;
const warmUp = 5_000;
/** Datagrams under way at a time. */
const window = 20;
const payload = Buffer.alloc(500, "x");

type Echo = (ready: (port: number) => void, count: () => void) => void;
type Lookup = (name: string, options: unknown, done: (error: null, address: string, family: number) => void) => void;
const literal = ((name, _options, done) => done(null, name, 4)) as Lookup;

const plain =
  (options: object, answer: (data: Buffer) => Buffer | string): Echo =>
  (ready, count) => {
    const socket = createSocket({ type: "udp4", ...options });
    socket.on("message", (data, from) => {
      socket.send(answer(data), from.port, from.address);
      count();
    });
    socket.bind(0, "127.0.0.1", () => ready(socket.address().port));
  };

const scratch = Buffer.allocUnsafeSlow(65_536);

const ways: Readonly<Record<string, Echo>> = {
  "dgram, bytes untouched": plain({ lookup: literal }, (data) => data),
  "dgram, through a latin1 string": plain({}, (data) => Buffer.from(data.toString("latin1"), "latin1")),
  "the same, lookup answered at once": plain({ lookup: literal }, (data) =>
    Buffer.from(data.toString("latin1"), "latin1"),
  ),
  "the same, one buffer for all datagrams": plain({ lookup: literal }, (data) =>
    scratch.subarray(0, scratch.write(data.toString("latin1"), 0, "latin1")),
  ),
  "the server's sockets": (ready, count) => {
    void createSockets()
      .bind(
        { address: "127.0.0.1", port: 0, family: 4 },
        {
          message(text, ip, port) {
            socket.send(text, ip, port);
            count();
          },
          failed() {},
        },
      )
      .then((it) => {
        socket = it;
        ready(it.local.port);
      });
    let socket: Awaited<ReturnType<ReturnType<typeof createSockets>["bind"]>>;
  },
};

/** The echoing process: tells its port, then the microseconds for a pair. */
const echo = (way: string): void => {
  let seen = 0;
  let start: NodeJS.CpuUsage;
  const count = (): void => {
    seen++;
    if (seen === warmUp) start = process.cpuUsage();
    if (seen < warmUp + pairs) return;
    const { user, system } = process.cpuUsage(start);
    process.send!({ user: user / pairs, system: system / pairs }, () => process.exit());
  };
  ways[way]!((port) => process.send!(port), count);
};

const measure = (way: string): Promise<{ user: number; system: number }> =>
  new Promise((resolve) => {
    const child = fork(fileURLToPath(import.meta.url), [way]);
    const source = createSocket({ type: "udp4", lookup: literal });
    let under = 0;
    const fill = (port: number): void => {
      for (; under < window; under++) source.send(payload, port, "127.0.0.1");
    };
    child.on("message", (told: number | { user: number; system: number }) => {
      if (typeof told !== "number") {
        source.close();
        resolve(told);
        return;
      }
      source.on("message", () => {
        under--;
        fill(told);
      });
      fill(told);
    });
  });

if (process.argv[2] !== undefined) echo(process.argv[2]);
else
  for (const way of Object.keys(ways)) {
    const { user, system } = await measure(way);
    console.log(
      `  ${way.padEnd(42)}${(user + system).toFixed(2).padStart(6)} µs (user ${user.toFixed(2)}, system ${system.toFixed(2)})`,
    );
  }
