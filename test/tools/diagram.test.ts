/** Ladder diagrams as they stand in a terminal. */
import { expect, test } from "vitest";
import { type DiagramMessage, diagram } from "../../src/tools/diagram.ts";

const call: readonly DiagramMessage[] = [
  { at: 1000, from: "10.0.0.2:5060", to: "10.0.0.1:5060", start: "INVITE sip:bob@proxy SIP/2.0" },
  { at: 1000, from: "10.0.0.1:5060", to: "10.0.0.2:5060", start: "SIP/2.0 100 trying -- your call is important to us" },
  { at: 1000, from: "10.0.0.1:5060", to: "10.0.0.3:5060", start: "INVITE sip:bob@gw SIP/2.0" },
  { at: 1500, from: "10.0.0.1:5060", to: "10.0.0.3:5060", start: "INVITE sip:bob@gw SIP/2.0", note: "again" },
  { at: 1503, from: "10.0.0.3:5060", to: "10.0.0.1:5060", start: "SIP/2.0 486 Busy Here" },
  { at: 1503, from: "10.0.0.1:5060", to: "10.0.0.3:5060", start: "ACK sip:bob@gw SIP/2.0" },
  { at: 1503, from: "10.0.0.1:5060", to: "10.0.0.2:5060", start: "SIP/2.0 486 Busy Here" },
];
const names = new Map([
  ["10.0.0.1:5060", "proxy"],
  ["10.0.0.2:5060", "alice"],
  ["10.0.0.3:5060", "gw"],
]);

test("a call, with times where they change", () => {
  expect(`\n${diagram(call, { names, width: 70 })}`).toBe(`
           alice                      proxy                       gw
             │                          │                          │
   0.000     │───────── INVITE ────────>│                          │
             │<─ 100 trying -- your c… ─│                          │
             │                          │───────── INVITE ────────>│
   0.500     │                          │───────── INVITE ────────>│  again
   0.503     │                          │<───── 486 Busy Here ─────│
             │                          │────────── ACK ──────────>│
             │<───── 486 Busy Here ─────│                          │
`);
});

test("an arrow may pass a place, and a message may go to where it came from", () => {
  const messages = [
    { at: 0, from: "b", to: "b", start: "reload" },
    { at: 7, from: "a", to: "c", start: "BYE sip:x SIP/2.0" },
  ];
  expect(`\n${diagram(messages, { order: ["a", "b", "c"], ascii: true })}`).toBe(`
           a             b             c
           |             |             |
   0.000   |             | <- reload   |
   0.007   |----------- BYE ---------->|
`);
});

test("colours follow the class of replies; nothing is drawn of nothing", () => {
  const lines = diagram(call, { color: true }).split("\n");
  expect(lines[2]).toMatch(/^\u001b\[1m.*\u001b\[0m$/);
  expect(lines[3]).toContain("\u001b[33m");
  expect(lines[6]).toContain("\u001b[31m");
  expect(diagram([])).toBe("");
});

test("no row is wider than the terminal as long as the columns have room", () => {
  for (const width of [60, 80, 132])
    for (const line of diagram(call.slice(0, 3), { width }).split("\n")) expect(line.length).toBeLessThanOrEqual(width);
});
