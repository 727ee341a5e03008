/**
 * What a ladder says, line by line. `docs/ladders.md` describes the text; `read.ts` reads it. Lines count from 1.
 */

interface At {
  /** Line in the file. */
  readonly line: number;
}

/** `Name: value` below an arrow, with what may stand instead of a value in an expectation (`compare.ts`). */
export interface Detail extends At {
  readonly name: string;
  readonly value: string;
}

/** `alice -> proxy   INVITE sip:bob@proxy`: a message from one to the other, with the lines indented below it. */
export interface Arrow extends At {
  readonly kind: "arrow";
  readonly from: string;
  readonly to: string;
  /** The proxy's port, where the arrow names one: `alice -> proxy:5070`, `proxy:5070 -> gw`. */
  readonly port?: number;
  /** `INVITE sip:bob@proxy`, `486 Busy Here`, `ACK`, `again`, `raw`. */
  readonly start: string;
  readonly details: readonly Detail[];
  /** Lines that begin with `|`. */
  readonly body: readonly string[];
}
/** `after 500ms`: time passes. */
export interface Pause extends At {
  readonly kind: "pause";
  readonly ms: number;
}
/** `proxy => GET http://host/path`: the script's HTTP request. */
export interface HttpSent extends At {
  readonly kind: "http-sent";
  readonly method: string;
  /** May be a pattern. */
  readonly url: string;
  readonly details: readonly Detail[];
  readonly body: readonly string[];
}
/** `http <= 200 hello`: the answer to the oldest open request, or to the oldest one to the URL that it names. */
export interface HttpGiven extends At {
  readonly kind: "http-given";
  readonly url?: string;
  readonly status: number | "refused" | "reset" | "hang";
  readonly text: string;
  readonly details: readonly Detail[];
  readonly body: readonly string[];
}
/** `log some text`: the next line that was logged; `log(ERR)` with that level; `log ... text` skips lines before it. */
export interface LogLine extends At {
  readonly kind: "log";
  readonly level?: number;
  readonly skips: boolean;
  /** May be a pattern. */
  readonly text: string;
}
/** `rpc pv.shvSet x int 0`, and ` = …` for its answer as JSON or as a pattern. */
export interface Rpc extends At {
  readonly kind: "rpc";
  readonly method: string;
  readonly args: readonly string[];
  readonly answer?: string;
}
/** `close gw`: the peer closes its connection. */
export interface Close extends At {
  readonly kind: "close";
  readonly name: string;
}
/** `reload`, `reload "new.cfg"`: the script is replaced while calls go on; `refused` expects that it is not. */
export interface Reload extends At {
  readonly kind: "reload";
  readonly path?: string;
  readonly refused: boolean;
}
/** `expect $shv(x) = 1`: what a variable holds, read outside any message. */
export interface Expect extends At {
  readonly kind: "expect";
  readonly variable: string;
  /** An integer, a text in quotes, a pattern or `null`. */
  readonly value: string;
}
/** `nothing`: nothing was sent that no arrow expected; `nothing logged`: nor was a line logged since the last `log`. */
export interface Nothing extends At {
  readonly kind: "nothing";
  readonly logged: boolean;
}

// ── How things are when a scene begins ───────────────────────────────────────

export type Protocol = "udp" | "tcp" | "tls" | "ws" | "wss";

/** `peer gw tcp [fd00::3]:5062`: where a peer is; without it a peer has UDP, an address of its own and port 5060. */
export interface PeerLine extends At {
  readonly kind: "peer";
  readonly name: string;
  /** What it listens on; the first is what it sends with. */
  readonly protocols: readonly Protocol[];
  readonly address: string | undefined;
  readonly port: number | undefined;
  /** The address of the NAT that it is behind: where its packets come from and where they reach it. */
  readonly behind?: { readonly address: string; readonly port: number };
}
/** `dns a name 127.0.0.3 ttl 60`, `dns nxdomain name`, `dns dead`, `dns alive`, `dns delay 2s`. */
export interface DnsLine extends At {
  readonly kind: "dns";
  readonly type: "a" | "aaaa" | "srv" | "naptr" | "txt" | "ptr" | "nxdomain" | "dead" | "alive" | "delay";
  readonly args: readonly string[];
}
/** `define NAME`, `define NAME=value`: as `-A` on the command line. */
export interface Define extends At {
  readonly kind: "define";
  readonly name: string;
  readonly value: string | undefined;
}
/** `file "path"` and its lines behind `|`, or `file "path" from "other"`. */
export interface FileLine extends At {
  readonly kind: "file";
  readonly path: string;
  readonly from?: string;
  readonly body: readonly string[];
}
/** `state $shv(x) = 1`: a variable is given a value, outside any message. */
export interface State extends At {
  readonly kind: "state";
  readonly variable: string;
  /** An integer, a text in quotes or `null`. */
  readonly value: string;
}
/** `interface eth0 10.0.0.1`: an address of the machine that the script runs on, besides 127.0.0.1. */
export interface InterfaceLine extends At {
  readonly kind: "interface";
  readonly name: string;
  readonly address: string;
}

export type Setting = PeerLine | DnsLine | Define | FileLine | State | InterfaceLine;
export type Step = Arrow | Pause | HttpSent | HttpGiven | LogLine | Rpc | Close | Reload | Expect | Nothing | Setting;

/** What the server is expected to have done; every other step does something to it. */
export type Expectation = Arrow | HttpSent | LogLine | Nothing;

/** Steps that belong together; "" is the title of a ladder without scenes. */
export interface Scene {
  readonly title: string;
  /** Where it begins. */
  readonly line: number;
  readonly steps: readonly Step[];
}

export interface Mistake {
  readonly line: number;
  readonly message: string;
}

export interface Ladder {
  /** `use "path"`: scripts in files, in their order; they stand before the script in the ladder itself. */
  readonly uses: readonly (At & { readonly path: string })[];
  /** `define` and `file` lines of the head: they hold for every scene. */
  readonly settings: readonly (Define | FileLine)[];
  /** The script in the ladder itself, each line where it stands in the file; lines of the head are empty. */
  readonly script: string;
  readonly scenes: readonly Scene[];
  /** Lines that say nothing that a ladder can say. */
  readonly mistakes: readonly Mistake[];
}

/** Whether a step only says how things are when the scene begins, wherever no step of its part stands before it. */
export const isSetting = (step: Step): step is Setting =>
  step.kind === "peer" ||
  step.kind === "dns" ||
  step.kind === "define" ||
  step.kind === "file" ||
  step.kind === "state" ||
  step.kind === "interface";
