/** Statements that load: operators of every kind over values of every kind that they take. */
import fc from "fast-check";

const variable = fc.constantFrom(
  ..."$var(x) $var(y) $avp(a) $(avp(a)[*]) $(avp(a)[1]) $null $ru $rU $rm $rp $hdr(X) $rc $xavp(n=>v) $xavp(n) $sht(a=>k)".split(
    " ",
  ),
  ..."$(var(x){s.len}) $(var(y){s.int}) $(ru{uri.host}) $(var(x){re.subst,/a(.)/b\\1/g}) @ruri.host".split(" "),
);
const number = fc.constantFrom(..."0 1 -1 7 0x7fffffff 9223372036854775807".split(" "));
const text = fc.constantFrom('""', '"a"', '"12"', '"-3x"', '"sip:a@b.c"', '"^(a|b)*$"', '"$var(x)-$ru"');
const operators = (it: string): fc.Arbitrary<string> => fc.constantFrom(...it.split(" "));

const expressions = fc.letrec<{ number: string; text: string; either: string }>((tie) => ({
  number: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    number,
    variable,
    fc
      .tuple(tie("number"), operators("+ - * / mod & | ^ << >> == != < > <= >= && ||"), tie("number"))
      .map(([left, operator, right]) => `(${left} ${operator} ${right})`),
    fc.tuple(operators("! - ~ (int)"), tie("number")).map(([operator, it]) => `${operator}(${it})`),
    fc
      .tuple(variable, operators("== != =~"), tie("text"))
      .map(([left, operator, right]) => `(${left} ${operator} ${right})`),
    fc.tuple(operators("strlen strempty defined"), tie("text")).map(([operator, it]) => `${operator}(${it})`),
  ),
  text: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    text,
    variable,
    fc.tuple(tie("text"), tie("text")).map(([left, right]) => `(${left} + ${right})`),
    tie("number").map((it) => `(str)(${it})`),
  ),
  either: fc.oneof(tie("number"), tie("text")),
}));

const { number: condition, either: value } = expressions;
const target = fc.constantFrom(
  ..."$var(x) $var(y) $avp(a) $(avp(a)[*]) $(avp(a)[0]) $xavp(n=>v) $xavp(n) $(xavp(n[0]=>v[1])) $sht(a=>k)".split(" "),
  ..."$ru $rU $rd $rp $du $fU $fn $tu $mf $sf $bf".split(" "),
);

const assignment = fc.tuple(target, value).map(([left, right]) => `${left} = ${right};`);
const statement = fc.oneof(
  { weight: 4, arbitrary: assignment },
  { weight: 1, arbitrary: fc.tuple(condition, assignment).map(([it, then]) => `if (${it}) { ${then} }`) },
  { weight: 1, arbitrary: fc.tuple(condition, assignment).map(([it, then]) => `while (${it}) { ${then} }`) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(value, target, fc.constantFrom("1", '"a"'))
      .map(([it, left, label]) => `switch (${it}) { case ${label}: ${left} = 1; break; default: ${left} = "b"; }`),
  },
);

/** Some statements of a route block. */
export const expression: fc.Arbitrary<string> = fc
  .array(statement, { minLength: 1, maxLength: 6 })
  .map((it) => it.join("\n"));
