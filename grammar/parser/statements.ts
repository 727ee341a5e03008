/** Statements: the bodies of routes. */
import { spanOf, type Token } from "../lex.ts";
import {
  Assign,
  Break,
  Case,
  Colon,
  Comma,
  CoreFunction,
  Default,
  Drop,
  Else,
  Exit,
  If,
  LBrace,
  LParen,
  RBrace,
  Return,
  Route,
  RParen,
  Semicolon,
  Slash,
  Switch,
  VariableToken,
  While,
  Word,
} from "../tokens.ts";
import type * as tree from "../tree.ts";
import { describe } from "./base.ts";
import { spanning } from "./build.ts";
import { CallParser } from "./calls.ts";

const MAX_ELSE_IF = 500;

export class StatementParser extends CallParser {
  /** `{ statements }`; the statements may not be missing (cfg.y: actions). */
  readonly block = this.RULE("block", (): tree.Statement[] => {
    const open = this.CONSUME(LBrace) as Token;
    const body = this.SUBRULE(this.statements);
    this.ACTION(() => {
      if (body.length === 0 && this.is(RBrace)) {
        this.reportAt(
          this.peek(),
          "empty-block",
          "a block cannot be empty",
          "write `;` for a statement that does nothing",
        );
      }
    });
    this.closeBlock(open);
    return body;
  });

  readonly statements = this.RULE("statements", (): tree.Statement[] => {
    const body: tree.Statement[] = [];
    do {
      this.MANY({
        GATE: () => !this.atTopLevel,
        DEF: () => {
          const statement = this.guard(
            () => this.SUBRULE(this.statement),
            "a statement",
            () => this.skipStatement(),
          );
          if (statement) body.push(statement);
        },
      });
    } while (this.skipStray());
    return body;
  });

  readonly statement = this.RULE("statement", (): tree.Statement => {
    this.nest();
    const statement = this.OR([
      { ALT: () => this.SUBRULE(this.ifStatement) },
      { ALT: () => this.SUBRULE(this.whileStatement) },
      { ALT: () => this.SUBRULE(this.switchStatement) },
      { ALT: () => this.SUBRULE(this.jump) },
      { ALT: () => this.SUBRULE(this.breakStatement) },
      { ALT: () => this.SUBRULE(this.assignStatement) },
      { GATE: () => this.isAsync(), ALT: () => this.SUBRULE(this.asyncStatement) },
      { ALT: () => this.SUBRULE(this.callStatement) },
      {
        ALT: () => {
          const token = this.CONSUME(Semicolon) as Token;
          return { kind: "empty", span: spanOf(token) } as const;
        },
      },
    ]);
    this.depth--;
    return statement;
  });

  /** A statement or a block: what `if`, `else` and `while` govern. */
  readonly governed = this.RULE("governed", (): readonly tree.Statement[] =>
    this.OR([{ ALT: () => this.SUBRULE(this.block) }, { ALT: () => [this.SUBRULE(this.statement)] }]),
  );

  /** `else if` is read in a loop, so that long chains need no deep stack. */
  readonly ifStatement = this.RULE("ifStatement", (): tree.If => {
    const branches = [this.SUBRULE(this.branch)];
    this.MANY(() => {
      this.CONSUME(Else);
      branches.push(this.SUBRULE2(this.branch));
      if (branches.length > MAX_ELSE_IF) this.tooDeep(`more than ${MAX_ELSE_IF} \`else if\``);
    });
    let otherwise: readonly tree.Statement[] | undefined;
    this.OPTION(() => {
      this.CONSUME2(Else);
      otherwise = this.SUBRULE(this.governed);
    });
    return this.ACTION(() => {
      const end = spanOf(this.previous);
      return branches.reduceRight<tree.If | undefined>((inner, { word, condition, body }) => {
        const rest = inner ? [inner] : otherwise;
        // biome-ignore lint/suspicious/noThenProperty: the node's name for what the condition governs.
        const then = { then: body };
        return {
          kind: "if",
          condition,
          ...then,
          ...(rest && { else: rest }),
          span: spanning(spanOf(word), end),
        };
      }, undefined)!;
    });
  });

  readonly branch = this.RULE("branch", () => {
    const word = this.CONSUME(If) as Token;
    const condition = this.condition(word, () => this.SUBRULE(this.expression));
    const body = this.SUBRULE(this.governed);
    return { word, condition, body };
  });

  readonly whileStatement = this.RULE("whileStatement", (): tree.While => {
    const first = this.CONSUME(While) as Token;
    const condition = this.condition(first, () => this.SUBRULE(this.expression));
    const body = this.SUBRULE(this.governed);
    return this.ACTION(() => ({ kind: "while", condition, body, span: this.since(first) }));
  });

  readonly switchStatement = this.RULE("switchStatement", (): tree.Switch => {
    const first = this.CONSUME(Switch) as Token;
    const value = this.condition(first, () => this.SUBRULE(this.expression));
    const open = this.CONSUME(LBrace) as Token;
    const cases: tree.Case[] = [];
    do {
      this.MANY(() => {
        const read = this.guard(
          () => this.SUBRULE(this.caseClause),
          "a case",
          () => this.skipStatement(),
        );
        if (read) cases.push(read);
      });
    } while (this.skipStray(true));
    this.closeBlock(open);
    return this.ACTION(() => ({ kind: "switch", value, cases, span: this.since(first) }));
  });

  /** `case value:`, `case /"regular expression":`, `default:`. */
  readonly caseClause = this.RULE("caseClause", (): tree.Case => {
    let match: tree.Expr | undefined;
    let regex = false;
    const first = this.OR([
      {
        ALT: () => {
          const word = this.CONSUME(Case);
          this.OPTION(() => {
            this.CONSUME(Slash);
            regex = true;
          });
          match = this.SUBRULE(this.expression);
          return word;
        },
      },
      { ALT: () => this.CONSUME(Default) },
    ]) as Token;
    this.CONSUME(Colon);
    const body = this.SUBRULE(this.statements);
    return this.ACTION(() => ({ ...(match && { match }), ...(regex && { regex }), body, span: this.since(first) }));
  });

  readonly breakStatement = this.RULE("breakStatement", (): tree.Break => {
    const token = this.CONSUME(Break) as Token;
    this.terminate();
    return { kind: "break", span: spanOf(token) };
  });

  /** `return`, `exit` and `drop`, with or without a value. */
  readonly jump = this.RULE("jump", (): tree.Return | tree.Exit | tree.Drop => {
    const word = this.OR([
      { ALT: () => this.CONSUME(Return) },
      { ALT: () => this.CONSUME(Exit) },
      { ALT: () => this.CONSUME(Drop) },
    ]) as Token;
    let value: tree.Expr | undefined;
    this.OPTION(() => {
      value = this.OR2([
        {
          GATE: () => this.is(RParen, 2),
          ALT: () => {
            this.CONSUME(LParen);
            this.CONSUME(RParen);
            return undefined;
          },
        },
        { ALT: () => this.SUBRULE(this.expression) },
      ]);
    });
    const span = this.ACTION(() => this.since(word));
    this.terminate();
    return this.ACTION(() => ({ kind: word.image as "return" | "exit" | "drop", ...(value && { value }), span }));
  });

  readonly assignStatement = this.RULE("assignStatement", (): tree.Assign => {
    const assignment = this.SUBRULE(this.assignment);
    this.terminate();
    return assignment;
  });

  readonly callStatement = this.RULE("callStatement", (): tree.ExpressionStatement => {
    const value = this.SUBRULE(this.call);
    this.terminate();
    return this.ACTION(() => ({ kind: "expression", value, span: value.span }));
  });

  /** OpenSIPS: `async(function(…), route);` and `launch(function(…)[, route[, "parameter"]]);`. */
  readonly asyncStatement = this.RULE("asyncStatement", (): tree.AsyncStatement | tree.LaunchStatement => {
    const word = this.CONSUME(Word) as Token;
    this.CONSUME(LParen);
    const call = this.OR([{ ALT: () => this.SUBRULE(this.moduleCall) }, { ALT: () => this.SUBRULE(this.coreCall) }]);
    const rest: tree.Expr[] = [];
    this.MANY(() => {
      this.CONSUME(Comma);
      rest.push(
        this.OR2([
          { GATE: () => !this.is(LParen, 2), ALT: () => this.SUBRULE(this.bareWord) },
          { ALT: () => this.SUBRULE(this.expression) },
        ]),
      );
    });
    this.CONSUME(RParen);
    const span = this.ACTION(() => this.since(word));
    this.terminate();
    return this.ACTION(() => {
      const [route, parameter] = rest;
      if (word.image === "launch") {
        if (rest.length > 2) this.report("async-argument", "`launch` takes a function, a route and a parameter", span);
        return { kind: "launch", call, ...(route && { report: route }), ...(parameter && { parameter }), span };
      }
      if (!route || rest.length > 1) this.report("async-argument", "`async` takes a function and a route", span);
      return { kind: "async", call, resume: route ?? call, span };
    });
  });

  // ── Helpers ────────────────────────────────────────────────────────────────

  /** The value that `if`, `while` and `switch` test; a bad one does not hide problems in what they govern. */
  private condition(word: Token, read: () => tree.Expr): tree.Expr {
    const span = this.ACTION(() => spanOf(word));
    const missing = (): tree.Expr => ({ kind: "number", value: 0n, span });
    const condition = this.guard(read, "a condition", () => this.skipCondition()) ?? missing();
    this.ACTION(() => {
      if (this.is(Assign)) {
        this.reportAt(
          this.peek(),
          "syntax",
          "expected a comparison, found `=`",
          "write `==`, or `(($x = 1))` to assign",
        );
        this.skipCondition();
      }
    });
    return condition;
  }

  /** Skips to the block or the end of the statement that follows a bad condition. */
  private skipCondition(): void {
    while (!this.atEnd && !this.is(LBrace) && !this.is(Semicolon) && !this.is(RBrace)) this.skip();
  }

  /** The `;` of a statement. A missing one is reported where it should stand, and reading goes on. */
  protected terminate(): void {
    if (this.RECORDING_PHASE || this.is(Semicolon)) {
      this.CONSUME(Semicolon);
      return;
    }
    const next = this.peek();
    if (this.startsStatement() || this.is(RBrace) || this.atTopLevel || this.atEnd) {
      const before = this.previous;
      const after = {
        line: before.endLine,
        column: before.endColumn,
        endLine: before.endLine,
        endColumn: before.endColumn + 1,
      };
      this.report("missing-semicolon", `expected \`;\` before ${describe(next)}`, { file: before.file, ...after });
      return;
    }
    this.unexpected("`;`");
    this.skipStatement();
  }

  private startsStatement(): boolean {
    const type = this.LA(1).tokenType;
    if (type === VariableToken) return this.is(Assign, 2);
    if (type === Word || type === CoreFunction || type === Route) return this.is(LParen, 2);
    return [If, Else, While, Switch, Return, Exit, Drop, Break, Case, Default].includes(type);
  }

  /** The `}` of a block; reported with where the block began when it is missing. */
  protected closeBlock(open: Token): void {
    if (this.RECORDING_PHASE || this.is(RBrace)) {
      this.CONSUME(RBrace);
      return;
    }
    const where = `the block that begins at line ${open.startLine} is not closed`;
    this.reportAt(this.peek(), "missing-brace", `expected \`}\`, found ${describe(this.peek())}`, where);
  }

  /** Reports and skips what cannot begin a statement. False when the block ends here. */
  protected skipStray(inSwitch = false): boolean {
    if (this.RECORDING_PHASE || this.atEnd || this.atTopLevel || this.is(RBrace)) return false;
    if (!inSwitch && (this.is(Case) || this.is(Default))) return false;
    const token = this.peek();
    if (this.is(LBrace)) {
      const hint = "blocks belong to if, else, while and case; write its statements alone";
      this.reportAt(token, "stray-block", "a block cannot stand alone", hint);
      this.skipStatement();
      return true;
    }
    const what = inSwitch ? "`case` or `default`" : "a statement";
    if (this.is(Else)) this.reportAt(token, "syntax", "this `else` belongs to no `if`");
    else this.unexpected(what);
    const before = this.LA(1);
    this.skipStatement();
    if (this.LA(1) === before && !this.atTopLevel && !this.is(RBrace)) this.skip();
    return true;
  }

  /** `async(` or `launch(` with a call as its first argument. */
  private isAsync(): boolean {
    const name = this.LA(1).image;
    return (
      (name === "async" || name === "launch") && (this.is(Word, 3) || this.is(CoreFunction, 3)) && this.is(LParen, 4)
    );
  }
}
