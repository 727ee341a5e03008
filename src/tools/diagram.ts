/**
 * Messages between places as a ladder for the terminal:
 *
 *            alice             proxy              gw
 *              │                 │                 │
 *    0.000     │──── INVITE ────>│                 │
 *              │                 │──── INVITE ────>│
 *    0.500     │                 │<─ 180 Ringing ──│
 */

export interface DiagramMessage {
  /** Milliseconds. */
  readonly at: number;
  /** Names or addresses; equal ones are one column. */
  readonly from: string;
  readonly to: string;
  /** The first line of the message, or any text. */
  readonly start: string;
  /** Said behind the row: `again`, `lost`. */
  readonly note?: string;
}

export interface DiagramOptions {
  /** Names to be shown for addresses. */
  readonly names?: ReadonlyMap<string, string>;
  /** Columns of the terminal: what is wider is cut. 100 when not given. */
  readonly width?: number;
  /** Terminal colours: replies by class, requests bold. */
  readonly color?: boolean;
  /** Plain characters in place of lines. */
  readonly ascii?: boolean;
  /** Places in the order in which they are to stand; others follow as they come. */
  readonly order?: readonly string[];
}

interface Signs {
  readonly life: string;
  readonly line: string;
  readonly right: string;
  readonly left: string;
  readonly cut: string;
}
const LINES: Signs = { life: "│", line: "─", right: ">", left: "<", cut: "…" };
const PLAIN: Signs = { life: "|", line: "-", right: ">", left: "<", cut: "~" };

/** Characters before the first lifeline: the time. */
const TIME = 10;
/** Characters between two lifelines at least, and of a label for which room is made. */
const NARROWEST = 14;
const LONGEST = 24;

export function diagram(messages: readonly DiagramMessage[], options: DiagramOptions = {}): string {
  if (messages.length === 0) return "";
  const places = columns(messages, options.order ?? []);
  const names = places.map((it) => options.names?.get(it) ?? it);
  const signs = options.ascii ? PLAIN : LINES;
  const gap = gapOf(messages, places, names, options.width ?? 100);
  const first = TIME + Math.ceil(Math.min(names[0]!.length, gap) / 2);
  const at = (column: number): number => first + column * gap;
  const last = at(places.length - 1);
  const lives = (): string[] => {
    const row = new Array<string>(last + 1).fill(" ");
    places.forEach((_, i) => {
      row[at(i)] = signs.life;
    });
    return row;
  };

  const rows = [heads(names, at, gap, signs), lives().join("")];
  const start = messages[0]!.at;
  let shown = -1;
  for (const it of messages) {
    const row = lives();
    const [from, to] = [places.indexOf(it.from), places.indexOf(it.to)];
    const label = labelOf(it.start);
    const [left, right] = [at(Math.min(from, to)), at(Math.max(from, to))];
    if (from === to) put(row, left + 2, cut(`${signs.left}${signs.line} ${label}`, gap - 3, signs));
    else {
      for (let i = left + 1; i < right; i++) row[i] = signs.line;
      row[from < to ? right - 1 : left + 1] = from < to ? signs.right : signs.left;
      const text = ` ${cut(label, right - left - 6, signs)} `;
      put(row, left + 1 + Math[from < to ? "floor" : "ceil"]((right - left - 1 - text.length) / 2), text);
    }
    const elapsed = it.at - start;
    if (elapsed !== shown) put(row, 0, (elapsed / 1000).toFixed(3).padStart(TIME - 2));
    shown = elapsed;
    const line = row.join("").trimEnd() + (it.note ? `  ${it.note}` : "");
    rows.push(options.color ? colored(line, it.start) : line);
  }
  return `${rows.join("\n")}\n`;
}

/** Method of a request, status and reason of a reply, any other text as it is. */
export function labelOf(start: string): string {
  if (start.startsWith("SIP/2.0 ")) return start.slice(8);
  return / SIP\/2\.0$/.test(start) ? start.slice(0, start.indexOf(" ")) : start;
}

/** Every place once: the given ones first, then in the order in which they send and receive. */
function columns(messages: readonly DiagramMessage[], order: readonly string[]): string[] {
  const seen = new Set(messages.flatMap((it) => [it.from, it.to]));
  return [...new Set([...order.filter((it) => seen.has(it)), ...seen])];
}

/** Characters between two lifelines: what the longest label and the names want, as far as the width allows. */
function gapOf(
  messages: readonly DiagramMessage[],
  places: readonly string[],
  names: readonly string[],
  width: number,
): number {
  let wanted = NARROWEST;
  for (const it of messages) {
    const spans = Math.abs(places.indexOf(it.from) - places.indexOf(it.to)) || 1;
    wanted = Math.max(wanted, Math.ceil((Math.min(labelOf(it.start).length, LONGEST) + 6) / spans));
  }
  for (const it of names) wanted = Math.max(wanted, it.length + 2);
  const ends = Math.ceil(names[0]!.length / 2) + Math.ceil(names.at(-1)!.length / 2);
  const most = Math.floor((width - TIME - ends - 1) / Math.max(1, places.length - 1));
  return Math.max(NARROWEST, Math.min(wanted, most));
}

function heads(names: readonly string[], at: (column: number) => number, gap: number, signs: Signs): string {
  const row: string[] = [];
  names.forEach((name, i) => {
    const text = cut(name, gap - 2, signs);
    put(row, Math.max(0, at(i) - Math.floor(text.length / 2)), text);
  });
  return Array.from(row, (it) => it ?? " ").join("");
}

function put(row: string[], at: number, text: string): void {
  for (let i = 0; i < text.length; i++) row[at + i] = text[i]!;
}

const cut = (text: string, most: number, signs: Signs): string =>
  text.length <= most ? text : `${text.slice(0, Math.max(0, most - 1))}${signs.cut}`;

const COLORS: Readonly<Record<string, string>> = { 1: "33", 2: "32", 3: "36", 4: "31", 5: "31", 6: "31" };

function colored(line: string, start: string): string {
  const code = start.startsWith("SIP/2.0 ") ? (COLORS[start[8] ?? ""] ?? "0") : "1";
  return `\u001b[${code}m${line}\u001b[0m`;
}
