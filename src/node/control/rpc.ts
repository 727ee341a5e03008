/**
 * The server's own control connections: JSON-RPC 2.0, one document after the other on a stream, each answer on a line of
 * its own. Batches, and parameters by name, are understood, and parameters are checked against the command's schema.
 */
import { orderOf } from "../../control/schema.ts";
import { type Core, LogLevel } from "../../declare/core.ts";
import type { ControlConnection } from "../../declare/host.ts";
import { RpcFault, RpcStruct } from "../../declare/module.ts";
import type { Value } from "../../declare/value.ts";
import { type Json, JsonObject, parseJson, printJson } from "../../modules/jsonrpcs/json.ts";
import type { ParameterChecks } from "./schema.ts";

/** Codes that JSON-RPC 2.0 defines (section 5.1). */
const Code = { parse: -32700, request: -32600, method: -32601, params: -32602, internal: -32603 } as const;

/** Characters of one request; a client that sends more is hung up on. */
const LONGEST = 1_000_000;

/** Commands that only this socket has: what they tell is for the owner of the server alone. */
export type Own = Readonly<Record<string, () => unknown>>;

/** What requests are carried out with. */
export interface Desk {
  readonly core: Core;
  readonly own: Own;
  readonly checks: ParameterChecks;
}

/** What a connection does; `desk` gives the core of the generation that serves when a request comes. */
export function converse(desk: () => Desk, connection: ControlConnection) {
  let text = "";
  // Answers go out in the order of their requests.
  let last: Promise<void> = Promise.resolve();
  return {
    data(bytes: string): void {
      const { complete, rest } = split(text + bytes);
      text = rest;
      for (const it of complete) {
        const answer = reply(desk(), it);
        last = last.then(async () => {
          const line = await answer;
          if (line !== undefined) connection.write(`${line}\n`);
        });
      }
      if (text.length > LONGEST) connection.end();
    },
    closed(): void {},
  };
}

/** A line is a request; an object or a batch may also go over several lines, and need no line end behind it. */
function split(text: string): { readonly complete: readonly string[]; readonly rest: string } {
  const complete: string[] = [];
  let pending = "";
  for (const line of text.split(/(?<=\n)/)) {
    pending += line;
    const ended = line.endsWith("\n") || /[}\]]\s*$/.test(line);
    if (!ended || isOpen(pending)) continue;
    if (pending.trim() !== "") complete.push(pending);
    pending = "";
  }
  return { complete, rest: pending };
}

/** Braces or brackets are still to be closed. */
function isOpen(text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (quoted) {
      if (char === "\\") i++;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === "{" || char === "[") depth++;
    else if (char === "}" || char === "]") depth--;
  }
  return depth > 0;
}

async function reply(desk: Desk, text: string): Promise<string | undefined> {
  const request = parseJson(text);
  if (Array.isArray(request)) {
    if (request.length === 0) return printJson(fault(null, Code.request, "the batch is empty"));
    const answers = await Promise.all(request.map((it) => answer(desk, it)));
    const given = answers.filter((it) => it !== undefined);
    return given.length > 0 ? printJson(given) : undefined;
  }
  if (request === undefined) return printJson(fault(null, Code.parse, "that is no JSON"));
  const given = await answer(desk, request);
  return given && printJson(given);
}

/** Undefined for a notification, which is carried out and not answered. */
async function answer(desk: Desk, request: Json): Promise<RpcStruct | undefined> {
  if (!(request instanceof JsonObject) || request.get("jsonrpc") !== "2.0")
    return fault(null, Code.request, "that is no JSON-RPC 2.0 request");
  const id = request.get("id");
  if (id !== undefined && id !== null && typeof id !== "string" && typeof id !== "number")
    return fault(null, Code.request, "an id is a text, a number or null");
  const method = request.get("method");
  const params = request.get("params");
  if (typeof method !== "string" || !(params === undefined || Array.isArray(params) || params instanceof JsonObject))
    return fault(id ?? null, Code.request, "method is a text, params are an array or an object");
  const done = Object.hasOwn(desk.own, method) ? desk.own[method]!() : await run(desk, method, params);
  if (id === undefined) return undefined;
  if (done instanceof RpcFault) return fault(id, done.code, done.message);
  return new RpcStruct([
    ["jsonrpc", "2.0"],
    ["result", done ?? new RpcStruct([])],
    ["id", id],
  ]);
}

const fault = (id: Json, code: number, message: string): RpcStruct =>
  new RpcStruct([
    ["jsonrpc", "2.0"],
    ["error", { code, message }],
    ["id", id],
  ]);

async function run(
  { core, checks }: Desk,
  method: string,
  params: readonly Json[] | JsonObject | undefined,
): Promise<unknown> {
  const command = core.command(method);
  if (!command) return new RpcFault(Code.method, `there is no command ${method}`);
  const declared = command.module.commands[method]!;
  const wrong = await checks.problems(declared, params ?? []);
  if (wrong.length > 0) return new RpcFault(Code.params, wrong.join("; "));
  // What system.page is to run is checked as if it had been asked for itself.
  if (method === PAGE && Array.isArray(params) && typeof params[0] === "string" && !params[2]) {
    const inner = core.command(params[0]);
    const problems = inner ? await checks.problems(inner.module.commands[params[0]]!, params.slice(3)) : [];
    if (problems.length > 0) return new RpcFault(Code.params, problems.join("; "));
  }
  const given = params instanceof JsonObject ? inOrder(orderOf(declared), params) : (params ?? []);
  try {
    return await command.run(given.map(parameter));
  } catch (error) {
    if (error instanceof RpcFault) return error;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    core.log.write(LogLevel.bug, `control command ${method} failed: ${text}\n`);
    return new RpcFault(Code.internal, "the command failed");
  }
}

const PAGE = "system.page";

/** Parameters by name, as they are given by position; those of `rest` come last. */
function inOrder(names: readonly string[], params: JsonObject): readonly Json[] {
  const rest = params.get("rest");
  const given = names.map((name) => params.members.find(([it]) => it === name)?.[1] ?? null);
  return Array.isArray(rest) && !names.includes("rest") ? [...given, ...rest] : given;
}

function parameter(value: Json): Value {
  if (value === null || typeof value === "string") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "number") return Number.isInteger(value) ? value : String(value);
  return printJson(value);
}
