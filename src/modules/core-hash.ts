/** Kamailio's string hash (core/hashes.h), which scripts see in core_hash() and in the slots of tables. */

/** 32 bits, or the slot in a table whose size is a power of 2. An empty second text is none. */
export function coreHash(first: string, second: string, size: number, ignoreCase = false): number {
  let h = mix(0, first, ignoreCase);
  if (second !== "") h = mix(h, second, ignoreCase);
  h = (h + (h >>> 11) + ((h >>> 13) + (h >>> 23))) >>> 0;
  return size === 0 ? h : (h & (size - 1)) >>> 0;
}

/** Four bytes at a time, then what is left of them. */
function mix(h: number, text: string, ignoreCase: boolean): number {
  let i = 0;
  for (; i + 4 <= text.length; i += 4) {
    const v =
      (byte(text, i, ignoreCase) << 24) +
      (byte(text, i + 1, ignoreCase) << 16) +
      (byte(text, i + 2, ignoreCase) << 8) +
      byte(text, i + 3, ignoreCase);
    h = (h + (v ^ (v >>> 3))) >>> 0;
  }
  let v = 0;
  for (; i < text.length; i++) v = (v << 8) + byte(text, i, ignoreCase);
  return (h + (v ^ (v >>> 3))) >>> 0;
}

/** The hash that ignores case takes bytes with a sign. */
function byte(text: string, at: number, ignoreCase: boolean): number {
  const c = text.charCodeAt(at);
  if (!ignoreCase) return c;
  return c >= 65 && c <= 90 ? c | 32 : c > 127 ? c - 256 : c;
}
