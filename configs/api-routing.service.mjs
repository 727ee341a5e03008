#!/usr/bin/env node
/**
 * A routing service for api-routing.cfg. It reads destinations by called user from a JSON file and answers each
 * question with them; somebody who is not in the file is not found.
 *
 *     node api-routing.service.mjs routes.json [port]
 *
 *     { "bob": { "version": "1.0", "routing": "serial", "routes": [{ "uri": "sip:bob@10.0.0.7" }] } }
 */
import { readFileSync, realpathSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

/** Longest question that is read, in bytes. */
const LONGEST = 65_536;

/** The answer to a question: HTTP status, and what becomes the body. */
export function answer(routes, question) {
  let asked;
  try {
    asked = JSON.parse(question);
  } catch {
    return { status: 400, body: { error: "the question is not JSON" } };
  }
  const user = /^sips?:([^@;]+)@/.exec(asked?.request_uri ?? "")?.[1];
  if (user === undefined) return { status: 400, body: { error: "request_uri names no user" } };
  if (!Object.hasOwn(routes, user)) return { status: 200, body: { rtjson: { success: false } } };
  return { status: 200, body: { rtjson: { success: true, ...routes[user] } } };
}

/** An HTTP server that answers questions; it listens nowhere yet. */
export function service(routes) {
  return createServer(async (request, response) => {
    let question = "";
    for await (const chunk of request) {
      question += chunk;
      if (question.length > LONGEST) return response.writeHead(413).end();
    }
    const { status, body } =
      request.method === "POST" ? answer(routes, question) : { status: 405, body: { error: "ask with POST" } };
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [file, port = "8008"] = process.argv.slice(2);
  if (file === undefined) {
    console.error("usage: node api-routing.service.mjs routes.json [port]");
    process.exit(2);
  }
  service(JSON.parse(readFileSync(file, "utf8"))).listen(Number(port), "127.0.0.1", () =>
    console.log(`http://127.0.0.1:${port}/`),
  );
}
