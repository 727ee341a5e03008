/** Runs a piece of script on the last message: compiled like the script itself, with its modules, variables and defines. */
import { parse } from "../../grammar/index.ts";
import type { Item, Problem, RouteBlock, Script } from "../../grammar/tree.ts";
import { check, readable, report } from "../../src/check/index.ts";
import { compile, type Program } from "../../src/compile/index.ts";
import { Call } from "../../src/declare/call.ts";
import { any, declare, type Fn, type RouteKind } from "../../src/declare/module.ts";
import { compileEre } from "../../src/declare/regex/index.ts";
import { IntText, type Read, type Value } from "../../src/declare/value.ts";
import type { Route } from "../../src/declare/variable.ts";
import { createVariables } from "../../src/declare/variables.ts";
import { cutVariable } from "../../src/declare/variables-text.ts";
import { fakedRequest } from "../../src/run/fake.ts";
import type { Generation } from "../../src/run/generation.ts";
import { INPUT } from "./debugger.ts";
import type { Session } from "./session.ts";
import { VALUE } from "./value-name.ts";

export type Outcome =
  | { readonly kind: "wrong"; readonly text: string }
  /** An expression, and what it is. */
  | { readonly kind: "value"; readonly value: Read }
  /** A function was called: its code, and what its declaration says of it. */
  | { readonly kind: "code"; readonly name: string; readonly code: number; readonly says: string | undefined }
  /** A variable was given a value. */
  | { readonly kind: "assigned"; readonly variable: string; readonly value: Read }
  | { readonly kind: "done" }
  /** It goes on when time passes, or an answer comes. */
  | { readonly kind: "waits" };

export async function evaluate(session: Session, text: string): Promise<Outcome> {
  const call = callFor(session);
  const transformed = /^("(?:[^"\\]|\\.)*"|'[^']*')?\s*(\{[a-z]\w*\.[\s\S]*\})$/.exec(text);
  if (transformed) return transformation(session, call, transformed[1], transformed[2]!);
  const short = /^\$([\w.?]+(?:\(.*\))?)(\{.*\})$/s.exec(text);
  const source = short ? `$(${short[1]}${short[2]})` : text;
  const lone = /^\$/.test(source) ? cutVariable(source, 0) : "";
  if (typeof lone !== "string" && lone.text === source) return variable(session, call, source);
  const statement = compileText(session, call, source, undefined);
  if ("program" in statement) return run(session, call, statement, source);
  const expression = compileText(session, call, source.replace(/;\s*$/, ""), (it) => (session.result = it));
  if ("program" in expression) {
    session.result = undefined;
    const ran = await run(session, call, expression, source);
    return ran.kind === "wrong" ? ran : { kind: "value", value: session.result };
  }
  if (session.simulation.server.active.core.loaded("pv")) {
    // A function's result is no argument, but can be assigned.
    const assigned = compileText(session, call, source.replace(/;\s*$/, ""), undefined, `$var(${VALUE}) =\n`);
    if ("program" in assigned) {
      const ran = await run(session, call, assigned, source);
      if (ran.kind === "wrong" || ran.kind === "waits") return ran;
      const { slots } = session.simulation.server.active;
      session.result = call.vars[slots.slot(VALUE)];
      return { kind: "value", value: session.result };
    }
    if (/nested-call/.test(expression.text) && !/nested-call/.test(assigned.text))
      return { kind: "wrong", text: assigned.text };
  }
  // What was meant is told by its form: an assignment or a block is no expression.
  const isStatement = /^(?:if|while|switch|return|exit|drop|break|route)\b|[^=!<>]=[^=~]|;|^\w+\s*\([\s\S]*\)$/.test(
    source,
  );
  return { kind: "wrong", text: (isStatement ? statement : expression).text };
}

/**
 * The run in whose context things are evaluated: the one that is held, else the last one as it ended; one of its own for
 * a message that came later and that the script has no route for.
 */
function callFor(session: Session): Call {
  const { active, transactions } = session.simulation.server;
  const { core, slots } = active;
  const held = session.debugger.held[0]?.call;
  const base = held ?? session.debugger.last;
  const { unrun } = session.debugger;
  let call: Call;
  if (unrun && !held) {
    const vars = base?.core.owner === core.owner ? base.vars : slots.fresh();
    call = new Call(core, unrun, unrun.isRequest ? "request" : "onreply", vars, core.newLists());
  } else if (base) {
    const same = base.core.owner === core.owner;
    call = new Call(held ? base.core : core, base.msg, base.kind, same || held ? base.vars : slots.fresh(), base.lists);
    // Between messages a request finds its transaction itself, as the script does; what ended has none.
    if (held || (base.kind !== "request" && base.tx && transactions.find(base.tx.index, base.tx.label))) {
      call.tx = base.tx;
      call.branch = base.branch;
    }
    if (held) call.tm = base.tm;
    call.rc = base.rc;
    call.scriptFlags = base.scriptFlags;
    call.sending = base.sending;
    call.params = base.params;
  } else {
    const msg = fakedRequest(active.sockets.all[0], core.host.clock.now());
    session.emptyLists ??= core.newLists();
    session.emptyVars ??= slots.fresh();
    call = new Call(core, msg, "request", session.emptyVars, session.emptyLists);
  }
  session.debugger.isOurs(call);
  return call;
}

/** Names that the text is the first to use have places, too: 0, as in a worker that begins. */
function makeRoom({ vars }: Call, { slots }: Generation): void {
  const fresh = slots.fresh();
  while (vars.length < fresh.length) vars.push(fresh[vars.length]!);
}

async function variable(session: Session, call: Call, text: string): Promise<Outcome> {
  const { active } = session.simulation.server;
  const bound = active.variables.variable(text);
  if (typeof bound === "string") {
    // The checker knows more of names: what is near, which module has it.
    const tried = compileText(session, call, text, () => {});
    return { kind: "wrong", text: "text" in tried ? tried.text : bound };
  }
  makeRoom(call, active);
  const value = bound.get(call);
  session.result = value ?? null;
  return { kind: "value", value };
}

/** `"text"{s.len}`, or `{s.len}` of the last value. */
function transformation(session: Session, call: Call, quoted: string | undefined, chain: string): Outcome {
  const { active } = session.simulation.server;
  const given: Value = quoted === undefined ? (session.result ?? null) : unquoted(quoted);
  const { module } = declare<Record<string, never>>();
  const holder = module({
    name: "playground",
    doc: "",
    params: {},
    start: () => ({}),
    functions: {},
    variables: { playground: { doc: "", get: () => given } },
    commands: {},
    events: {},
  });
  const variables = createVariables(
    [...active.modules, holder],
    active.core,
    (it) => active.states.get(it.name) ?? {},
    active.slots,
  );
  const bound = variables.variable(`$(playground${chain})`);
  if (typeof bound === "string") return { kind: "wrong", text: bound };
  makeRoom(call, active);
  const value = bound.get(call);
  session.result = value ?? null;
  return { kind: "value", value };
}

const unquoted = (text: string): string =>
  text[0] === "'"
    ? text.slice(1, -1)
    : text.slice(1, -1).replace(/\\(.)/g, (_, it: string) => ({ n: "\n", r: "\r", t: "\t" })[it] ?? it);

interface Compiled {
  readonly program: Program;
  readonly block: RouteBlock;
  readonly generation: Generation;
}

/** The text as a route of its own; with `take` it is an expression, whose value is handed there. */
function compileText(
  session: Session,
  call: Call,
  text: string,
  take: ((value: Value) => void) | undefined,
  before = take ? `${VALUE}(\n` : "",
): Compiled | { readonly text: string } {
  const generation = call.core.owner as Generation;
  const { server } = session.simulation;
  // On lines of its own, so that places in it are as the user wrote it.
  const end = /[;}]\s*$/.test(text) ? "" : ";";
  const body = before === "" ? text + end : `${before}${text}\n${take ? ")" : ""};`;
  const above = before === "" ? 1 : 2;
  const parsed = parse({
    file: INPUT,
    text: `${heads[call.kind]} {\n${body}\n}`,
    defines: definesOf(generation, session),
    env: (name) => server.host.process.env(name),
    readFile: () => null,
    regex: compileEre,
    resolve: (...parts) => server.host.files.resolve(...parts),
    dirname: (path) => server.host.files.dirname(path),
  });
  const errors = parsed.problems.filter((it) => it.severity === "error");
  // A statement that cannot be read is left out, which is no mistake of its own.
  const found = errors.filter((it) => it.code !== "empty-block" || errors.length === 1);
  if (found.length > 0) return { text: shown(found, text, above) };
  const block = parsed.script.items[0] as RouteBlock;
  const script = aroundOf(generation.checked!.script, block, take ? VALUE : undefined, /\broute\s*\(/.test(text));
  const checked = check(script, {
    modules: [...server.options.modules, ...(take ? [valueModule(take)] : [])],
    missing: server.options.missing ?? "error",
  });
  const wrong = checked.problems.filter((it) => it.severity === "error" && it.span.file === INPUT);
  if (wrong.length > 0) return { text: shown(wrong, text, above) };
  const made = compile(checked.checked, generation.core, session.debugger);
  if (!made.program)
    return {
      text: shown(
        made.problems.filter((it) => it.severity === "error"),
        text,
        above,
      ),
    };
  return { program: made.program, block, generation };
}

/** What the script defines; what the preprocessor knows by itself is not to be defined again. */
function definesOf({ defines }: Generation, session: Session): [string, string | undefined][] {
  session.predefined ??= new Set(
    parse({
      file: INPUT,
      text: "debug=0",
      readFile: () => null,
      regex: compileEre,
      env: () => undefined,
      resolve: (...parts) => parts.join("/"),
      dirname: () => "",
    }).defines.keys(),
  );
  return [...defines].filter(([name]) => !session.predefined!.has(name));
}

/** The block that stands for a kind of run: functions are allowed in it as they are there. */
const heads: Readonly<Record<RouteKind, string>> = {
  request: "request_route",
  onreply: "onreply_route[PLAYGROUND]",
  failure: "failure_route[PLAYGROUND]",
  branch: "branch_route[PLAYGROUND]",
  onsend: "onsend_route",
  event: "event_route[playground:input]",
  local: "event_route[tm:local-request]",
  "branch-failure": "event_route[tm:branch-failure:playground]",
};

/** The script with the block in the place of its own of that name. Blocks are left empty when nothing can run them. */
function aroundOf(script: Script, block: RouteBlock, load: string | undefined, whole: boolean): Script {
  const items: Item[] = [];
  for (const it of script.items) {
    if (it.kind === "listen") continue;
    if (it.kind !== "route-block") items.push(it);
    else if (it.block !== block.block || it.name !== block.name) items.push(whole ? it : { ...it, body: [] });
  }
  const { span } = block;
  if (load !== undefined) items.push({ kind: "load-module", name: load, nameSpan: span, span });
  return { items: [...items, block] };
}

function valueModule(take: (value: Value) => void) {
  const { fn, module } = declare<Record<string, never>>();
  return module({
    name: VALUE,
    doc: "",
    params: {},
    start: () => ({}),
    functions: {
      [VALUE]: fn({
        doc: "",
        in: "any",
        args: { value: any("") },
        returns: { 1: "" },
        run(_: Call, { value }): 1 {
          take(value as Value);
          return 1;
        },
      }),
    },
    variables: {},
    commands: {},
    events: {},
  });
}

async function run(
  session: Session,
  call: Call,
  { program, block, generation }: Compiled,
  text: string,
): Promise<Outcome> {
  const route = routeOf(program, block);
  if (!route) return { kind: "wrong", text: "there is nothing in this line" };
  makeRoom(call, generation);
  const held = session.debugger.held[0]?.call;
  const { server } = session.simulation;
  const before = session.happened;
  session.aside = true;
  try {
    const answer = route.run(call);
    await session.settle();
    const code = await finished(answer);
    if (code === undefined) return { kind: "waits" };
    if (held) {
      held.tx = call.tx;
      held.tm = call.tm;
      held.scriptFlags = call.scriptFlags;
    } else if (call.kind === "request") server.transactions.endRequest(call);
    await session.settle();
    const outcome = outcomeOf(call, generation, text, code);
    if (held && (outcome.kind === "assigned" || outcome.kind === "code"))
      session.record.cannotRepeat(`${text} was run while the script was stopped`);
    else noteEffects(session, text, before);
    return outcome;
  } finally {
    session.aside = false;
  }
}

/** Undefined while the run waits for something that only time or an answer brings. */
const finished = (answer: number | Promise<number>): Promise<number | undefined> =>
  Promise.race([answer, Promise.resolve(undefined)]);

function routeOf(program: Program, { block, name }: RouteBlock): Route | undefined {
  if (block === "request") return program.request;
  if (block === "onsend") return program.onsend;
  const routes = {
    route: program.routes,
    failure: program.failure,
    branch: program.branch,
    onreply: program.onreply,
    event: program.event,
  };
  return routes[block].get(name);
}

/** A function called, a variable set: what became of it. */
function outcomeOf(call: Call, generation: Generation, text: string, code: number): Outcome {
  const target = /^(\$[\w.]+(?:\((?:[^()]|\([^()]*\))*\))?(?:\[[^\]]*\])?)\s*[-+*/.]?=(?!=|~)/.exec(text)?.[1];
  if (target !== undefined) {
    const bound = generation.variables.variable(target);
    if (code < 0) return { kind: "wrong", text: `${target} refused the value` };
    if (typeof bound !== "string") return { kind: "assigned", variable: target, value: bound.get(call) };
  }
  const name = /^(\w+)\s*\([\s\S]*\)\s*;?$/.exec(text)?.[1];
  if (name === undefined || /^(?:if|while|switch)$/.test(name)) return { kind: "done" };
  const fn = generation.modules.map((it) => it.functions[name]).find((it): it is Fn => it !== undefined);
  return { kind: "code", name, code, says: (fn?.returns as Readonly<Record<number, string>> | undefined)?.[code] };
}

/** What outlives the message is a step of the ladder; what was sent cannot be one. */
function noteEffects(session: Session, text: string, before: number): void {
  const [, target] = /^(\$(?:shv|sht|shtex)\((?:[^()]|\([^()]*\))*\))\s*[-+*/.]?=(?!=|~)/.exec(text) ?? [];
  if (target !== undefined && !target.slice(1).includes("$")) {
    const bound = session.simulation.server.active.variables.variable(target);
    const call = callFor(session);
    const value = typeof bound === "string" ? undefined : bound.get(call);
    const written = value instanceof IntText ? value.text : value;
    if (written !== undefined && !/[\n]/.test(String(written)))
      session.record.add(`state ${target} = ${typeof written === "string" ? `"${written}"` : String(written)}`);
  } else if (session.happened > before && session.kept.length > 0 && session.sentAside(before))
    session.record.cannotRepeat(`${text} was run by hand`);
}

/** Problems as the user sees them: the lines are those that were entered. */
function shown(problems: readonly Problem[], text: string, above: number): string {
  const moved = problems.map((it): Problem => {
    const last = text.split("\n").length;
    const at = (line: number): number => Math.min(Math.max(1, line - above), last);
    const { line, endLine } = it.span;
    return { ...it, span: { ...it.span, line: at(line), endLine: at(endLine) } };
  });
  const { problems: found, sources } = readable(moved, new Map([[INPUT, text]]));
  return report(found, { sources }).replace(new RegExp(`^${INPUT}:\\d+:\\d+: `, "gm"), "");
}
