/** What went otherwise than a ladder says. */

/** A line of what was expected beside what came. */
export interface Row {
  readonly expected: string;
  readonly came: string;
  readonly same: boolean;
  /** Line of the ladder that says the left side, where it is not that of the failure. */
  readonly line?: number;
}

/** A statement of the script that ran. */
export interface RanLine {
  readonly file: string;
  readonly line: number;
  /** The block that it stands in: `route[RELAY]`. */
  readonly route: string;
}

export interface Failure {
  /** Line of the ladder, or of `file`. */
  readonly line: number;
  /** Path of the file that the line is of, when it is not the ladder. */
  readonly file?: string;
  /** One line. */
  readonly message: string;
  /** Side by side. */
  readonly rows?: readonly Row[];
  /** The message that came, whole; bytes as latin1. */
  readonly came?: string;
  /** Errors that were logged since the last step that did something to the server. */
  readonly logged?: readonly string[];
  /** What the script ran since the last step that did something to it; undefined when nobody watched. */
  readonly ran?: readonly RanLine[];
}

/** The failure as text, without its place. */
export function failureText({ message, rows, came, logged }: Failure): string {
  let text = message;
  if (rows) text += `\n${sideBySide(rows)}`;
  if (came !== undefined) text += `\nwhat came:\n${indented(came.replaceAll("\r\n", "\n").trimEnd())}`;
  if (logged) text += `\nwhat was logged:\n${indented(logged.join("\n"))}`;
  return text;
}

export const indented = (text: string, by = "    "): string => text.replace(/^(?=.)/gm, by);

/** Columns that the left side may take. */
const WIDEST = 60;

/** Two columns with headings; `!` marks the lines that differ. */
export function sideBySide(rows: readonly Row[]): string {
  const all = [{ expected: "expected", came: "came", same: true }, ...rows];
  const width = Math.min(WIDEST, Math.max(...all.map(({ expected }) => expected.length)));
  return all
    .map(({ expected, came, same }) => `  ${same ? " " : "!"} ${expected.padEnd(width)} | ${came}`.trimEnd())
    .join("\n");
}
