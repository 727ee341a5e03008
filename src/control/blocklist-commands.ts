/** The control commands about destinations that are left alone: `dst_blocklist.*`. Follows Kamailio's dst_blocklist.c. */
import type { Core } from "../declare/core.ts";
import { declare, int, RpcFault, str } from "../declare/module.ts";
import type { BlockEntry, Names } from "../declare/names.ts";
import type { Protocol } from "../sip/address.ts";

const { rpc } = declare<unknown>();

/** Kamailio's numbers of protocols; 0 stands for any. */
const PROTOCOLS: readonly (Protocol | undefined)[] = [undefined, "udp", "tcp", "tls", "sctp"];

const PERMANENT = 128;
const IPV6 = 1;

function blocked({ config, names }: Core): Names["blocked"] {
  if (!names || config.int("use_dst_blocklist") === 0) throw new RpcFault(500, "dst blocklist support disabled");
  return names.blocked;
}

const protocolName = ({ protocol }: BlockEntry): string => protocol ?? "*";

const seconds = (core: Core, it: BlockEntry): number => Math.trunc((it.until - core.host.clock.now()) / 1000);

export const blocklistCommands = {
  "dst_blocklist.mem_info": rpc({
    doc: "Bytes that the list takes, and may take.",
    args: {},
    run: (_, __, core) => [blocked(core).bytes, core.config.int("dst_blocklist_mem") * 1024],
  }),
  "dst_blocklist.view": rpc({
    doc: "The destinations that are left alone now.",
    args: {},
    run: (_, __, core) =>
      blocked(core)
        .entries()
        .filter((it) => it.until >= core.host.clock.now() || (it.flags & PERMANENT) !== 0)
        .flatMap((it) => [
          `{\n    protocol: ${protocolName(it)}`,
          `    ip: ${it.ip}`,
          `    port: ${it.port}`,
          `    expires in (s): ${seconds(core, it)}`,
          `    flags: ${it.flags}\n}`,
        ]),
  }),
  "dst_blocklist.debug": rpc({
    doc: "Protocol, address, port, seconds left and flags of every entry, those that have expired included.",
    args: {},
    run: (_, __, core) =>
      blocked(core)
        .entries()
        .flatMap((it) => [protocolName(it), it.ip, it.port, seconds(core, it), it.flags]),
  }),
  "dst_blocklist.delete_all": rpc({
    doc: "Takes every entry that is not permanent off the list.",
    args: {},
    run(_, __, core) {
      blocked(core).flush();
      return undefined;
    },
  }),
  "dst_blocklist.add": rpc({
    doc: "Puts a destination on the list for `dst_blocklist_expire` seconds.",
    args: {
      ip: str("The address."),
      port: int("The port; 0 for any."),
      protocol: int("1 UDP, 2 TCP, 3 TLS, 4 SCTP; 0 for any."),
      flags: int("Why, as bits: 2 not sent, 4 not connected, 8 ICMP, 16 silent, 32 a 503, 64 forbidden, 128 for good."),
    },
    run(args, _, core) {
      const list = blocked(core);
      const number = Number(args.protocol);
      if (number < 0 || number >= PROTOCOLS.length) throw new RpcFault(400, "Unknown protocol");
      const v4 = /^\d{1,3}(\.\d{1,3}){3}$/.test(args.ip);
      const given = Number(args.flags) & 255;
      if (v4 ? (given & IPV6) !== 0 : !args.ip.includes(":")) throw new RpcFault(400, "Malformed ip address");
      const place = { protocol: PROTOCOLS[number], ip: args.ip, port: Number(args.port) };
      if (!list.add(place, given, core.config.int("dst_blocklist_expire")))
        throw new RpcFault(400, "Failed to add the entry to the blocklist");
      return undefined;
    },
  }),
};
