/** Control sockets on Node: unix streams, TCP, UDP and FIFOs. Unix datagram sockets do not exist in Node. */
import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  watch,
  writeSync,
} from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { dirname } from "node:path";
import { isMainThread } from "node:worker_threads";
import type { Control, ControlAddress, ControlHandlers, ControlServer } from "../../declare/host.ts";
import { reasonOf } from "../system-error.ts";

export const createControl = (): Control => ({
  async listen(address, handlers) {
    try {
      if (address.runtime && address.path) makeFolder(dirname(address.path));
      return await listeners[address.kind](address, handlers);
    } catch (error) {
      throw new Error(`cannot listen on ${shown(address)}: ${reasonOf(error)}`);
    }
  },
  writeFifo,
});

const shown = ({ kind, path, host, port }: ControlAddress): string =>
  path === undefined ? `${kind}:${host}:${port}` : `${kind}:${path}`;

/** The folder alone, not those above it. */
function makeFolder(path: string): void {
  if (!existsSync(path)) mkdirSync(path, { mode: 0o700 });
}

type Listen = (address: ControlAddress, handlers: ControlHandlers) => Promise<ControlServer>;

const listeners: Readonly<Record<ControlAddress["kind"], Listen>> = {
  "unix-stream": unixStream,
  "unix-datagram": async () => {
    throw new Error("unix datagram sockets are not available; use a unix stream, TCP or UDP socket");
  },
  tcp: ({ host, port }, handlers) => stream({ port: port!, ...local(host) }, handlers),
  udp: datagrams,
  fifo,
};

/** `*` and nothing stand for every address. */
const local = (host: string | undefined): { host?: string } => (host === undefined || host === "*" ? {} : { host });

async function stream(
  where: { path: string } | { host?: string; port: number },
  handlers: ControlHandlers,
): Promise<ControlServer> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    const peer = socket.remoteAddress ? `${bracketed(socket.remoteAddress)}:${socket.remotePort}` : "unix";
    const { data, closed } = handlers.connection({
      peer,
      write(text) {
        // An answer may have any length, but a client that reads none of them gets no more.
        if (socket.writableLength > mostWaiting) socket.destroy();
        else socket.write(text, "latin1");
      },
      end: () => void socket.end(),
    });
    socket.on("data", (bytes: Buffer) => data(bytes.toString("latin1")));
    // What a client does to its own connection is no concern of ours; `close` follows.
    socket.on("error", () => {});
    socket.on("close", () => {
      open.delete(socket);
      closed();
    });
  });
  await new Promise<void>((done, failed) => {
    server.once("error", failed);
    // Nobody else may connect before the mode is set. The socket is made at once; threads cannot change the mask.
    const mask = isMainThread && "path" in where ? process.umask(0o177) : undefined;
    server.listen(where, done);
    if (mask !== undefined) process.umask(mask);
  });
  // Accepting failed, for lack of descriptors say: the next client may have more luck.
  server.on("error", () => {});
  return {
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const socket of open) socket.destroy();
      }),
  };
}

/** Bytes of answers that a client has not read when it is hung up on. */
const mostWaiting = 16_000_000;

const bracketed = (address: string): string => (address.includes(":") ? `[${address}]` : address);

async function unixStream(address: ControlAddress, handlers: ControlHandlers): Promise<ControlServer> {
  const path = address.path!;
  // Kamailio removes what a server left behind; a socket that somebody still answers on is in use.
  if (isSocket(path)) {
    if (await answers(path)) throw new Error("address already in use");
    rmSync(path);
  }
  const server = await stream({ path }, handlers);
  try {
    permit(address);
  } catch (error) {
    await server.close();
    throw error;
  }
  return server;
}

const isSocket = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true;

const answers = (path: string): Promise<boolean> =>
  new Promise((done) => {
    const probe = connect(path);
    probe.once("connect", () => {
      probe.destroy();
      done(true);
    });
    probe.once("error", () => done(false));
  });

/** Sets mode, user and group of a socket or FIFO. */
function permit({ path, mode, user, group }: ControlAddress): void {
  if (mode !== undefined) chmodSync(path!, mode);
  if (user === undefined && group === undefined) return;
  const now = statSync(path!);
  const account = user === undefined ? undefined : identity("/etc/passwd", user);
  const gid = group === undefined ? account?.group : identity("/etc/group", group).id;
  chownSync(path!, account?.id ?? now.uid, gid ?? now.gid);
}

/** A name's number in /etc/passwd or /etc/group, and the main group of a user; a number stands for itself. */
function identity(file: string, name: string): { id: number; group?: number } {
  if (/^\d+$/.test(name)) return { id: Number(name) };
  const fields = readFileSync(file, "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .find(([it]) => it === name);
  if (!fields) throw new Error(`${file} does not know ${name}`);
  return { id: Number(fields[2]), ...(fields.length > 4 && { group: Number(fields[3]) }) };
}

async function datagrams({ host, port }: ControlAddress, handlers: ControlHandlers): Promise<ControlServer> {
  const socket = createSocket({ type: host?.includes(":") ? "udp6" : "udp4", reuseAddr: false });
  await new Promise<void>((done, failed) => {
    socket.once("error", failed);
    socket.bind({ port: port!, ...(host !== undefined && host !== "*" && { address: host }) }, () => {
      socket.off("error", failed);
      done();
    });
  });
  socket.on("error", () => {});
  socket.on("message", (bytes, from) =>
    handlers.datagram?.(bytes.toString("latin1"), (text) => {
      socket.send(Buffer.from(text, "latin1"), from.port, from.address, () => {});
    }),
  );
  return { close: () => new Promise((done) => socket.close(() => done())) };
}

async function fifo(address: ControlAddress, handlers: ControlHandlers): Promise<ControlServer> {
  const path = address.path!;
  if (lstatSync(path, { throwIfNoEntry: false })?.isFIFO()) rmSync(path);
  // Node has no mkfifo of its own.
  execFileSync("mkfifo", [path], { stdio: ["ignore", "ignore", "pipe"] });
  permit(address);
  // Open for writing too: reading does not end when the last client goes.
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const client = handlers.connection({ peer: "fifo", write() {}, end() {} });
  const buffer = Buffer.alloc(65_536);
  const drain = (): void => {
    for (let size = readNow(fd, buffer); size > 0; size = readNow(fd, buffer))
      client.data(buffer.toString("latin1", 0, size));
  };
  // The file's changes tell of bytes to read. (A socket on the descriptor would be simpler, and would leave it to be
  // closed twice in a worker thread; a stream would hold a thread of the pool.)
  const watcher = watch(path, drain);
  watcher.on("error", () => {});
  drain();
  return {
    async close() {
      watcher.close();
      closeSync(fd);
      client.closed();
      rmSync(path, { force: true });
    },
  };
}

/** Bytes that are there; 0 when there are none. */
function readNow(fd: number, buffer: Buffer): number {
  try {
    return readSync(fd, buffer);
  } catch {
    return 0;
  }
}

/** Tries of a client that has not opened its FIFO yet, and the milliseconds between them; as in Kamailio. */
const tries = 5;
const pause = 80;

async function writeFifo(path: string, text: string): Promise<boolean> {
  let fd = openReply(path);
  for (let left = tries; fd === "nobody" && left > 1; left--) {
    await wait(pause);
    fd = openReply(path);
  }
  if (typeof fd !== "number") return false;
  // A link, or a file put in the FIFO's place, could make the server write anywhere.
  const status = fstatSync(fd);
  const entry = lstatSync(path, { throwIfNoEntry: false });
  const safe = status.isFIFO() && status.nlink === 1 && entry?.ino === status.ino && entry.dev === status.dev;
  const sent = safe && (await writeAll(fd, Buffer.from(text, "latin1")));
  closeSync(fd);
  return sent;
}

const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** "nobody" when the FIFO has no reader yet. */
function openReply(path: string): number | "nobody" | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENXIO" ? "nobody" : undefined;
  }
}

/** Milliseconds to wait for room in the pipe, and how often before the client counts as gone. */
const roomPause = 5;
const roomTries = 400;

async function writeAll(fd: number, bytes: Buffer): Promise<boolean> {
  let tried = 0;
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
      tried = 0;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN" || ++tried > roomTries) return false;
      await wait(roomPause);
    }
  }
  return true;
}
