/** Which vectors can share a server, and how a pack of them is asked: halved when it is refused, gone on with behind a vector that ended the server. */
import type { Peers } from "./udp-play.ts";
import { hasReplyRoute, type Vector } from "./vector.ts";

/** The vectors in packs of at most `size`, those that can be in none alone, in the order in which each pack begins. */
export function packed(vectors: readonly Vector[], size: number, alone: (v: Vector) => boolean): Vector[][] {
  const out: Vector[][] = [];
  const open = new Map<string, Vector[]>();
  for (const v of vectors) {
    const key = alone(v) || !packs(v) ? undefined : JSON.stringify([v.preamble, v.routes]);
    const pack = key === undefined ? undefined : open.get(key);
    if (pack !== undefined && pack.length < size) pack.push(v);
    else {
      const begun = [v];
      out.push(begun);
      if (key !== undefined) open.set(key, begun);
    }
  }
  return out;
}

/** Whether such a vector leaves nothing behind on a server that others would notice. */
function packs(v: Vector): boolean {
  if (v.cfg !== undefined || v.args || v.env || v.files || v.uas || v.wait_ms || hasReplyRoute(v)) return false;
  return !/\bt_|\$T_|#!|\btmx?\b/.test(`${v.script} ${v.routes}`);
}

/** What a server answers to each vector of a pack, in order. */
export async function playPacked(peers: Peers, pack: readonly Vector[]): Promise<unknown[]> {
  if (pack.length === 1) return [await peers.play(pack[0]!)];
  const out: unknown[] = [];
  while (out.length < pack.length) {
    const rest = pack.slice(out.length);
    const got = await peers.playPack(rest);
    if (got === undefined) {
      const middle = rest.length >> 1;
      if (middle > 0) out.push(...(await playPacked(peers, rest.slice(0, middle))));
      out.push(...(await playPacked(peers, rest.slice(middle))));
    } else {
      out.push(...got);
      if (got.length < rest.length) out.push({ failure: "the server ended" });
    }
  }
  return out;
}
