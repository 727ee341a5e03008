/** Compiles a script against modules of its own and runs it without a server: what it noted, and how it ended. */
import { parse } from "../../grammar/index.ts";
import type { Problem } from "../../grammar/tree.ts";
import { check, problemText } from "../../src/check/index.ts";
import { compile, type Program, type Watcher } from "../../src/compile/index.ts";
import { Call, RunFlag } from "../../src/declare/call.ts";
import type { Core } from "../../src/declare/core.ts";
import { any, declare, int, type Module, route, str, text, variable } from "../../src/declare/module.ts";
import type { Read, Value } from "../../src/declare/value.ts";
import { createVariables } from "../../src/declare/variables.ts";
import { VarSlots } from "../../src/declare/variables-slots.ts";
import { toText } from "../../src/declare/variables-values.ts";
import { core as coreModule } from "../../src/modules/core/index.ts";
import { pv } from "../../src/modules/pv/index.ts";
import type { ReceiveInfo } from "../../src/sip/address.ts";
import { SipMessage } from "../../src/sip/message.ts";

interface Notes {
  readonly lines: string[];
}

const { fn, module, pv: variables } = declare<Notes>();
const codes = { 1: "Good.", [-1]: "Bad.", 0: "Ends the run." };

/** Functions that show what they were given. */
const probe = module({
  name: "probe",
  doc: "For tests.",
  params: {},
  start: () => ({ lines: [] }),
  functions: {
    note: fn({
      doc: "Writes a line.",
      in: "any",
      args: { text: str("The line.") },
      returns: codes,
      run(_call, args, { lines }) {
        lines.push(args.text);
        return 1 as const;
      },
    }),
    show: fn({
      doc: "Writes what it received.",
      in: "any",
      args: { number: int("A number."), single: str("A text.", { single: true, optional: true }) },
      returns: codes,
      run(_call, { number, single }, { lines }) {
        lines.push(`${typeof number} ${number}${single === undefined ? "" : ` ${single}`}`);
        return 1 as const;
      },
    }),
    code: fn({
      doc: "Gives this code.",
      in: "any",
      args: { value: int("The code.") },
      returns: codes,
      run: (_call, { value }) => Number(value) as 1,
    }),
    later: fn({
      doc: "Gives this code, but not at once.",
      in: "any",
      args: { value: int("The code.") },
      returns: codes,
      waits: true,
      run: async (_call, { value }) => Number(value) as 1,
    }),
    put: fn({
      doc: "Assigns a value.",
      in: "any",
      args: { variable: variable("The variable."), value: any("The value.") },
      returns: codes,
      run: (call, args) => (args.variable.set?.(call, args.value) ? (1 as const) : (-1 as const)),
    }),
    arm: fn({
      doc: "Takes the name of a route.",
      in: "any",
      args: { route: route("The route.") },
      returns: codes,
      run: () => 1 as const,
    }),
    fixed: fn({
      doc: "Takes literal text only, and none that is empty.",
      in: ["request", "failure"],
      args: { text: text("The text.") },
      returns: codes,
      check: ([it]) => (it === "" ? "empty text" : undefined),
      run: () => 1 as const,
    }),
  },
  variables: {
    null0: variables({ doc: "Undefined.", get: (): Read => null }),
    failed: variables({ doc: "Cannot be read.", get: (): Read => undefined }),
    abc: variables({ doc: "A text.", get: (): Value => "abc" }),
    five: variables({ doc: "A number.", get: (): Value => 5 }),
  },
  commands: {},
  events: {},
});

/** One that no script of these tests loads, and one that needs it. */
const unloaded = module({
  name: "unloaded",
  doc: "For tests.",
  params: {},
  start: () => ({ lines: [] }),
  functions: { elsewhere: fn({ doc: "Does nothing.", in: "any", args: {}, returns: codes, run: () => 1 as const }) },
  variables: { other: variables({ doc: "Undefined.", get: (): Read => null }) },
  commands: {},
  events: {},
});
const needy = module({
  name: "needy",
  doc: "For tests.",
  params: {
    size: int("A number.", { fallback: 1 }),
    title: str("A text.", { check: (it) => (it === "" ? "empty" : undefined) }),
  },
  needs: ["unloaded"],
  start: () => ({ lines: [] }),
  functions: {},
  variables: {},
  commands: {},
  events: {},
});

export const rigModules: readonly Module[] = [coreModule, pv, probe, unloaded, needy];

const PREAMBLE = 'loadmodule "pv.so"\nloadmodule "probe.so"\n';

const INVITE = [
  "INVITE sip:bob@biloxi.example:5080 SIP/2.0",
  "Via: SIP/2.0/UDP 10.0.0.9:5062;branch=z9hG4bK1",
  "Max-Forwards: 70",
  'From: "Alice" <sip:alice@atlanta.example>;tag=a1',
  "To: <sip:bob@biloxi.example>",
  "Call-ID: 1@atlanta",
  "CSeq: 7 INVITE",
  "Content-Length: 0",
  "",
  "",
].join("\r\n");

const received: ReceiveInfo = {
  socket: { protocol: "udp", address: "10.0.0.1", port: 5060, family: 4, virtual: false },
  protocol: "udp",
  srcIp: "10.0.0.9",
  srcPort: 5062,
  dstIp: "10.0.0.1",
  dstPort: 5060,
  connection: 0,
  time: 0,
};

export interface Limits {
  readonly loops?: number;
  readonly depth?: number;
  readonly missing?: "warn";
  readonly watcher?: Watcher;
}

export interface Rig {
  readonly program: Program | undefined;
  readonly problems: readonly Problem[];
  readonly source: string;
  /** Notes of all runs so far. */
  readonly lines: string[];
  /** Lines that went to the log. */
  readonly log: string[];
  call(): Call;
}

/** `script` is what follows the loadmodule lines. */
export const rig = (script: string, max: Limits = {}): Rig => rigWhole(PREAMBLE + script, max);

export function rigWhole(text: string, max: Limits = {}): Rig {
  const parsed = parse({
    file: "test.cfg",
    text,
    readFile: () => null,
    resolve: (...parts) => parts.at(-1)!,
    dirname: () => "",
  });
  const checked = check(parsed.script, { modules: rigModules, missing: max.missing ?? "error" });
  const before = [...parsed.problems, ...checked.problems];
  const lines: string[] = [];
  const log: string[] = [];
  const slots = new VarSlots();
  const call = (): Call => new Call(core, new SipMessage(INVITE, received), "request", slots.fresh(), {} as never);
  const core = {
    config: {
      int: (name: string) => (name === "max_while_loops" ? (max.loops ?? 100) : (max.depth ?? 256)),
      has: () => true,
    },
    loaded: () => true,
    log: { write: (_level: number, it: string) => log.push(it.trim()), enabled: () => true },
    state: () => ({ lines }),
    regex: (source: string, flags?: { icase?: boolean }) => {
      if (source.includes("[") && !source.includes("]")) return null;
      const regex = new RegExp(source, flags?.icase ? "i" : "");
      return { source, test: (it: string) => regex.test(it), exec: () => null };
    },
    isMyself: (host: string) => host === "biloxi.example",
    sockets: { parse: () => undefined },
  } as unknown as Core;
  Object.assign(core, { variables: createVariables(checked.checked.modules, core, () => ({ lines }), slots) });
  if (before.some((it) => it.severity === "error"))
    return { program: undefined, problems: before, source: "", lines, log, call };
  const compiled = compile(checked.checked, core, max.watcher);
  const { program, source } = compiled;
  return { program, problems: [...before, ...compiled.problems], source, lines, log, call };
}

/** Runs request_route once and tells everything that it did, a line each. */
export async function story(script: string, max?: Limits): Promise<string[]> {
  const { program, problems, lines, log, call } = rig(script, max);
  if (!program) return problems.map((it) => `${it.span.line - 2}:${it.span.column} ${problemText(it)}`);
  const run = call();
  const code = await program.request!.run(run);
  const flags = run.flags & RunFlag.drop ? " drop" : run.flags & RunFlag.exit ? " exit" : "";
  return [...lines, ...log.map((it) => `log: ${it}`), `= ${toText(code)} rc ${run.rc}${flags}`];
}
