/** Checks scripts: names, arguments, types, parameters. What Kamailio refuses at load is an error, everything else a warning. */
export { type CheckOptions, check } from "./check.ts";
export type { Checked, CheckedRoute, CustomParameter, EvaluatedParameter, ListenSetting } from "./ir.ts";
export { type LintOptions, lint, type Rule, rules } from "./lint/index.ts";
export { type ProblemCode, problemCodes, problemText } from "./problems.ts";
export { type Readable, readable } from "./readable.ts";
export { type ReportOptions, report, reportJson, summary } from "./report.ts";
export { reportSarif } from "./sarif.ts";
