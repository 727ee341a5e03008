/** Randomness of the machine. */
import { randomFillSync } from "node:crypto";
import type { Random } from "../declare/host.ts";

/** Bytes fetched from the system at once: a call into it costs more than the bytes. */
const poolSize = 4096;

export const createRandom = (): Random => {
  const pool = Buffer.allocUnsafeSlow(poolSize);
  let used = poolSize;
  return {
    next: () => Math.random(),
    hex(bytes) {
      if (bytes > poolSize) return randomFillSync(Buffer.allocUnsafe(bytes)).toString("hex");
      if (used + bytes > poolSize) {
        randomFillSync(pool);
        used = 0;
      }
      used += bytes;
      return pool.toString("hex", used - bytes, used);
    },
  };
};
