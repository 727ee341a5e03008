/** What is fuzzed. Each target takes random texts; an exception, or no end, is a finding. */
import fc from "fast-check";
import { parse } from "../../grammar/index.ts";
import { check } from "../../src/check/index.ts";
import type { TransformationClass } from "../../src/declare/module.ts";
import { compileEre } from "../../src/declare/regex/index.ts";
import { transformationClasses } from "../../src/declare/transformations.ts";
import type { Value } from "../../src/declare/value.ts";
import { modules } from "../../src/modules/index.ts";
import { partsOf } from "../../src/sip/body.ts";
import { applyChanges, buildForwardedReply, currentText } from "../../src/sip/build.ts";
import { SipMessage } from "../../src/sip/message.ts";
import { parseNameAddr, parseNameAddrs } from "../../src/sip/nameaddr.ts";
import { sdpOf, streamsOf } from "../../src/sip/sdp.ts";
import { parseUri } from "../../src/sip/uri.ts";
import { parseVias, type Via } from "../../src/sip/via.ts";
import { callOf, engine, load, received, scripts, torture } from "./engine.ts";
import { expression } from "./expressions.ts";
import { bytes, mutated, soup } from "./inputs.ts";
import { headerWords, messageWords, regexWords, scriptWords, uriWords, variableWords } from "./words.ts";

export interface Target {
  readonly name: string;
  /** Its share of the runs. */
  readonly weight: number;
  readonly input: fc.Arbitrary<readonly string[]>;
  run(input: readonly string[]): unknown;
}

const one = (it: fc.Arbitrary<string>): fc.Arbitrary<readonly string[]> => it.map((text) => [text]);
const pick = (...of: fc.Arbitrary<string>[]): fc.Arbitrary<string> => fc.oneof(...of);

/** Reads and checks a script, whatever is wrong with it. */
function readScript([text = ""]: readonly string[]): void {
  const { script, problems } = parse({
    file: "main.cfg",
    text,
    env: () => undefined,
    regex: compileEre,
    readFile: (path) => (path.endsWith("a") ? "#!define X 1\n" : null),
    resolve: (...parts) => parts.join("/"),
    dirname: () => ".",
  });
  const found = check(script, { modules, missing: "warn" }).problems;
  for (const { span, message } of [...problems, ...found])
    if (!(span.line >= 1 && span.column >= 1)) throw new Error(`a problem without a place: ${message}`);
}

async function compileScript([text = ""]: readonly string[]): Promise<void> {
  await (await load(text)).generation?.stop();
}

function readMessage([text = ""]: readonly string[]): void {
  const msg = new SipMessage(text, received);
  for (const header of msg.headers)
    if (header.start > header.end || header.end > text.length) throw new Error("a field outside the text");
  if (msg.malformed !== "") return;
  msg.edits.insertAfter(msg.edits.anchor(msg.headersEnd), "X-Y: z\r\n");
  currentText(msg);
  if (!msg.isRequest) buildForwardedReply(msg);
  applyChanges(msg);
  streamsOf(sdpOf(msg) ?? undefined);
  partsOf(msg, "application/sdp");
}

function readFields([text = ""]: readonly string[]): void {
  const end = text.length;
  const vias: Via[] = [];
  parseVias(text, 0, end, vias);
  for (const list of [vias, parseNameAddrs(text, 0, end) ?? []])
    if (list.length > end + 1) throw new Error("more values than characters");
  parseNameAddr(text, 0, end);
}

function matchRegex([pattern = "", text = ""]: readonly string[]): void {
  for (const flags of [{}, { icase: true, newline: true }]) {
    const regex = compileEre(pattern, flags);
    if (!regex) continue;
    const found = regex.exec(text);
    if (regex.test(text) !== (found !== null)) throw new Error("test and exec differ");
    if (found && !(found.index >= 0 && found.index <= found.end && found.end <= text.length))
      throw new Error("a match outside the text");
  }
}

/** Class and name of every transformation. */
const transformations = (classes: ReadonlyMap<string, TransformationClass>): string[] =>
  [...classes].flatMap(([name, it]) => Object.keys(it.names).map((key) => `${name}.${key}`));

export async function createTargets(): Promise<readonly Target[]> {
  const { generation, call } = await engine();
  const { variables, core } = generation;
  const messages = torture();
  const corpus = scripts();
  const message = pick(mutated(messages, messageWords), soup(messageWords, 60));
  const isolated = messages.find((it) => it.startsWith("INVITE")) ?? "";
  const variable = variables.variable("$var(x)");
  const other = variables.variable("$var(y)");
  if (typeof variable === "string" || typeof other === "string") throw new Error("no $var");

  const name = fc.constantFrom(...transformations(transformationClasses(core.modules)));
  const parameter = pick(
    soup(variableWords, 4),
    bytes(6),
    soup(["0", "1", "-", "9999999999", ",", "a"], 4),
    fc.constantFrom("$var(y)", "/(a)|b/\\1/g", ";"),
  );
  const value = pick(soup([...uriWords, ...headerWords], 20), bytes(40), fc.integer().map(String), fc.constant(""));

  /** Text, or a number where it is one, in the variable; then whatever reads it. */
  function transform([source = "", left = "", right = ""]: readonly string[]): void {
    const bound = variables.variable(source);
    if (typeof bound === "string") return;
    const run = call(isolated);
    const valueFrom = (text: string): Value => (/^-?\d{1,9}$/.test(text) ? Number(text) : text);
    if (typeof variable !== "string") variable.set?.(run, valueFrom(left));
    if (typeof other !== "string") other.set?.(run, valueFrom(right));
    bound.get(run);
  }

  return [
    { name: "script-bytes", weight: 2, input: one(bytes(200)), run: readScript },
    { name: "script-words", weight: 12, input: one(soup(scriptWords, 80)), run: readScript },
    { name: "script-changed", weight: 14, input: one(mutated(corpus, scriptWords)), run: readScript },
    { name: "script-loaded", weight: 4, input: one(mutated(corpus, scriptWords, 1)), run: compileScript },
    {
      name: "expressions",
      weight: 4,
      input: one(expression),
      async run([text = ""]) {
        const { generation: loaded } = await load(`request_route {\n${text}\n}\n`);
        if (!loaded) return;
        await loaded.program.request!.run(callOf(loaded, isolated));
        await loaded.stop();
      },
    },
    {
      name: "uri",
      weight: 14,
      input: one(pick(soup(uriWords, 16), bytes(40))),
      run: ([text = ""]) => {
        parseUri(text);
        parseUri(text, {});
      },
    },
    { name: "fields", weight: 12, input: one(pick(soup(headerWords, 20), bytes(40))), run: readFields },
    { name: "message", weight: 10, input: one(message), run: readMessage },
    {
      name: "transformations",
      weight: 16,
      input: fc
        .tuple(name, fc.array(parameter, { maxLength: 4 }), value, value)
        .map(([it, params, left, right]) => [`$(var(x){${[it, ...params].join(",")}})`, left, right]),
      run: transform,
    },
    {
      name: "variables",
      weight: 8,
      input: fc.tuple(soup(variableWords, 12), message),
      run([text = "", over = ""]) {
        const bound = variables.format(text);
        if (typeof bound !== "string") bound.expand(call(over));
      },
    },
    {
      name: "regex",
      weight: 10,
      input: fc.tuple(soup(regexWords, 14), pick(soup(["a", "b", "A", "1", " ", "\n"], 60), bytes(30))),
      run: matchRegex,
    },
  ];
}
