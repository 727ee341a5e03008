/** ds_is_from_list(): whether an address is that of a destination. */
import type { Call } from "../../declare/call.ts";
import type { Protocol } from "../../sip/address.ts";
import { sameAddress } from "../../sip/ip.ts";
import { parseUri } from "../../sip/uri.ts";
import { type Destination, impliedProtocol, isDown } from "./destination.ts";
import type { DestinationSet } from "./set.ts";
import type { Dispatcher } from "./state.ts";

/** Bits of the mode. */
const Mode = { noPort: 1, noProtocol: 2, active: 4, socket: 8, best: 16 } as const;

interface Address {
  readonly ip: string;
  readonly port: number;
  readonly protocol: Protocol | undefined;
}

interface Match {
  readonly set: DestinationSet;
  readonly it: Destination;
  readonly score: number;
}

/** `setId` -1: any set. With `uri` its address, else that of the sender. */
export function isFromList(call: Call, setId: number, mode: number, uri: string, state: Dispatcher): 1 | -1 | -2 | -3 {
  const { srcIp, srcPort, protocol, socket } = call.msg.received;
  let address: Address = { ip: srcIp, port: srcPort, protocol };
  if (uri !== "") {
    const parsed = parseUri(uri);
    if (parsed === null) return -1;
    address = { ip: parsed.bareHost, port: parsed.portNo, protocol: impliedProtocol(parsed) };
  }
  let best: Match | undefined;
  for (const set of state.sets.values()) {
    if (setId !== -1 && set.id !== setId) continue;
    for (const it of set.list) {
      const score = matches(it, address, mode, it.socket === socket);
      if (score === 0) continue;
      if ((mode & Mode.best) === 0) return show(call, { set, it, score }, setId, state);
      if (best === undefined || score > best.score) best = { set, it, score };
    }
  }
  return best === undefined ? -1 : show(call, best, setId, state);
}

/** 0: it does not match. Else how many of address, port, protocol and socket are the same. */
function matches(it: Destination, { ip, port, protocol }: Address, mode: number, sameSocket: boolean): number {
  if (it.ip === "" || !sameAddress(it.ip, ip)) return 0;
  const samePort = it.port === port;
  const sameProtocol = it.protocol === protocol;
  if ((mode & (Mode.noPort | Mode.best)) === 0 && it.port !== 0 && !samePort) return 0;
  if ((mode & (Mode.noProtocol | Mode.best)) === 0 && !sameProtocol) return 0;
  if (mode & Mode.active && isDown(it.flags)) return 0;
  if (mode & Mode.socket && it.socket !== undefined && !sameSocket) return 0;
  return 1 + (it.port !== 0 && samePort ? 1 : 0) + (sameProtocol ? 1 : 0) + (it.socket && sameSocket ? 1 : 0);
}

function show(call: Call, { set, it }: Match, setId: number, { settings }: Dispatcher): 1 | -2 | -3 {
  if (setId === -1 && settings.setIdVariable && !settings.setIdVariable.set?.(call, set.id)) return -2;
  if (it.attributes !== "" && settings.attributesVariable && !settings.attributesVariable.set?.(call, it.attributes))
    return -3;
  return 1;
}
