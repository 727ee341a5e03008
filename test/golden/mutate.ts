/** New vectors from the open ones: tokens of a script are exchanged for others of their kind, from its neighbours or from edge values. */
import type { Vector } from "./vector.ts";

type Kind = "string" | "number" | "variable" | "operator" | "call" | "transformation";

interface Token {
  readonly kind: Kind;
  readonly text: string;
  readonly start: number;
}

const EDGES: Readonly<Record<Kind, readonly string[]>> = {
  string: [
    ...['""', '" "', '"0"', '"-1"', '"+7"', '"007"', '"0x1F"', '"2147483647"', '"12abc"', '" 5"', '"5 "', '"1.5"'],
    ...['"abc"', '"aBc,d;e=f"', '"a,b,,c"', '"é"', '"a\\"b"', '"a\\\\b"', '"a\\tb"', "'x'", '"%41%zz"', '"a b  c"'],
    ...['"sip:a@b:5070;p=v;lr?h=1"', '"<sip:a@b>;q=0.5"', '"\\"N\\" <sip:a:p@b>"', '"sip:"', '"tel:+1"', '"sips:h"'],
    ...['"$rU"', '"$ru;x=1"', '"X-A"', '"[::1]"', '"10.0.0.1"', '"a=1;b=\\"2;3\\";c"', `"${"x".repeat(300)}"`],
  ],
  number: ["0", "1", "2", "-1", "3", "5", "10", "31", "100", "255", "2147483647", "0x10", "007"],
  variable: [
    ...["$null", "$rU", "$ru", "$rd", "$fU", "$tt", "$rs", "$rb", "$cs", "$ml", "$rp", "$rm", "$du", "$ct", "$si"],
    ...["$hdr(X-A)", "$hdr(X-Empty)", "$hdr(X-None)", "$(hdr(X-A)[-1])", "$(hdr(X-A)[*])", "$(hdr(X-A)[9])"],
    ...["$avp(none)", "$var(none)", "$xavp(none=>x)", "$sht(a=>none)", "$shv(sv)", "$shv(ss)", "$rc", "$fn", "$tn"],
  ],
  operator: ["==", "!=", "+", "-", "<", ">", "<=", ">=", "&&", "||", "*", "/", "mod", "&", "|", "^", "<<", ">>", "=~"],
  call: [],
  transformation: [
    ...["{s.len}", "{s.int}", "{s.select,1,;}", "{s.select,-1,,}", "{s.substr,1,2}", "{s.substr,-2,0}", "{s.toupper}"],
    ...["{uri.user}", "{uri.host}", "{uri.port}", "{uri.params}", "{param.value,a}", "{param.name,0}", "{param.count}"],
    ...["{nameaddr.uri}", "{nameaddr.name}", "{nameaddr.len}", "{tobody.uri}", "{tobody.tag}", "{line.count}"],
    ...["{line.at,0}", "{line.at,-1}", "{re.subst,/a/b/g}", "{s.strip,1}", "{s.md5}", "{s.trim}", "{s.rm,a}"],
    ...["{s.replace,a,bb}", "{s.before,:}", "{s.after,:}", "{s.unquote}", "{s.count,a}", "{s.prefixes,3}"],
  ],
};

/** Answers that differ from run to run, or bring Kamailio 5.6 down; the engine's numbers are wider than its. */
const UNFIT =
  /rbefore|uri\.(saor|duri|suri)|conid|set_uri_user|\$T[A-Zsubdf]|\$pp|random|RANDOM|\$time|sleep|xlog\w*_timer|\$expires|timeval|uuid|\$version|abort|rand_|\$stat|\$msg\(ptr|\$mb|pv_printf|is_gruu|add_uri_param|sruid/;

/** Token kinds of an operator in a script. */
const OPERATOR = /^(?:==|!=|=~|!~|<=|>=|<<|>>|&&|\|\||[+\-*/<>&|^]|(?:mod|eq|ne|ieq|ine|and|or)\b)/;

export class Mutator {
  readonly #byGroup = new Map<string, Record<Kind, string[]>>();
  readonly #byArea = new Map<string, Record<Kind, string[]>>();
  readonly #messages = new Map<string, NonNullable<Vector["message"]>[]>();
  readonly #vectors: readonly Vector[];
  #seed: number;

  constructor(vectors: readonly Vector[], seed: number) {
    this.#vectors = vectors.filter((it) => !UNFIT.test(`${it.script} ${it.cfg} ${it.observe}`));
    this.#seed = seed >>> 0 || 1;
    for (const v of this.#vectors) {
      for (const [pools, key] of [
        [this.#byGroup, groupOf(v)],
        [this.#byArea, v.area],
      ] as const) {
        let pool = pools.get(key);
        if (!pool) pools.set(key, (pool = emptyPool()));
        for (const text of [v.script ?? v.cfg!, v.preamble ?? "", ...(v.observe ?? [])])
          for (const token of tokens(text)) pool[token.kind].push(token.text);
      }
      const known = this.#messages.get(v.area) ?? [];
      known.push(v.message ?? "invite");
      this.#messages.set(v.area, known);
    }
  }

  /** A vector with one to three exchanges; undefined when nothing came of it. `expect` says nothing yet. */
  next(): Vector | undefined {
    const from = this.#pick(this.#vectors)!;
    let script = from.script ?? from.cfg!;
    let { preamble } = from;
    const observe = from.observe?.slice();
    let message = from.message;
    const rounds = 1 + this.#below(3);
    for (let i = 0; i < rounds; i++) {
      const roll = this.#below(10);
      if (roll === 0) message = this.#pick(this.#messages.get(from.area)!);
      else if (roll < 4 && observe && observe.length > 0) {
        const at = this.#below(observe.length);
        observe[at] = this.#exchange(observe[at]!, from);
      } else if (roll < 6 && preamble) preamble = this.#exchange(preamble, from);
      else script = this.#exchange(script, from);
    }
    if (UNFIT.test(`${script} ${observe}`)) return undefined;
    const body = from.cfg === undefined ? { script } : { cfg: script };
    return { ...from, ...body, preamble, observe, message, expect: {}, expect_5_6: undefined } as Vector;
  }

  #exchange(text: string, from: Vector): string {
    const token = this.#pick(tokens(text));
    if (!token) return text;
    const roll = this.#below(10);
    const pool =
      roll < 5
        ? this.#byGroup.get(groupOf(from))!
        : roll < 8 || EDGES[token.kind].length === 0
          ? this.#byArea.get(from.area)!
          : EDGES;
    const other = this.#pick(pool[token.kind]);
    if (other === undefined) return text;
    return text.slice(0, token.start) + other + text.slice(token.start + token.text.length);
  }

  #pick<T>(from: readonly T[]): T | undefined {
    return from[this.#below(from.length)];
  }

  /** xorshift32. */
  #below(limit: number): number {
    this.#seed ^= this.#seed << 13;
    this.#seed ^= this.#seed >>> 17;
    this.#seed ^= this.#seed << 5;
    this.#seed >>>= 0;
    return limit === 0 ? 0 : this.#seed % limit;
  }
}

/** The id without its number. */
export const groupOf = (v: Vector): string => v.id.replace(/-\d+$/, "");

const emptyPool = (): Record<Kind, string[]> => ({
  string: [],
  number: [],
  variable: [],
  operator: [],
  call: [],
  transformation: [],
});

/** The exchangeable tokens; those within variables, calls and strings too. */
function tokens(text: string): Token[] {
  const out: Token[] = [];
  let quote = "";
  for (let i = 0; i < text.length; ) {
    const rest = text.slice(i);
    const c = text[i]!;
    if (quote === "" && (c === '"' || c === "'")) {
      const whole = (c === '"' ? /^"(?:[^"\\]|\\.)*"/s : /^'[^']*'/).exec(rest)?.[0];
      if (whole === undefined) break;
      out.push({ kind: "string", text: whole, start: i });
      quote = c;
      i++;
      continue;
    }
    if (quote === c) {
      quote = "";
      i++;
      continue;
    }
    if (c === "$") {
      const name = /^\$[\w.]*/.exec(rest)![0];
      const whole = text[i + name.length] === "(" ? name + balanced(text, i + name.length) : name;
      if (whole.length > 1) out.push({ kind: "variable", text: whole, start: i });
      i += name.length;
      continue;
    }
    if (c === "{" && /^\{\w+\.[^{}]*\}/.test(rest))
      out.push({ kind: "transformation", text: /^\{\w+\.[^{}]*\}/.exec(rest)![0], start: i });
    if (quote === "") {
      const word = /^[A-Za-z_]\w*/.exec(rest)?.[0];
      if (word && text[i + word.length] === "(" && !/^(?:if|while|switch|route|xlog|case|return)$/.test(word))
        out.push({ kind: "call", text: word + balanced(text, i + word.length), start: i });
      const operator = OPERATOR.exec(rest)?.[0];
      if (operator && /\s/.test(text[i - 1] ?? "")) out.push({ kind: "operator", text: operator, start: i });
      const number = /^-?\d\w*/.exec(rest)?.[0];
      if (number) out.push({ kind: "number", text: number, start: i });
      i += word?.length ?? number?.length ?? 1;
      continue;
    }
    i++;
  }
  return out;
}

/** From an opening parenthesis to its closing one. */
function balanced(text: string, from: number): string {
  let depth = 0;
  let quoted = false;
  for (let i = from; i < text.length; i++) {
    const c = text[i];
    if (c === '"' && text[i - 1] !== "\\") quoted = !quoted;
    if (quoted) continue;
    if (c === "(") depth++;
    else if (c === ")" && --depth === 0) return text.slice(from, i + 1);
  }
  return text.slice(from);
}
