/** Ports for servers that tests start, which no other test and no client of the machine can have taken meanwhile. */
import { createSocket } from "node:dgram";
import { createServer } from "node:net";

/**
 * The first port looked at. Systems give sockets that ask for any port one from 32768 (Linux) or above:
 * one found free there may be somebody's own the moment after.
 */
const LOWEST = 10_000;
/** How many ports each thread of the test run has for itself. */
const SHARE = 1_000;
const SHARES = 22;

// Two runs on one machine begin at different ports of the same share.
let next = Math.floor(Math.random() * SHARE);

const stream = (port: number, address: string): Promise<boolean> =>
  new Promise((done) => {
    const server = createServer();
    server.once("error", () => done(false));
    server.listen(port, address, () => server.close(() => done(true)));
  });

const datagram = (port: number, address: string): Promise<boolean> =>
  new Promise((done) => {
    const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
    socket.once("error", () => {
      socket.close();
      done(false);
    });
    socket.bind(port, address, () => socket.close(() => done(true)));
  });

/** A port of an address that nobody uses, neither for TCP nor for UDP, and that is given once. */
export async function freePort(address = "127.0.0.1"): Promise<number> {
  const share = Number(process.env.VITEST_POOL_ID ?? 0) % SHARES;
  for (let tried = 0; tried < SHARE; tried++) {
    const port = LOWEST + share * SHARE + (next++ % SHARE);
    if ((await stream(port, address)) && (await datagram(port, address))) return port;
  }
  throw new Error(`no free port at ${address}`);
}
