/** Checksums and hashes that are not the host's to compute. */

/** Kamailio's core hash (core/hashes.h) of one text: 32 bits. */
export function coreHash(text: string): number {
  let h = 0;
  let i = 0;
  for (; i + 4 <= text.length; i += 4) h = add(h, mix(word(text, i, 4)));
  h = add(h, mix(word(text, i, text.length - i)));
  return add(add(h, h >>> 11), add(h >>> 13, h >>> 23));
}

const add = (a: number, b: number): number => (a + b) >>> 0;
const mix = (v: number): number => (v ^ (v >>> 3)) >>> 0;

function word(text: string, at: number, length: number): number {
  let v = 0;
  for (let i = 0; i < length; i++) v = ((v << 8) | (text.charCodeAt(at + i) & 0xff)) >>> 0;
  return v;
}

/** The slot of a hash in a table whose size is a power of two; other sizes give what masking gives. */
export const coreHashIndex = (hash: number, size: number): number => (size === 0 ? hash : (hash & (size - 1)) >>> 0);

const CRC32: readonly number[] = Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c >>> 0;
});

export function crc32(text: string): number {
  let crc = 0xffffffff;
  for (let i = 0; i < text.length; i++) crc = (crc >>> 8) ^ CRC32[(crc ^ text.charCodeAt(i)) & 0xff]!;
  return ~crc >>> 0;
}

const ROUNDS = 24;
const MASK = (1n << 64n) - 1n;

/** Round constants and rotations of Keccak-f[1600] (FIPS 202, 3.2), computed from their definitions. */
const [CONSTANTS, ROTATIONS] = (() => {
  const constants: bigint[] = [];
  let lfsr = 1;
  for (let round = 0; round < ROUNDS; round++) {
    let constant = 0n;
    for (let j = 0; j <= 6; j++) {
      if (lfsr & 1) constant |= 1n << BigInt((1 << j) - 1);
      lfsr = lfsr & 0x80 ? ((lfsr << 1) ^ 0x71) & 0xff : lfsr << 1;
    }
    constants.push(constant);
  }
  const rotations: number[] = new Array(25).fill(0);
  let x = 1;
  let y = 0;
  for (let t = 0; t < 24; t++) {
    rotations[x + 5 * y] = (((t + 1) * (t + 2)) / 2) % 64;
    [x, y] = [y, (2 * x + 3 * y) % 5];
  }
  return [constants, rotations] as const;
})();

const rotate = (v: bigint, n: number): bigint => (n === 0 ? v : ((v << BigInt(n)) | (v >> BigInt(64 - n))) & MASK);

function permute(a: bigint[]): void {
  for (let round = 0; round < ROUNDS; round++) {
    const c = [0, 1, 2, 3, 4].map((x) => a[x]! ^ a[x + 5]! ^ a[x + 10]! ^ a[x + 15]! ^ a[x + 20]!);
    for (let i = 0; i < 25; i++) a[i] = a[i]! ^ c[(i + 4) % 5]! ^ rotate(c[((i % 5) + 1) % 5]!, 1);
    const b: bigint[] = new Array(25);
    for (let x = 0; x < 5; x++)
      for (let y = 0; y < 5; y++) b[y + 5 * ((2 * x + 3 * y) % 5)] = rotate(a[x + 5 * y]!, ROTATIONS[x + 5 * y]!);
    for (let i = 0; i < 25; i++) {
      const row = i - (i % 5);
      a[i] = b[i]! ^ (~b[row + ((i + 1) % 5)]! & MASK & b[row + ((i + 2) % 5)]!);
    }
    a[0] = a[0]! ^ CONSTANTS[round]!;
  }
}

/** SHA-3 (FIPS 202) or the original Keccak, which pads with another byte, in lower-case hexadecimal. */
export function sha3(text: string, bits: 256 | 384 | 512, variant: "sha3" | "keccak"): string {
  const rate = 200 - bits / 4;
  const bytes = Array.from(text, (c) => c.charCodeAt(0) & 0xff);
  bytes.push(variant === "sha3" ? 0x06 : 0x01);
  while (bytes.length % rate !== 0) bytes.push(0);
  bytes[bytes.length - 1]! |= 0x80;
  const state: bigint[] = new Array(25).fill(0n);
  for (let at = 0; at < bytes.length; at += rate) {
    for (let i = 0; i < rate; i++) state[i >> 3]! ^= BigInt(bytes[at + i]!) << BigInt(8 * (i & 7));
    permute(state);
  }
  let out = "";
  for (let i = 0; i < bits / 8; i++)
    out += Number((state[i >> 3]! >> BigInt(8 * (i & 7))) & 0xffn)
      .toString(16)
      .padStart(2, "0");
  return out;
}
