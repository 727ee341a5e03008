/** uuid: unique ids (RFC 9562). Follows Kamailio's src/modules/uuid. */
import type { Host } from "../declare/host.ts";
import { declare } from "../declare/module.ts";

interface Uuids {
  /** Clock sequence and node of time-based ids, drawn once: an id tells nothing of the machine. */
  readonly sequence: string;
  readonly node: string;
  /** The last time in units of 100 ns; two ids of one millisecond differ by it. */
  last: bigint;
}
const { pv, module } = declare<Uuids>();

/** From 15 October 1582 to 1970, in units of 100 ns. */
const GREGORIAN = 122_192_928_000_000_000n;

const written = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;

/** Version 4: random. */
function random({ random }: Host): string {
  const hex = random.hex(16);
  const variant = (8 | (Number.parseInt(hex[16]!, 16) & 3)).toString(16);
  return written(`${hex.slice(0, 12)}4${hex.slice(13, 16)}${variant}${hex.slice(17)}`);
}

/** Version 1: by the time. */
function byTime({ clock }: Host, state: Uuids): string {
  const now = BigInt(Math.floor(clock.wall())) * 10_000n + GREGORIAN;
  state.last = now > state.last ? now : state.last + 1n;
  const time = state.last.toString(16).padStart(15, "0");
  return written(`${time.slice(7)}${time.slice(3, 7)}1${time.slice(0, 3)}${state.sequence}${state.node}`);
}

export const uuid = module({
  name: "uuid",
  doc: "Unique ids.",
  params: {},
  start(_params, { host }, old) {
    if (old) return old;
    const hex = host.random.hex(8);
    const variant = (8 | (Number.parseInt(hex[0]!, 16) & 3)).toString(16);
    // A node that is no network card's address has the multicast bit set (RFC 9562, 6.10).
    const node = (Number.parseInt(hex.slice(4, 6), 16) | 1).toString(16).padStart(2, "0") + hex.slice(6, 16);
    return { sequence: variant + hex.slice(1, 4), node, last: 0n };
  },
  functions: {},
  variables: {
    uuid: pv({
      doc: "A new id at each reading: g and r random, t and s by the time. What follows the letter does not count.",
      bind({ inner }, core, state) {
        const kind = inner?.[0]?.toLowerCase();
        if (kind === undefined) return "$uuid needs a kind in parentheses: g, r, t or s";
        if (kind === "t" || kind === "s") return { get: () => byTime(core.host, state()) };
        return { get: () => random(core.host) };
      },
    }),
  },
  commands: {},
  events: {},
});
