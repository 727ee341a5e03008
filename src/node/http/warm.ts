/**
 * The first exchange of a process costs twenty milliseconds more than the next: a parser is compiled, much code runs
 * for the first time. This one is made at the start, with a peer of our own on loopback, so that no call waits for it.
 */
import { createServer } from "node:net";
import { createHttp } from "./index.ts";

const answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
/** Milliseconds that the start is held up at most. */
const most = 500;

export async function warmHttp(): Promise<void> {
  const peer = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("data", () => socket.write(answer));
  });
  const port = await new Promise<number | undefined>((resolve) => {
    peer.on("error", () => resolve(undefined));
    peer.listen(0, "127.0.0.1", () => {
      const address = peer.address();
      resolve(typeof address === "object" && address ? address.port : undefined);
    });
  });
  if (port === undefined) return;
  const client = createHttp();
  const url = `http://127.0.0.1:${port}/`;
  const request = { url, headers: [], timeout: most / 4 };
  await client.request({ ...request, method: "GET" });
  await client.request({ ...request, method: "POST", body: "{}" });
  // The other way of carrying an exchange, which has the parser to compile.
  await client.request({ ...request, method: "GET", version: "2" });
  client.close();
  // Nobody listens any more: failing is the other thing that must not take long the first time.
  peer.close();
  await client.request({ ...request, method: "GET" });
  client.close();
}
