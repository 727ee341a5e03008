/** JUnit's XML, as CI servers read it: a test suite a ladder, a test case a scene. */
import { sideBySide } from "../../simulate/ladder/failure.ts";
import { shownPath } from "./shown-path.ts";
import { countsOf, placeOf, readable } from "./test-report.ts";
import type { FileResult, SceneResult } from "./test-run.ts";

export function junitText(files: readonly FileResult[], ms: number): string {
  const { passed, failed } = countsOf(files);
  const head = `<testsuites name="viaduct test" tests="${passed + failed}" failures="${failed}" time="${seconds(ms)}">`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${head}\n${files.map(suite).join("")}</testsuites>\n`;
}

function suite(file: FileResult): string {
  const { passed, failed } = countsOf([file]);
  const time = seconds(file.scenes.reduce((sum, it) => sum + it.took, 0));
  const name = escaped(shownPath(file.path));
  const cases = file.scenes.map((it) => testCase(file, name, it)).join("");
  return `  <testsuite name="${name}" tests="${passed + failed}" failures="${failed}" time="${time}">\n${cases}  </testsuite>\n`;
}

function testCase(file: FileResult, suite: string, { title, line, failures, took }: SceneResult): string {
  const name = title === "" ? suite : escaped(readable(title));
  const head = `    <testcase classname="${suite}" name="${name}" file="${suite}" line="${line}" time="${seconds(took)}"`;
  if (failures.length === 0) return `${head}/>\n`;
  const found = failures.map((it) => {
    const parts = [`${placeOf(file, it)}: ${it.message}`];
    if (it.rows) parts.push(sideBySide(it.rows));
    if (it.came !== undefined) parts.push(it.came.replaceAll("\r\n", "\n"));
    if (it.logged) parts.push(...it.logged);
    return `      <failure message="${escaped(readable(it.message))}">${escaped(readable(parts.join("\n")))}</failure>\n`;
  });
  return `${head}>\n${found.join("")}    </testcase>\n`;
}

const seconds = (ms: number): string => (ms / 1000).toFixed(3);

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** XML 1.0 has no way to write most control characters: they become what stands for something unknown. */
const escaped = (text: string): string =>
  text
    .replace(/[&<>"]/g, (it) => ENTITIES[it]!)
    .replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd");
