/** Changing the socket table while sockets of the one before are being closed. */
import { expect, test } from "vitest";
import { VirtualClock } from "../../src/simulate/clock.ts";
import { SimulatedNetwork } from "../../src/simulate/network.ts";
import { defaultSettings } from "../../src/transport/settings.ts";
import { Sockets } from "../../src/transport/sockets.ts";
import { Transports } from "../../src/transport/transports.ts";

/** Transports that listen on 5060 and 5070, and tables with these and further ports of UDP. */
async function rig() {
  const clock = new VirtualClock();
  const net = new SimulatedNetwork(clock);
  const table = (...ports: number[]): Sockets =>
    new Sockets(
      ports.map((port) => ({
        protocol: "udp" as const,
        address: "127.0.0.1",
        port,
        family: 4 as const,
        host: "127.0.0.1",
        virtual: false,
      })),
      [],
      net,
    );
  const came: number[] = [];
  const transports = new Transports({
    sockets: table(5060, 5070),
    net,
    clock,
    settings: defaultSettings(),
    onMessage: (_, { dstPort }) => {
      came.push(dstPort);
      return true;
    },
    log() {},
  });
  expect(await transports.open()).toBeUndefined();
  transports.serve();
  const peer = await net.bind({ address: "127.0.0.2", port: 5060, family: 4 }, { message() {}, failed() {} });
  const heard = async (): Promise<number[]> => {
    for (const port of [5060, 5070]) peer.send("OPTIONS sip:proxy SIP/2.0\r\n\r\n", "127.0.0.1", port);
    await clock.runUntil(clock.now() + 1);
    return came.splice(0);
  };
  return { transports, table, heard };
}

test("a socket that was to be closed stays when the next table wants it", async () => {
  const { transports, table, heard } = await rig();
  const first = await transports.prepare(table(5060));
  if (typeof first === "string") throw new Error(first);
  const leaving = first.commit();
  expect(leaving.map((it) => it.port)).toEqual([5070]);

  const second = await transports.prepare(table(5060, 5070));
  if (typeof second === "string") throw new Error(second);
  await transports.drop(leaving);
  second.commit();
  expect(await heard()).toEqual([5060, 5070]);
});

test("it is closed after all when that table is given up", async () => {
  const { transports, table, heard } = await rig();
  const first = await transports.prepare(table(5060));
  if (typeof first === "string") throw new Error(first);
  const leaving = first.commit();

  const second = await transports.prepare(table(5060, 5070));
  if (typeof second === "string") throw new Error(second);
  await transports.drop(leaving);
  expect(await heard()).toEqual([5060, 5070]);
  await second.abort();
  expect(await heard()).toEqual([5060]);
});
