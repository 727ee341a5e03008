/**
 * What compiled routes call for OpenSIPS's `async(fn(…), route)` and `launch(fn(…), route, "parameter")` (OpenSIPS
 * manual, "Asynchronous Statements").
 */
import { Call, RunFlag } from "../declare/call.ts";
import { LogLevel } from "../declare/core.ts";
import { Lists } from "../declare/lists.ts";
import type { Fn } from "../declare/module.ts";
import { type Answer, after, type Value } from "../declare/value.ts";
import type { Route } from "../declare/variable.ts";
import { type Body, runTop } from "./runtime.ts";

/** The request that a report route sees, as OpenSIPS makes it. */
const PLACEHOLDER = [
  "OPTIONS sip:user@dummy.com SIP/2.0",
  "Via: SIP/2.0/UDP 127.0.0.1",
  "From: <sip:user@dummy.com>;tag=launch",
  "To: <sip:user@dummy.com>",
  "Call-ID: launch@dummy.com",
  "CSeq: 1 OPTIONS",
  "Content-Length: 0",
  "",
  "",
].join("\r\n");

/**
 * Starts a function on a copy of the run and ends the run: its transaction, made when there is none, is suspended, and
 * goes on in the route when the function is done. The route finds the AVPs, the message as it was changed, and what
 * the function wrote, `$var`s too; other `$var`s are 0. Where no transaction can be suspended the function is waited
 * for, and the route run, in place.
 */
export function startAsync(
  call: Call,
  name: string,
  body: Body,
  fn: Fn | undefined,
  args: unknown,
  state: unknown,
): Answer<number> {
  const { core } = call;
  if (mayBeSuspended(call)) {
    if (call.tx === undefined && core.transactions.create(call) === 0) return ended(call, 0);
    const { tx } = call;
    if (tx && !tx.isCanceled && tx.status < 200) {
      const work = new Call(core, call.msg.clone(), call.kind, core.freshVars(), call.lists);
      work.tx = tx;
      work.branch = call.branch;
      work.tm = call.tm;
      work.scriptFlags = call.scriptFlags;
      work.origin = call.origin ?? call;
      const answer = begin(fn, work, args, state);
      call.tm ??= work.tm;
      if (work.suspended) {
        // The function has suspended the transaction for a route of its own, and this one is never run.
        call.suspended = true;
        return ended(call, 0);
      }
      const suspended = core.transactions.suspend(tx, call);
      if (suspended) {
        call.suspended = true;
        core.pending("launched");
        void finished(work, answer).then((code) => {
          // The run that suspends has to be over first.
          core.host.clock.after(0, () => {
            const resumed = core.transactions.continue(
              suspended.index,
              suspended.label,
              route(call, name, body, code),
              (run) => handOver(work, run as Call),
            );
            void after(resumed, () => core.done("launched"));
          });
        });
        return ended(call, 0);
      }
      return after(finished(work, answer), (code) => {
        handOver(work, call);
        return inPlace(call, body, code);
      });
    }
  }
  return after(finished(call, begin(fn, call, args, state)), (code) => inPlace(call, body, code));
}

/** Routes over a request whose transaction is still to be answered; an ACK never has one. */
const mayBeSuspended = ({ msg, kind }: Call): boolean =>
  msg.isRequest && msg.method !== "ACK" && (kind === "request" || kind === "failure");

function inPlace(call: Call, body: Body, code: number): Answer<number> {
  return after(runTop(call, body, code), (it) => ended(call, it));
}

function ended(call: Call, code: number): number {
  call.flags |= RunFlag.exit;
  call.rc = code;
  return code;
}

/**
 * Starts a function beside the run, which goes on. The report route sees a placeholder for a message, and no AVPs but
 * those that the function wrote. `name` and `body` are undefined when there is no such route.
 */
export function startLaunch(
  call: Call,
  name: string | undefined,
  body: Body | undefined,
  parameter: string,
  fn: Fn | undefined,
  args: unknown,
  state: unknown,
): number {
  const { core } = call;
  const work = new Call(core, call.msg.clone(), "event", core.freshVars(), new Lists());
  work.origin = call.origin ?? call;
  core.pending("launched");
  void finished(work, begin(fn, work, args, state)).then((code) => {
    if (name === undefined || body === undefined) return core.done("launched");
    core.host.clock.after(0, () => {
      const report = core.runDetached(
        route(call, name, body, code),
        (run) => {
          run.lists = work.lists;
          run.params = [parameter];
          copyVars(work.vars, run.vars);
        },
        PLACEHOLDER,
      );
      void after(report, () => core.done("launched"));
    });
  });
  call.rc = 1;
  return 1;
}

/** The code of the function; an argument without a value is its failure. */
function begin(fn: Fn | undefined, work: Call, args: unknown, state: unknown): Answer<number> {
  return fn ? (fn.run(work, args as never, state) as Answer<number>) : -1;
}

/** A defect of ours counts as failure: whoever waits for the function goes on all the same. */
async function finished(work: Call, answer: Answer<number>): Promise<number> {
  try {
    return await answer;
  } catch (error) {
    work.core.log.write(LogLevel.crit, `a function that ran beside the script failed: ${String(error)}\n`);
    return -1;
  }
}

/** The block as a route whose `$rc` is the function's code at first. */
const route = ({ core }: Call, name: string, body: Body, code: number): Route => ({
  name,
  core,
  run: (run) => runTop(run, body, code),
});

function handOver(work: Call, run: Call): void {
  if (run.msg.text !== work.msg.text) run.msg.rebuild(work.msg.text);
  run.msg.takeChanges(work.msg);
  run.scriptFlags = work.scriptFlags;
  copyVars(work.vars, run.vars);
}

function copyVars(from: readonly Value[], to: Value[]): void {
  from.forEach((value, slot) => {
    to[slot] = value;
  });
}
