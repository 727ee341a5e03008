/** The token table: what the lexer tells apart in preprocessed text, and which words are reserved. */
import { createToken, Lexer, type TokenType } from "chevrotain";
import { coreParams, kemiCallbacks } from "./params.ts";
import { endOfDouble } from "./strings.ts";
import type { BinaryOperator, UnaryOperator } from "./tree.ts";

// ── Words and literals ───────────────────────────────────────────────────────

/** Reserved words are words whose type is looked up in `reserved` once the text is cut. */
const reservedToken = (name: string, categories: TokenType[] = [], label?: string): TokenType =>
  createToken({ name, pattern: Lexer.NA, categories, ...(label && { label }) });

export const Word = createToken({ name: "Word", pattern: /[A-Za-z_][A-Za-z0-9_]*/, label: "name" });
/** Digits with letters that are no number (`5abc`): legal in host names only. */
export const NumberWord = reservedToken("NumberWord");
export const NumberToken = createToken({ name: "Number", pattern: /[0-9][A-Za-z0-9_]*/, label: "number" });
export const Ipv6 = createToken({
  name: "Ipv6",
  pattern:
    /(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}|(?:[0-9a-fA-F]{1,4}:){1,7}(?::[0-9a-fA-F]{1,4}){1,7}|:(?::[0-9a-fA-F]{1,4}){1,7}|(?:[0-9a-fA-F]{1,4}:){1,7}:|::/,
  label: "IPv6 address",
});
export const StringToken = createToken({
  name: "String",
  pattern: { exec: matchString },
  start_chars_hint: ['"', "'"],
  line_breaks: true,
  label: "string",
});
export const VariableToken = createToken({
  name: "Variable",
  pattern: { exec: matchVariable },
  start_chars_hint: ["$"],
  line_breaks: false,
  label: "variable",
});
export const SelectToken = createToken({
  name: "Select",
  pattern: /@[A-Za-z0-9_.]*(?:\[(?:-?[0-9A-Za-z]+|"(?:[^"\\]|\\[\s\S])*")\][A-Za-z0-9_.]*)*/,
  line_breaks: true,
  label: "select",
});
/** The name in `event_route[...]`, which alone may hold `:` and `-`. */
export const EventName = createToken({
  name: "EventName",
  pattern: { exec: matchEventName },
  start_chars_hint: [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"],
  line_breaks: false,
  label: "event name (module:event)",
});
/** `msg:len`, `uri:host`, `uri:port`: reserved words that hold a colon. */
export const ColonWord = createToken({ name: "ColonWord", pattern: /msg:len|uri:host|uri:port/ });

// ── Punctuation ──────────────────────────────────────────────────────────────

const punctuation = (name: string, text: string, categories: TokenType[] = []): TokenType =>
  createToken({ name, pattern: text, label: `\`${text}\``, categories });

export const Binary = createToken({ name: "BinaryOperator", pattern: Lexer.NA, label: "operator" });
export const Prefix = createToken({ name: "PrefixOperator", pattern: Lexer.NA, label: "operator" });

export const LParen = punctuation("LParen", "(");
export const RParen = punctuation("RParen", ")");
export const LBrace = punctuation("LBrace", "{");
export const RBrace = punctuation("RBrace", "}");
export const LBracket = punctuation("LBracket", "[");
export const RBracket = punctuation("RBracket", "]");
export const Comma = punctuation("Comma", ",");
export const Semicolon = punctuation("Semicolon", ";");
export const Colon = punctuation("Colon", ":");
export const Dot = punctuation("Dot", ".");
export const Assign = punctuation("Assign", "=");
const AddAssign = punctuation("AddAssign", "+=");
/** SER's `%name` attributes: read so that the message can say what to write instead. */
export const Percent = punctuation("Percent", "%");

const IntCast = createToken({ name: "IntCast", pattern: "(int)", label: "`(int)`", categories: [Prefix] });
const StrCast = createToken({ name: "StrCast", pattern: "(str)", label: "`(str)`", categories: [Prefix] });
const Not = punctuation("Not", "!", [Prefix]);
const Tilde = punctuation("Tilde", "~", [Prefix]);
const Defined = reservedToken("Defined", [Prefix], "`defined`");
export const Minus = punctuation("Minus", "-", [Binary, Prefix]);
export const Star = punctuation("Star", "*", [Binary]);
export const Slash = punctuation("Slash", "/", [Binary]);

const Plus = punctuation("Plus", "+", [Binary]);
const Equal = punctuation("Equal", "==", [Binary]);
const Differ = punctuation("Differ", "!=", [Binary]);
const Match = punctuation("Match", "=~", [Binary]);
const LessEqual = punctuation("LessEqual", "<=", [Binary]);
const GreaterEqual = punctuation("GreaterEqual", ">=", [Binary]);
const ShiftLeft = punctuation("ShiftLeft", "<<", [Binary]);
const ShiftRight = punctuation("ShiftRight", ">>", [Binary]);
const Less = punctuation("Less", "<", [Binary]);
const Greater = punctuation("Greater", ">", [Binary]);
const AndAnd = punctuation("AndAnd", "&&", [Binary]);
const OrOr = punctuation("OrOr", "||", [Binary]);
const And = punctuation("And", "&", [Binary]);
const Or = punctuation("Or", "|", [Binary]);
const Xor = punctuation("Xor", "^", [Binary]);
const Mod = reservedToken("Mod", [Binary], "`mod`");
const StrEqual = reservedToken("StrEqual", [Binary], "`eq`");
const StrDiffer = reservedToken("StrDiffer", [Binary], "`ne`");
const IntEqual = reservedToken("IntEqual", [Binary], "`ieq`");
const IntDiffer = reservedToken("IntDiffer", [Binary], "`ine`");

/** Binary operators from the loosest level to the tightest; all associate to the left (cfg.y: "operators, C like"). */
const levels: readonly (readonly (readonly [TokenType, BinaryOperator])[])[] = [
  [[OrOr, "||"]],
  [[AndAnd, "&&"]],
  [[Or, "|"]],
  [[And, "&"]],
  [[Xor, "^"]],
  [[ShiftLeft, "<<"]],
  [[ShiftRight, ">>"]],
  [
    [Equal, "=="],
    [Differ, "!="],
    [Match, "=~"],
    [IntEqual, "ieq"],
    [IntDiffer, "ine"],
    [StrEqual, "eq"],
    [StrDiffer, "ne"],
  ],
  [
    [Greater, ">"],
    [Less, "<"],
    [GreaterEqual, ">="],
    [LessEqual, "<="],
  ],
  [
    [Plus, "+"],
    [Minus, "-"],
  ],
  [
    [Star, "*"],
    [Slash, "/"],
    [Mod, "mod"],
  ],
];

export interface OperatorEntry {
  readonly operator: BinaryOperator;
  /** 1 is the loosest. */
  readonly level: number;
}
export const binaryOperators: ReadonlyMap<TokenType, OperatorEntry> = new Map(
  levels.flatMap((row, index) => row.map(([type, operator]) => [type, { operator, level: index + 1 }] as const)),
);
/** Levels of equality and of order, which legacy operands need. */
export const EQUALITY = 8;
export const ORDER = 9;

export const prefixOperators: ReadonlyMap<TokenType, UnaryOperator> = new Map([
  [Not, "!"],
  [Tilde, "~"],
  [Minus, "-"],
  [IntCast, "(int)"],
  [StrCast, "(str)"],
  [Defined, "defined"],
]);

// ── Reserved words ───────────────────────────────────────────────────────────

const keyword = (name: string, text: string): TokenType => reservedToken(name, [], `\`${text}\``);

export const If = keyword("If", "if");
export const Else = keyword("Else", "else");
export const While = keyword("While", "while");
export const Switch = keyword("Switch", "switch");
export const Case = keyword("Case", "case");
export const Default = keyword("Default", "default");
export const Drop = keyword("Drop", "drop");
export const Exit = keyword("Exit", "exit");
export const Return = keyword("Return", "return");
export const Break = keyword("Break", "break");
export const Strlen = keyword("Strlen", "strlen");
export const Strempty = keyword("Strempty", "strempty");
export const Selval = keyword("Selval", "selval");
export const Myself = keyword("Myself", "myself");
/** `method`, `uri`, `src_ip`… */
export const Legacy = reservedToken("LegacyOperand", [], "operand");
/** `uri:host` and `uri:port`, arguments of `forward`. */
export const UriPart = reservedToken("UriPart");
/** Functions of the core that have a grammar of their own. */
export const CoreFunction = reservedToken("CoreFunction", [], "core function");

export const Route = keyword("Route", "route");
export const RequestRoute = keyword("RequestRoute", "request_route");
/** failure_route, branch_route, onsend_route, onreply_route, reply_route. */
export const OtherRoute = reservedToken("OtherRoute", [], "route block");
export const EventRoute = keyword("EventRoute", "event_route");

export const LoadModuleWord = keyword("LoadModule", "loadmodule");
export const ModParamWord = keyword("ModParam", "modparam");
export const LoadPathWord = keyword("LoadPath", "loadpath");
export const CfgEngine = keyword("CfgEngine", "cfgengine");
export const FlagsWord = keyword("Flags", "flags");
export const ListenWord = keyword("Listen", "listen");
export const SocketWord = keyword("Socket", "socket");
export const CoreParamWord = keyword("CoreParamWord", "coreparam");
export const Kemi = keyword("Kemi", "kemi");
export const KemiCallback = reservedToken("KemiCallback", [], "KEMI callback");
export const Param = reservedToken("CoreParam", [], "core parameter");
/** `force_rport`, `add_rport` and `udp_mtu_try_proto` are parameters and functions. */
const ParamFunction = reservedToken("ParamFunction", [Param, CoreFunction], "core parameter");
export const Description = keyword("Description", "desc");

export const Advertise = keyword("Advertise", "advertise");
export const NameWord = keyword("Name", "name");
export const Agname = keyword("Agname", "agname");
export const Vrf = keyword("Vrf", "vrf");
export const Virtual = keyword("Virtual", "virtual");
export const Bind = keyword("Bind", "bind");
/** UDP, TCP, TLS, SCTP, WS, WSS. */
export const Protocol = reservedToken("Protocol", [], "protocol");
export const TlsMethod = reservedToken("TlsMethod", [], "TLS method");
/** Reserved by Kamailio without being of use anywhere. */
const Unused = reservedToken("Unused");

/** The preprocessor leaves these, each followed by its string, for the parser to check their place. */
export const Subst = createToken({ name: "Subst", pattern: /(?:#!|!!)subst(?:defs?)?/, label: "`#!subst`" });
/** A place where comments or directives stood: it parts neighbouring strings. */
const Cut = createToken({ name: "Cut", pattern: /\x01+/, group: Lexer.SKIPPED });
const Space = createToken({
  name: "Space",
  pattern: /(?:[ \t\r\n\x08]|\\\n)+/,
  group: Lexer.SKIPPED,
  line_breaks: true,
});
/** The group of characters that begin nothing. Kamailio's lexer passes over them without a word. */
export const STRAY = "stray";
const Stray = createToken({
  name: "Stray",
  pattern: /[\x00\x02-\x07\x0b\x0c\x0e-\x1f\x7f-\uffff?`\\]+/,
  group: STRAY,
  line_breaks: false,
});

const words = (type: TokenType, names: string): [string, TokenType][] => names.split(" ").map((name) => [name, type]);

/** Words that cannot be used as names, with the token they are. */
export const reserved: ReadonlyMap<string, TokenType> = new Map<string, TokenType>([
  ...[...coreParams.keys()].map((name): [string, TokenType] => [name, Param]),
  ...words(ParamFunction, "force_rport add_rport udp_mtu_try_proto"),
  ...words(NumberToken, "yes true on enable no false off disable inet INET ipv4 IPv4 IPV4 inet6 INET6 ipv6 IPv6 IPV6"),
  ...words(Protocol, "udp UDP tcp TCP tls TLS sctp SCTP ws WS wss WSS"),
  ...words(TlsMethod, "sslv23 SSLv23 SSLV23 sslv2 SSLv2 SSLV2 sslv3 SSLv3 SSLV3 tlsv1 TLSv1 TLSV1"),
  ...words(Not, "not"),
  ...words(AndAnd, "and"),
  ...words(OrOr, "or"),
  ...words(Mod, "mod"),
  ...words(StrEqual, "eq"),
  ...words(StrDiffer, "ne"),
  ...words(IntEqual, "ieq"),
  ...words(IntDiffer, "ine"),
  ...words(Defined, "defined"),
  ...words(Strlen, "strlen"),
  ...words(Strempty, "strempty"),
  ...words(Selval, "selval"),
  ...words(If, "if"),
  ...words(Else, "else"),
  ...words(While, "while"),
  ...words(Switch, "switch"),
  ...words(Case, "case"),
  ...words(Default, "default"),
  ...words(Drop, "drop"),
  ...words(Exit, "exit"),
  ...words(Return, "return"),
  ...words(Break, "break"),
  ...words(Myself, "myself"),
  ...words(
    Legacy,
    "method uri status from_uri to_uri src_ip src_port dst_ip dst_port snd_ip snd_port snd_proto to_proto",
  ),
  ...words(Legacy, "snd_af to_af to_ip to_port proto af msg:len"),
  ...words(UriPart, "uri:host uri:port"),
  ...words(CoreFunction, "forward forward_tcp forward_udp forward_tls forward_sctp log error exec setflag resetflag"),
  ...words(CoreFunction, "isflagset setavpflag resetavpflag isavpflagset rewritehost sethost seth rewritehostport"),
  ...words(CoreFunction, "sethostport sethp rewritehostporttrans sethostporttrans sethpt rewriteuser setuser setu"),
  ...words(CoreFunction, "rewriteuserpass setuserpass setup rewriteport setport setp rewriteuri seturi revert_uri"),
  ...words(CoreFunction, "prefix strip strip_tail userphone remove_branch clear_branches set_advertised_address"),
  ...words(CoreFunction, "set_advertised_port force_send_socket set_forward_no_connect set_reply_no_connect"),
  ...words(CoreFunction, "set_forward_close set_reply_close add_local_rport force_tcp_alias add_tcp_alias"),
  ...words(CoreFunction, "cfg_select cfg_reset"),
  ...words(Route, "route"),
  ...words(RequestRoute, "request_route"),
  ...words(OtherRoute, "failure_route branch_route onsend_route onreply_route reply_route"),
  ...words(EventRoute, "event_route"),
  ...words(LoadModuleWord, "loadmodule loadmodulex"),
  ...words(ModParamWord, "modparam modparamx"),
  ...words(LoadPathWord, "loadpath mpath"),
  ...words(CfgEngine, "cfgengine"),
  ...words(FlagsWord, "flags bool avpflags"),
  ...words(ListenWord, "listen"),
  ...words(SocketWord, "socket"),
  ...words(CoreParamWord, "coreparam"),
  ...words(Kemi, "kemi"),
  ...[...kemiCallbacks].map((name): [string, TokenType] => [name, KemiCallback]),
  ...words(Description, "description descr desc"),
  ...words(Advertise, "advertise ADVERTISE"),
  ...words(NameWord, "name NAME"),
  ...words(Agname, "agname AGNAME"),
  ...words(Vrf, "vrf VRF"),
  ...words(Virtual, "virtual"),
  ...words(Bind, "bind"),
  ...words(Unused, "statistics max_len"),
]);

/** Longer spellings stand before those they begin with. */
export const tokenTypes: readonly TokenType[] = [
  Space,
  Cut,
  EventName,
  ColonWord,
  Ipv6,
  Word,
  NumberToken,
  StringToken,
  VariableToken,
  SelectToken,
  Subst,
  IntCast,
  StrCast,
  LParen,
  RParen,
  LBrace,
  RBrace,
  LBracket,
  RBracket,
  Comma,
  Semicolon,
  Colon,
  Dot,
  Equal,
  Match,
  Assign,
  Differ,
  Not,
  Tilde,
  AddAssign,
  Plus,
  Minus,
  Star,
  Slash,
  ShiftLeft,
  LessEqual,
  Less,
  ShiftRight,
  GreaterEqual,
  Greater,
  AndAnd,
  And,
  OrOr,
  Or,
  Xor,
  Percent,
  Stray,
  ...new Set([...reserved.values()].filter((type) => type.PATTERN === Lexer.NA)),
  NumberWord,
  Binary,
  Prefix,
];

// ── Patterns that are not regular ────────────────────────────────────────────

/** A literal in single quotes, or neighbours in double quotes with nothing but white space between. */
function matchString(text: string, offset: number): [string] | null {
  if (text.charCodeAt(offset) === 0x27) {
    const close = text.indexOf("'", offset + 1);
    return close < 0 ? null : [text.slice(offset, close + 1)];
  }
  let end = endOfDouble(text, offset);
  if (end < 0) return null;
  for (let at = end; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      const next = endOfDouble(text, at);
      if (next < 0) break;
      end = next;
      at = next - 1;
    } else if (code !== 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d && code !== 0x08) break;
  }
  return [text.slice(offset, end)];
}

/**
 * `$name`, `$name(...)`, `$(...)`. `$rc`, `$retcode` and `$?` end at once, whatever follows: Kamailio reads `$rcv(x)`
 * as `$rc` and a name.
 */
function matchVariable(text: string, offset: number): [string] | null {
  let at = offset + 1;
  if (text[at] === "?") return ["$?"];
  if (text.startsWith("retcode", at)) return ["$retcode"];
  if (text.startsWith("rc", at)) return ["$rc"];
  let code = text.charCodeAt(at);
  if (isLetter(code)) while (isLetter(code) || (code >= 0x30 && code <= 0x39)) code = text.charCodeAt(++at);
  if (code !== 0x28) return [text.slice(offset, at)];
  for (let depth = 0; at < text.length; at++) {
    code = text.charCodeAt(at);
    if (code === 0x28) depth++;
    else if (code === 0x29 && --depth === 0) return [text.slice(offset, at + 1)];
    else if (code === 0x0a) return null;
  }
  return null;
}

const isLetter = (code: number): boolean =>
  (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f;

const EVENT_NAME = /[a-zA-Z][0-9a-zA-Z-]*(?::[a-zA-Z][0-9a-zA-Z_-]*)+/y;

function matchEventName(text: string, offset: number, matched: readonly { readonly image: string }[]): [string] | null {
  if (matched.at(-1)?.image !== "[" || matched.at(-2)?.image !== "event_route") return null;
  EVENT_NAME.lastIndex = offset;
  const found = EVENT_NAME.exec(text);
  return found && [found[0]];
}

export const isEventName = (text: string): boolean => {
  EVENT_NAME.lastIndex = 0;
  return EVENT_NAME.test(text) && EVENT_NAME.lastIndex === text.length;
};
