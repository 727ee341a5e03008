/** Bytes of hexadecimal digits, with blanks and tabs between the pairs; undefined when there is anything else, or nothing. */
export function fromHex(text: string): string | undefined {
  let bytes = "";
  for (let i = 0; i < text.length; i += 2) {
    while (text[i] === " " || text[i] === "\t") i++;
    if (i >= text.length) break;
    const pair = text.slice(i, i + 2);
    if (!/^[0-9A-Fa-f]{2}$/.test(pair)) return undefined;
    bytes += String.fromCharCode(Number.parseInt(pair, 16));
  }
  return bytes === "" ? undefined : bytes;
}
