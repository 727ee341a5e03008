/** Coverage as web pages without anything external: an index, and each file with its lines coloured. */
import { branchShare, type CoveredBranch, type CoveredFile, lineShare, percent, type Share, sum } from "./coverage.ts";

/**
 * Pages by file name, `index.html` first. `sources` has the text of each file (latin1, as it was read): written as
 * latin1 again, every byte of it is what it was.
 */
export function coverageHtml(
  files: readonly CoveredFile[],
  sources: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const names = pageNames(files.map((it) => it.file));
  const pages = new Map<string, string>();
  pages.set("index.html", index(files, names));
  for (const it of files) pages.set(names.get(it.file)!, page(it, sources.get(it.file) ?? ""));
  return pages;
}

/** The last part of each path, with a number where that is taken. */
function pageNames(files: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set(["index.html"]);
  const names = new Map<string, string>();
  for (const file of files) {
    const base = (file.split("/").at(-1) ?? "").replace(/[^\w.-]/g, "_") || "script";
    let name = `${base}.html`;
    for (let i = 2; taken.has(name.toLowerCase()); i++) name = `${base}-${i}.html`;
    taken.add(name.toLowerCase());
    names.set(file, name);
  }
  return names;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const escaped = (text: string): string => text.replace(/[&<>"']/g, (it) => ESCAPES[it]!);

const STYLE = `
:root { color-scheme: light dark; --ran: #d8f5d8; --not: #fbd5d5; --part: #fdeec4; --dim: #777 }
@media (prefers-color-scheme: dark) { :root { --ran: #17381c; --not: #4d1c1c; --part: #4a3c0e; --dim: #999 } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 72em; padding: 0 1em }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: 0 .6em; vertical-align: top }
td.n, th.n { text-align: right; color: var(--dim); font-variant-numeric: tabular-nums; user-select: none }
td.c { white-space: pre-wrap; tab-size: 4; width: 100% }
.source { font: 13px/1.5 ui-monospace, monospace }
.ran { background: var(--ran) } .not { background: var(--not) } .part { background: var(--part) }
.way { color: var(--dim); white-space: nowrap }
`;

const frame = (title: string, body: string): string =>
  `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title>
<style>${STYLE}</style></head>
<body>
${body}
</body>
</html>
`;

function index(files: readonly CoveredFile[], names: ReadonlyMap<string, string>): string {
  const cells = (share: Share): string =>
    `<td class="n">${share.reached}/${share.of}</td><td class="n ${grade(share)}">${percent(share).toFixed(1)}%</td>`;
  const row = (name: string, lines: Share, branches: Share): string =>
    `<tr><td>${name}</td>${cells(lines)}${cells(branches)}</tr>`;
  const rows = files.map((it) =>
    row(`<a href="${names.get(it.file)}">${escaped(it.file)}</a>`, lineShare(it), branchShare(it)),
  );
  rows.push(row("all files", sum(files.map(lineShare)), sum(files.map(branchShare))));
  const head = '<tr><th>file</th><th class="n" colspan="2">lines</th><th class="n" colspan="2">branches</th></tr>';
  return frame("Coverage", `<h1>Coverage</h1>\n<table>\n${[head, ...rows].join("\n")}\n</table>`);
}

const grade = (share: Share): string => (percent(share) >= 90 ? "ran" : percent(share) >= 50 ? "part" : "not");

function page(covered: CoveredFile, source: string): string {
  const hits = new Map(covered.lines.map((it) => [it.line, it.hits]));
  const branches = new Map<number, CoveredBranch[]>();
  for (const it of covered.branches) branches.set(it.line, [...(branches.get(it.line) ?? []), it]);
  const rows = source
    .replace(/\n$/, "")
    .split("\n")
    .map((text, i) => {
      const line = i + 1;
      const count = hits.get(line);
      const ways = branches.get(line) ?? [];
      const missing = ways.flatMap((it) => it.ways).filter((it) => it.taken === 0);
      const style = count === undefined ? "" : count === 0 ? "not" : missing.length > 0 ? "part" : "ran";
      const told = count ? missing.map((it) => `never ${it.name}`).join(", ") : "";
      return `<tr id="L${line}"${style && ` class="${style}"`}><td class="n">${line}</td><td class="n">${count ?? ""}</td><td class="c">${escaped(text)}</td><td class="way">${escaped(told)}</td></tr>`;
    });
  const share = (it: Share, of: string): string => `${it.reached} of ${it.of} ${of} (${percent(it).toFixed(1)}%)`;
  return frame(
    `Coverage of ${covered.file}`,
    `<p><a href="index.html">All files</a></p>
<h1>${escaped(covered.file)}</h1>
<p>${share(lineShare(covered), "lines")}, ${share(branchShare(covered), "branches")}</p>
<table class="source">
${rows.join("\n")}
</table>`,
  );
}
