/** JSON as Kamailio's srjson reads and writes it, and JSON-RPC requests with their answers. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Core } from "../../src/declare/core.ts";
import { RpcArray, RpcFault, RpcStruct } from "../../src/declare/module.ts";
import type { Value } from "../../src/declare/value.ts";
import { documents, execute } from "../../src/modules/jsonrpcs/execute.ts";
import { parseJson, printJson } from "../../src/modules/jsonrpcs/json.ts";

test("what is read is what is written", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      const bytes = Buffer.from(text, "utf8").toString("latin1");
      const printed = printJson(parseJson(bytes));
      // Numbers with fractions are written with six decimals.
      const rounded = JSON.parse(text, (_, it) => (typeof it === "number" && !Number.isInteger(it) ? 0.5 : it));
      const again = JSON.parse(Buffer.from(printed, "latin1").toString("utf8"), (_, it) =>
        typeof it === "number" && !Number.isInteger(it) ? 0.5 : it,
      );
      if (!text.includes("e") && !/\.\d/.test(text) && !/\\u0000|\\ud[89a-f]/i.test(text))
        expect(again).toEqual(rounded);
      else expect(() => JSON.parse(Buffer.from(printed, "latin1").toString("utf8"))).not.toThrow();
    }),
    { seed: 1, numRuns: 200 },
  );
});

test.each([
  ['"\\u00e9\\ud83d\\ude00\\/"', "\xc3\xa9\xf0\x9f\x98\x80/"],
  ['"\\ud83d"', ""],
  [' {"a": [1, -2.5e1, true, null]} rest', { a: [1, -25, true, null] }],
  ["[]", []],
])("%s", (text, value) => {
  expect(printJson(parseJson(text))).toBe(printJson(value));
});

test.each(["", "{", '{"a"}', "[1,]", '"open', "nil", '{"a":1', '"\\u12"', "[".repeat(200)])("no JSON: %s", (text) => {
  expect(parseJson(text)).toBeUndefined();
});

test("numbers and control characters", () => {
  expect(printJson([1, -1, 4294967295, 0.5, 1e-7, 1234567890.5, 1e21, 10n ** 18n])).toBe(
    "[1,-1,4294967295,0.500000,1.000000e-07,1.234567e+09,1.000000e+21,1000000000000000000]".replace(
      "1.234567e+09",
      "1.234568e+09",
    ),
  );
  expect(printJson('a"\\\n\x01\xff/')).toBe('"a\\"\\\\\\n\\u0001\xff/"');
});

test("the readable form", () => {
  expect(printJson({ a: 1, b: [], c: [{ d: "x" }], e: {} }, true)).toBe(
    '{\n\t"a":\t1,\n\t"b":\t[\n\t],\n\t"c":\t[\n\t\t{\n\t\t\t"d":\t"x"\n\t\t}\n\t],\n\t"e":\t{\n\t}\n}',
  );
});

const commands: Record<string, (args: readonly Value[]) => unknown> = {
  "t.none": () => undefined,
  "t.text": () => "Ok.",
  "t.list": (args) => args,
  "t.struct": () =>
    new RpcStruct([
      ["a", 1],
      ["a", { b: "c" }],
    ]),
  "t.array": () => new RpcArray([1]),
  "t.fault": () => {
    throw new RpcFault(404, "Not here");
  },
  "t.late": async () => "later",
  "t.bug": () => {
    throw new TypeError("oops");
  },
};
const core = {
  log: { write() {} },
  command: (name: string) => (commands[name] ? { run: commands[name] } : undefined),
} as unknown as Core;

const call = async (request: unknown): Promise<string | null> => {
  const reply = await execute(core, typeof request === "string" ? request : JSON.stringify(request), false);
  return reply && `${reply.code} ${reply.text} ${reply.body}`;
};

test.each([
  [{ jsonrpc: "2.0", method: "t.none", id: 1 }, '200 OK {"jsonrpc":"2.0","result":{},"id":1}'],
  [{ jsonrpc: "2.0", method: "t.text", id: "x" }, '200 OK {"jsonrpc":"2.0","result":"Ok.","id":"x"}'],
  [
    { jsonrpc: "2.0", method: "t.list", params: ["a", 1, 0.5, true, "5"], id: 1 },
    '200 OK {"jsonrpc":"2.0","result":["a",1,"0.5",1,"5"],"id":1}',
  ],
  [
    { jsonrpc: "2.0", method: "t.list", params: { one: "a", two: 2 }, id: 1 },
    '200 OK {"jsonrpc":"2.0","result":["a",2],"id":1}',
  ],
  [{ jsonrpc: "2.0", method: "t.struct" }, '200 OK {"jsonrpc":"2.0","result":{"a":1,"a":{"b":"c"}}}'],
  [{ jsonrpc: "2.0", method: "t.array", id: null }, '200 OK {"jsonrpc":"2.0","result":[1],"id":0}'],
  [{ jsonrpc: "2.0", method: "t.late", id: 1 }, '200 OK {"jsonrpc":"2.0","result":"later","id":1}'],
  [
    { jsonrpc: "2.0", method: "t.fault", id: 1 },
    '404 Not here {"jsonrpc":"2.0","error":{"code":404,"message":"Not here"},"id":1}',
  ],
  [
    { jsonrpc: "2.0", method: "t.bug", id: 1 },
    '500 Internal Error {"jsonrpc":"2.0","error":{"code":500,"message":"Internal Error"},"id":1}',
  ],
  [
    { jsonrpc: "2.0", method: "nope", id: 1 },
    '500 Method Not Found {"jsonrpc":"2.0","error":{"code":500,"message":"Method Not Found"},"id":1}',
  ],
  [{ jsonrpc: "1.0", method: "t.text", id: 1 }, '200 OK {"jsonrpc":"2.0","result":{},"id":1}'],
  [{ jsonrpc: "2.0", method: "t.text", params: 5, id: 1 }, '200 OK {"jsonrpc":"2.0","result":{},"id":1}'],
  ["{nothing", null],
  ["[1]", null],
])("%j", async (request, expected) => {
  expect(await call(request)).toBe(expected);
});

test("a stream is cut into documents", () => {
  expect(documents(' {"a":"}\\""}\n{"b":{}} {"c":')).toEqual({
    complete: ['{"a":"}\\""}', '{"b":{}}'],
    rest: ' {"c":',
  });
});
