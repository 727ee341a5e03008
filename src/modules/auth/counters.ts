/** What was seen of each nonce: the highest nonce-count, or that it was used at all (Kamailio's nc.c and ot_nonce.c). */

/** Ids of nonces, one after the other. */
export class NonceIds {
  last: number;
  constructor(start: number) {
    this.last = start >>> 0;
  }
  next(): number {
    this.last = (this.last + 1) >>> 0;
    return this.last;
  }
}

/** The largest power of two that is not above `size`. */
const roundDown = (size: number): number => 2 ** Math.floor(Math.log2(Math.max(1, size)));

/** True when so many nonces were made since that the cell of this one belongs to another. */
const isOld = (id: number, ids: NonceIds, size: number): boolean => (ids.last - id) >>> 0 >= size;

/** The highest nonce-count that was accepted for each of the newest nonces. */
export class NonceCounts {
  /** 255 where no nonce was made: nothing is accepted for those. */
  readonly #counts: Uint8Array;
  readonly #ids: NonceIds;

  constructor(size: number, ids: NonceIds) {
    this.#counts = new Uint8Array(roundDown(size)).fill(255);
    this.#ids = ids;
  }

  made(id: number): void {
    this.#counts[id % this.#counts.length] = 0;
  }

  /** True when the count is above every earlier one, and below 256. It is kept unless only asked for. */
  accepts(id: number, count: number, keep: boolean): boolean {
    const size = this.#counts.length;
    if (isOld(id, this.#ids, size) || count > 255 || this.#counts[id % size]! >= count) return false;
    if (keep) this.#counts[id % size] = count;
    return true;
  }
}

/** Which of the newest nonces were used. */
export class UsedNonces {
  readonly #bits: Uint8Array;
  readonly #size: number;
  readonly #ids: NonceIds;

  constructor(size: number, ids: NonceIds) {
    this.#size = Math.max(8, roundDown(size));
    this.#bits = new Uint8Array(this.#size / 8).fill(255);
    this.#ids = ids;
  }

  made(id: number): void {
    const at = id % this.#size;
    this.#bits[at >> 3]! &= ~(1 << (at & 7));
  }

  /** True the first time that a nonce is used. */
  accepts(id: number): boolean {
    const at = id % this.#size;
    if (isOld(id, this.#ids, this.#size) || (this.#bits[at >> 3]! & (1 << (at & 7))) !== 0) return false;
    this.#bits[at >> 3]! |= 1 << (at & 7);
    return true;
  }
}
