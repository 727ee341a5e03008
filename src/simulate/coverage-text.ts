/** Coverage as a table for the terminal: a line a file, and below the lines and ways that were never reached. */
import { branchShare, type CoveredFile, lineShare, percent, type Share, sum } from "./coverage.ts";

export function coverageText(files: readonly CoveredFile[]): string {
  if (files.length === 0) return "No script was run.\n";
  const rows = [
    ["file", "lines", "", "branches", "", "never ran"],
    ...files.map((it) => [it.file, ...shown(lineShare(it)), ...shown(branchShare(it)), missed(it)]),
  ];
  if (files.length > 1)
    rows.push(["all files", ...shown(sum(files.map(lineShare))), ...shown(sum(files.map(branchShare))), ""]);
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (i === 2 || i === 4 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join("  ")
      .trimEnd();
  return `${rows.map(line).join("\n")}\n`;
}

const shown = (share: Share): [string, string] => [`${share.reached}/${share.of}`, `${percent(share).toFixed(1)}%`];

/** `12-15, 18, 20 false`: lines that never ran, and ways that were never taken from lines that did. */
function missed({ lines, branches }: CoveredFile): string {
  const found: [line: number, text: string][] = [];
  for (let i = 0; i < lines.length; i++) {
    if (lines[i]!.hits > 0) continue;
    const first = lines[i]!.line;
    while (lines[i + 1]?.hits === 0) i++;
    const last = lines[i]!.line;
    found.push([first, first === last ? String(first) : `${first}-${last}`]);
  }
  for (const { line, hits, ways } of branches)
    if (hits > 0) for (const { name, taken } of ways) if (taken === 0) found.push([line, `${line} ${name}`]);
  return found
    .sort(([a], [b]) => a - b)
    .map(([, text]) => text)
    .join(", ");
}
