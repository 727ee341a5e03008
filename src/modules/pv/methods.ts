/** Kamailio's numbers of SIP methods: a bit each. */

const NUMBERS: ReadonlyMap<string, number> = new Map([
  ["INVITE", 1],
  ["CANCEL", 2],
  ["ACK", 4],
  ["BYE", 8],
  ["INFO", 16],
  ["REGISTER", 32],
  ["SUBSCRIBE", 64],
  ["NOTIFY", 128],
  ["MESSAGE", 256],
  ["OPTIONS", 512],
  ["PRACK", 1024],
  ["UPDATE", 2048],
  ["REFER", 4096],
  ["PUBLISH", 8192],
  ["KDMQ", 16384],
  ["GET", 32768],
  ["POST", 65536],
  ["PUT", 131072],
  ["DELETE", 262144],
]);

const OTHER = 524288;

export const methodNumber = (method: string): number => NUMBERS.get(method) ?? OTHER;
