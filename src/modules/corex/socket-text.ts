/** Addresses as text, `[protocol:]host[:port]`, and the transformations `{sock.…}`. */
import type { Config } from "../../declare/core.ts";
import type { TransformationClass } from "../../declare/module.ts";
import { toText } from "../../declare/variables-values.ts";
import type { Protocol } from "../../sip/address.ts";

export interface SocketText {
  readonly protocol: Protocol | undefined;
  /** As written. */
  readonly protocolText: string;
  /** IPv6 addresses in brackets. */
  readonly host: string;
  /** 0 when there is none. */
  readonly port: number;
  readonly portText: string;
}

const PROTOCOLS: readonly string[] = ["udp", "tcp", "tls", "sctp", "ws", "wss"];
const ADDRESS = /^(?:([A-Za-z]+):)?(\[[^\]]*\]|[^:[\]]+)(?::(\d{1,5}))?$/s;

/** Undefined when the text is no address. */
export function parseSocketText(text: string): SocketText | undefined {
  const parts = ADDRESS.exec(text);
  if (!parts) return undefined;
  const [, protocolText = "", host = "", portText = ""] = parts;
  const name = protocolText.toLowerCase();
  // `any:` stands for no protocol in particular.
  if (name !== "" && name !== "any" && !PROTOCOLS.includes(name)) return undefined;
  const protocol = PROTOCOLS.includes(name) ? (name as Protocol) : undefined;
  return { protocol, protocolText, host, port: Number(portText), portText };
}

function toUri({ host, portText, protocolText }: SocketText): string {
  return `sip:${host}${portText && `:${portText}`}${protocolText && `;transport=${protocolText}`}`;
}

const PARTS: Readonly<Record<string, (it: SocketText) => string>> = {
  host: (it) => it.host,
  port: (it) => it.portText,
  proto: (it) => it.protocolText,
  touri: toUri,
};

/** A protocol that is turned off is as unknown as one that does not exist. */
function isEnabled(protocol: Protocol | undefined, config: Config): boolean {
  if (protocol === undefined || protocol === "udp") return true;
  if (config.int("disable_tcp") !== 0 || protocol === "sctp") return false;
  return (protocol !== "tls" && protocol !== "wss") || config.int("enable_tls") !== 0;
}

export const sockClass: TransformationClass = {
  doc: "Parts of a socket address, `[protocol:]host[:port]`.",
  names: {
    host: "The host.",
    port: "The port; empty when there is none.",
    proto: "The protocol; empty when there is none.",
    touri: "A SIP URI for the address.",
  },
  bind(name, _params, { config }) {
    const part = PARTS[name.toLowerCase()];
    if (!part) return `unknown transformation sock.${name}`;
    return (value) => {
      if (value === null) return undefined;
      const parsed = parseSocketText(toText(value));
      return parsed && isEnabled(parsed.protocol, config) ? part(parsed) : undefined;
    };
  },
};
