/** Expressions: operands, operators with Kamailio's precedence, legacy operands, calls. */
import type { ParserMethod } from "chevrotain";
import { spanOf, type Token } from "../lex.ts";
import {
  Assign,
  Binary,
  binaryOperators,
  Comma,
  Dot,
  EQUALITY,
  Ipv6,
  LBracket,
  Legacy,
  LParen,
  Minus,
  Myself,
  NumberToken,
  ORDER,
  Prefix,
  Protocol,
  prefixOperators,
  RBracket,
  RParen,
  SelectToken,
  Selval,
  Slash,
  Star,
  Strempty,
  StringToken,
  Strlen,
  VariableToken,
  Word,
} from "../tokens.ts";
import type * as tree from "../tree.ts";
import { BaseParser } from "./base.ts";
import { combine, isIpv4, type LegacyClass, legacyClass, spanning } from "./build.ts";

/** A chain of operators makes a tree as deep as the chain is long; the deeper it stands, the shorter it must be. */
const MAX_CHAIN = 2000;

export class ExpressionParser extends BaseParser {
  /** A call of a core or module function, which CallParser defines. */
  declare readonly call: ParserMethod<[], tree.Call>;

  /** operand (operator operand)*; with `above`, only operators that bind tighter than that level. */
  readonly expression = this.RULE("expression", (above: number = 0): tree.Expr => {
    this.nest();
    const operands = [this.SUBRULE(this.operand)];
    const operators: Token[] = [];
    this.MANY({
      GATE: () => (binaryOperators.get(this.LA(1).tokenType)?.level ?? 0) > above,
      DEF: () => {
        operators.push(this.CONSUME(Binary) as Token);
        if (operators.length * this.depth > MAX_CHAIN) this.tooDeep("this expression has too many operators");
        operands.push(this.SUBRULE2(this.operand));
      },
    });
    this.depth--;
    return this.ACTION(() => combine(operands, operators));
  });

  /** Prefix operators and what they stand before. A sign before a number is part of it. */
  readonly operand = this.RULE("operand", (): tree.Expr => {
    const prefixes: Token[] = [];
    this.MANY(() => {
      prefixes.push(this.CONSUME(Prefix) as Token);
      this.nest();
    });
    let value = this.SUBRULE(this.primary);
    return this.ACTION(() => {
      for (let index = prefixes.length - 1; index >= 0; index--) {
        const prefix = prefixes[index]!;
        const operator = prefixOperators.get(prefix.tokenType)!;
        const span = spanning(spanOf(prefix), value.span);
        if (operator === "-" && value.kind === "number" && value.value >= 0n && index === prefixes.length - 1) {
          value = { kind: "number", value: -value.value, span };
        } else value = { kind: "unary", operator, operand: value, span };
      }
      this.depth -= prefixes.length;
      return value;
    });
  });

  readonly primary = this.RULE(
    "primary",
    (): tree.Expr =>
      this.OR([
        { ALT: () => this.SUBRULE(this.literal) },
        { ALT: () => this.SUBRULE(this.variable) },
        {
          ALT: () => {
            const token = this.CONSUME(SelectToken) as Token;
            return { kind: "select", text: token.image, span: spanOf(token) } as const;
          },
        },
        { ALT: () => this.SUBRULE(this.parenthesised) },
        { ALT: () => this.SUBRULE(this.textTest) },
        { ALT: () => this.SUBRULE(this.selval) },
        { ALT: () => this.SUBRULE(this.legacy) },
        { ALT: () => this.SUBRULE(this.myself) },
        { ALT: () => this.SUBRULE(this.call) },
      ]),
  );

  readonly literal = this.RULE("literal", (): tree.NumberLiteral | tree.StringLiteral =>
    this.OR([
      {
        ALT: () => {
          const token = this.CONSUME(NumberToken) as Token;
          return { kind: "number", value: token.value as bigint, span: spanOf(token) } as const;
        },
      },
      {
        ALT: () => {
          const token = this.CONSUME(StringToken) as Token;
          return { kind: "string", value: token.value as string, bare: false, span: spanOf(token) } as const;
        },
      },
    ]),
  );

  readonly variable = this.RULE("variable", (): tree.Variable => {
    const token = this.CONSUME(VariableToken) as Token;
    return { kind: "variable", text: token.value as string, span: spanOf(token) };
  });

  /** `( expression )` or `( $variable = expression )`. */
  readonly parenthesised = this.RULE("parenthesised", (): tree.Expr => {
    const open = this.CONSUME(LParen) as Token;
    const value = this.OR([{ ALT: () => this.SUBRULE(this.assignment) }, { ALT: () => this.SUBRULE(this.expression) }]);
    this.CONSUME(RParen);
    return this.ACTION(() => {
      const span = this.since(open);
      return value.kind === "assign" ? { ...value, kind: "assign-expression", span } : { ...value, span };
    });
  });

  /** `$variable = expression`. */
  readonly assignment = this.RULE("assignment", (): tree.Assign => {
    const target = this.SUBRULE(this.variable);
    this.CONSUME(Assign);
    const value = this.SUBRULE(this.expression);
    return this.ACTION(() => ({ kind: "assign", target, value, span: spanning(target.span, value.span) }));
  });

  /** `strlen(…)` and `strempty(…)`. */
  readonly textTest = this.RULE("textTest", (): tree.Expr => {
    const word = this.OR([{ ALT: () => this.CONSUME(Strlen) }, { ALT: () => this.CONSUME(Strempty) }]) as Token;
    this.CONSUME(LParen);
    const operand = this.SUBRULE(this.expression);
    this.CONSUME(RParen);
    return this.ACTION(() => ({
      kind: "unary",
      operator: word.tokenType === Strlen ? "strlen" : "strempty",
      operand,
      span: this.since(word),
    }));
  });

  /** `selval(condition, value, value)`. */
  readonly selval = this.RULE("selval", (): tree.Call => {
    const name = this.CONSUME(Selval) as Token;
    this.CONSUME(LParen);
    const args = [this.SUBRULE(this.expression)];
    this.CONSUME(Comma);
    args.push(this.SUBRULE2(this.expression));
    this.CONSUME2(Comma);
    args.push(this.SUBRULE3(this.expression));
    this.CONSUME(RParen);
    return this.ACTION(() => ({ kind: "call", name: "selval", nameSpan: spanOf(name), args, span: this.since(name) }));
  });

  // ── Legacy operands ────────────────────────────────────────────────────────

  /** `method == INVITE`, `src_ip == 10.0.0.0/8`, `dst_port > 1024`: an operand that is legal in a comparison only. */
  readonly legacy = this.RULE("legacy", (): tree.Expr => {
    const word = this.CONSUME(Legacy) as Token;
    const operator = this.CONSUME(Binary) as Token;
    const kind = this.ACTION(() => this.checkLegacy(word, operator));
    const right: tree.Expr = this.OR([
      { GATE: () => kind === "uri" || kind === "ip", ALT: () => this.SUBRULE(this.bareMyself) },
      { GATE: () => kind === "ip" && this.startsAddress(), ALT: () => this.SUBRULE(this.network) },
      { GATE: () => kind === "ip" && !this.is(LParen, 2), ALT: () => this.SUBRULE(this.hostName) },
      { GATE: () => kind === "method" && !this.is(LParen, 2), ALT: () => this.SUBRULE(this.bareWord) },
      { GATE: () => kind === "proto", ALT: () => this.SUBRULE(this.protocol) },
      {
        ALT: () =>
          this.SUBRULE(this.expression, {
            ARGS: [binaryOperators.get(operator.tokenType)?.level === ORDER ? ORDER : EQUALITY],
          }),
      },
    ]);
    return this.ACTION(() => {
      const entry = binaryOperators.get(operator.tokenType)!;
      const folded = entry.operator === "eq" ? "==" : entry.operator === "ne" ? "!=" : entry.operator;
      const left: tree.LegacyOperand = { kind: "legacy", name: word.image, span: spanOf(word) };
      const span = this.since(word);
      return { kind: "binary", operator: folded, operatorSpan: spanOf(operator), left, right, span };
    });
  });

  /** `myself == uri`. */
  readonly myself = this.RULE("myself", (): tree.Expr => {
    const left = this.SUBRULE(this.bareMyself);
    const operator = this.CONSUME(Binary) as Token;
    const word = this.CONSUME(Legacy) as Token;
    return this.ACTION(() => {
      const entry = binaryOperators.get(operator.tokenType)!;
      const kind = legacyClass(word.image);
      if (!["==", "!=", "eq", "ne"].includes(entry.operator)) {
        this.report("legacy-operator", "`myself` is compared with == or !=", operator);
      } else if (kind !== "uri" && kind !== "ip") {
        this.report("legacy-operand", `\`${word.image}\` cannot be compared with \`myself\``, word);
      }
      const right: tree.LegacyOperand = { kind: "legacy", name: word.image, span: spanOf(word) };
      const folded = entry.operator === "eq" ? "==" : entry.operator === "ne" ? "!=" : entry.operator;
      const span = spanning(left.span, right.span);
      return { kind: "binary", operator: folded, operatorSpan: spanOf(operator), left, right, span };
    });
  });

  readonly bareMyself = this.RULE("bareMyself", (): tree.Myself => {
    const token = this.CONSUME(Myself) as Token;
    return { kind: "myself", span: spanOf(token) };
  });

  readonly bareWord = this.RULE("bareWord", (): tree.StringLiteral => {
    const token = this.CONSUME(Word) as Token;
    return { kind: "string", value: token.image, bare: true, span: spanOf(token) };
  });

  /** `gw-1.example.com` without quotes. */
  readonly hostName = this.RULE("hostName", (): tree.StringLiteral => {
    const first = this.CONSUME(Word) as Token;
    let name = first.image;
    this.MANY(() => {
      name += this.OR([{ ALT: () => this.CONSUME(Dot) }, { ALT: () => this.CONSUME(Minus) }]).image;
      name += this.CONSUME2(Word).image;
    });
    return { kind: "string", value: name, bare: true, span: this.ACTION(() => this.since(first)) };
  });

  readonly protocol = this.RULE("protocol", (): tree.StringLiteral => {
    const token = this.OR([{ ALT: () => this.CONSUME(Protocol) }, { ALT: () => this.CONSUME(Star) }]) as Token;
    return this.ACTION(() => ({ kind: "string", value: token.image.toLowerCase(), bare: true, span: spanOf(token) }));
  });

  /** `10.0.0.0/8`, `[2001:db8::]/32`. */
  readonly network = this.RULE("network", (): tree.IpLiteral => {
    const address = this.SUBRULE(this.ipAddress);
    let mask: string | undefined;
    this.OPTION(() => {
      this.CONSUME(Slash);
      mask = this.OR([
        { GATE: () => this.startsAddress(), ALT: () => this.SUBRULE2(this.ipAddress).address },
        {
          ALT: () => {
            const bits = this.CONSUME(NumberToken) as Token;
            return this.ACTION(() => {
              const most = address.address.includes(":") ? 128n : 32n;
              if ((bits.value as bigint) > most) this.report("ip-mask", `a mask has at most ${most} bits here`, bits);
              return String(bits.value);
            });
          },
        },
      ]);
    });
    return this.ACTION(() => ({
      ...address,
      ...(mask !== undefined && { mask }),
      span: spanning(address.span, spanOf(this.previous)),
    }));
  });

  readonly ipAddress = this.RULE(
    "ipAddress",
    (): tree.IpLiteral =>
      this.OR([
        {
          ALT: () => {
            const first = this.CONSUME(NumberToken) as Token;
            const parts = [first];
            this.CONSUME(Dot);
            parts.push(this.CONSUME2(NumberToken) as Token);
            this.CONSUME2(Dot);
            parts.push(this.CONSUME3(NumberToken) as Token);
            this.CONSUME3(Dot);
            parts.push(this.CONSUME4(NumberToken) as Token);
            return this.ACTION(() => {
              const address = parts.map((part) => String(part.value)).join(".");
              const span = this.since(first);
              if (!isIpv4(address)) this.report("ip-address", `\`${address}\` is not an IPv4 address`, span);
              return { kind: "ip", address, span } as const;
            });
          },
        },
        { ALT: () => this.SUBRULE(this.ipv6) },
      ]),
  );

  readonly ipv6 = this.RULE("ipv6", (): tree.IpLiteral => {
    const token = this.OR([
      { ALT: () => this.CONSUME(Ipv6) },
      {
        ALT: () => {
          this.CONSUME(LBracket);
          const inner = this.CONSUME2(Ipv6);
          this.CONSUME(RBracket);
          return inner;
        },
      },
    ]) as Token;
    return this.ACTION(() => ({ kind: "ip", address: token.image, span: spanOf(token) }));
  });

  /** An address is next: numbers with dots, or IPv6. */
  protected startsAddress(): boolean {
    return (this.is(NumberToken) && this.is(Dot, 2)) || this.is(Ipv6) || this.is(LBracket);
  }

  private checkLegacy(word: Token, operator: Token): LegacyClass {
    const kind = legacyClass(word.image);
    const entry = binaryOperators.get(operator.tokenType)!;
    const equality = ["==", "!=", "eq", "ne"].includes(entry.operator);
    const legal = equality || (kind === "int" ? entry.level === ORDER : kind !== "proto" && entry.operator === "=~");
    if (!legal) {
      const others = kind === "int" ? ", !=, <, >, <= or >=" : kind === "proto" ? " or !=" : ", != or =~";
      this.report("legacy-operator", `\`${word.image}\` is compared with ==${others}`, operator);
    }
    return kind;
  }
}
