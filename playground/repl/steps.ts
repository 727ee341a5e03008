/** Does what a ladder line says, or looks whether it is so. */
import { didYouMean } from "../../src/check/names.ts";
import { answerOf } from "../../src/simulate/ladder/commands.ts";
import { jsonFits, startOf, textFits } from "../../src/simulate/ladder/compare.ts";
import { sideBySide } from "../../src/simulate/ladder/failure.ts";
import type { Arrow, FileLine, HttpSent, LogLine, Rpc, Step } from "../../src/simulate/ladder/ladder.ts";
import { levelName } from "../../src/simulate/ladder/levels.ts";
import { changeNames } from "../../src/simulate/ladder/names.ts";
import { readLadder } from "../../src/simulate/ladder/read.ts";
import { messageRows } from "../../src/simulate/ladder/rows.ts";
import { readVariable, setVariable, valueFits } from "../../src/simulate/ladder/variables.ts";
import { arrowText } from "./record.ts";
import { reload } from "./script.ts";
import type { Session } from "./session.ts";
import type { Outside } from "./terminal.ts";

/** The step that a text is, or what is wrong with it. */
export function stepOf(text: string): Step | string {
  const { scenes, mistakes } = readLadder(`use "script"\n=== now\n${text}`);
  const [wrong] = mistakes;
  const [word] = text.split(/\s/, 1);
  if (wrong)
    return wrong.message.startsWith("not a ladder line") && Object.hasOwn(usages, word!)
      ? `it is \`${usages[word!]}\``
      : wrong.message;
  return scenes[0]!.steps[0] ?? "there is nothing in this line";
}

/** Lines of ladders that are no commands besides. */
export const usages: Readonly<Record<string, string>> = {
  peer: "peer NAME [udp|tcp|tls|ws|wss] [ADDRESS][:PORT] [behind ADDRESS:PORT]",
  close: "close PEER",
  state: 'state $shv(x) = 1, "text" or null',
  expect: 'expect $shv(x) = 1, "text", null or /pattern/',
  file: 'file "PATH" from "OTHER", or its lines below it, each behind a |',
  nothing: "nothing, or nothing logged",
  after: "after 500ms, 2s, 1min",
  rpc: "rpc METHOD [ARGS]",
  http: "http [URL] <= STATUS [BODY], or refused, reset, hang; http METHOD URL => STATUS [BODY]",
  dns: "dns a|aaaa|srv|naptr|txt|ptr NAME …, dns nxdomain NAME, dns dead, dns alive, dns delay TIME",
};

/** Whether a text looks like a line of a ladder, right or wrong. */
export const isLadderLine = (text: string): boolean =>
  /^[\w.-]+(?::\d+)?\s+[-=]>\s/.test(text) ||
  /^(?:after|rpc|close|expect|state|nothing|peer|dns|define|file|interface|reload)\b/.test(text) ||
  /^http(?:\s+\S+)?\s+<=/.test(text) ||
  /^log(?:\(\w*\)|\s+\.\.\.|\s+\D)/.test(text);

/** What is wrong; undefined when it was done, or is so. `text` is the step as the user wrote it. */
export async function doStep(
  session: Session,
  outside: Outside,
  step: Step,
  text: string,
): Promise<string | undefined> {
  const { simulation, record } = session;
  const { host } = simulation;
  if (!session.loaded && !early.has(step.kind)) return NOT_LOADED;
  const done = async (wrong: string | undefined): Promise<string | undefined> => {
    if (wrong === undefined) record.add(text);
    await session.settle();
    return wrong;
  };
  switch (step.kind) {
    case "arrow": {
      if (step.from === "proxy") return checkMessage(session, step);
      const stranger = strangerIn(session, step);
      if (stranger !== undefined) return stranger;
      if (session.debugger.held.length > 0)
        session.record.unrepeatable.push("messages that were sent while the script was stopped");
      const wrong = session.send(step);
      if (wrong === undefined) forget(session);
      await session.settle();
      return wrong;
    }
    case "pause":
      forget(session);
      await session.pass(step.ms);
      return undefined;
    case "http-given": {
      const wrong = session.answerHttp(step);
      await session.settle();
      return wrong;
    }
    case "http-sent":
      return checkHttp(session, step);
    case "peer":
      return session.addPeer(step);
    case "dns":
      return done(changeNames(host.dns, step));
    case "state":
      return done(setVariable(simulation.server, step));
    case "expect": {
      const found = readVariable(simulation.server, step);
      if ("wrong" in found) return found.wrong;
      if (!valueFits(session.values.fill(step.value), found.value)) return `${step.variable} is ${found.value}`;
      return done(undefined);
    }
    case "rpc":
      return done(await checkCommand(session, step));
    case "close": {
      const peer = session.peers.get(step.name);
      if (peer) session.close(peer);
      return done(peer ? undefined : `there is no peer ${step.name}`);
    }
    case "reload":
      return reload(session, outside, step.path, step.refused);
    case "file":
      return done(writeFile(session, outside, step));
    case "log":
      return done(checkLog(session, step));
    case "nothing": {
      const [more] = step.logged ? [] : session.unchecked;
      if (more) return `${more.arrived.to} got ${startOf(more.arrived.msg)}`;
      const line = step.logged ? simulation.log[session.logged] : undefined;
      return done(line && `${levelName(line.level)}: ${line.text.trimEnd()}`);
    }
    case "define":
      return "defines are there before the script: start with -A NAME=VALUE";
    case "interface":
      return "addresses are there before the script: start with --interface NAME=ADDRESS";
  }
}

const NOT_LOADED = "the script was not loaded: `problems` shows why, `reload` tries again";
const early = new Set<Step["kind"]>(["peer", "dns", "file", "reload", "define", "interface"]);

/** Whoever answers, or goes on with a call, is there already: another name is a slip. */
function strangerIn({ peers }: Session, { from, start }: Arrow): string | undefined {
  if (peers.has(from) || start === "raw" || /^[A-Z]+\s+\S/.test(start)) return undefined;
  return `there is no peer ${from}; ${didYouMean(from, peers.keys()) ?? "`peers` lists them"}`;
}

/** Something is done to the server: what came before is not to be looked at any more. */
function forget(session: Session): void {
  session.unchecked.length = 0;
  session.asked.length = 0;
}

/** `proxy -> bob INVITE`: the next message that came and was not looked at. */
function checkMessage(session: Session, step: Arrow): string | undefined {
  const arrow = session.values.fillIn(step);
  const [next] = session.unchecked;
  if (!next) return `${arrow.to} got nothing that was not looked at`;
  const rows = messageRows(arrow, next.arrived, session.values.capture);
  if (rows.some((it) => !it.same)) return `it is not so\n${sideBySide(rows)}`;
  session.unchecked.shift();
  if (next.entry) next.entry.text = arrowText(step);
  return undefined;
}

function checkHttp(session: Session, step: HttpSent): string | undefined {
  const [next] = session.asked;
  if (!next) return "the script made no HTTP request that was not looked at";
  const url = session.values.fill(step.url);
  const same = next.method === step.method && textFits(url, next.url, session.values.capture);
  if (same) session.asked.shift();
  return same ? undefined : `the script asked ${next.method} ${next.url}`;
}

function checkLog(session: Session, { skips, text, level }: LogLine): string | undefined {
  const { log } = session.simulation;
  const wanted = session.values.fill(text);
  const fits = (it: (typeof log)[number]): boolean =>
    (level === undefined || level === it.level) && textFits(wanted, it.text.trimEnd(), session.values.capture);
  const at = skips ? log.findIndex((it, i) => i >= session.logged && fits(it)) : session.logged;
  const line = at < 0 ? undefined : log[at];
  if (!line) return "no such line was logged";
  session.logged = at + 1;
  return fits(line) ? undefined : `what was logged is ${levelName(line.level)}: ${line.text.trimEnd()}`;
}

async function checkCommand(session: Session, { method, args, answer, ...rest }: Rpc): Promise<string | undefined> {
  const filled = { ...rest, method, args: args.map((it) => session.values.fill(it)) };
  const came = await answerOf(session.simulation.server, filled);
  if (came === undefined) return `there is no command ${method}`;
  if (answer === undefined || jsonFits(session.values.fill(answer), came, session.values.capture)) return undefined;
  return `the answer is ${came}`;
}

function writeFile(session: Session, outside: Outside, { path, from, body }: FileLine): string | undefined {
  const text = from === undefined ? body.map((it) => `${it}\n`).join("") : outside.read(outside.resolve(from));
  if (text === null) return `cannot read ${from}`;
  session.simulation.host.files.write(outside.resolve(path), text);
  session.fileTexts.set(outside.resolve(path), text);
  return undefined;
}
