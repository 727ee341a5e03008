/** What a trace tells of the messages that it follows: plain data, a line of JSON each. */

/** A value as it is shown: an integer beyond 2^53 as its digits; a failed read or a refused assignment is not there. */
export type ShownValue = string | number | null;

interface Told {
  /** Counts from 1 within a trace; a gap is what was lost because nobody read it in time. */
  readonly seq: number;
  /** Wall-clock milliseconds. */
  readonly at: number;
  /** Call-ID of the message that this is about. */
  readonly call: string;
}

/** A message came in. */
export interface TracedReceived {
  readonly kind: "received";
  readonly protocol: string;
  /** `address:port`. */
  readonly from: string;
  readonly to: string;
  /** The first line. */
  readonly start: string;
  readonly text: string;
}
/** A message went out. */
export interface TracedSent {
  readonly kind: "sent";
  readonly protocol: string;
  readonly from: string;
  readonly to: string;
  readonly start: string;
  readonly text: string;
  /** What made it go out, in words: `route[RELAY], line 31`, `again: no answer`, `the reply is passed on`. */
  readonly why: string;
  /** The run whose statement sent it. */
  readonly run?: number;
  /** It could not be sent. */
  readonly failed?: true;
}
interface InRun {
  /** Runs are numbered; one run is one route that the server, the transaction layer or a timer began. */
  readonly run: number;
  /** How many blocks deep the run is: 0 in the block that it began with. */
  readonly depth: number;
}
export interface TracedBegin extends InRun {
  readonly kind: "begin";
  /** As the script heads it: `failure_route[BUSY]`. */
  readonly route: string;
  readonly generation: number;
  /** First line of the message that it is about. */
  readonly start: string;
  /** Branch in focus, from 0. */
  readonly branch?: number;
}
export interface TracedEnd extends InRun {
  readonly kind: "end";
  readonly route: string;
  readonly code: number;
}
export interface TracedStep extends InRun {
  readonly kind: "step";
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly route: string;
  /** The line of the script, without the white space around it. */
  readonly source: string;
}
export interface TracedBranch extends InRun {
  readonly kind: "branch";
  readonly line: number;
  /** `true`, `false`, `case 5`, `default`, `no case`. */
  readonly way: string;
}
export interface TracedValue extends InRun {
  readonly kind: "read" | "write";
  readonly name: string;
  readonly value?: ShownValue;
}
export interface TracedResult extends InRun {
  readonly kind: "result";
  readonly name: string;
  readonly args: readonly ShownValue[];
  readonly code: number;
}
export interface TracedRoute extends InRun {
  readonly kind: "enter" | "return";
  /** `route[RELAY]`. */
  readonly route: string;
  readonly code?: number;
}
/** The message was changed by the statement. */
export interface TracedEdit extends InRun {
  readonly kind: "edit";
  /** What was changed, in words: `+ X-Account: 7`, `- Route: <sip:…>`, `branch sip:bob@10.0.0.9`. */
  readonly text: string;
}

export type TraceWord =
  | TracedReceived
  | TracedSent
  | TracedBegin
  | TracedEnd
  | TracedStep
  | TracedBranch
  | TracedValue
  | TracedResult
  | TracedRoute
  | TracedEdit;

export type TraceEvent = Told & TraceWord;

/** Which requests a trace takes up; of each, the whole call is then followed. What is not given fits all. */
export interface TraceFilter {
  /** Text within the URI of From, To, the Request-URI; case is ignored. */
  readonly from?: string;
  readonly to?: string;
  readonly ruri?: string;
  readonly method?: string;
  readonly callid?: string;
  /** `10.0.0.2`, `10.0.0.2:5060`, `10.0.0.0/8`. */
  readonly source?: string;
  /** Calls taken up a second at most; 10 when not given. What is more is counted as dropped. */
  readonly limit?: number;
  /** Calls taken up altogether. */
  readonly count?: number;
}

/** What became of a trace so far. */
export interface TraceSummary {
  readonly id: number;
  readonly filter: TraceFilter;
  /** Calls taken up. */
  readonly calls: number;
  /** Requests that fitted and were not taken up, for the limit. */
  readonly dropped: number;
  /** Events that were overwritten before anybody read them. */
  readonly lost: number;
}

export interface TracePage extends TraceSummary {
  readonly events: readonly TraceEvent[];
  /** What to ask for next. */
  readonly next: number;
}

/** Traces of a running server. */
export interface Traces {
  /** Begins one; a string says what is wrong with the filter. */
  start(filter: TraceFilter): TraceSummary | string;
  /** False when there is none of that number. */
  stop(id: number): boolean;
  /** Events from number `after` + 1 on, at once or when some come within `wait` milliseconds; undefined: no such trace. */
  read(id: number, after: number, wait: number): TracePage | Promise<TracePage | undefined> | undefined;
  list(): readonly TraceSummary[];
}
