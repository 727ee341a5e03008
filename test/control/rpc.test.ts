/** The server's own JSON-RPC 2.0: every kind of request, parameters against their schema, and long answers by pages. */
import { Ajv } from "ajv";
import { afterEach, beforeEach, expect, test } from "vitest";
import { coreCommands } from "../../src/control/core-commands.ts";
import { encodeReply } from "../../src/modules/ctl/binrpc.ts";
import { modules } from "../../src/modules/index.ts";
import { converse } from "../../src/node/control/rpc.ts";
import { ParameterChecks } from "../../src/node/control/schema.ts";
import { Simulation } from "../../src/simulate/simulation.ts";

const script = `
listen=udp:127.0.0.1:5060
loadmodule "pv.so"
loadmodule "htable.so"
loadmodule "cfg_rpc.so"
modparam("htable", "htable", "big=>size=8;")
shared.two = 2
request_route { exit; }
`;

let simulation: Simulation;
let connection: ReturnType<typeof converse>;
let answers: string[] = [];
let done: () => void;
beforeEach(async () => {
  simulation = new Simulation({ modules, builtin: [coreCommands], files: { "/t.cfg": script }, script: "/t.cfg" });
  expect(await simulation.start()).toEqual([]);
  const checks = new ParameterChecks();
  const write = (text: string): void => {
    if (text.includes('"id":"done"')) done();
    else answers.push(text);
  };
  connection = converse(() => ({ core: simulation.server.active.core, own: {}, checks }), {
    peer: "test",
    write,
    end: () => write("hung up"),
  });
});
afterEach(() => simulation.stop());

/** The answer to the text; undefined when there is none, which the answer to a second request tells. */
async function say(text: string): Promise<unknown> {
  answers = [];
  await new Promise<void>((resolve) => {
    done = resolve;
    connection.data(`${text}\n{"jsonrpc":"2.0","id":"done","method":"core.prints"}\n`);
  });
  return answers.length === 0 ? undefined : JSON.parse(answers.join(""));
}
const call = (method: string, params?: unknown, id: unknown = 1): Promise<unknown> =>
  say(JSON.stringify({ jsonrpc: "2.0", id, method, ...(params !== undefined && { params }) }));

/** Fills the table, as `$sht` would. */
async function fill(count: number): Promise<void> {
  const set = simulation.server.active.core.command("htable.seti")!;
  for (let i = 0; i < count; i++) await set.run(["big", `k${i}`, i]);
}
const result = (value: unknown, id: unknown = 1) => ({ jsonrpc: "2.0", result: value, id });
const error = (code: number, message: unknown, id: unknown = 1) => ({ jsonrpc: "2.0", error: { code, message }, id });

test.each([1, -7, 0, "text", "", null, 2 ** 40])("id %j comes back", async (id) => {
  expect(await call("core.prints", ["a"], id)).toEqual(result(["a"], id));
});

test("what is no request", async () => {
  const invalid = (id: unknown = null) => error(-32600, expect.any(String), id);
  expect(await say("{nothing}")).toEqual(error(-32700, "that is no JSON", null));
  expect(await say("5")).toEqual(invalid());
  expect(await say('{"jsonrpc":"1.0","id":3,"method":"core.pwd"}')).toEqual(invalid());
  expect(await say('{"jsonrpc":"2.0","id":3,"method":5}')).toEqual(invalid(3));
  expect(await say('{"jsonrpc":"2.0","id":3,"method":"core.pwd","params":"a"}')).toEqual(invalid(3));
  expect(await say('{"jsonrpc":"2.0","id":[3],"method":"core.pwd"}')).toEqual(invalid());
  expect(await say('{"jsonrpc":"2.0","id":true,"method":"core.pwd"}')).toEqual(invalid());
  expect(await call("no.such")).toEqual(error(-32601, "there is no command no.such"));
});

test("a notification is carried out and not answered", async () => {
  expect(await say('{"jsonrpc":"2.0","method":"cfg.seti","params":["shared","two",7]}')).toBeUndefined();
  expect(await say('{"jsonrpc":"2.0","method":"no.such"}')).toBeUndefined();
  expect(await call("cfg.get", ["shared", "two"])).toEqual(result(7));
});

test("batches", async () => {
  expect(await say("[]")).toEqual(error(-32600, "the batch is empty", null));
  expect(await say("[1,2]")).toEqual([
    error(-32600, expect.any(String), null),
    error(-32600, expect.any(String), null),
  ]);
  expect(await say('[{"jsonrpc":"2.0","method":"core.prints"}]')).toBeUndefined();
  expect(
    await say(
      '[{"jsonrpc":"2.0","id":1,"method":"core.prints","params":["a"]},\n{"jsonrpc":"2.0","method":"core.prints"},' +
        '{"jsonrpc":"2.0","id":"b","method":"no.such"}]',
    ),
  ).toEqual([result(["a"]), error(-32601, "there is no command no.such", "b")]);
});

test("parameters by position and by name", async () => {
  expect(await call("cfg.get", { name: "two", group: "shared" })).toEqual(result(2));
  expect(await call("cfg.seti", { group: "shared", name: "two", value: "8" })).toEqual(result({}));
  expect(await call("cfg.get", ["shared", "two"])).toEqual(result(8));
  expect(await call("core.printi", { rest: [1, "2"] })).toEqual(result([1, 2]));
  expect(await call("core.uptime", [])).toMatchObject({ result: { uptime: 0 } });
  expect(await call("core.uptime", {})).toMatchObject({ result: { uptime: 0 } });
  expect(await call("cfg.get", ["shared", null])).toEqual(result({ two: 8 }));
});

test("parameters that do not fit are refused with what is wrong", async () => {
  const wrong = (message: string) => error(-32602, message);
  expect(await call("cfg.seti", ["shared"])).toEqual(wrong("name is missing; value is missing"));
  expect(await call("cfg.seti", ["shared", "two", "x"])).toEqual(wrong("value must be an integer"));
  expect(await call("cfg.seti", ["shared", "two", 1.5])).toEqual(wrong("value must be an integer"));
  expect(await call("cfg.seti", ["shared", ["two"], 1])).toEqual(wrong("name must be a text or a number"));
  expect(await call("cfg.seti", ["shared", "two", 1, 2])).toEqual(wrong("at most 3 parameters, not 4"));
  expect(await call("cfg.get", { grp: "shared" })).toEqual(wrong("there is no parameter grp; there are group, name"));
  expect(await call("core.uptime", { now: 1 })).toEqual(wrong("there is no parameter now; there are none"));
  expect(await call("system.page", ["cfg.seti", 10, "", "shared"])).toEqual(wrong("name is missing; value is missing"));
});

test("each command has help and a schema that ajv takes", async () => {
  const { core } = simulation.server.active;
  const ajv = new Ajv({ strict: false, validateSchema: true });
  for (const name of core.commands()) {
    const { description, order, params } = (await core.command("system.schema")!.run([name])) as {
      description: string;
      order: { items: string[] };
      params: { properties: object };
    };
    expect(description.length).toBeGreaterThan(10);
    expect(Object.keys(params.properties).filter((it) => it !== "rest")).toEqual(order.items);
    expect(() => ajv.compile(params), name).not.toThrow();
  }
  expect(await call("system.schema", ["cfg.seti"])).toEqual(
    result({
      method: "cfg.seti",
      description: "Sets a parameter at once.",
      order: ["group", "name", "value"],
      rest: 0,
      params: {
        type: "object",
        properties: {
          group: { description: expect.any(String), type: ["string", "number", "boolean"] },
          name: { description: "Name of the parameter.", type: ["string", "number", "boolean"] },
          value: {
            description: "The new value.",
            type: ["integer", "boolean", "string"],
            pattern: "^\\s*[+-]?\\d+\\s*$",
          },
        },
        required: ["group", "name", "value"],
        additionalProperties: false,
      },
    }),
  );
});

interface Page {
  list: number;
  total: number;
  next: string;
  items: { slot: { name: string }[] }[];
}

test("a table of 10,000 items comes whole, and by pages as it was when the first was asked for", async () => {
  await fill(10_000);
  const whole = (await call("htable.dump", ["big"])) as { result: Page["items"] };
  const names = (items: Page["items"]): string[] => items.flatMap(({ slot }) => slot.map(({ name }) => name));
  expect(new Set(names(whole.result)).size).toBe(10_000);

  const paged: string[] = [];
  let cursor = "";
  do {
    const params = ["htable.dump", 100, cursor, ...(cursor ? [] : ["big"])];
    const { result: page } = (await call("system.page", params)) as { result: Page };
    expect(page).toMatchObject({ list: 1, total: 256 });
    if (cursor === "") await call("htable.flush", ["big"]);
    paged.push(...names(page.items));
    cursor = page.next;
  } while (cursor !== "");
  expect(paged).toEqual(names(whole.result));
});

test("pages: what is no list, what is not known, what nobody read for a minute", async () => {
  const page = (params: unknown[]) => call("system.page", params);
  expect(await page(["cfg.get", 10, "", "shared", "two"])).toEqual(result({ list: 0, total: 1, next: "", items: [2] }));
  expect(await page(["cfg.seti", 10, "", "shared", "two", 3])).toEqual(
    result({ list: 0, total: 0, next: "", items: [] }),
  );
  expect(await page(["core.prints"])).toEqual(result({ list: 1, total: 0, next: "", items: [] }));
  expect(await page(["no.such"])).toEqual(error(-32601, "there is no command no.such"));
  expect(await page(["core.prints", 0, "", "a"])).toEqual(error(400, "limit is a number from 1 to 10000"));
  const first = (await page(["core.prints", 2, "", "a", "b", "c"])) as { result: Page };
  expect(first.result).toMatchObject({ total: 3, items: ["a", "b"] });
  const gone = error(410, "the cursor is not known, or nobody read on for a minute");
  expect(await page(["core.printi", 2, first.result.next])).toEqual(gone);
  expect(await page(["core.prints", 2, "zz"])).toEqual(gone);
  await simulation.advance(59_000);
  expect(await page(["core.prints", 1, first.result.next])).toMatchObject({ result: { items: ["c"], next: "" } });
  expect(await page(["core.prints", 1, first.result.next])).toEqual(gone);
  const second = (await page(["core.prints", 2, "", "a", "b", "c"])) as { result: Page };
  await simulation.advance(61_000);
  expect(await page(["core.prints", 2, second.result.next])).toEqual(gone);
});

test("BINRPC carries an answer of any length", async () => {
  await fill(10_000);
  const { core } = simulation.server.active;
  const packet = encodeReply(9, await core.command("htable.dump")!.run(["big"]));
  // The length of the body takes three bytes in the head, the cookie one.
  expect(packet.slice(0, 2)).toBe("\xa1\x18");
  const length = (packet.charCodeAt(2) << 16) | (packet.charCodeAt(3) << 8) | packet.charCodeAt(4);
  expect(packet.length).toBe(6 + length);
  expect(packet.match(/name\0.k\d+\0/gs)).toHaveLength(10_000);
});
