/** Problems as SARIF 2.1.0 (OASIS), which code hosts and editors read. */
import type { Problem, Severity } from "../../grammar/tree.ts";

const LEVELS: Readonly<Record<Severity, string>> = { error: "error", warning: "warning", info: "note" };

/** A SARIF log with one run. `rules` gives the explanation of every code that may occur. */
export function reportSarif(
  problems: readonly Problem[],
  version: string,
  rules: Readonly<Record<string, string>>,
): string {
  const codes = [...new Set(problems.map(({ code }) => code))].sort();
  return JSON.stringify(
    {
      $schema: "https://json.schemastore.org/sarif-2.1.0.json",
      version: "2.1.0",
      runs: [
        {
          tool: {
            driver: {
              name: "viaduct",
              version,
              rules: codes.map((id) => ({
                id,
                ...(rules[id] !== undefined && { shortDescription: { text: rules[id] } }),
              })),
            },
          },
          columnKind: "unicodeCodePoints",
          results: problems.map((it) => result(it, codes)),
        },
      ],
    },
    null,
    2,
  );
}

function result({ code, severity, message, hint, span }: Problem, codes: readonly string[]): object {
  return {
    ruleId: code,
    ruleIndex: codes.indexOf(code),
    level: LEVELS[severity],
    message: { text: hint === undefined ? message : `${message} (${hint})` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: span.file.split("/").map(encodeURIComponent).join("/") },
          region: { startLine: span.line, startColumn: span.column, endLine: span.endLine, endColumn: span.endColumn },
        },
      },
    ],
  };
}
