/** What was expected beside what came, line by line. */
import type { HttpRequest } from "../../declare/host.ts";
import {
  bodyDiffers,
  type Capture,
  cameOf,
  cameText,
  type Fields,
  fieldDiffers,
  httpBodyDiffers,
  httpFields,
  sipFields,
  startFits,
  startOf,
  textFits,
} from "./compare.ts";
import type { Row } from "./failure.ts";
import type { Arrow, Detail, HttpSent } from "./ladder.ts";
import type { Arrived } from "./peer.ts";

/** The first row is that of the first line. */
export function messageRows(arrow: Arrow, { to, msg }: Arrived, capture: Capture): Row[] {
  const { port } = arrow;
  const { srcPort } = msg.received;
  const shown = (name: string, text: string, from: number | undefined): string =>
    `${from === undefined ? "" : `proxy:${from} -> `}${name}  ${text}`;
  const rows: Row[] = [
    {
      expected: shown(arrow.to, arrow.start, port),
      came: shown(to, startOf(msg), port && srcPort),
      same: to === arrow.to && startFits(arrow, msg, capture) && (port === undefined || port === srcPort),
    },
    ...fieldRows(arrow.details, sipFields(msg), capture),
  ];
  if (bodyDiffers(msg, arrow)) rows.push(...bodyRows(arrow.body, msg.body.split("\r\n")));
  return rows;
}

/** The first row is that of method and URL. */
export function requestRows({ method, url, details, body }: HttpSent, request: HttpRequest, capture: Capture): Row[] {
  const same = method === request.method && textFits(url, request.url, capture);
  const rows: Row[] = [
    { expected: `${method} ${url}`, came: `${request.method} ${request.url}`, same },
    ...fieldRows(details, httpFields(request), capture),
  ];
  if (httpBodyDiffers(request, body)) rows.push(...bodyRows(body, (request.body ?? "").split(/\r?\n/)));
  return rows;
}

const fieldRows = (details: readonly Detail[], fields: Fields, capture: Capture): Row[] =>
  details.map((it) => {
    const wrong = fieldDiffers(fields, it, capture);
    const came = `${it.name}: ${wrong ?? cameText(cameOf(fields, it.name))}`;
    return { expected: `${it.name}: ${it.value}`, came, same: wrong === undefined, line: it.line };
  });

function bodyRows(expected: readonly string[], came: string[]): Row[] {
  if (came.at(-1) === "") came.pop();
  const shown = (line: string | undefined): string => (line === undefined ? "" : `| ${line}`);
  return Array.from({ length: Math.max(expected.length, came.length) }, (_, i) => ({
    expected: shown(expected[i]),
    came: shown(came[i]),
    same: expected[i] === came[i],
  }));
}
