/** Colours of the terminal, or none. */

export interface Style {
  readonly on: boolean;
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

export function styleOf(on: boolean): Style {
  const paint =
    (code: number) =>
    (text: string): string =>
      on && text !== "" ? `\u001b[${code}m${text}\u001b[0m` : text;
  return { on, bold: paint(1), dim: paint(2), red: paint(31), green: paint(32), yellow: paint(33), cyan: paint(36) };
}
