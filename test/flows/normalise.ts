/** Makes what was received comparable: values that the server made get numbered labels, in the order of the flow's peers. */
import { type Flow, type Outcome, parseMessage } from "./flow.ts";
import type { Received } from "./peers.ts";

export interface Played {
  readonly received: readonly Received[];
  readonly log: readonly { readonly t: number; readonly v: string }[];
  readonly http: NonNullable<Outcome["http"]>;
  /** Tags, branches, Call-IDs and nonces that peers made. */
  readonly made: ReadonlySet<string>;
}

export function normalise(flow: Flow, played: Played): Outcome {
  const { made } = played;
  const labels = new Map<string, Map<string, string>>();
  for (const kind of ["TAG", "BRANCH", "CALLID", "NONCE"]) labels.set(kind, new Map());
  const label = (kind: string, value: string): string => {
    let known = labels.get(kind);
    if (!known) labels.set(kind, (known = new Map()));
    let name = known.get(value);
    if (name === undefined) known.set(value, (name = `<${kind}${known.size + 1}>`));
    return name;
  };
  const own = (text: string): string => {
    for (const [pattern, name] of flow.mask ?? [])
      text = text.replace(new RegExp(pattern, "g"), (all: string, group: unknown) =>
        typeof group === "string" ? all.replace(group, () => label(name, group)) : `<${name}>`,
      );
    return text;
  };
  const line = (text: string): string => own(maskLine(text));
  const maskLine = (text: string): string => {
    let it = text;
    if (!flow.align && /^(contact|m)\s*:/i.test(it))
      it = it.replace(
        /;expires=(\d*[89])\b/g,
        (_, seconds: string) => `;expires=${Math.ceil(Number(seconds) / 10) * 10}`,
      );
    if (/^(via|v)\s*:/i.test(it)) {
      const server = /SIP\/2\.0\/\w+\s+(127\.0\.0\.1|127\.0\.0\.11|edge\.example)\b/i.test(it);
      return it
        .replace(/branch=([^;,\s]+)/g, (all: string, branch: string) =>
          made.has(branch) ? all : `branch=${server ? label("BRANCH", branch) : "<BR?>"}`,
        )
        .replace(/;i=[0-9a-f]+/g, ";i=<I>");
    }
    if (/^(to|t|from|f)\s*:/i.test(it))
      return it.replace(/;tag=([^;>\s]+)/, (all: string, tag: string) =>
        made.has(tag) ? all : `;tag=${label("TAG", tag)}`,
      );
    if (/^(call-id|i)\s*:/i.test(it)) {
      const value = it.slice(it.indexOf(":") + 1).trim();
      return made.has(value) ? it : `${it.slice(0, it.indexOf(":") + 1)} ${label("CALLID", value)}`;
    }
    if (/^(www|proxy)-authenticate\s*:/i.test(it))
      return it.replace(/nonce="([^"]*)"/, (_, nonce: string) => `nonce="${label("NONCE", nonce)}"`);
    if (/^(proxy-)?authorization\s*:/i.test(it)) {
      const nonce = /nonce="([^"]*)"/.exec(it)?.[1];
      if (nonce !== undefined && !made.has(nonce))
        return it
          .replace(/nonce="([^"]*)"/, () => `nonce="${label("NONCE", nonce)}"`)
          .replace(/response="[^"]*"/, 'response="<RESPONSE>"');
      if (it.includes('cnonce="'))
        return it.replace(/cnonce="[^"]*"/, 'cnonce="<CNONCE>"').replace(/response="[^"]*"/, 'response="<RESPONSE>"');
      return it;
    }
    if (/^date\s*:/i.test(it)) return "Date: <DATE>";
    return it.replace(/pid=\d+/, "pid=<PID>").replace(/did=[0-9a-f]+\.[0-9a-f]+/g, "did=<DID>");
  };
  const recv: Record<string, { t: number; first: string; headers: string[]; body?: string }[]> = {};
  for (const name of Object.keys(flow.peers)) {
    const list = played.received.filter((it) => it.peer === name);
    if (list.length === 0) continue;
    recv[name] = list.map(({ t, text }) => {
      const message = parseMessage(text);
      return {
        t: Math.round(t),
        first: message.first,
        headers: message.lines.map(line),
        ...(message.body && { body: own(message.body) }),
      };
    });
  }
  const known = (text: string): string => {
    let it = text;
    for (const values of labels.values())
      for (const [value, name] of values) if (value.length > 6 && it.includes(value)) it = it.replaceAll(value, name);
    return it;
  };
  return {
    ...(Object.keys(recv).length > 0 && { recv }),
    ...(played.log.length > 0 && { log: played.log.map(({ t, v }) => ({ t: Math.round(t), v: own(known(v)) })) }),
    ...(played.http.length > 0 && { http: played.http }),
  };
}
