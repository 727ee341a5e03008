/** What stands outside of routes: parameters, modules, sockets. */
import { spanOf, type Token } from "../lex.ts";
import { coreParams, logFacilities, type ParamShape, pollMethods, shapeNames } from "../params.ts";
import {
  Assign,
  CfgEngine,
  Colon,
  Comma,
  CoreParamWord,
  Default,
  Description,
  Dot,
  FlagsWord,
  Kemi,
  KemiCallback,
  LBracket,
  LoadModuleWord,
  LoadPathWord,
  LParen,
  Minus,
  ModParamWord,
  NumberToken,
  Param,
  Protocol,
  RBracket,
  RParen,
  Star,
  StringToken,
  TlsMethod,
  VariableToken,
  Word,
} from "../tokens.ts";
import type * as tree from "../tree.ts";
import { SocketParser, type Sockets } from "./sockets.ts";

export class GlobalsParser extends SocketParser {
  // ── Values ─────────────────────────────────────────────────────────────────

  /** A number, which may have a sign. */
  readonly numberValue = this.RULE("numberValue", (): tree.ParamValue => {
    const first = this.ACTION(() => this.peek());
    let negative = false;
    this.OPTION(() => {
      this.CONSUME(Minus);
      negative = true;
    });
    const token = this.CONSUME(NumberToken) as Token;
    return this.ACTION(() => {
      const value = token.value as bigint;
      return { kind: "number", value: negative ? -value : value, span: this.since(first) };
    });
  });

  readonly wordValue = this.RULE("wordValue", (): tree.ParamValue => {
    const token = this.OR([
      { ALT: () => this.CONSUME(Word) },
      { ALT: () => this.CONSUME(Protocol) },
      { ALT: () => this.CONSUME(TlsMethod) },
      { ALT: () => this.CONSUME(Star) },
    ]) as Token;
    return { kind: "word", value: token.image, span: spanOf(token) };
  });

  readonly simpleValue = this.RULE(
    "simpleValue",
    (): tree.ParamValue =>
      this.OR([
        { ALT: () => this.SUBRULE(this.numberValue) },
        { ALT: () => this.SUBRULE(this.stringValue) },
        { ALT: () => this.SUBRULE(this.wordValue) },
      ]),
  );

  readonly addressValue = this.RULE("addressValue", (): tree.ParamValue[] => {
    const addresses = this.SUBRULE(this.sockets);
    return this.ACTION(() => addresses.flatMap((address) => address.hosts.map((host) => addressValue(address, host))));
  });

  // ── Parameters ─────────────────────────────────────────────────────────────

  /** `debug = 2`, `alias = "a.example" udp:b.example:5060`. */
  readonly coreParam = this.RULE("coreParam", (): tree.CoreParam => {
    const name = this.CONSUME(Param) as Token;
    const shape = this.ACTION(() => coreParams.get(name.image)!);
    this.CONSUME(Assign);
    const values = this.OR([
      {
        GATE: () => shape === "addresses" || shape === "address" || shape === "ipv4" || shape === "ipv6",
        ALT: () => this.SUBRULE(this.addressValue),
      },
      { ALT: () => [this.SUBRULE(this.simpleValue)] },
    ]);
    return this.ACTION(() => {
      this.checkValue(name.image, shape, values);
      return { kind: "core-param", name: name.image, nameSpan: spanOf(name), values, span: this.since(name) };
    });
  });

  /** `group.name = value desc "text"`, `group[1].name = value`, `kemi.callback = "function"`. */
  readonly customParam = this.RULE("customParam", (): tree.CustomParam | tree.CoreParam => {
    const group = this.OR([
      { ALT: () => this.CONSUME(Word) },
      { ALT: () => this.CONSUME(Default) },
      { ALT: () => this.CONSUME(Kemi) },
    ]) as Token;
    let instance: Token | undefined;
    this.OPTION(() => {
      this.CONSUME(LBracket);
      instance = this.CONSUME(NumberToken) as Token;
      this.CONSUME(RBracket);
    });
    if (!this.RECORDING_PHASE && this.is(Assign) && !instance) this.unknownParameter(group);
    this.CONSUME(Dot);
    const name = this.OR2([
      { ALT: () => this.CONSUME2(Word) },
      { ALT: () => this.CONSUME2(Default) },
      { ALT: () => this.CONSUME(KemiCallback) },
    ]) as Token;
    this.CONSUME(Assign);
    const value = this.SUBRULE(this.simpleValue);
    let description: string | undefined;
    this.OPTION2(() => {
      this.CONSUME(Description);
      description = this.SUBRULE(this.stringValue).value as string;
    });
    return this.ACTION(() => {
      if (value.kind === "word") this.report("param-value", "expected a number or a string in quotes", value.span);
      if (typeof value.value === "bigint" && value.value < 0n)
        this.report(
          "param-value",
          "a parameter of the script's own cannot be negative",
          value.span,
          "write it in quotes",
        );
      const span = this.since(group);
      if (group.tokenType === Kemi) {
        if (name.tokenType !== KemiCallback)
          this.report("unknown-core-parameter", `\`kemi\` has no \`${name.image}\``, name);
        return { kind: "core-param", name: `kemi.${name.image}`, nameSpan: spanOf(group, name), values: [value], span };
      }
      return {
        kind: "custom-param",
        group: group.image,
        ...(instance && { instance: Number(instance.value) }),
        name: name.image,
        value,
        ...(description !== undefined && { description }),
        span,
      };
    });
  });

  /** `coreparam[name] = value`. */
  readonly indexedParam = this.RULE("indexedParam", (): tree.CoreParam => {
    const first = this.CONSUME(CoreParamWord) as Token;
    this.CONSUME(LBracket);
    const name = this.OR([{ ALT: () => this.CONSUME(Word) }, { ALT: () => this.CONSUME(StringToken) }]) as Token;
    this.CONSUME(RBracket);
    this.CONSUME(Assign);
    const value = this.SUBRULE(this.simpleValue);
    return this.ACTION(() => {
      const text = name.tokenType === StringToken ? (name.value as string) : name.image;
      return {
        kind: "core-param",
        name: `coreparam[${text}]`,
        nameSpan: spanOf(name),
        values: [value],
        span: this.since(first),
      };
    });
  });

  /** `flags FLAG_A:1, FLAG_B` and `avpflags`: values are words, `NAME:number` where a number is given. */
  readonly flags = this.RULE("flags", (): tree.CoreParam => {
    const first = this.CONSUME(FlagsWord) as Token;
    const values: tree.ParamValue[] = [];
    this.AT_LEAST_ONE_SEP({
      SEP: Comma,
      DEF: () => {
        const name = this.OR([{ ALT: () => this.CONSUME(Word) }, { ALT: () => this.CONSUME(StringToken) }]) as Token;
        let text = name.tokenType === StringToken ? String(name.value) : name.image;
        this.OPTION(() => {
          this.CONSUME(Colon);
          text += `:${(this.CONSUME(NumberToken) as Token).value}`;
        });
        values.push(this.ACTION(() => ({ kind: "word", value: text, span: this.since(name) })));
      },
    });
    return this.ACTION(() => ({
      kind: "core-param",
      name: first.image === "avpflags" ? "avpflags" : "flags",
      nameSpan: spanOf(first),
      values,
      span: this.since(first),
    }));
  });

  // ── Modules ────────────────────────────────────────────────────────────────

  /** `loadmodule "tm.so"`, `loadmodule("tm.so", "options")`. */
  readonly loadModule = this.RULE("loadModule", (): tree.LoadModule => {
    const first = this.CONSUME(LoadModuleWord) as Token;
    let name!: tree.ParamValue;
    let params: tree.ParamValue | undefined;
    this.OR([
      { ALT: () => (name = this.SUBRULE(this.stringValue)) },
      {
        ALT: () => {
          this.CONSUME(LParen);
          name = this.SUBRULE2(this.stringValue);
          this.OPTION(() => {
            this.CONSUME(Comma);
            params = this.SUBRULE3(this.stringValue);
          });
          this.CONSUME(RParen);
        },
      },
    ]);
    return this.ACTION(() => ({
      kind: "load-module",
      name: name.value as string,
      ...(params && { params: params.value as string }),
      ...(first.image === "loadmodulex" && { evaluated: true }),
      nameSpan: name.span,
      span: this.since(first),
    }));
  });

  readonly loadPath = this.RULE("loadPath", (): tree.LoadPath => {
    const first = this.CONSUME(LoadPathWord) as Token;
    this.OPTION(() => this.CONSUME(Assign));
    const path = this.SUBRULE(this.stringValue);
    return this.ACTION(() => ({ kind: "load-path", path: path.value as string, span: this.since(first) }));
  });

  readonly cfgEngine = this.RULE("cfgEngine", (): tree.CoreParam => {
    const first = this.CONSUME(CfgEngine) as Token;
    this.OPTION(() => this.CONSUME(Assign));
    const value = this.SUBRULE(this.stringValue);
    return this.ACTION(() => ({
      kind: "core-param",
      name: "cfgengine",
      nameSpan: spanOf(first),
      values: [value],
      span: this.since(first),
    }));
  });

  /** `modparam("module", "name", value)`; `modparamx` takes a variable, too. */
  readonly modParam = this.RULE("modParam", (): tree.ModParam => {
    const first = this.CONSUME(ModParamWord) as Token;
    this.CONSUME(LParen);
    const modules = this.SUBRULE(this.stringValue);
    this.CONSUME(Comma);
    const name = this.SUBRULE2(this.stringValue);
    this.CONSUME2(Comma);
    const value: tree.ParamValue = this.OR([
      { ALT: () => this.SUBRULE3(this.stringValue) },
      { ALT: () => this.SUBRULE(this.numberValue) },
      {
        ALT: () => {
          const variable = this.CONSUME(VariableToken) as Token;
          return { kind: "word", value: variable.value as string, span: spanOf(variable) } as const;
        },
      },
    ]);
    this.CONSUME(RParen);
    return this.ACTION(() => {
      const evaluated = first.image === "modparamx";
      if (value.kind === "word" && !evaluated) {
        this.report("param-value", "`modparam` takes no variable", value.span, "write `modparamx`");
      }
      return {
        kind: "mod-param",
        modules: modules.value as string,
        modulesSpan: modules.span,
        name: name.value as string,
        nameSpan: name.span,
        value,
        evaluated,
        span: this.since(first),
      };
    });
  });

  // ── Checks ─────────────────────────────────────────────────────────────────

  protected unknownParameter(_name: Token): void {}

  private checkValue(name: string, shape: ParamShape, values: readonly tree.ParamValue[]): void {
    const value = values[0];
    if (!value || fits(shape, value)) {
      if (name === "log_facility" && value && !logFacilities.has(String(value.value).toUpperCase())) {
        this.report(
          "param-value",
          `\`${value.value}\` is no log facility`,
          value.span,
          "for example LOG_DAEMON or LOG_LOCAL0",
        );
      }
      if (name === "tcp_poll_method" && value && !pollMethods.has(String(value.value)))
        this.report("param-value", `\`${value.value}\` is no poll method`, value.span, "for example epoll_lt");
      if (name === "ipv6_hex_style" && value && !/^[aAc]/.test(String(value.value))) {
        this.report("param-value", '`ipv6_hex_style` is "a", "A" or "c"', value.span);
      }
      return;
    }
    this.report("param-value", `\`${name}\` takes ${shapeNames[shape]}`, value.span);
  }
}

function addressValue(address: Sockets, host: string): tree.ParamValue {
  const { protocol, port, form, span } = address;
  if (protocol === undefined && port === undefined)
    return { kind: form === "string" ? "string" : "word", value: host, span };
  const value = `${protocol === undefined ? "" : `${protocol}:`}${host}${typeof port === "number" ? `:${port}` : ""}`;
  return { kind: "word", value, span };
}

/** Whether a value has the form that a parameter needs. */
function fits(shape: ParamShape, { kind, value }: tree.ParamValue): boolean {
  switch (shape) {
    case "number":
      return kind === "number" && (value as bigint) >= 0n;
    case "signed":
      return kind === "number";
    case "string":
      return kind === "string";
    case "word":
      return kind === "word";
    case "name":
      return kind === "word" || kind === "string";
    case "number-or-string":
      return kind === "number" || kind === "string";
    case "number-or-word":
      return kind === "number" || kind === "word";
    case "addresses":
      return kind === "string" || !String(value).startsWith("-");
    case "address":
      return kind === "string" || !/^-|[^\]]:\d+$/.test(String(value));
    case "ipv4":
      return /^\d+\.\d+\.\d+\.\d+$/.test(String(value));
    case "ipv6":
      return /^\[?[0-9a-f]*:[0-9a-f:.]*\]?$/i.test(String(value));
    case "protocol":
      return kind === "word" && /^(?:udp|tcp|tls|sctp|\*)$/i.test(String(value));
    case "tls-method":
      return kind === "word" && /^(?:sslv2|sslv23|sslv3|tlsv1)$/i.test(String(value));
  }
}
