/** Messages as they are: pasted, in files, in captures. */
import type { Arrow } from "../../src/simulate/ladder/ladder.ts";
import { readPcap } from "../../src/simulate/pcap.ts";
import type { Desk } from "./command.ts";

/** Sends what a file holds. What is wrong; undefined when it was sent. */
export async function fromFile({ session, outside, print }: Desk, rest: string): Promise<string | undefined> {
  const [, path, number, from] = /^("[^"]+"|\S+)(?:\s+(\d+))?(?:\s+from\s+([\w.-]+))?$/.exec(rest) ?? [];
  if (path === undefined) return "it is `send FILE [NUMBER] [from NAME]`";
  const text = outside.read(outside.resolve(path.replace(/"/g, "")));
  if (text === null) return `cannot read ${path}`;
  if (!isRecording(text)) {
    if (number !== undefined) return `${path} is no recording`;
    return sendRaw(session, text, from);
  }
  const recorded = readPcap(Uint8Array.from(text, (it) => it.charCodeAt(0)));
  if (typeof recorded === "string") return `${path}: ${recorded}`;
  if (recorded.length === 0) return `${path} has no SIP message over UDP`;
  if (number === undefined) {
    print(
      recorded
        .map(
          (it, i) =>
            `  ${i + 1}  ${it.srcIp}:${it.srcPort} -> ${it.dstIp}:${it.dstPort}  ${it.text.slice(0, it.text.search(/\r?\n/))}`,
        )
        .join("\n"),
    );
    return `${path} has ${recorded.length} messages: say which, as in \`send ${path} 1\``;
  }
  const message = recorded[Number(number) - 1]?.text;
  if (message === undefined) return `${path} has ${recorded.length} messages`;
  return sendRaw(session, message, from);
}

/** The first four bytes of pcap, either way round and with either clock, and of pcapng. */
const isRecording = (text: string): boolean =>
  /^(?:\xd4\xc3\xb2\xa1|\xa1\xb2\xc3\xd4|\x4d\x3c\xb2\xa1|\xa1\xb2\x3c\x4d|\x0a\x0d\x0d\x0a)/.test(text);

/** Sends a message as it is; whom its From (of a reply: its To) names is the sender when nobody is named. */
export async function sendRaw(
  session: Desk["session"],
  message: string,
  from = senderOf(message),
): Promise<string | undefined> {
  const lines = message.replaceAll("\r\n", "\n").split("\n");
  if (lines.at(-1) === "" && lines.length > 1) lines.pop();
  // Nothing behind the fields but the empty line that ends them: a message without a body.
  const body = lines.includes("") ? lines : [...lines, ""];
  const arrow: Arrow = {
    kind: "arrow",
    line: 0,
    from,
    to: "proxy",
    start: "raw",
    details: [],
    body: body.map((it) => it.replace(/\\x/g, "\\x5cx").replace(/[\0-\x08\x0b-\x1f\x7f]/g, escaped)),
  };
  const wrong = session.send(arrow);
  await session.settle();
  return wrong;
}

const escaped = (char: string): string => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`;

/** A name for the peer whose message it is. */
function senderOf(message: string): string {
  const isReply = message.startsWith("SIP/2.0");
  const field = isReply ? /^(?:To|t)\s*:(.*)$/im : /^(?:From|f)\s*:(.*)$/im;
  const [, user] = /sips?:([\w.-]+)@/i.exec(field.exec(message)?.[1] ?? "") ?? [];
  return user === undefined || user === "proxy" ? "somebody" : user;
}
