/** Calls through a proxy on a simulated network that may lose some of their messages: INVITE, ACK, BYE, with retransmissions. */
import type { Simulation } from "../../src/simulate/simulation.ts";

export const PRELUDE = `
children=2
disable_tcp=yes
listen=udp:127.0.0.1:5060
auto_aliases=no
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "siputils.so"
request_route {
  if (has_totag()) { if (loose_route()) t_relay(); exit; }
  record_route();
  $du = "sip:127.0.0.3:5060";
  t_relay();
}
`;

const field = (text: string, name: string): string =>
  [...text.matchAll(new RegExp(`^${name}: .*\r\n`, "gm"))].map(([it]) => it).join("");

/** Every call begins 100 ms after the one before; all have two minutes of virtual time to end or to be given up. */
export async function playCalls(simulation: Simulation, calls: number): Promise<void> {
  const { network } = simulation;
  const failed = (): void => {};
  const callee = network.bindNow(
    { address: "127.0.0.3", port: 5060 },
    {
      failed,
      message(text, ip, port) {
        if (text.startsWith("ACK")) return;
        const to = text.startsWith("INVITE") ? field(text, "To").replace("\r\n", ";tag=callee\r\n") : field(text, "To");
        const head = field(text, "Via") + field(text, "Record-Route") + field(text, "From") + to;
        const rest = `${field(text, "Call-ID")}${field(text, "CSeq")}Contact: <sip:127.0.0.3:5060>\r\nContent-Length: 0\r\n\r\n`;
        callee.send(`SIP/2.0 200 OK\r\n${head}${rest}`, ip, port);
      },
    },
  );
  const answered = new Set<string>();
  const send = (n: number, method: string, cseq: number, uri: string, to: string, route: string): void => {
    const via = `Via: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bK-${n}-${method}\r\n`;
    const ends = `From: <sip:caller@127.0.0.2>;tag=f${n}\r\nTo: <sip:callee@127.0.0.1>${to}\r\n`;
    const rest = `Call-ID: ${n}@calls\r\nCSeq: ${cseq} ${method}\r\nMax-Forwards: 70\r\nContact: <sip:127.0.0.2:5060>\r\nContent-Length: 0\r\n\r\n`;
    caller.send(`${method} ${uri} SIP/2.0\r\n${via}${route}${ends}${rest}`, "127.0.0.1", 5060);
  };
  const caller = network.bindNow(
    { address: "127.0.0.2", port: 5060 },
    {
      failed,
      message(text) {
        const n = Number(/^Call-ID: (\d+)@/m.exec(text)?.[1]);
        if (!text.startsWith("SIP/2.0 200")) return;
        answered.add(`${n} ${/^CSeq: \d+ (\w+)/m.exec(text)?.[1]}`);
        if (!/^CSeq: 1 INVITE/m.test(text)) return;
        const route = field(text, "Record-Route").replaceAll("Record-Route", "Route");
        send(n, "ACK", 1, "sip:127.0.0.3:5060", ";tag=callee", route);
        resend(n, "BYE", () => send(n, "BYE", 2, "sip:127.0.0.3:5060", ";tag=callee", route));
      },
    },
  );
  /** As over UDP: at once, then after 0.5 s, 1 s, 2 s … until it is answered. */
  const resend = (n: number, method: string, attempt: () => void, wait = 500): void => {
    if (answered.has(`${n} ${method}`) || wait > 16_000) return;
    attempt();
    simulation.host.clock.after(wait, () => resend(n, method, attempt, wait * 2));
  };
  for (let n = 0; n < calls; n++) {
    resend(n, "INVITE", () => send(n, "INVITE", 1, "sip:callee@127.0.0.1", "", ""));
    await simulation.advance(100);
  }
  await simulation.advance(120_000);
  await caller.close();
  await callee.close();
}
