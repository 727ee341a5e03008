/** The tree as text: operators in front, everything in parentheses, so that one line shows how a script was read. */
import type { Expr, Item, ParamValue, Statement } from "../../grammar/tree.ts";

const quoted = (value: string): string => JSON.stringify(value);
const list = (...parts: (string | undefined)[]): string => `(${parts.filter((part) => part !== undefined).join(" ")})`;
const block = (body: readonly Statement[]): string => `{${body.map(showStatement).join(" ")}}`;
const value = (it: ParamValue): string => (it.kind === "string" ? quoted(it.value as string) : String(it.value));

export function showExpression(it: Expr): string {
  switch (it.kind) {
    case "number":
      return String(it.value);
    case "string":
      return it.bare ? `'${it.value}` : quoted(it.value);
    case "ip":
      return it.mask === undefined ? `<${it.address}>` : `<${it.address}/${it.mask}>`;
    case "variable":
    case "select":
      return it.text;
    case "legacy":
      return it.name;
    case "omitted":
      return "omitted";
    case "myself":
      return "myself";
    case "call":
      return `${it.name}(${it.args.map(showExpression).join(", ")})`;
    case "unary":
      return list(it.operator, showExpression(it.operand));
    case "binary":
      return list(it.operator, showExpression(it.left), showExpression(it.right));
    case "assign-expression":
      return list(":=", it.target.text, showExpression(it.value));
  }
}

export function showStatement(it: Statement): string {
  switch (it.kind) {
    case "expression":
      return showExpression(it.value);
    case "assign":
      return list("=", it.target.text, showExpression(it.value));
    case "if":
      return list("if", showExpression(it.condition), block(it.then), it.else && block(it.else));
    case "while":
      return list("while", showExpression(it.condition), block(it.body));
    case "switch": {
      const cases = it.cases.map((one) =>
        list(one.match ? `${one.regex ? "/" : ""}${showExpression(one.match)}` : "default", block(one.body)),
      );
      return list("switch", showExpression(it.value), ...cases);
    }
    case "return":
    case "exit":
    case "drop":
      return it.value ? list(it.kind, showExpression(it.value)) : it.kind;
    case "break":
      return "break";
    case "empty":
      return ";";
    case "block":
      return block(it.body);
    case "async":
      return list("async", showExpression(it.call), showExpression(it.resume));
    case "launch":
      return list(
        "launch",
        showExpression(it.call),
        it.report && showExpression(it.report),
        it.parameter && showExpression(it.parameter),
      );
  }
}

export function showItem(it: Item): string {
  switch (it.kind) {
    case "core-param":
      return list("param", it.name, ...it.values.map(value));
    case "listen": {
      const { advertise } = it;
      const host = it.hosts.length === 1 ? it.hosts[0] : `(${it.hosts.join(", ")})`;
      return list(
        "listen",
        `${it.protocol ?? "*"}:${host}:${it.port ?? "*"}${it.lastPort === undefined ? "" : `-${it.lastPort}`}`,
        advertise &&
          `advertise=${advertise.protocol ? `${advertise.protocol}:` : ""}${advertise.host}:${advertise.port ?? "*"}`,
        it.name && `name=${it.name}`,
        it.agname && `agname=${it.agname}`,
        it.vrf && `vrf=${it.vrf}`,
        it.workers === undefined ? undefined : `workers=${it.workers}`,
        it.virtual ? "virtual" : undefined,
      );
    }
    case "load-module":
      return list(it.evaluated ? "loadmodulex" : "loadmodule", quoted(it.name), it.params && quoted(it.params));
    case "load-path":
      return list("loadpath", quoted(it.path));
    case "mod-param":
      return list(it.evaluated ? "modparamx" : "modparam", quoted(it.modules), quoted(it.name), value(it.value));
    case "custom-param": {
      const group = it.instance === undefined ? it.group : `${it.group}[${it.instance}]`;
      return list("custom", `${group}.${it.name}`, value(it.value), it.description && quoted(it.description));
    }
    case "route-block":
      return list(it.block, it.name === "" ? undefined : it.name, block(it.body));
  }
}
