/** exec: commands of the shell. Follows Kamailio's src/modules/exec, and OpenSIPS's for `exec` with its streams. */
import type { Call } from "../../declare/call.ts";
import { LogLevel } from "../../declare/core.ts";
import { declare, int, optional, str, text, variable } from "../../declare/module.ts";
import type { VariableRef } from "../../declare/variable.ts";
import { variableList } from "../../declare/variables-list.ts";
import { toText } from "../../declare/variables-values.ts";
import { branchTo } from "../../sip/message.ts";
import { environment } from "./environment.ts";

interface Exec {
  readonly setVars: boolean;
  readonly safe: boolean;
  /** Milliseconds that a command may take; undefined for as long as it likes. */
  readonly timeout: number | undefined;
  /** Lists of AVPs by how they are written; a string is the problem. */
  readonly lists: Map<string, readonly VariableRef[] | string>;
}
const { fn, module } = declare<Exec>();

/** Kamailio's longest line, and longest URI. */
const LONGEST = 1024;
const MAX_BRANCHES = 12;

const complain = (call: Call, problem: string): -1 => {
  call.core.log.write(LogLevel.err, `exec: ${problem}\n`);
  return -1;
};

/** Undefined when the command failed, which was logged where Kamailio does. */
async function run(call: Call, state: Exec, command: string, stdin = "", variables = state.setVars) {
  const { exec } = call.core.host;
  const { status, stdout } = await exec.run(command, {
    stdin,
    ...(variables && { env: variablesOf(call, state) }),
    ...(state.timeout !== undefined && { timeout: state.timeout }),
  });
  if (status < 0) complain(call, `\`${command}\` could not be run to its end`);
  return { failed: status !== 0, lines: linesOf(stdout) };
}

const variablesOf = ({ core, msg }: Call, state: Exec): Record<string, string> =>
  environment(msg, (it) => core.host.hash("md5", it), state.safe);

/** Lines without white space at their ends; empty ones are left out. */
const linesOf = (output: string): string[] =>
  output
    .split("\n")
    .map((it) => it.slice(0, LONGEST).replace(/[\r\n\t ]+$/, ""))
    .filter((it) => it !== "");

/** The first line is the Request-URI, each other one a branch. */
function setTargets(call: Call, uris: readonly string[]): boolean {
  const { msg } = call;
  const most = (call.core.config.int("max_branches") || MAX_BRANCHES) - 1;
  for (const [i, uri] of uris.entries()) {
    if (i === 0) msg.newUri = uri;
    else if (msg.branches.length >= most) return complain(call, "there are too many URIs") > 0;
    else msg.addBranch(branchTo(uri));
  }
  return true;
}

function avpList(call: Call, state: Exec, written: string): readonly VariableRef[] | string {
  let list = state.lists.get(written);
  if (list === undefined) state.lists.set(written, (list = variableList(written, call.core.variables, "avp")));
  return list;
}

const command = str("The command line, for /bin/sh.");
const ended = { 1: "the command ended with status 0", [-1]: "it did not, or could not be run" } as const;
const ROUTES = ["request", "failure", "local"] as const;

export const exec = module({
  name: "exec",
  doc: "Runs commands of the shell. A route waits for them; other calls go on meanwhile.",
  params: {
    setvars: int("Not 0: commands find the message in environment variables (SIP_HF_…, SIP_RURI, …).", { fallback: 1 }),
    time_to_kill: int("Seconds after which a command is killed; 0 never.", { fallback: 0 }),
    bash_safety: int("Not 0: values that old shells would run as code lose their beginning.", { fallback: 1 }),
  },
  start: (params) => ({
    setVars: Number(params.setvars) !== 0,
    safe: Number(params.bash_safety) !== 0,
    timeout: Number(params.time_to_kill) > 0 ? Number(params.time_to_kill) * 1000 : undefined,
    lists: new Map(),
  }),
  functions: {
    exec_dset: fn({
      doc: "Runs a command with the Request-URI as its last argument; the lines of its output are the new Request-URI and further branches.",
      in: ["request", "failure"],
      args: { command },
      returns: { 1: ended[1], [-1]: `${ended[-1]}, or gave no URI` },
      waits: true,
      async run(call, args, state) {
        // A quote would end the argument, and begin what the shell runs.
        if (call.msg.uri.includes("'")) return complain(call, "the Request-URI has a quote in it");
        const { failed, lines } = await run(call, state, `${args.command} '${call.msg.uri}'`);
        if (lines.length === 0) return complain(call, `no URI from \`${args.command}\``);
        return setTargets(call, lines) && !failed ? 1 : -1;
      },
    }),
    exec_msg: fn({
      doc: "Runs a command that reads the whole message, as it was received, on its standard input.",
      in: ROUTES,
      args: { command },
      returns: ended,
      waits: true,
      run: async (call, args, state) => ((await run(call, state, args.command, call.msg.text)).failed ? -1 : 1),
    }),
    exec_avp: fn({
      doc: "Runs a command, and puts each line of its output into an AVP.",
      in: ROUTES,
      args: {
        command,
        avps: text("The AVPs for the lines, in order; behind the last, and without any, `$avp(i:1)`, `$avp(i:2)`, …", {
          fallback: "",
        }),
      },
      returns: ended,
      waits: true,
      check(literals) {
        return literals[1] === "" ? "the list of AVPs is empty" : undefined;
      },
      async run(call, args, state) {
        const avps = args.avps === "" ? [] : avpList(call, state, args.avps);
        if (typeof avps === "string") return complain(call, avps);
        const { failed, lines } = await run(call, state, args.command);
        for (const [i, line] of lines.entries()) {
          const avp = avps[i];
          if (avp) avp.set?.(call, line);
          else call.lists.avps.push(i + 1, line);
        }
        return failed ? -1 : 1;
      },
    }),
    exec_cmd: fn({
      doc: "Runs a command without telling it anything of the message.",
      in: "any",
      args: { command },
      returns: ended,
      waits: true,
      run: async (call, args, state) => ((await run(call, state, args.command, "", false)).failed ? -1 : 1),
    }),
    exec: fn({
      doc: "Runs a command with the given input, and keeps its output (OpenSIPS). It is not waited for when nothing is to be kept.",
      in: "any",
      opensips: true,
      args: {
        command,
        stdin: str("What the command reads on its standard input.", { fallback: "" }),
        stdout: optional(variable("Gets each line of the output, one after the other.", { writable: true })),
        stderr: optional(variable("Gets each line of what the command complains of.", { writable: true })),
        envavp: optional(
          variable("AVP whose values, newest first, the command finds as OSIPS_EXEC_0, OSIPS_EXEC_1, …"),
        ),
      },
      arities: [2, 3, 4, 5],
      returns: { 1: "the command was run, whatever its status", [-1]: "it could not be run" },
      waits: true,
      async run(call, args, state) {
        const { stdout, stderr, envavp } = args;
        const env = state.setVars ? variablesOf(call, state) : {};
        const avp = /^\$avp\((?:s:)?([^)]*)\)$/.exec(envavp?.text ?? "")?.[1];
        const values = avp === undefined ? [] : call.lists.avps.all(avp);
        for (const [i, value] of values.entries()) env[`OSIPS_EXEC_${i}`] = toText(value);
        const running = call.core.host.exec.run(args.command, {
          stdin: args.stdin,
          env,
          ...(state.timeout !== undefined && { timeout: state.timeout }),
          ...(stderr && { stderr: true }),
        });
        if (!stdout && !stderr) return 1;
        const result = await running;
        for (const line of linesOf(result.stdout)) stdout?.set?.(call, line);
        for (const line of linesOf(result.stderr ?? "")) stderr?.set?.(call, line);
        return result.status < 0 && result.stdout === "" ? complain(call, `\`${args.command}\` could not be run`) : 1;
      },
    }),
  },
  variables: {},
  commands: {},
  events: {},
});
