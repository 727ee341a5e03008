/** The HTTP service of a ladder: holds the script's requests until a step answers them. */
import type { HttpRequest } from "../../declare/host.ts";
import type { ServiceAnswer, SimulatedHttp } from "../http.ts";
import type { Row } from "./failure.ts";
import type { HttpGiven, HttpSent } from "./ladder.ts";
import { requestRows } from "./rows.ts";
import type { Values } from "./values.ts";

interface Open {
  readonly request: HttpRequest;
  answer(it: ServiceAnswer): void;
}

export class Exchanges {
  /** Requests that no step has expected yet. */
  readonly #came: Open[] = [];
  /** Expected ones that wait for their answer. */
  readonly #open: Open[] = [];

  constructor(http: SimulatedHttp) {
    http.anyService = (request) =>
      new Promise<ServiceAnswer>((answer) => {
        this.#came.push({ request, answer });
      });
  }

  /** The oldest request that no step has expected. */
  get unexpected(): HttpRequest | undefined {
    return this.#came[0]?.request;
  }

  /** Takes the oldest request, which the script must have made. Rows that compare them; none when there is no request. */
  expect(step: HttpSent, values: Values): { readonly request: HttpRequest; readonly rows: readonly Row[] } | undefined {
    const open = this.#came.shift();
    if (!open) return undefined;
    this.#open.push(open);
    const { request } = open;
    const wanted = { ...values.fillIn(step), url: values.fill(step.url) };
    return { request, rows: requestRows(wanted, request, values.capture) };
  }

  /** Answers the oldest open request, or the oldest to that URL. What is wrong when there is none. */
  answer(step: HttpGiven, values: Values): string | undefined {
    const { url, status, text, details, body } = step;
    const wanted = url === undefined ? undefined : values.fill(url);
    const at = wanted === undefined ? 0 : this.#open.findIndex(({ request }) => request.url === wanted);
    const [open] = at < 0 ? [] : this.#open.splice(at, 1);
    if (!open) return `there is no HTTP request${wanted === undefined ? "" : ` to ${wanted}`} to answer`;
    if (status === "refused") open.answer({ refuse: true });
    else if (status === "reset") open.answer({ reset: true });
    else if (status === "hang") open.answer({ hang: true });
    else {
      const lines = text === "" && body.length > 0 ? body.join("\n") : [text, ...body].join("\n");
      const headers = details.map((it): [string, string] => [it.name, values.fill(it.value)]);
      open.answer({ status, reason: "", body: values.fill(lines), headers });
    }
    return undefined;
  }
}
