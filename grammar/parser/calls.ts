/** Calls: module functions, routes, and the core functions with a grammar of their own. */
import { spanOf, type Token } from "../lex.ts";
import {
  Colon,
  Comma,
  CoreFunction,
  Dot,
  Ipv6,
  LBracket,
  LParen,
  Minus,
  NumberToken,
  NumberWord,
  Protocol,
  Route,
  RParen,
  Star,
  StringToken,
  UriPart,
  Word,
} from "../tokens.ts";
import type * as tree from "../tree.ts";
import { isIpv4 } from "./build.ts";
import { type ArgShape, coreCalls, firstBadArgument, usage } from "./core-calls.ts";
import { ExpressionParser } from "./expressions.ts";

/** `[proto:]host[:port]` as written. */
export interface Address {
  readonly protocol: string | undefined;
  readonly host: string;
  /** How the host is written. */
  readonly form: "string" | "word" | "ip";
  /** Undefined: not given; null: `*`. */
  readonly port: number | null | undefined;
  readonly span: tree.Span;
}

export type HostName = Pick<Address, "host" | "form">;

export class CallParser extends ExpressionParser {
  /** Calls that are arguments of a module function, which Kamailio refuses. */
  #inArguments = false;

  override readonly call = this.RULE(
    "call",
    (): tree.Call =>
      this.OR([
        { ALT: () => this.SUBRULE(this.moduleCall) },
        { ALT: () => this.SUBRULE(this.routeCall) },
        { ALT: () => this.SUBRULE(this.coreCall) },
      ]),
  );

  readonly moduleCall = this.RULE("moduleCall", (): tree.Call => {
    const name = this.CONSUME(Word) as Token;
    const inner = this.#inArguments;
    this.ACTION(() => {
      if (inner)
        this.report(
          "nested-call",
          "a function cannot be an argument of another",
          name,
          "assign its result to a variable first",
        );
      this.#inArguments = true;
    });
    try {
      const args = this.SUBRULE(this.callArguments);
      return this.ACTION(() => ({
        kind: "call",
        name: name.image,
        nameSpan: spanOf(name),
        args,
        span: this.since(name),
      }));
    } finally {
      this.#inArguments = inner;
    }
  });

  readonly callArguments = this.RULE("callArguments", (): tree.Expr[] => {
    const args: tree.Expr[] = [];
    this.CONSUME(LParen);
    this.OPTION(() => {
      // cfg.y allows a comma before the first argument.
      this.OPTION2(() => this.CONSUME(Comma));
      args.push(this.SUBRULE(this.expression));
      this.MANY(() => {
        // OpenSIPS: an argument may be left empty between two commas.
        this.MANY2({
          GATE: () => this.is(Comma, 2),
          DEF: () => {
            const comma = this.CONSUME3(Comma) as Token;
            args.push(this.ACTION(() => ({ kind: "omitted", span: spanOf(comma) })));
          },
        });
        this.CONSUME2(Comma);
        args.push(this.SUBRULE2(this.expression));
      });
    });
    this.CONSUME(RParen);
    return args;
  });

  /** `route(NAME)` or `route(expression)`. */
  readonly routeCall = this.RULE("routeCall", (): tree.Call => {
    const name = this.CONSUME(Route) as Token;
    this.CONSUME(LParen);
    const target = this.OR([
      { GATE: () => !this.is(LParen, 2), ALT: () => this.SUBRULE(this.bareWord) },
      { ALT: () => this.SUBRULE(this.expression) },
    ]);
    this.CONSUME(RParen);
    return this.ACTION(() => ({
      kind: "call",
      name: "route",
      nameSpan: spanOf(name),
      args: [target],
      span: this.since(name),
    }));
  });

  readonly coreCall = this.RULE("coreCall", (): tree.Call => {
    const name = this.CONSUME(CoreFunction) as Token;
    const args: tree.Expr[] = [];
    const shapes: ArgShape[] = [];
    let parentheses = false;
    const read = (arg: { value: tree.Expr; shape: ArgShape }) => {
      args.push(arg?.value);
      shapes.push(arg?.shape);
    };
    this.OPTION(() => {
      parentheses = true;
      this.CONSUME(LParen);
      this.OPTION2(() => {
        read(this.SUBRULE(this.coreArgument));
        this.MANY(() => {
          this.MANY2({
            GATE: () => this.is(Comma, 2),
            DEF: () => {
              const comma = this.CONSUME2(Comma) as Token;
              this.ACTION(() => read({ value: { kind: "omitted", span: spanOf(comma) }, shape: "other" }));
            },
          });
          this.CONSUME(Comma);
          read(this.SUBRULE2(this.coreArgument));
        });
      });
      this.CONSUME(RParen);
    });
    return this.ACTION(() => {
      this.checkCoreCall(name, args, shapes, parentheses);
      return { kind: "call", name: name.image, nameSpan: spanOf(name), args, span: this.since(name) };
    });
  });

  readonly coreArgument = this.RULE("coreArgument", (): { value: tree.Expr; shape: ArgShape } =>
    this.OR([
      {
        ALT: () => {
          const token = this.CONSUME(UriPart) as Token;
          const value: tree.Expr = { kind: "legacy", name: token.image, span: spanOf(token) };
          return { value, shape: token.image as ArgShape };
        },
      },
      {
        GATE: () => (this.is(Protocol) || this.is(Star)) && !this.is(Colon, 2),
        ALT: () => ({ value: this.SUBRULE(this.protocol), shape: "protocol" as const }),
      },
      { GATE: () => this.startsHost(), ALT: () => this.addressArgument(this.SUBRULE(this.address)) },
      {
        ALT: () => {
          const value = this.SUBRULE(this.expression);
          return this.ACTION(() => ({ value, shape: shapeOf(value) }));
        },
      },
    ]),
  );

  /** `[proto:]host[:port]`. */
  readonly address = this.RULE("address", (): Address => {
    let protocol: string | undefined;
    const first = this.ACTION(() => this.peek());
    this.OPTION({
      GATE: () => this.is(Colon, 2),
      DEF: () => {
        protocol = this.SUBRULE(this.protocol).value;
        this.CONSUME(Colon);
      },
    });
    const host = this.SUBRULE(this.host);
    let port: number | null | undefined;
    this.OPTION2(() => {
      this.CONSUME2(Colon);
      port = this.SUBRULE(this.port);
    });
    return this.ACTION(() => ({
      protocol: protocol === "*" ? undefined : protocol,
      ...host,
      port,
      span: this.since(first),
    }));
  });

  /** A port or `*`, which is null. */
  readonly port = this.RULE("port", (): number | null => {
    const token = this.OR([{ ALT: () => this.CONSUME(NumberToken) }, { ALT: () => this.CONSUME(Star) }]) as Token;
    return this.ACTION(() => {
      if (token.tokenType === Star) return null;
      const port = Number(token.value);
      if (port < 0 || port > 65535) this.report("port", `\`${token.image}\` is not a port`, token);
      return port;
    });
  });

  /** A host name, interface or address, without quotes or within. */
  readonly host = this.RULE(
    "host",
    (): HostName =>
      this.OR([
        {
          ALT: (): HostName => {
            const token = this.CONSUME(StringToken) as Token;
            return { host: token.value as string, form: "string" };
          },
        },
        {
          ALT: (): HostName => {
            const ip = this.SUBRULE(this.ipv6);
            return this.ACTION(() => ({ host: `[${ip.address}]`, form: "ip" }));
          },
        },
        { ALT: () => this.SUBRULE(this.nameOrIpv4) },
      ]),
  );

  readonly nameOrIpv4 = this.RULE("nameOrIpv4", (): HostName => {
    const first = this.OR([
      { ALT: () => this.CONSUME(Word) },
      { ALT: () => this.CONSUME(NumberWord) },
      { ALT: () => this.CONSUME(NumberToken) },
    ]) as Token;
    let name = first.image;
    this.MANY({
      GATE: () => this.is(Dot) || !this.is(NumberToken, 2) || !this.#portRange,
      DEF: () => {
        name += this.OR2([{ ALT: () => this.CONSUME(Dot) }, { ALT: () => this.CONSUME(Minus) }]).image;
        name += this.OR3([
          { ALT: () => this.CONSUME2(Word) },
          { ALT: () => this.CONSUME2(NumberWord) },
          { ALT: () => this.CONSUME2(NumberToken) },
        ]).image;
      },
    });
    return this.ACTION(() => {
      if (!/^[0-9]+(?:\.[0-9]+){3}$/.test(name)) return { host: name, form: "word" };
      if (!isIpv4(name)) this.report("ip-address", `\`${name}\` is not an IPv4 address`, this.since(first));
      return { host: name, form: "ip" };
    });
  });
  #portRange = false;

  /** What comes can be read as a host rather than as an expression. */
  protected startsHost(): boolean {
    if (this.is(Word) || this.is(NumberWord)) return !this.is(LParen, 2);
    if (this.is(NumberToken)) return this.is(Dot, 2) || this.is(Minus, 2) || this.is(Colon, 2);
    if (this.is(StringToken)) return this.is(Colon, 2);
    return this.is(Protocol) || this.is(Star) || this.is(Ipv6) || this.is(LBracket);
  }

  private addressArgument(address: Address): { value: tree.Expr; shape: ArgShape } {
    return this.ACTION(() => {
      const { host, form, protocol, port, span } = address;
      if (protocol === undefined && port === undefined) {
        if (form === "ip") return { value: { kind: "ip", address: host.replaceAll(/[[\]]/g, ""), span }, shape: "ip" };
        const shape = form === "word" ? nameShape(host) : form;
        return { value: { kind: "string", value: host, bare: form === "word", span }, shape };
      }
      const value = `${protocol === undefined ? "" : `${protocol}:`}${host}${typeof port === "number" ? `:${port}` : ""}`;
      return { value: { kind: "string", value, bare: true, span }, shape: "address" };
    });
  }

  private checkCoreCall(
    name: Token,
    args: readonly tree.Expr[],
    shapes: readonly ArgShape[],
    parentheses: boolean,
  ): void {
    const call = coreCalls.get(name.image);
    if (!call) return;
    if (!parentheses) {
      if (!call.bare) this.unexpected(`\`(\` after \`${name.image}\``, `write ${usage(name.image, call)}`);
      return;
    }
    const bad = firstBadArgument(call, shapes);
    // With more than one argument it is OpenSIPS's, a function of the module exec.
    if (bad === undefined || (name.image === "exec" && args.length > 1)) return;
    const what =
      bad < args.length
        ? `argument ${bad + 1} of \`${name.image}\` cannot be this`
        : `\`${name.image}\` lacks an argument`;
    this.report("core-argument", what, args[bad]?.span ?? spanOf(name), `write ${usage(name.image, call)}`);
  }
}

/** Flags are single names, and the hosts of most functions are made of names. */
function nameShape(text: string): ArgShape {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(text)) return "word";
  return /^[A-Za-z_][A-Za-z0-9_]*(?:[.-][A-Za-z_][A-Za-z0-9_]*)*$/.test(text) ? "host" : "interface";
}

function shapeOf(value: tree.Expr): ArgShape {
  if (value.kind === "string") return "string";
  if (value.kind === "number") return value.value < 0n ? "negative" : "number";
  return "other";
}
