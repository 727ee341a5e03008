/** The old text protocol of ctl's parameter `fifo`. */
import { expect, test } from "vitest";
import { RpcStruct } from "../../src/declare/module.ts";
import { textFault, textReply, textRequests } from "../../src/modules/ctl/text.ts";

test("requests are cut at empty lines", () => {
  expect(textRequests(":core.echo:reply\na\\nb\n5\n\n:core.ps:\n\n\r\nnonsense\n\n:half:")).toEqual({
    requests: [
      { method: "core.echo", replyTo: "reply", args: ["a\nb", "5"] },
      { method: "core.ps", replyTo: "", args: [] },
      undefined,
    ],
    rest: ":half:",
  });
});

test("answers", () => {
  expect(textReply(undefined)).toBe("200 OK\n");
  expect(textReply("a\tb:c")).toBe("200 OK\na\\tb:c\n");
  expect(textReply([1, 2.5, "x"])).toBe("200 OK\n1\n2.500000\nx\n");
  expect(textReply({ "a,b": "c:d", n: 1, inner: { x: "y" } })).toBe("200 OK\na\\cb:c\\od,n:1,inner:x:y\n");
  expect(
    textReply(
      new RpcStruct([
        ["a", 1],
        ["a", [{ b: 2 }, { b: 3 }]],
      ]),
    ),
  ).toBe("200 OK\na:1,a:b:2,b:3\n");
  expect(textFault(404, "Not here")).toBe("404 Not here\n");
});
