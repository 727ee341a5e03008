/**
 * `npm run system:api-routing`: configs/api-routing.cfg with its HTTP service on real sockets, called by SIPp.
 *
 * Calls go through destinations of which one refuses, one is silent and one takes the call; callers give up in each
 * phase; the service is dead, slow and wrong. Prints what happened; exits 1 when the caller got something else than
 * expected, or a destination did.
 */
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { answer } from "../../configs/api-routing.service.mjs";
import { later, Processes } from "./processes.ts";
import { type Course, scenario } from "./scenarios.ts";
import { answers, type Behaviour, Destination, field, firstLine } from "./sip.ts";

const SCRIPT = fileURLToPath(new URL("../../configs/api-routing.cfg", import.meta.url));
const SECONDS = 120;
/** Milliseconds that the script gives the service. */
const PATIENCE = 700;

const processes = new Processes(SECONDS);
const base = 21_000 + (process.pid % 2000) * 8;
const ports = { proxy: base, caller: base + 1, refuse: base + 2, silent: base + 3, take: base + 4, ring: base + 5 };

const destinations = Object.fromEntries(
  (["refuse", "silent", "take", "ring"] as const).map((it) => [it, new Destination(ports[it], it)]),
) as Record<Behaviour, Destination>;
await Promise.all(Object.values(destinations).map((it) => it.open()));

const at = (who: Behaviour, more: object = {}): object => ({
  uri: `sip:${who}@127.0.0.1:${ports[who]}`,
  dst_uri: `sip:127.0.0.1:${ports[who]}`,
  fr_timer: 1000,
  fr_inv_timer: 8000,
  ...more,
});
const dressed = {
  headers: {
    from: { display: "Gateway Caller", uri: "sip:+4930123@carrier.example" },
    to: { display: "Gateway Callee", uri: "sip:+4989456@carrier.example" },
    extra: "X-Tenant: 7\r\nX-Trunk: three\r\n",
  },
};
const serial = (...routes: object[]): object => ({ version: "1.0", routing: "serial", routes });
const routes: Record<string, object> = {
  bob: serial(
    at("refuse", { headers: { from: { display: "One", uri: "sip:one@carrier.example" } } }),
    at("silent"),
    at("take", dressed),
  ),
  together: { version: "1.0", routing: "parallel", routes: [at("refuse"), at("silent"), at("take")] },
  nobody: serial(at("refuse"), at("silent")),
  quiet: serial(at("silent", { fr_timer: 3000 }), at("take")),
  bell: serial(at("refuse"), at("ring"), at("take")),
  empty: serial(),
  sideways: { version: "1.0", routing: "sideways", routes: [at("take")] },
  typo: { version: "1.0", routing: "serial", routes: { uri: "sip:bob@127.0.0.1" } },
};

/** The service of configs/, with the ways to fail that some callees stand for. */
const http: Server = createServer(async (request, response) => {
  let question = "";
  for await (const chunk of request) question += chunk;
  const user = /^sip:([^@]+)@/.exec(JSON.parse(question).request_uri)?.[1];
  if (user === "slow" || user === "thinking") await later(user === "slow" ? 3 * PATIENCE : PATIENCE - 200);
  if (user === "html") return response.end("<html>come in</html>");
  if (user === "broken") return response.writeHead(500).end("{}");
  const { status, body } = answer({ ...routes, thinking: routes.quiet!, slow: routes.quiet! }, question);
  return response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
});
await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/routes`;

const viaduct = await processes.viaduct(
  [
    "-f",
    SCRIPT,
    "-DD",
    "-E",
    "-A",
    `LISTEN=udp:127.0.0.1:${ports.proxy}`,
    "-A",
    `ROUTING_SERVICE="${url}"`,
    "-A",
    `PATIENCE=${PATIENCE}`,
  ],
  () => answers(ports.proxy),
);

/** What a destination must have got: methods in order, copies left out, and texts that its INVITE has or has not. */
interface Got {
  readonly methods: string;
  readonly has?: readonly string[];
  readonly lacks?: readonly string[];
}
let calls = 0;
let differences = 0;

async function call(
  title: string,
  user: string,
  course: Course,
  expected: Partial<Record<Behaviour, Got>>,
): Promise<void> {
  for (const it of Object.values(destinations)) it.take();
  const file = join(processes.folder, `call-${++calls}.xml`);
  writeFileSync(file, scenario(course));
  const started = performance.now();
  const { ended } = processes.start(
    "sipp",
    [
      "-sf",
      file,
      `127.0.0.1:${ports.proxy}`,
      "-i",
      "127.0.0.1",
      "-p",
      String(ports.caller),
      "-s",
      user,
      "-m",
      "1",
      "-nostdin",
      "-timeout",
      "12",
      "-recv_timeout",
      "9000",
      "-trace_err",
      "-error_file",
      `call-${calls}.err`,
    ],
    `call-${calls}.log`,
  );
  const code = await ended;
  const ms = Math.round(performance.now() - started);
  await later(150);
  const wrong: string[] = [];
  if (code !== 0) {
    let why = "";
    try {
      why = processes.log(`call-${calls}.err`);
    } catch {
      why = processes.log(`call-${calls}.log`).slice(-800);
    }
    wrong.push(`the caller did not get ${course.status} as expected (SIPp ended with ${code})\n${why}`);
  }
  for (const [name, destination] of Object.entries(destinations)) {
    const received = destination.take();
    const methods: string[] = [];
    for (const text of received) {
      const method = text.slice(0, text.indexOf(" "));
      if (!methods.includes(method)) methods.push(method);
    }
    const want = expected[name as Behaviour] ?? { methods: "" };
    if (methods.join(" ") !== want.methods)
      wrong.push(
        `${name} got "${methods.join(" ")}" instead of "${want.methods}": ${received.map(firstLine).join("; ")}`,
      );
    const invite = received.find((it) => it.startsWith("INVITE ")) ?? "";
    const fields = `${field(invite, "From")}\n${field(invite, "To")}\n${invite
      .split("\r\n")
      .filter((it) => it.startsWith("X-"))
      .join("\n")}`;
    for (const text of want.has ?? [])
      if (!fields.includes(text)) wrong.push(`the INVITE to ${name} lacks ${text}:\n${fields}`);
    for (const text of want.lacks ?? []) if (fields.includes(text)) wrong.push(`the INVITE to ${name} has ${text}`);
  }
  console.log(`${wrong.length === 0 ? "ok  " : "FAIL"} ${title}: ${course.status} after ${ms} ms`);
  for (const it of wrong) console.log(`     ${it}`);
  if (wrong.length > 0) differences++;
}

const failed = { methods: "INVITE ACK" };
const silent = { methods: "INVITE" };

await call(
  "503, then silence, then taken",
  "bob",
  { status: 200, rings: true },
  {
    refuse: { ...failed, has: ["sip:one@carrier.example"], lacks: ["X-Tenant"] },
    silent: { ...silent, has: ["sip:caller@127.0.0.1"], lacks: ["carrier.example", "X-Tenant"] },
    take: {
      methods: "INVITE ACK BYE",
      has: [
        "Gateway Caller",
        "sip:+4930123@carrier.example",
        "Gateway Callee",
        "sip:+4989456@carrier.example",
        "X-Tenant: 7",
        "X-Trunk: three",
      ],
      lacks: ["sip:one@carrier.example"],
    },
  },
);
await call(
  "all at once, one takes it",
  "together",
  { status: 200, rings: true },
  {
    refuse: failed,
    silent,
    take: { methods: "INVITE ACK BYE" },
  },
);
await call("nobody takes it", "nobody", { status: 408 }, { refuse: failed, silent });
await call("CANCEL while the service thinks", "thinking", { status: 487, cancelAfter: 200 }, {});
await call("CANCEL while a destination is silent", "quiet", { status: 487, cancelAfter: 400 }, { silent });
await call(
  "CANCEL while a destination rings",
  "bell",
  { status: 487, rings: true, cancelAfter: 300 },
  {
    refuse: failed,
    ring: { methods: "INVITE CANCEL ACK" },
  },
);
await call("the service knows nobody of that name", "stranger", { status: 404 }, {});
await call("the service is slow", "slow", { status: 504 }, {});
await call("the service answers with a page", "html", { status: 502 }, {});
await call("the service has failed", "broken", { status: 502 }, {});
await call("a document without routes", "empty", { status: 502 }, {});
await call("a document with an unknown kind of routing", "sideways", { status: 502 }, {});
await call("a document whose routes are no list", "typo", { status: 502 }, {});
http.closeAllConnections();
await new Promise<void>((resolve) => http.close(() => resolve()));
await call("the service is dead", "bob", { status: 503 }, {});

const log = processes.log("viaduct.log");
for (const place of [
  "/routes must NOT have fewer than 1 items",
  "/routing must be equal to one of",
  "/routes must be array",
])
  if (!log.includes(place)) {
    console.log(`FAIL the log does not say ${place}`);
    differences++;
  }
if (!(await answers(ports.proxy))) {
  console.log("FAIL the server does not answer any more");
  differences++;
}
await processes.stop(viaduct);
for (const it of Object.values(destinations)) it.close();
console.log(`${calls} calls, ${differences} differences`);
process.exit(differences === 0 ? 0 : 1);
