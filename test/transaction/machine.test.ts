import { describe, expect, test } from "vitest";
import { REPLY_RULES, replyRule } from "../../src/transaction/machine.ts";
import { branchName, parseBranch, slotOf } from "../../src/transaction/names.ts";

describe("the client transaction's table", () => {
  test("has one row for each method and class of reply, and names its source", () => {
    const keys = REPLY_RULES.map((rule) => `${rule.invite} ${rule.reply}`);
    expect(new Set(keys).size).toBe(6);
    expect(REPLY_RULES.every((rule) => /^RFC \d+ \d/.test(rule.source))).toBe(true);
  });

  test.each([
    [true, 180, "stop-copies", false],
    [true, 200, "stop-all", false],
    [true, 486, "stop-all", true],
    [false, 100, "slow-copies", false],
    [false, 404, "stop-all", false],
  ])("INVITE %s, %d: %s", (invite, status, timers, ack) => {
    expect(replyRule(invite, status)).toMatchObject({ timers, ack });
  });
});

describe("Via branches", () => {
  test("come apart as they were put together", () => {
    const slot = slotOf("call@host", "17");
    const key = { high: 0x01234567, low: 0x89abcdef | 0 };
    expect(branchName(slot, key, 11)).toMatch(/\.0123456789abcdef\.b$/);
    expect(parseBranch(branchName(slot, key, 11))).toEqual({ slot, ...key, branch: 11 });
  });

  test.each(["", "z9hG4bK", "z9hG4bKabc", "z9hG4bK1.0123.0", "hello.0123456789abcdef.0", "z9hG4bKx.0123456789abcdef."])(
    "%j is none of ours",
    (text) => expect(parseBranch(text)).toBeUndefined(),
  );
});
