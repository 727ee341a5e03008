/** The HTTP endpoint that Prometheus reads: `GET /metrics`, and nothing else. */
import { createServer } from "node:http";
import { reasonOf } from "../system-error.ts";
import { metricsAddress } from "./address.ts";
import type { Metrics } from "./index.ts";

/** Rejects, in the user's words, when the address cannot be used. */
export async function serveMetrics(metrics: Metrics, address: string): Promise<{ port: number; close(): void }> {
  const { host, port } = metricsAddress(address)!;
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 10_000 }, (request, response) => {
    const path = request.url?.split("?")[0];
    if (path !== "/metrics") return void response.writeHead(404).end("Only /metrics is here.\n");
    if (request.method !== "GET" && request.method !== "HEAD")
      return void response.writeHead(405, { allow: "GET, HEAD" }).end();
    metrics.text().then(
      (text) =>
        response
          .writeHead(200, { "content-type": metrics.contentType })
          .end(request.method === "GET" ? text : undefined),
      (error: Error) => response.writeHead(500).end(`${error.message}\n`),
    );
  });
  await new Promise<void>((done, failed) => {
    server.once("error", (error) => failed(new Error(`cannot serve metrics on ${address}: ${reasonOf(error)}`)));
    server.listen({ host, port, exclusive: true }, done);
  });
  // Accepting failed, for lack of descriptors say: the next scrape may have more luck.
  server.on("error", () => {});
  const bound = server.address();
  return {
    port: typeof bound === "object" && bound ? bound.port : port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
