/** Asks a server over its own control socket. */
import { connect } from "node:net";
import { delay } from "../longest-delay.ts";
import { reasonOf } from "../system-error.ts";

export interface Fault {
  readonly code: number;
  readonly message: string;
}

export type Outcome =
  | { readonly kind: "result"; readonly value: unknown }
  | { readonly kind: "fault"; readonly fault: Fault }
  /** There is no server, or it went away; in words. */
  | { readonly kind: "unreachable"; readonly problem: string };

/** One command. `seconds` is how long to wait for its answer; 0 for ever. */
export const ask = (path: string, method: string, params: readonly unknown[], seconds: number): Promise<Outcome> =>
  new Promise((done) => {
    const socket = connect(path);
    let text = "";
    const end = (outcome: Outcome): void => {
      socket.destroy();
      done(outcome);
    };
    socket.setEncoding("utf8");
    if (seconds > 0) socket.setTimeout(delay(seconds * 1000));
    socket.on("timeout", () => end({ kind: "unreachable", problem: `no answer within ${seconds} seconds` }));
    socket.on("error", (error) => end({ kind: "unreachable", problem: `cannot reach ${path}: ${reasonOf(error)}` }));
    socket.on("close", () => end({ kind: "unreachable", problem: `${path} was closed without an answer` }));
    socket.on("connect", () => socket.write(`${JSON.stringify({ jsonrpc: "2.0", id: 1, method, params })}\n`));
    socket.on("data", (piece: string) => {
      text += piece;
      if (!text.includes("\n")) return;
      end(outcomeOf(text) ?? { kind: "unreachable", problem: `${path} is no control socket of Viaduct's` });
    });
  });

/** Undefined: that is no answer. */
function outcomeOf(line: string): Outcome | undefined {
  let answer: { readonly result?: unknown; readonly error?: Fault } | null;
  try {
    answer = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof answer !== "object" || answer === null) return undefined;
  if (answer.error) return { kind: "fault", fault: answer.error };
  return "result" in answer ? { kind: "result", value: answer.result } : undefined;
}
