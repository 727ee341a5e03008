/** A JSON-RPC 2.0 request from its text to the text of its answer, as Kamailio's jsonrpcs runs it. */
import { type Core, LogLevel } from "../../declare/core.ts";
import { RpcFault, RpcStruct } from "../../declare/module.ts";
import type { Answer, Value } from "../../declare/value.ts";
import { type Json, JsonObject, parseJson, printJson } from "./json.ts";

/** What a transport sends back. `code` and `text` are those of an HTTP reply. */
export interface Reply {
  readonly code: number;
  readonly text: string;
  readonly body: string;
  /** Id of the request as JSON; "0" when it has none. */
  readonly id: string;
  /** Kamailio's extensions: where the reply goes (FIFO), and the file that takes it. */
  readonly replyName: string | undefined;
  readonly storePath: string | undefined;
}

const complain = (core: Core, problem: string): void => core.log.write(LogLevel.err, `jsonrpcs: ${problem}\n`);

/** Names of the codes that JSON-RPC defines. */
const known: Readonly<Record<number, string>> = {
  [-32700]: "Parse Error",
  [-32600]: "Invalid Request",
  [-32601]: "Method Not Found",
  [-32602]: "Invalid Parameters",
  [-32603]: "Internal Error",
  [-32000]: "Execution Error",
};

/** A parameter as commands take it: a number that is not whole goes as its text. */
function parameter(value: Json): Value {
  if (value === null || typeof value === "string") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "number") return Number.isInteger(value) ? value : String(value);
  return printJson(value);
}

/** Null when the text is no JSON object: there is then nothing to answer. */
export function execute(core: Core, text: string, pretty: boolean): Answer<Reply | null> {
  const request = parseJson(text);
  if (request instanceof JsonObject) return carryOut(core, request, pretty);
  complain(core, `not a JSON document: ${text.slice(0, 200)}`);
  return null;
}

/**
 * The same for transports that bring whole documents, which may also be batches (JSON-RPC 2.0, section 6; Kamailio takes
 * none): they are answered by an array, without an entry for a request that has no id, and by nothing when none has one.
 */
export function executeAll(core: Core, text: string, pretty: boolean): Answer<Reply | null> {
  const batch = text.trimStart().startsWith("[") ? parseJson(text) : undefined;
  if (!Array.isArray(batch) || batch.length === 0) return execute(core, text, pretty);
  const answers = batch.map(async (it) => {
    if (!(it instanceof JsonObject)) return NO_REQUEST;
    const { body } = await carryOut(core, it, pretty);
    return it.get("id") === undefined ? "" : body;
  });
  return Promise.all(answers).then((bodies) => {
    const given = bodies.filter((it) => it !== "");
    const body = given.length > 0 ? `[${given.join(",")}]` : "";
    return { code: body ? 200 : 202, text: body ? "OK" : "Accepted", body, id: "0", ...NOWHERE };
  });
}

const NOWHERE = { replyName: undefined, storePath: undefined } as const;
const NO_REQUEST = `{"jsonrpc":"2.0","error":{"code":-32600,"message":"${known[-32600]}"},"id":null}`;

function carryOut(core: Core, request: JsonObject, pretty: boolean): Answer<Reply> {
  const id = request.get("id");
  const string = (name: string): string | undefined => {
    const value = request.get(name);
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const answer = (code: number, reason: string, name: "result" | "error", value: unknown): Reply => {
    const fields: [string, unknown][] = [
      ["jsonrpc", "2.0"],
      [name, value],
    ];
    if (id !== undefined) fields.push(["id", typeof id === "string" ? id : Number(id) || 0]);
    return {
      code,
      text: reason,
      body: printJson(new RpcStruct(fields), pretty),
      id: typeof id === "string" ? printJson(id) : String(Number(id ?? 0) || 0),
      replyName: string("reply_name"),
      storePath: string("store_path"),
    };
  };
  const result = (value: unknown): Reply => answer(200, "OK", "result", value ?? {});
  const fault = (code: number, message: string): Reply => {
    const shown = known[code] ?? (message || "Unexpected Error");
    return answer(code <= 100 ? 500 : code, message, "error", {
      code: code === 0 ? -32000 : code,
      message: code === 0 ? known[-32000] : shown,
    });
  };
  const failed = (error: unknown): Reply => {
    if (error instanceof RpcFault) return fault(error.code, error.message);
    complain(core, `command failed: ${error instanceof Error ? error.message : String(error)}`);
    return fault(500, "Internal Error");
  };

  // A request that is not one gets an empty result, not a fault.
  const method = request.get("method");
  if (request.get("jsonrpc") !== "2.0" || typeof method !== "string") {
    complain(core, "not a JSON-RPC 2.0 request");
    return result({});
  }
  const params = request.get("params");
  if (params !== undefined && !Array.isArray(params) && !(params instanceof JsonObject)) {
    complain(core, "params is neither an array nor an object");
    return result({});
  }
  const command = core.command(method);
  if (!command) {
    complain(core, `there is no command ${method}`);
    return fault(500, "Method Not Found");
  }
  const args = params instanceof JsonObject ? inOrder(command.module?.commands[method]?.args, params) : (params ?? []);
  try {
    const done = command.run(args.map(parameter));
    return done instanceof Promise ? done.then(result, failed) : result(done);
  } catch (error) {
    return failed(error);
  }
}

/**
 * Parameters that are given as an object. Kamailio takes them in the order in which they are written, whatever their
 * names; when all are names of the command's own parameters, they are meant.
 */
function inOrder(declared: object | undefined, { members }: JsonObject): Json[] {
  const names = Object.keys(declared ?? {});
  if (!members.every(([name]) => names.includes(name))) return members.map(([, value]) => value);
  return names.map((name) => members.find(([it]) => it === name)?.[1] ?? null);
}

/** What a client is told whose answer went to a file. */
export const stored = (id: string, done: boolean): string =>
  done
    ? `{\n"jsonrpc": "2.0",\n\t"result": "Stored",\n\t"id": ${id}\n}`
    : `{\n"jsonrpc": "2.0",\n\t"error": {\n\t\t"code": 500,\n\t\t"message": "Storing failed"\n\t},\n\t"id": ${id}\n}`;

/** Splits a stream into JSON objects: gives the complete ones and what is left over. */
export function documents(text: string): { readonly complete: string[]; readonly rest: string } {
  const complete: string[] = [];
  let start = 0;
  let depth = 0;
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (quote !== "") {
      if (char === "\\") i++;
      else if (char === quote) quote = "";
    } else if (char === '"') quote = char;
    else if (char === "{") depth++;
    else if (char === "}" && depth > 0 && --depth === 0) {
      complete.push(text.slice(start, i + 1).trim());
      start = i + 1;
    }
  }
  return { complete, rest: text.slice(start) };
}
