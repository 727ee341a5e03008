/** Everything that a simulated server does, written down from the start: messages, runs, timers. */
import type { Watcher } from "../compile/watch.ts";
import type { TraceEvent } from "../declare/trace.ts";
import { Recorder } from "../run/trace/recorder.ts";
import { callIdOf, type Tracer } from "../run/trace/trace.ts";
import type { Clock } from "../transaction/clock.ts";

/** What a server is given as `watcher` and `tracer`, so that `tell` learns of every event. */
export function recording(
  clock: Clock,
  tell: (event: TraceEvent) => void,
): { readonly watcher: Watcher; readonly tracer: Tracer } {
  let seq = 0;
  const recorder = new Recorder(clock, (event) => tell({ ...event, seq: ++seq } as TraceEvent));
  return {
    watcher: recorder,
    tracer: {
      received: (msg) => recorder.received(msg),
      side: (generation) => generation,
      sent: (text, to, answer) => recorder.sent(callIdOf(text), text, to, answer),
    },
  };
}
