/**
 * `npm start`: runs configs/http-async.cfg beside the HTTP service that it asks, which takes a second for each answer,
 * and says what to try.
 */
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { defaults } from "./cli/flags.ts";
import { serve } from "./cli/serve.ts";

/** Milliseconds that the service thinks. */
const thinking = 1000;

const sip = { host: "127.0.0.1", port: 5060 };
/** Where configs/http-async.cfg puts the control socket. */
const control = "tcp:127.0.0.1:2046";

const startService = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const service = createServer((_, response) => {
      setTimeout(() => response.end("thought about it\n"), thinking);
    });
    service.on("error", reject);
    service.listen(0, sip.host, () => {
      const address = service.address();
      resolve(address && typeof address === "object" ? address.port : 0);
    });
  });

const guide = (url: string): string => `Viaduct is ready.

SIP:      udp:${sip.host}:${sip.port}, script configs/http-async.cfg
Service:  ${url}, answers after ${thinking / 1000} s

Send a call from another terminal; 404 comes when the service has spoken:

  bin/viaduct send sip:somebody@${sip.host}:${sip.port} --method INVITE

Send several at once: the script has two workers, and all calls are answered after one second, because each run is
suspended while it waits. Let the workers wait instead, and they answer two calls a second; then let them go again:

  kamcmd -s ${control} pv.shvSet http_async int 0
  kamcmd -s ${control} pv.shvSet http_async int 1

Ctrl-C ends it.
`;

const port = await startService();
const url = `http://${sip.host}:${port}/`;
const started = await serve({
  ...defaults(),
  file: fileURLToPath(new URL("../../configs/http-async.cfg", import.meta.url)),
  foreground: 1,
  stderr: true,
  defines: [
    ["LISTEN", `udp:${sip.host}:${sip.port}`],
    ["SERVICE", `"${url}"`],
  ],
});
if (!started) process.exit(255);
process.stdout.write(guide(url));
