/** How many lines make up what the user is entering. */

/** A request or reply that is being pasted. */
export const isRaw = (text: string): boolean =>
  /^[A-Z]+ \S+ SIP\/2\.0\s*(?:\n|$)/.test(text) || /^SIP\/2\.0 \d{3}(?: |\s*\n|\s*$)/.test(text);

/** Whether lines have to follow: something is not closed yet, or a message is not whole. */
export function isUnfinished(text: string): boolean {
  if (isRaw(text)) return !isWholeMessage(text);
  if (/\\$/.test(text)) return true;
  // Reason phrases and patterns may have any quotes; only what the script language or JSON is in has to be closed.
  return isScript(text) || /^http\b.*(?:<=|=>)\s*\d+\s+[{[]/.test(text) ? !isClosed(text) : false;
}

/** A file that is being entered, up to an empty line. */
export const isFile = (text: string): boolean => /^file\s+"[^"]+"\s*(?:\n|$)/.test(text) && !/\n\s*$/.test(text);

/** Whether the text is of the script language rather than a command. */
export const isScript = (text: string): boolean =>
  /^(?:[$"'({!@~+-]|\d|(?:if|while|switch)\b|\w+\s*\(|(?:exit|return|drop|break)\s*;)/.test(text) && !/^-\s/.test(text);

function isWholeMessage(text: string): boolean {
  const end = /\n[ \t]*\n/.exec(text);
  if (!end) return false;
  const [, length] = /^(?:Content-Length|l)\s*:\s*(\d+)/im.exec(text.slice(0, end.index)) ?? [];
  const body = text.slice(end.index + end[0].length);
  return length === undefined || body.replaceAll("\n", "\r\n").length >= Number(length);
}

/** Every brace, parenthesis and quote of a piece of script has its partner. */
function isClosed(text: string): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (char === '"' || char === "'") {
      for (i++; i < text.length && text[i] !== char; i++) if (text[i] === "\\" && char === '"') i++;
      if (i >= text.length) return false;
    } else if ("{([".includes(char)) depth++;
    else if ("})]".includes(char)) depth--;
    else if (char === "#" || text.startsWith("//", i)) {
      const end = text.indexOf("\n", i);
      if (end < 0) break;
      i = end;
    }
  }
  return depth <= 0;
}

/** Lines that end with a backslash are one step: the further ones stand below its first line. */
export function joined(text: string): string {
  const isBody = /^file\b/.test(text);
  const below = (line: string): string => {
    if (isBody && !/^\s*\|/.test(line)) return `    | ${line}`;
    return /^\s/.test(line) ? line : `    ${line}`;
  };
  return text
    .trimEnd()
    .split("\n")
    .map((it, i) => (i > 0 ? below(it) : it))
    .map((it) => (isBody ? it : it.replace(/\s*\\$/, "")))
    .join("\n");
}
