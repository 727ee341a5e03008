/** HTTP services that a test scripts: no network, virtual time. */
import type { Http, HttpReply, HttpRequest, HttpTimes } from "../declare/host.ts";
import { type Answer, after } from "../declare/value.ts";
import type { Clock } from "../transaction/clock.ts";

/** What a scripted service does with a request: an answer after a delay, or one of the ways to fail. */
export type ServiceAnswer =
  | {
      /** Milliseconds of virtual time until the answer. */
      readonly delay?: number;
      readonly status: number;
      /** The status's usual phrase when not given. */
      readonly reason?: string;
      readonly headers?: readonly (readonly [string, string])[];
      readonly body?: string;
    }
  | { readonly hang: true }
  | { readonly refuse: true }
  | { readonly reset: true; readonly delay?: number };

/** The answer may come later: a ladder writes it down as a step of its own. */
export type Service = (request: HttpRequest) => Answer<ServiceAnswer>;

export class SimulatedHttp implements Http {
  readonly #clock: Clock;
  /** By `host:port`; the port of a URL without one is that of its scheme. */
  readonly services = new Map<string, Service>();
  /** Serves every address that has no service of its own. */
  anyService: Service | undefined;
  /** Exchanges that have not ended. */
  inFlight = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  request(request: HttpRequest, signal?: AbortSignal): Promise<HttpReply> {
    const started = this.#clock.now();
    const times = (): HttpTimes => {
      const total = this.#clock.now() - started;
      return { lookup: 0, connect: 0, appConnect: 0, preTransfer: 0, startTransfer: total, total };
    };
    this.inFlight++;
    return new Promise((resolve) => {
      let open = true;
      const end = (reply: HttpReply): void => {
        if (!open) return;
        open = false;
        this.inFlight--;
        timeout.cancel();
        resolve(reply);
      };
      const fail = (error: Extract<HttpReply, { ok: false }>["error"], message: string): void =>
        end({ ok: false, error, message, times: times() });
      const timeout = this.#clock.after(request.timeout, () => fail("timeout", "Timeout was reached"));
      signal?.addEventListener("abort", () => fail("aborted", "aborted"));
      const later = (delay: number, then: () => void): void => {
        this.#clock.after(delay, then);
      };

      const address = authority(request.url);
      if (address === undefined) return later(0, () => fail("url", "URL using bad/illegal format or missing URL"));
      const service = this.services.get(address) ?? this.anyService;
      if (!service && !/^[\d.]+:|^\[/.test(address))
        return later(0, () => fail("resolve", "Could not resolve host name"));
      if (!service) return later(0, () => fail("refused", "Couldn't connect to server"));
      after(service(request), (answer) => {
        if ("hang" in answer) return;
        if ("refuse" in answer) return later(0, () => fail("refused", "Couldn't connect to server"));
        if ("reset" in answer)
          return later(answer.delay ?? 0, () => fail("reset", "Failure when receiving data from the peer"));
        later(answer.delay ?? 0, () => {
          const { status, reason = phrases[status] ?? "Unknown", headers = [] } = answer;
          // RFC 9110 15.3.5, 15.4.5: these have no content.
          let body = status === 204 || status === 304 ? "" : (answer.body ?? "");
          if (request.maxBody !== undefined && body.length > request.maxBody) {
            if (!request.truncate) return fail("too-large", "Failed writing received data to disk/application");
            body = body.slice(0, request.maxBody);
          }
          end({ ok: true, status, reason, headers, body, times: times() });
        });
      });
    });
  }
}

/** Host and port of a URL; a scheme that is missing is http, as libcurl has it. */
function authority(url: string): string | undefined {
  const parts = /^(?:(https?):\/\/)?(?:[^@/\s]*@)?(\[[^\]\s]+\]|[^:/?#\s]+)(?::(\d+))?(?=[/?#]|$)\S*$/i.exec(url);
  if (!parts) return undefined;
  return `${parts[2]!.toLowerCase()}:${parts[3] ?? (parts[1]?.toLowerCase() === "https" ? "443" : "80")}`;
}

/** Reason phrases as servers write them (RFC 9110, 15). */
const phrases: Readonly<Record<number, string>> = {
  200: "OK",
  201: "Created",
  202: "Accepted",
  204: "No Content",
  206: "Partial Content",
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  304: "Not Modified",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  413: "Payload Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Entity",
  429: "Too Many Requests",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};
