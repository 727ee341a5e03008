/** The addresses that scripts look connections up by. */
import { parseUri } from "../../sip/uri.ts";

/** `host[:port]` or a SIP URI; undefined when it is neither. Port 5060 when there is none. */
export function addressOf(text: string): { readonly host: string; readonly port: number } | undefined {
  if (/^sips?:/i.test(text)) {
    const uri = parseUri(text);
    return uri ? { host: uri.host, port: uri.portNo || 5060 } : undefined;
  }
  const [, host, port] = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(text) ?? [];
  return host === undefined ? undefined : { host, port: port === undefined ? 5060 : Number(port) };
}
