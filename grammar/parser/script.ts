/** The whole script: its items in order. */
import { EOF } from "chevrotain";
import { spanOf, type Token } from "../lex.ts";
import { coreParams } from "../params.ts";
import type { Problems } from "../problems.ts";
import { nearest } from "../problems.ts";
import {
  Assign,
  Dot,
  EventName,
  EventRoute,
  isEventName,
  LBrace,
  LBracket,
  NumberToken,
  OtherRoute,
  Param,
  RBrace,
  RBracket,
  RequestRoute,
  Route,
  Semicolon,
  StringToken,
  Subst,
  Word,
} from "../tokens.ts";
import type * as tree from "../tree.ts";
import { TooDeep } from "./base.ts";
import { GlobalsParser } from "./globals.ts";

export class ScriptParser extends GlobalsParser {
  #items: tree.Item[] = [];

  /** `validate` has chevrotain look for ambiguities in the grammar, which takes longer than most scripts do to parse. */
  constructor(validate = false) {
    super(validate);
    this.performSelfAnalysis();
  }

  /** The items of a script, with everything that is wrong with them in `problems`. */
  parse(tokens: Token[], end: Token, problems: Problems): tree.Item[] {
    this.start(tokens, end, problems);
    this.#items = [];
    this.script();
    return this.#items;
  }

  readonly script = this.RULE("script", () => {
    do {
      this.MANY(() => {
        const items = this.guardItem();
        this.ACTION(() => this.#items.push(...(items ?? [])));
      });
    } while (this.skipStrayItem());
  });

  readonly item = this.RULE("item", (): readonly tree.Item[] =>
    this.OR([
      { ALT: () => [this.SUBRULE(this.coreParam)] },
      { ALT: () => [this.SUBRULE(this.modParam)] },
      { ALT: () => [this.SUBRULE(this.loadModule)] },
      { ALT: () => [this.SUBRULE(this.routeBlock)] },
      { ALT: () => [this.SUBRULE(this.eventBlock)] },
      { ALT: () => this.SUBRULE(this.listen) },
      { ALT: () => [this.SUBRULE(this.socket)] },
      { GATE: () => this.startsCustomParam(), ALT: () => [this.SUBRULE(this.customParam)] },
      { ALT: () => [this.SUBRULE(this.indexedParam)] },
      { ALT: () => [this.SUBRULE(this.flags)] },
      { ALT: () => [this.SUBRULE(this.loadPath)] },
      { ALT: () => [this.SUBRULE(this.cfgEngine)] },
      {
        ALT: () => {
          // The preprocessor has done its work; only the place was left to check.
          this.CONSUME(Subst);
          this.CONSUME(StringToken);
          return [];
        },
      },
      {
        ALT: () => {
          this.CONSUME(Semicolon);
          return [];
        },
      },
    ]),
  );

  /** `route[NAME] { … }` and its kin but event_route. */
  readonly routeBlock = this.RULE("routeBlock", (): tree.RouteBlock => {
    let name: Token | undefined;
    const word = this.OR([
      { ALT: () => this.CONSUME(RequestRoute) },
      {
        ALT: () => {
          const named = this.OR2([{ ALT: () => this.CONSUME(Route) }, { ALT: () => this.CONSUME(OtherRoute) }]);
          this.OPTION(() => {
            this.CONSUME(LBracket);
            name = this.SUBRULE(this.routeName);
            this.CONSUME(RBracket);
          });
          return named;
        },
      },
    ]) as Token;
    const body = this.SUBRULE(this.block);
    return this.ACTION(() => {
      if (name && word.image === "reply_route") {
        this.report("route-name", "`reply_route` has no name", name, "write `onreply_route[NAME]`");
      }
      // Number 0 is the unnamed block of every kind.
      const text = name ? routeName(name) : "";
      return {
        kind: "route-block",
        block: word.tokenType === Route && name && text !== "0" ? "route" : kinds[word.image]!,
        name: text === "0" ? "" : text,
        nameSpan: spanOf(name ?? word),
        body,
        span: this.since(word),
      };
    });
  });

  readonly routeName = this.RULE(
    "routeName",
    (): Token =>
      this.OR([
        { ALT: () => this.CONSUME(Word) },
        { ALT: () => this.CONSUME(NumberToken) },
        { ALT: () => this.CONSUME(StringToken) },
      ]) as Token,
  );

  readonly eventBlock = this.RULE("eventBlock", (): tree.RouteBlock => {
    const word = this.CONSUME(EventRoute) as Token;
    this.CONSUME(LBracket);
    // Kamailio's lexer passes over quotes here.
    const name = this.OR([{ ALT: () => this.CONSUME(EventName) }, { ALT: () => this.CONSUME(StringToken) }]) as Token;
    this.CONSUME(RBracket);
    const body = this.SUBRULE(this.block);
    return this.ACTION(() => {
      const text = name.tokenType === StringToken ? (name.value as string) : name.image;
      if (!isEventName(text)) this.report("route-name", `\`${text}\` is no event: it is written module:event`, name);
      return { kind: "route-block", block: "event", name: text, nameSpan: spanOf(name), body, span: this.since(word) };
    });
  });

  /** A name alone is no parameter, so that it is the name, not what follows, that a message is about. */
  private startsCustomParam(): boolean {
    return !this.is(Word) || this.is(Dot, 2) || this.is(LBracket, 2) || this.is(Assign, 2);
  }

  // ── Recovery ───────────────────────────────────────────────────────────────

  /** An item, or undefined after a problem, with the reader at what may be the next item. */
  private guardItem(): readonly tree.Item[] | undefined {
    const read = () => this.SUBRULE(this.item);
    if (this.RECORDING_PHASE) return read();
    try {
      return this.guard(read, "a parameter, `loadmodule`, `modparam` or a route", () => this.skipItem());
    } catch (error) {
      // A caller may have used up most of the stack already.
      if (error instanceof RangeError) this.report("too-deep", "nested too deep", this.peek());
      else if (!(error instanceof TooDeep)) throw error;
      this.depth = 0;
      this.skipItem();
      return undefined;
    }
  }

  /** Skips to the first token of a line that may begin an item, past whole blocks. */
  private skipItem(): void {
    let braces = 0;
    while (!this.atEnd) {
      const token = this.skip();
      if (token.tokenType === LBrace) braces++;
      else if (token.tokenType === RBrace && braces > 0) braces--;
      if (this.atEnd || !this.startsLine()) continue;
      if (this.atTopLevel) return;
      if (braces === 0 && (this.is(Param) || this.is(Word) || !this.is(RBrace))) return;
    }
  }

  /** Reports and skips what cannot begin an item. False at the end of the script. */
  private skipStrayItem(): boolean {
    if (this.RECORDING_PHASE || this.LA(1).tokenType === EOF) return false;
    const token = this.peek();
    if (this.is(RBrace)) this.reportAt(token, "stray-brace", "this `}` closes nothing");
    else this.unexpected("a parameter, `loadmodule`, `modparam` or a route");
    this.skipItem();
    return true;
  }

  protected override unknownParameter(name: Token): void {
    const near = nearest(name.image, coreParams.keys());
    this.reportAt(
      this.peek(),
      "unknown-core-parameter",
      `the core has no parameter \`${name.image}\``,
      near && `did you mean \`${near}\`?`,
    );
  }
}

const kinds: Readonly<Record<string, tree.BlockKind>> = {
  route: "request",
  request_route: "request",
  reply_route: "onreply",
  onreply_route: "onreply",
  failure_route: "failure",
  branch_route: "branch",
  onsend_route: "onsend",
};

/** Numbers name routes by their decimal value: `route[0x10]` is `route[16]`. */
const routeName = (token: Token): string =>
  token.tokenType === NumberToken || token.tokenType === StringToken ? String(token.value) : token.image;
