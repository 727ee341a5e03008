/** A server on real sockets of the loopback, for what only those have: TLS, half-open peers. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished, vi } from "vitest";
import { coreCommands } from "../../../src/control/core-commands.ts";
import { modules } from "../../../src/modules/index.ts";
import { createHost } from "../../../src/node/host.ts";
import { createSockets } from "../../../src/node/sockets.ts";
import { Server } from "../../../src/run/server.ts";

// Real handshakes on a busy machine.
vi.setConfig({ testTimeout: 30_000 });

/** Path of a certificate of the tests, or with `.key` of its key. */
export const pem = (name: string): string =>
  fileURLToPath(new URL(`../../transport/certificates/${name}.pem`, import.meta.url));

export interface Rig {
  /** Why the script was refused; empty when it serves. */
  readonly problems: readonly string[];
  /** Lines of the script's log that begin with `> `, without it. */
  log(): readonly string[];
  /** Every line of the log. */
  readonly lines: readonly string[];
  /** Resolves when the log has that many lines of the script. */
  logged(count: number): Promise<readonly string[]>;
  command(name: string, ...args: (string | number)[]): unknown;
  write(file: string, text: string): void;
  readonly folder: string;
  readonly server: Server;
}

/** Starts a server, which stops with the test. `files` lie beside the script. */
export async function start(script: string, files: Readonly<Record<string, string>> = {}): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), "viaduct-"));
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text, "latin1");
  for (const [name, text] of Object.entries(files)) write(name, text);
  write("t.cfg", script);
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const server = new Server({
    host: createHost(),
    net: createSockets(),
    modules,
    builtin: [coreCommands],
    sink: {
      line(_, text) {
        lines.push(text);
        for (const wake of waiting) wake();
      },
    },
  });
  onTestFinished(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });
  const { generation, problems } = await server.load(join(folder, "t.cfg"));
  if (generation) await server.start(generation);
  const log = (): string[] => lines.filter((it) => it.startsWith("> ")).map((it) => it.slice(2).trimEnd());
  return {
    problems: problems.filter((it) => it.severity === "error").map((it) => it.message),
    log,
    lines,
    logged: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (log().length < count) return;
          waiting.delete(look);
          resolve(log());
        };
        waiting.add(look);
        look();
      }),
    command: (name, ...args) => server.active.core.command(name)!.run(args),
    write,
    folder,
    server,
  };
}

/** An OPTIONS request with a line of its own for each of the fields. */
export const request = (user: string, via: string, fields: readonly string[] = [], body = ""): string =>
  [
    `OPTIONS sip:${user}@viaduct.test SIP/2.0`,
    `Via: SIP/2.0/${via};branch=z9hG4bK${user}`,
    "Max-Forwards: 70",
    "From: <sip:a@example.org>;tag=a",
    "To: <sip:b@example.org>",
    `Call-ID: ${user}`,
    "CSeq: 1 OPTIONS",
    ...fields,
    `Content-Length: ${body.length}`,
    "",
    body,
  ].join("\r\n");
