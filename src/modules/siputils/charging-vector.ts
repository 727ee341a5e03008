/** P-Charging-Vector (RFC 7315, 5.6): read, removed and generated. */
import type { Core } from "../../declare/core.ts";
import { bracketed } from "../../sip/ip.ts";
import type { Header, SipMessage } from "../../sip/message.ts";

const PcvStatus = { none: 0, parsed: 1, icidMissing: 2, generated: 3, deleted: 4, replaced: 5 } as const;

/** What is known of a message's vector. */
export interface ChargingVector {
  status: number;
  text: string;
  header: Header | undefined;
}

/** The vector of a message as it came. */
export function readVector(msg: SipMessage): ChargingVector {
  const header = msg.named("P-Charging-Vector")[0];
  if (header === undefined) return { status: PcvStatus.none, text: "", header };
  const text = msg.value(header);
  return pcvParam(text, "icid-value") === undefined
    ? { status: PcvStatus.icidMissing, text: "", header }
    : { status: PcvStatus.parsed, text, header };
}

/** A parameter's value; undefined when it is absent. */
export function pcvParam(text: string, name: string): string | undefined {
  const at = text.indexOf(`${name}=`);
  return at < 0 ? undefined : /^[^ ;,\r\n]*/.exec(text.slice(at + name.length + 1))![0];
}

/** Does what the flags ask for: r remove, g generate when there is none, f replace. Gives the status, which is the function's code. */
export function handleVector(msg: SipMessage, vector: ChargingVector, flags: string, core: Core): number {
  const remove = /r/i.test(flags);
  const replace = /f/i.test(flags);
  const generate = replace || /g/i.test(flags);
  if (vector.status === PcvStatus.generated || (vector.status === PcvStatus.deleted && remove)) return PcvStatus.parsed;
  let code: number = PcvStatus.parsed;
  let place = vector.header ? vector.header.start : msg.headersEnd;
  if (
    vector.header &&
    ((vector.status === PcvStatus.parsed && (replace || remove)) || vector.status === PcvStatus.icidMissing)
  ) {
    const { start, end } = vector.header;
    place = start;
    msg.edits.delete(start, end - start);
    vector.status = code = PcvStatus.deleted;
    vector.text = "";
  }
  if (replace || (generate && vector.status !== PcvStatus.parsed)) {
    const icid = `495653${core.host.random.hex(13).toUpperCase()}`;
    const text = `icid-value=${icid};icid-generated-at=`;
    const anchor = msg.edits.anchor(place);
    msg.edits.insertBefore(
      anchor,
      (send) => `P-Charging-Vector: ${text}${bracketed(send.outbound.advertise?.host ?? send.outbound.address)}\r\n`,
    );
    code = vector.status === PcvStatus.deleted ? PcvStatus.replaced : PcvStatus.generated;
    vector.status = PcvStatus.generated;
    vector.text = text;
  }
  return code;
}
