/** Which requests a trace takes up. */
import { inNet, parseNet } from "../../declare/semantics-operands.ts";
import type { TraceFilter } from "../../declare/trace.ts";
import type { SipMessage } from "../../sip/message.ts";

export type Matches = (request: SipMessage) => boolean;

/** The filter as a function; a string says what is wrong with it. */
export function traceFilter({ from, to, ruri, method, callid, source, limit, count }: TraceFilter): Matches | string {
  if (limit !== undefined && !(limit > 0)) return "limit is a number of calls a second, more than 0";
  if (count !== undefined && !(count > 0)) return "count is a number of calls, more than 0";
  const tests: Matches[] = [];
  if (callid !== undefined) tests.push((it) => it.callId === callid);
  if (method !== undefined) {
    const wanted = method.toUpperCase();
    tests.push((it) => it.method === wanted);
  }
  if (source !== undefined) {
    const test = sourceTest(source);
    if (!test) return `\`${source}\` is no address, address:port or network`;
    tests.push(test);
  }
  if (from !== undefined) tests.push(within(from, (it) => it.from?.uri));
  if (to !== undefined) tests.push(within(to, (it) => it.to?.uri));
  if (ruri !== undefined) tests.push(within(ruri, (it) => it.requestUri));
  return (request) => tests.every((it) => it(request));
}

function within(text: string, of: (request: SipMessage) => string | undefined): Matches {
  const wanted = text.toLowerCase();
  return (request) => of(request)?.toLowerCase().includes(wanted) ?? false;
}

function sourceTest(source: string): Matches | undefined {
  const net = parseNet(bare(source));
  if (net) return (it) => inNet(it.received.srcIp, net);
  const colon = source.lastIndexOf(":");
  const port = Number(source.slice(colon + 1));
  const address = parseNet(bare(source.slice(0, Math.max(0, colon))));
  if (!address || !Number.isInteger(port) || port < 1) return undefined;
  return (it) => it.received.srcPort === port && inNet(it.received.srcIp, address);
}

const bare = (address: string): string => address.replace(/^\[(.*)\]$/, "$1");
