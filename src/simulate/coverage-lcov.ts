/** Coverage in the trace format of lcov (geninfo(1), FILES), which editors and continuous integration read. */
import { branchShare, type CoveredFile, lineShare } from "./coverage.ts";

export const coverageLcov = (files: readonly CoveredFile[]): string => files.map(record).join("");

function record(covered: CoveredFile): string {
  const { file, lines, branches, routes } = covered;
  const out = ["TN:", `SF:${file}`];
  for (const { line, name } of routes) out.push(`FN:${line},${name}`);
  for (const { hits, name } of routes) out.push(`FNDA:${hits},${name}`);
  out.push(`FNF:${routes.length}`, `FNH:${routes.filter((it) => it.hits > 0).length}`);
  // Several conditions of one line are told apart by their block number.
  let [last, block] = [0, 0];
  for (const { line, hits, ways } of branches) {
    block = line === last ? block + 1 : 0;
    last = line;
    ways.forEach(({ taken }, way) => {
      out.push(`BRDA:${line},${block},${way},${hits === 0 ? "-" : taken}`);
    });
  }
  const [ran, taken] = [lineShare(covered), branchShare(covered)];
  out.push(`BRF:${taken.of}`, `BRH:${taken.reached}`);
  for (const { line, hits } of lines) out.push(`DA:${line},${hits}`);
  out.push(`LF:${ran.of}`, `LH:${ran.reached}`, "end_of_record", "");
  return out.join("\n");
}
