/** Sockets to listen on: `listen` and `socket`. */
import { spanOf, type Token } from "../lex.ts";
import {
  Advertise,
  Agname,
  Assign,
  Bind,
  Colon,
  Comma,
  LBrace,
  ListenWord,
  LParen,
  Minus,
  NameWord,
  NumberToken,
  RParen,
  Semicolon,
  SocketWord,
  StringToken,
  Virtual,
  Vrf,
  Word,
} from "../tokens.ts";
import type * as tree from "../tree.ts";
import type { Address } from "./calls.ts";
import { StatementParser } from "./statements.ts";

export class SocketParser extends StatementParser {
  readonly stringValue = this.RULE("stringValue", (): tree.ParamValue => {
    const token = this.CONSUME(StringToken) as Token;
    return this.ACTION(() => ({ kind: "string", value: token.value as string, span: spanOf(token) }));
  });

  /** `listen = udp:a:5060 tcp:b advertise c:5070 name "s" virtual`: what follows the addresses is for all of them. */
  readonly listen = this.RULE("listen", (): tree.Listen[] => {
    const first = this.CONSUME(ListenWord) as Token;
    this.CONSUME(Assign);
    const sockets = this.SUBRULE(this.sockets);
    let advertise: Address | undefined;
    let name: tree.ParamValue | undefined;
    let virtual = false;
    this.OPTION(() => {
      this.CONSUME(Advertise);
      advertise = this.SUBRULE(this.address);
    });
    this.OPTION2(() => {
      this.CONSUME(NameWord);
      name = this.SUBRULE(this.stringValue);
    });
    this.OPTION3(() => {
      this.CONSUME(Virtual);
      virtual = true;
    });
    return this.ACTION(() => {
      const span = this.since(first);
      const shared = {
        ...(advertise && { advertise: endpoint(advertise) }),
        ...(name && { name: name.value as string }),
        virtual,
      };
      return sockets.map(
        (socket): tree.Listen => ({
          kind: "listen",
          ...(socket.protocol !== undefined && { protocol: socket.protocol }),
          hosts: socket.hosts,
          ...(typeof socket.port === "number" && { port: socket.port }),
          ...shared,
          span: sockets.length > 1 ? socket.span : span,
        }),
      );
    });
  });

  /** One or more of `[proto:](host, host)[:port]`. */
  readonly sockets = this.RULE("sockets", (): Sockets[] => {
    const all: Sockets[] = [];
    this.AT_LEAST_ONE(() => {
      const one = this.SUBRULE(this.socketAddress);
      all.push(one);
    });
    return all;
  });

  readonly socketAddress = this.RULE("socketAddress", (): Sockets => {
    const first = this.ACTION(() => this.peek());
    let protocol: string | undefined;
    this.OPTION({
      GATE: () => this.is(Colon, 2),
      DEF: () => {
        protocol = this.SUBRULE(this.protocol).value;
        this.CONSUME(Colon);
        this.ACTION(() => {
          if (/^wss?$/i.test(protocol!))
            this.report(
              "syntax",
              `\`${protocol}\` is no protocol to listen on`,
              first,
              "WebSockets begin on tcp or tls",
            );
        });
      },
    });
    const hosts: string[] = [];
    let form: Address["form"] = "word";
    this.OR([
      {
        ALT: () => {
          const host = this.SUBRULE(this.host);
          hosts.push(host?.host);
          form = host?.form;
        },
      },
      {
        ALT: () => {
          this.CONSUME(LParen);
          this.AT_LEAST_ONE_SEP({ SEP: Comma, DEF: () => hosts.push(this.SUBRULE2(this.host)?.host) });
          this.CONSUME(RParen);
        },
      },
    ]);
    let port: number | null | undefined;
    this.OPTION2(() => {
      this.CONSUME2(Colon);
      port = this.SUBRULE(this.port);
    });
    return this.ACTION(() => ({
      protocol: protocol === "*" ? undefined : protocol,
      hosts,
      form,
      port,
      span: this.since(first),
    }));
  });

  /** `socket = { bind = udp:a:5060-5070; advertise = b:5060; name = "s"; … }`. */
  readonly socket = this.RULE("socket", (): tree.Listen => {
    const first = this.CONSUME(SocketWord) as Token;
    this.CONSUME(Assign);
    const open = this.CONSUME(LBrace) as Token;
    const attributes: SocketAttributes = {};
    this.AT_LEAST_ONE(() => this.SUBRULE(this.socketAttribute, { ARGS: [attributes] }));
    this.closeBlock(open);
    return this.ACTION(() => {
      const { bind, lastPort, advertise, ...rest } = attributes;
      if (!bind) this.report("socket-bind", "this socket has no `bind`", first);
      return {
        kind: "listen",
        ...(bind?.protocol !== undefined && { protocol: bind.protocol }),
        hosts: bind ? [bind.host] : [],
        ...(typeof bind?.port === "number" && { port: bind.port }),
        ...(lastPort !== undefined && { lastPort }),
        ...(advertise && { advertise: endpoint(advertise) }),
        ...rest,
        virtual: rest.virtual ?? false,
        span: this.since(first),
      };
    });
  });

  readonly socketAttribute = this.RULE("socketAttribute", (into: SocketAttributes): void => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(Bind);
          this.CONSUME(Assign);
          const bind = this.SUBRULE(this.address);
          this.ACTION(() => (into.bind = bind));
          this.OPTION(() => {
            this.CONSUME(Minus);
            const last = this.SUBRULE(this.port);
            this.ACTION(() => {
              if (last !== null) into.lastPort = last;
            });
          });
        },
      },
      {
        ALT: () => {
          this.CONSUME(Advertise);
          this.CONSUME2(Assign);
          const advertise = this.SUBRULE2(this.address);
          this.ACTION(() => (into.advertise = advertise));
        },
      },
      {
        ALT: () => {
          const word = this.OR2([
            { ALT: () => this.CONSUME(NameWord) },
            { ALT: () => this.CONSUME(Agname) },
            { ALT: () => this.CONSUME(Vrf) },
          ]);
          this.CONSUME3(Assign);
          const value = this.SUBRULE(this.stringValue);
          this.ACTION(() => (into[word.image.toLowerCase() as "name" | "agname" | "vrf"] = value.value as string));
        },
      },
      {
        ALT: () => {
          const word = this.OR3([{ ALT: () => this.CONSUME(Virtual) }, { ALT: () => this.CONSUME(Word) }]) as Token;
          this.CONSUME4(Assign);
          const number = this.CONSUME(NumberToken) as Token;
          this.ACTION(() => {
            if (word.tokenType === Virtual) into.virtual = number.value !== 0n;
            else if (word.image === "workers") into.workers = Number(number.value);
            else {
              const hint = "attributes are bind, advertise, name, agname, workers, virtual and vrf";
              this.report("socket-attribute", `a socket has no attribute \`${word.image}\``, word, hint);
            }
          });
        },
      },
      { ALT: () => void this.CONSUME(Semicolon) },
    ]);
  });
}

export interface Sockets extends Omit<Address, "host"> {
  readonly hosts: readonly string[];
}

interface SocketAttributes {
  bind?: Address;
  lastPort?: number;
  advertise?: Address;
  name?: string;
  agname?: string;
  vrf?: string;
  virtual?: boolean;
  workers?: number;
}

const endpoint = (address: Address) => ({
  host: address.host,
  ...(typeof address.port === "number" && { port: address.port }),
  ...(address.protocol !== undefined && { protocol: address.protocol }),
});
