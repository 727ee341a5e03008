/** Kamailio's string hash (core/hashes.h), which scripts see in core_hash() and in the slots of tables. */

/** 32 bits, or the slot in a table whose size is a power of 2. An empty second text is none. */
export function coreHash(first: string, second: string, size: number, ignoreCase = false): number {
  let h = mix(0, ignoreCase ? first.toLowerCase() : first);
  if (second !== "") h = mix(h, ignoreCase ? second.toLowerCase() : second);
  h = (h + (h >>> 11) + ((h >>> 13) + (h >>> 23))) >>> 0;
  return size === 0 ? h : (h & (size - 1)) >>> 0;
}

/** Four bytes at a time, then what is left of them. */
function mix(h: number, text: string): number {
  let i = 0;
  for (; i + 4 <= text.length; i += 4) {
    const v =
      (text.charCodeAt(i) << 24) |
      (text.charCodeAt(i + 1) << 16) |
      (text.charCodeAt(i + 2) << 8) |
      text.charCodeAt(i + 3);
    h = (h + (v ^ (v >>> 3))) >>> 0;
  }
  let v = 0;
  for (; i < text.length; i++) v = (v << 8) + text.charCodeAt(i);
  return (h + (v ^ (v >>> 3))) >>> 0;
}
