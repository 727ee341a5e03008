/** The vocabulary in which a module describes itself (DESIGN.md, decision 1). Compiler, checker, manual, REPL and RPC read it. */

import type { Protocol, ReceiveInfo } from "../sip/address.ts";
import type { SipMessage } from "../sip/message.ts";
import type { Call } from "./call.ts";
import type { Core } from "./core.ts";
import type { Answer, Int, Read, Value } from "./value.ts";
import type { Format, Route, VariableRef, Variables } from "./variable.ts";

/** Where a function may be called. Kamailio: REQUEST_ROUTE, ONREPLY (core and tm), FAILURE, BRANCH, ONSEND, EVENT, BRANCH_FAILURE, LOCAL. */
export type RouteKind = "request" | "onreply" | "failure" | "branch" | "onsend" | "event" | "local" | "branch-failure";

/** How an argument or parameter is written and what the code receives for it. */
export type KindName =
  | "int" //      number, numeric string, or a variable: evaluated and converted at each call -> Int
  | "string" //   text in which variables are expanded at each call -> string ("" for null unless `nullable`)
  | "format" //   the same, expanded only when the code asks for it -> Format
  | "text" //     literal text, no variables -> string
  | "variable" // a variable to read or write -> VariableRef
  | "route" //    name of a route block that must exist -> Route
  | "regex" //    a POSIX extended regular expression -> Regex, compiled once when literal
  | "any"; //     an expression, unconverted -> Value

export interface Kind<T> {
  readonly kind: KindName;
  readonly optional: boolean;
  readonly doc: string;
  readonly fallback?: T;
  /** Checks, and may rewrite, a literal at load time. A string return is a problem message (the script is refused). */
  readonly check?: (literal: string) => string | undefined;
  /**
   * Whether a bare variable or an expression may stand for the argument (`f($var(x))`, `f("a" + $rU)`), evaluated at
   * each call. Kamailio refuses it where a function's fixup cannot be undone. When not given: true for int, string,
   * variable and any, false for format, text, regex and route. A computed argument is not expanded a second time.
   */
  readonly computed?: boolean;
  /**
   * For kind string: a literal that begins with `$` is that one variable, and whatever follows it is ignored; any other
   * literal is taken as it stands (Kamailio's FPARAM_PVS|FPARAM_STR fixups, as opposed to a format).
   */
  readonly single?: boolean;
  /** A variable, named by a literal, that has no fitting value is handed over as undefined; else the call fails. */
  readonly maybe?: boolean;
  /** For kind variable: it must be one that can be written, else the script is refused. */
  readonly writable?: boolean;
  /** For kind regex; ignoring case and line by line when not given, as Kamailio's regular-expression fixups compile. */
  readonly flags?: RegexFlags;
  readonly received?: T;
}

export interface RegexFlags {
  readonly icase?: boolean;
  /** `^` and `$` match at each line, `.` and `[^…]` match no line end (REG_NEWLINE). */
  readonly newline?: boolean;
}

interface KindOptions<T> {
  fallback?: T;
  optional?: boolean;
  check?: (literal: string) => string | undefined;
  computed?: boolean;
  single?: boolean;
  maybe?: boolean;
  flags?: RegexFlags;
  writable?: boolean;
}

const kind =
  <T>(name: KindName) =>
  (doc: string, options: KindOptions<T> = {}): Kind<T> => ({
    kind: name,
    doc,
    optional: options.optional === true || options.fallback !== undefined,
    ...(options.fallback !== undefined && { fallback: options.fallback }),
    ...(options.check && { check: options.check }),
    ...(options.computed !== undefined && { computed: options.computed }),
    ...(options.single !== undefined && { single: options.single }),
    ...(options.maybe !== undefined && { maybe: options.maybe }),
    ...(options.flags && { flags: options.flags }),
    ...(options.writable !== undefined && { writable: options.writable }),
  });

export interface Regex {
  readonly source: string;
  /** Leftmost-longest match as glibc's ERE; null when there is none. */
  exec(
    text: string,
    from?: number,
  ): { readonly index: number; readonly end: number; readonly groups: readonly (string | undefined)[] } | null;
  test(text: string): boolean;
}

export const int = kind<Int>("int");
export const str = kind<string>("string");
export const format = kind<Format>("format");
export const text = kind<string>("text");
export const variable = kind<VariableRef>("variable");
export const route = kind<Route>("route");
export const regex = kind<Regex>("regex");
export const any = kind<Value>("any");
/** An argument that may be left out and has no fallback: `run` receives undefined. */
export const optional = <T>(it: Kind<T>): Kind<T | undefined> => ({ ...it, optional: true }) as Kind<T | undefined>;

// biome-ignore lint/suspicious/noExplicitAny: the erased form of every kind.
export type Kinds = Record<string, Kind<any>>;
export type Received<A extends Kinds> = { readonly [K in keyof A]: A[K] extends Kind<infer T> ? T : never };

/** A script function. `returns` documents every code: positive is true, negative false, 0 ends the script. */
// biome-ignore lint/suspicious/noExplicitAny: erased argument and return types.
export interface Fn<S = any, A extends Kinds = any, R extends Record<number, string> = any> {
  readonly doc: string;
  readonly in: readonly RouteKind[] | "any";
  /** In the order written. Overloads by argument count are optional arguments. */
  readonly args: A;
  /** Takes any number of further arguments of this kind, received as `rest`. */
  readonly rest?: Kind<unknown>;
  readonly returns: R;
  /** May hand back a promise: the compiler emits routes that reach it as async functions. */
  readonly waits?: boolean;
  /**
   * What stands behind a call in its block becomes a route of its own, whose name the function receives as its last
   * argument `next` (a `text`, which no script writes), to run it later.
   */
  readonly goesOn?: boolean;
  /** Written as in OpenSIPS: an argument may be left empty, and a bare variable is meant itself where one is wanted. */
  readonly opensips?: boolean;
  /** Legal argument counts when not every count between the fewest and the most is. */
  readonly arities?: readonly number[];
  /** Further forms whose arguments mean something else: the first that takes the number of arguments written is meant. */
  readonly overloads?: readonly Fn<S>[];
  /** Reads `call.line` and its neighbours, which compiled code keeps up only in scripts that have a use for them. */
  readonly position?: boolean;
  /**
   * At load time, with literal arguments as written (undefined where an argument is not a literal):
   * a string refuses the script, as a failing fixup does in Kamailio.
   */
  check?(literals: readonly (string | undefined)[], state: S): string | undefined;
  run(call: Call, args: Received<A>, state: S): Answer<keyof R & number>;
}

/** The parts of `$name(inner)[index]` as they are bound at load time. */
export interface PvText {
  /** Text between the parentheses as written; undefined when there are none. */
  readonly inner: string | undefined;
  /** Index as written: "*", digits with sign, a variable; undefined when there is none. */
  readonly index: string | undefined;
}

/** What a variable is at run time. */
export interface Bound {
  get(call: Call): Read;
  /**
   * False when the assignment failed (logged; the script goes on, as Kamailio does). `read` says that the value was
   * read from a variable: only then does an integer have a text, without which `$ru`, `$rU`, `$fu` … refuse it.
   */
  set?(call: Call, value: Value, read?: boolean): boolean;
  /** What pv_unset does when that is not `set` with null. */
  unset?(call: Call): boolean;
  /**
   * The integer that arithmetic takes although `get` gives text: the method's number for `$rm`, the protocol's for
   * `$pr` (Kamailio: PV_VAL_INT without PV_TYPE_INT). Undefined when there is none. Neither of these uses `this`.
   */
  number?(call: Call): Int | undefined;
}

/** A pseudo-variable. Either simple (`get`/`set`, with `keys` when something stands in the parentheses) or bound by `bind`. */
// biome-ignore lint/suspicious/noExplicitAny: erased state and key types.
export interface Pv<S = any, K extends string = any> {
  readonly doc: string;
  /** What may stand in the parentheses, when it is one of a fixed set. */
  readonly keys?: Readonly<Record<K, string>>;
  /** As for functions: reads `call.line` and its neighbours. */
  readonly position?: boolean;
  get?(call: Call, key: K, state: S): Read;
  /** See Bound.number. */
  number?(call: Call, key: K, state: S): Int | undefined;
  set?(call: Call, key: K, value: Value, state: S, read?: boolean): boolean;
  /** Parses the inner name and index once; a string is the problem that refuses the script. */
  bind?(text: PvText, core: Core, state: () => S, variables: Variables): Bound | string;
}

/** A class of transformations: `{s.len}`, `{uri.host}`… `bind` gets `name` ("len") and raw parameters split by the class's own rule. */
export interface TransformationClass {
  readonly doc: string;
  /** Every transformation of the class with its documentation, for completion and the manual. */
  readonly names: Readonly<Record<string, string>>;
  /** A string is the problem that refuses the script. `params` is the raw text after the name and its comma. */
  bind(
    name: string,
    params: string | undefined,
    core: Core,
    variables: Variables,
  ): ((value: Read, call: Call) => Read) | string;
  /**
   * For a class whose parameters may hold a closing brace: the offset in `text` of the `}` that ends the
   * transformation, whose parameters begin at `from`; -1 when there is none.
   */
  end?(name: string, text: string, from: number): number;
}

/** A control command. `args` are positional; an answer that is an array is several values, an object is a struct. */
// biome-ignore lint/suspicious/noExplicitAny: erased state and argument types.
export interface Rpc<S = any, A extends Kinds = any> {
  readonly doc: string;
  readonly args: A;
  readonly rest?: Kind<unknown>;
  run(args: Received<A> & { readonly rest?: readonly Value[] }, state: S, core: Core): Answer<unknown>;
}

/** A struct in a command's answer whose names repeat or whose order matters more than that of an object's keys. */
export class RpcStruct {
  readonly fields: readonly (readonly [name: string, value: unknown])[];
  constructor(fields: readonly (readonly [name: string, value: unknown])[]) {
    this.fields = fields;
  }
}

/** An array that is one value of a command's answer; a bare array as an answer stands for several values. */
export class RpcArray {
  readonly items: readonly unknown[];
  constructor(items: readonly unknown[]) {
    this.items = items;
  }
}

/** A number in a command's answer that is a double even when it is whole. */
export class RpcDouble {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** Thrown by a command, and only by commands: the fault that its caller sees. */
export class RpcFault extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Gives what is to stand in the place of bytes that came from the network, or that are about to go there
 * (SREV_NET_DATA_IN, SREV_NET_DATA_OUT). What is about to go counts as received from the socket that sends it.
 */
export type BytesHook = (text: string, incoming: boolean, received: ReceiveInfo) => Answer<string>;

/** One thing that a script does: a statement, or a function or block that one calls. */
export interface Action {
  /** `if`, `assign`, `exit`, `route`, or the name of a function. */
  readonly name: string;
  /** Kind and name of the block that it stands in: `request_route`, `route[RELAY]`. */
  readonly route: string;
  readonly file: string;
  readonly line: number;
  /** How many arguments a function is called with; undefined for everything else. */
  readonly args: number | undefined;
}
export type ActionHook = (call: Call, action: Action) => void;

// biome-ignore lint/suspicious/noExplicitAny: erased state and parameter types.
export interface Module<S = any, P extends Kinds = any> {
  readonly name: string;
  readonly doc: string;
  readonly params: P;
  /** Parameters that may be given several times (`htable`, `shvset`): `start` receives an array of all their values. */
  readonly repeated?: readonly (keyof P & string)[];
  /** Modules that must be loaded before this one. */
  readonly needs?: readonly string[];
  /** Once per generation, without I/O. `old` is the state of the generation being replaced. A string refuses the script. */
  start(params: Received<P>, core: Core, old?: S): S | string;
  /** Begins I/O (control sockets, pools) when the whole script is known to be good. Rejecting keeps the old generation. */
  open?(state: S, core: Core): Answer<void>;
  /**
   * The generation serves from now on, and nothing can fail any more: takes effect on what belongs to the server. Before
   * this, `start` and `open` leave everything that the old state shares as it is.
   */
  serve?(state: S, core: Core): void;
  /** Another generation serves now: periodic work ends. Calls that began here still use the state. */
  cool?(state: S): void;
  /** Sees every request before request_route (Kamailio's pre-script callback). True: it is dealt with, and no route runs. */
  onRequest?(call: Call, state: S): boolean;
  /** Sees every reply before the core's reply_route. */
  onReply?(call: Call, state: S): void;
  /** Name of the onreply_route that decides on replies which belong to no transaction (tm's on_sl_reply); "" is none. */
  strayReplies?(state: S): string;
  /** Sees the bytes of every message, when the script wants that; undefined is how that is not so. */
  bytes?(state: S): BytesHook | undefined;
  /** Sees each action of the script before it is done, which makes every run slower; undefined: it does not want to. */
  actions?(state: S): ActionHook | undefined;
  /** Name of the event route that sees replies which go upstream (corex:reply-out); "" is none. */
  repliesOut?(state: S): string;
  /** Hosts that are this server's besides its sockets and aliases; port 0 and no protocol fit any (register_check_self_func). */
  isMyself?(host: string, port: number, protocol: Protocol | undefined, state: S): boolean;
  /** When the last call of the generation has ended, or when it was started and is not taken up. */
  stop?(state: S): Answer<void>;
  /** Takes a message that is not SIP (`msg.protocol`), in a worker slot. False: it is not for this module (Kamailio's nonsip hooks). */
  otherProtocol?(msg: SipMessage, state: S, core: Core): Answer<boolean>;
  readonly functions: Readonly<Record<string, Fn<S>>>;
  readonly variables: Readonly<Record<string, Pv<S>>>;
  readonly transformations?: Readonly<Record<string, TransformationClass>>;
  readonly commands: Readonly<Record<string, Rpc<S>>>;
  /** Event routes that the module runs. */
  readonly events: Readonly<Record<string, string>>;
  /** `group.name` of every counter the module keeps, with its documentation. */
  readonly statistics?: Readonly<Record<string, string>>;
}

/** Fixes the state type once, so that every declaration below it is inferred. */
export const declare = <S>() => ({
  fn: <A extends Kinds, const R extends Record<number, string>>(it: Fn<S, A, R>): Fn<S> => it as Fn<S>,
  pv: <const K extends string>(it: Pv<S, K>): Pv<S> => it as Pv<S>,
  rpc: <A extends Kinds>(it: Rpc<S, A>): Rpc<S> => it as Rpc<S>,
  module: <P extends Kinds>(it: Module<S, P>): Module<S> => it as unknown as Module<S>,
});
