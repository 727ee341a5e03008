/** Changes of what the peers of a flow do. Each answers the changed flow, or undefined where it does not apply. */
import type { Flow, Play, ReplySpec } from "../flow.ts";
import type { Random } from "./random.ts";

export type Mutation = (flow: Flow, random: Random) => Flow | undefined;

const FINALS = [200, 202, 300, 301, 302, 400, 401, 403, 404, 407, 408, 415, 420, 480, 481, 482, 484, 486, 487, 488];
const MORE_FINALS = [491, 493, 494, 500, 501, 502, 503, 504, 513, 580, 600, 603, 604, 606, 699];
const PROVISIONALS = [100, 101, 180, 181, 182, 183, 199];
const METHODS = ["OPTIONS", "MESSAGE", "PRACK", "UPDATE", "BYE", "INFO", "SUBSCRIBE", "NOTIFY", "REFER", "PUBLISH"];
/** Header lines that a message may have, or have once more. */
const LINES = [
  "Max-Forwards: 0",
  "Max-Forwards: 1",
  "Max-Forwards: 16",
  "Record-Route: <sip:127.0.0.9;lr;ftag=x>",
  "Route: <sip:127.0.0.1;lr>",
  "Route: <sip:127.0.0.1:5060;lr;r2=on>,<sip:127.0.0.4:5060;lr>",
  "Route: <sip:127.0.0.3:5060>",
  "Path: <sip:127.0.0.9;lr>",
  "Supported: path, 100rel",
  "Require: 100rel",
  "RSeq: 1",
  "RAck: 1 1 INVITE",
  "Via: SIP/2.0/UDP 127.0.0.77:5080;branch=z9hG4bK-far;received=127.0.0.78",
  "Via: SIP/2.0/TCP far.example;branch=z9hG4bK-far2;rport, SIP/2.0/UDP 10.0.0.1:5062;branch=1",
  'Reason: SIP;cause=200;text="Call completed elsewhere"',
  'Warning: 399 far "odd"',
  "Retry-After: 5",
  "X-Long: a,\r\n b",
  "Session-Expires: 90;refresher=uas",
  "Identity: abc",
  "s: short",
  'WWW-Authenticate: Digest realm="a", nonce="peer1"',
  'Proxy-Authenticate: Digest realm="b", nonce="peer2"',
  "Contact: <sip:else@127.0.0.4:5060>;q=0.5, <sip:other@127.0.0.3:5060>",
];
const BODY = "v=0\r\no=- 1 1 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";

const status = (random: Random): number => random.pick(random.pick([FINALS, MORE_FINALS]));
const replies = (flow: Flow): { rule: number; reply: number }[] =>
  flow.play.flatMap((step, rule) => (step.reply ?? []).map((_, reply) => ({ rule, reply })));
const sends = (flow: Flow): number[] => flow.play.flatMap((it, i) => (it.send !== undefined ? [i] : []));

/** The flow with one of its steps replaced by others. */
function replaced(flow: Flow, index: number, ...steps: Play[]): Flow {
  return { ...flow, play: [...flow.play.slice(0, index), ...steps, ...flow.play.slice(index + 1)] };
}
function withReplies(
  flow: Flow,
  random: Random,
  change: (list: readonly ReplySpec[], at: number) => ReplySpec[],
): Flow | undefined {
  const all = replies(flow);
  if (all.length === 0) return undefined;
  const { rule, reply } = random.pick(all);
  const step = flow.play[rule]!;
  return replaced(flow, rule, { ...step, reply: change(step.reply!, reply) });
}
function withSend(flow: Flow, random: Random, change: (text: string, step: Play) => string): Flow | undefined {
  const all = sends(flow);
  if (all.length === 0) return undefined;
  const index = random.pick(all);
  const step = flow.play[index]!;
  return replaced(flow, index, { ...step, send: change(step.send!, step) });
}
/** A header line behind the one that starts so. */
const lineAfter = (text: string, start: RegExp, line: string): string =>
  text.replace(start, (found) => `${found}${line}\r\n`);

/** A CANCEL for an INVITE as its sender wrote it. */
function cancelOf(invite: string): string {
  const lines = invite.split("\r\n\r\n")[0]!.split("\r\n");
  const kept = lines.slice(1).filter((it) => /^(via|v|from|f|to|t|call-id|i|cseq|max-forwards|route)\s*:/i.test(it));
  const vias = kept.filter((it) => /^(via|v)\s*:/i.test(it));
  const rest = kept
    .filter((it) => !vias.slice(1).includes(it))
    .map((it) => it.replace(/^(CSeq: \d+) \w+/i, "$1 CANCEL"));
  return [lines[0]!.replace(/^\w+/, "CANCEL"), ...rest, "Content-Length: 0", "", ""].join("\r\n");
}

export const playMutations: Readonly<Record<string, Mutation>> = {
  "another status": (flow, random) =>
    withReplies(flow, random, (list, at) =>
      list.map((it, i) =>
        i === at ? { ...it, code: it.code < 200 ? random.pick(PROVISIONALS) : status(random) } : it,
      ),
    ),
  "a reply more": (flow, random) =>
    withReplies(flow, random, (list, at) => {
      const code = random.below(3) === 0 ? random.pick(PROVISIONALS) : status(random);
      return [...list, { after: (list[at]!.after ?? 0) + random.pick([15, 30, 90, 210]), code }];
    }),
  "a late reply with another tag": (flow, random) =>
    withReplies(flow, random, (list) => {
      const last = Math.max(...list.map((it) => it.after ?? 0));
      return [
        ...list,
        { after: last + random.pick([20, 90, 210]), code: random.pick([180, 200, 404, 487]), totag: "late" },
      ];
    }),
  "a reply repeated": (flow, random) =>
    withReplies(flow, random, (list, at) => [
      ...list,
      { ...list[at]!, after: (list[at]!.after ?? 0) + random.pick([10, 45, 120, 220]) },
    ]),
  "replies exchanged": (flow, random) =>
    withReplies(flow, random, (list, at) => {
      const other = random.below(list.length);
      return list.map((it, i) => ({ ...it, after: list[i === at ? other : i === other ? at : i]!.after ?? 0 }));
    }),
  "a reply later": (flow, random) =>
    withReplies(flow, random, (list, at) =>
      list.map((it, i) => (i === at ? { ...it, after: (it.after ?? 0) + random.pick([25, 70, 160, 270]) } : it)),
    ),
  "a reply less": (flow, random) => withReplies(flow, random, (list, at) => list.filter((_, i) => i !== at)),
  "a reply with a line more": (flow, random) =>
    withReplies(flow, random, (list, at) =>
      list.map((it, i) => (i === at ? { ...it, headers: [...(it.headers ?? []), random.pick(LINES)] } : it)),
    ),
  "a reply with a body": (flow, random) =>
    withReplies(flow, random, (list, at) =>
      list.map((it, i) =>
        i === at ? { ...it, headers: [...(it.headers ?? []), "Content-Type: application/sdp"], body: BODY } : it,
      ),
    ),
  "reason and tag": (flow, random) =>
    withReplies(flow, random, (list, at) =>
      list.map((it, i) =>
        i === at ? { ...it, reason: random.pick(["Odd Reason", "x", "Ja, 100%"]), totag: "own-tag" } : it,
      ),
    ),
  cancel: (flow, random) => {
    const invites = sends(flow).filter(
      (i) => flow.play[i]!.at !== undefined && flow.play[i]!.send!.startsWith("INVITE "),
    );
    if (invites.length === 0) return undefined;
    const { at, peer, send } = flow.play[random.pick(invites)]!;
    const step = { at: at! + random.pick([5, 30, 55, 95, 155, 205, 330]), peer, send: cancelOf(send!) };
    return { ...flow, play: [...flow.play, step] };
  },
  "a step repeated": (flow, random) => {
    const timed = sends(flow).filter((i) => flow.play[i]!.at !== undefined);
    if (timed.length === 0) return undefined;
    const step = flow.play[random.pick(timed)]!;
    return { ...flow, play: [...flow.play, { ...step, at: step.at! + random.pick([17, 45, 105, 260]) }] };
  },
  "another method": (flow, random) => {
    const method = random.pick(METHODS);
    if (!flow.play.some((it) => it.send?.startsWith("INVITE "))) return undefined;
    const play = flow.play.map((it) => {
      if (it.on === "INVITE") return { ...it, on: method };
      if (!it.send?.startsWith("INVITE ")) return it;
      return { ...it, send: it.send.replace(/^INVITE /, `${method} `).replace(/(CSeq: \d+ )INVITE/i, `$1${method}`) };
    });
    return { ...flow, play };
  },
  "a line more": (flow, random) =>
    withSend(flow, random, (text) => lineAfter(text, /^Via:[^\r]*\r\n/m, random.pick(LINES))),
  "a line of the end": (flow, random) =>
    withSend(flow, random, (text) => lineAfter(text, /^CSeq:[^\r]*\r\n/m, random.pick(LINES))),
  "a line less": (flow, random) =>
    withSend(flow, random, (text) =>
      text.replace(
        random.pick([/^Max-Forwards:[^\r]*\r\n/m, /^Contact:[^\r]*\r\n/m, /^Content-Length:[^\r]*\r\n/m]),
        "",
      ),
    ),
  "a body": (flow, random) =>
    withSend(flow, random, (text) =>
      text.includes("Content-Length: 0\r\n\r\n") && !text.startsWith("ACK") && !text.startsWith("CANCEL")
        ? text.replace(
            /Content-Length: 0\r\n\r\n$/,
            `Content-Type: application/sdp\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
          )
        : text,
    ),
  "a To tag": (flow, random) =>
    withSend(flow, random, (text) => text.replace(/^(To: [^\r;]*>)\r/m, "$1;tag=early-1\r")),
  "another branch": (flow, random) => {
    const change = random.pick([
      (it: string): string => it.replaceAll("z9hG4bK-", "old-"),
      (it: string): string => it.replaceAll(/;branch=z9hG4bK-[\w-]+/g, ""),
      (it: string): string => it.replaceAll(/(;branch=z9hG4bK-[\w-]+)/g, "$1;rport"),
      (it: string): string => it.replaceAll(/(;branch=z9hG4bK-[\w-]+)/g, " ;x=1 $1 ; rport"),
      (it: string): string => it.replaceAll("Via: SIP/2.0/UDP", "v: SIP / 2.0 / UDP"),
      (it: string): string => it.replaceAll(/Via: SIP\/2.0\/UDP 127/g, "Via: SIP/2.0/UDP  127"),
      (it: string): string => it.replaceAll("z9hG4bK-", "Z9HG4BK-"),
      (it: string): string => it.replaceAll("From: ", "f: ").replaceAll("To: ", "t: ").replaceAll("Call-ID: ", "i: "),
    ]);
    return { ...flow, play: flow.play.map((it) => (it.send === undefined ? it : { ...it, send: change(it.send) })) };
  },
  "another R-URI": (flow, random) =>
    withSend(flow, random, (text) =>
      text.replace(
        /^(\w+) \S+ /,
        `$1 ${random.pick(["sip:bob@127.0.0.1;user=phone", "sip:127.0.0.1", "sip:bob:pw@127.0.0.3:5060;transport=udp?x=1", "sip:%62ob@127.0.0.4", "sips:bob@127.0.0.3", "tel:+12"])} `,
      ),
    ),
  "no ACK": (flow, random) => {
    const [name, spec] = random.pick(Object.entries(flow.peers));
    const peer = typeof spec === "string" ? { addr: spec } : spec;
    const ack = random.pick([false, "2xx", "non2xx"] as const);
    return { ...flow, peers: { ...flow.peers, [name]: { ...peer, ack } } };
  },
  "a rule less": (flow, random) => {
    const rules = flow.play.flatMap((it, i) => (it.on !== undefined ? [i] : []));
    return rules.length === 0 ? undefined : replaced(flow, random.pick(rules));
  },
  "an in-dialog request": (flow, random) => {
    const invites = sends(flow).filter(
      (i) => flow.play[i]!.at !== undefined && flow.play[i]!.send!.startsWith("INVITE "),
    );
    if (invites.length === 0) return undefined;
    const { at, peer, send } = flow.play[random.pick(invites)]!;
    const method = random.pick(["BYE", "UPDATE", "PRACK", "INFO", "INVITE", "ACK", "OPTIONS"]);
    const text = send!
      .split("\r\n\r\n")[0]!
      .replace(/^\w+/, method)
      .replace(/branch=([^;\r]+)/, "branch=$1-more")
      .replace(/^(To: [^\r;]*>)(;tag=[^\r]*)?$/m, "$1;tag={totag}")
      .replace(/^CSeq: (\d+) \w+/m, (_, n: string) => `CSeq: ${method === "ACK" ? n : Number(n) + 1} ${method}`)
      .replace(/\r\nContent-(Length|Type):[^\r]*/g, "");
    const route = random.below(2) === 0 ? "\r\nRoute: {hdr:Record-Route}" : "";
    const answer = { peer: random.pick(Object.keys(flow.peers)), on: method, reply: [{ after: 10, code: 200 }] };
    const step = {
      at: at! + random.pick([60, 130, 240]),
      peer,
      send: `${text}${route}\r\nContent-Length: 0\r\n\r\n`,
    };
    return { ...flow, play: [...flow.play, step, ...(method === "ACK" ? [] : [answer])] };
  },
};
