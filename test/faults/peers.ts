/** The user agents of the fault simulation: they resend, acknowledge and answer as RFC 3261 section 17 asks, by plain text. */
import type { Clock, Timer } from "../../src/transaction/clock.ts";

const T1 = 500;
const T2 = 4000;
/** 64 T1: Timers B, F, H. */
const PATIENCE = 64 * T1;
/** Longest time between a call's first message and the last that it can cause. */
export const LONGEST = 2 * PATIENCE + 20_000;

export type Send = (from: string, to: string, text: string) => void;
export interface Dice {
  next(): number;
}

const CRLF = "\r\n";
const PROXY = "127.0.0.1";

/** The value of a header field that is written as "Name: value". */
export function field(text: string, name: string): string {
  const at = text.indexOf(`\r\n${name}: `);
  if (at < 0) return "";
  const start = at + name.length + 4;
  return text.slice(start, text.indexOf(CRLF, start));
}

function resend(clock: Clock, invite: boolean, send: () => boolean, gaveUp: () => void): () => void {
  let timer: Timer;
  let stopped = false;
  const began = clock.now();
  const next = (interval: number): void => {
    timer = clock.after(interval, () => {
      if (stopped) return;
      if (clock.now() - began >= PATIENCE) {
        stopped = true;
        return gaveUp();
      }
      if (!send()) return;
      next(invite ? interval * 2 : Math.min(interval * 2, T2));
    });
  };
  send();
  next(T1);
  return () => {
    stopped = true;
    timer.cancel();
  };
}

/** A caller: INVITE or OPTIONS with one final reply, and a CANCEL when it is told to give up. */
export class Caller {
  readonly id: string;
  readonly method: "INVITE" | "OPTIONS";
  final = 0;
  timedOut = false;
  readonly #address: string;
  readonly #send: Send;
  readonly #clock: Clock;
  readonly #head: (method: string, to?: string) => string;
  readonly #stop: () => void;
  #provisional = false;
  #wantsCancel = false;
  #stopCancel: (() => void) | undefined;

  constructor(id: string, method: "INVITE" | "OPTIONS", user: string, address: string, clock: Clock, send: Send) {
    this.id = id;
    this.method = method;
    this.#address = address;
    this.#send = send;
    this.#clock = clock;
    this.#head = (name, to = `<sip:${user}@proxy>`) =>
      `${name} sip:${user}@127.0.0.12 SIP/2.0\r\nVia: SIP/2.0/UDP ${address}:5060;branch=z9hG4bK-${id}\r\n` +
      `From: <sip:caller@${address}>;tag=f${id}\r\nTo: ${to}\r\nCall-ID: ${id}\r\nCSeq: 1 ${name}\r\n` +
      `Max-Forwards: 70\r\nContact: <sip:caller@${address}>\r\nContent-Length: 0\r\n\r\n`;
    const request = this.#head(method);
    this.#stop = resend(
      clock,
      method === "INVITE",
      () => {
        send(address, PROXY, request);
        return true;
      },
      () => {
        this.timedOut = true;
      },
    );
  }

  /** RFC 3261, 9.1: no CANCEL before a provisional reply, none after a final one. */
  cancel(): void {
    this.#wantsCancel = true;
    if (!this.#provisional || this.final !== 0 || this.#stopCancel) return;
    const text = this.#head("CANCEL");
    this.#stopCancel = resend(
      this.#clock,
      false,
      () => {
        this.#send(this.#address, PROXY, text);
        return true;
      },
      () => {},
    );
  }

  reply(status: number, text: string): void {
    if (field(text, "CSeq") === "1 CANCEL") {
      if (status >= 200) this.#stopCancel?.();
      return;
    }
    if (status < 200) {
      this.#provisional = true;
      if (this.method === "INVITE") this.#stop();
      if (this.#wantsCancel) this.cancel();
      return;
    }
    this.#stop();
    if (this.final === 0 || status < 300) this.final = status;
    if (this.method !== "INVITE") return;
    let ack = this.#head("ACK", field(text, "To"));
    if (status < 300) {
      const target = /<([^>]+)>/.exec(field(text, "Contact"))![1]!;
      ack = ack.replace(/^ACK \S+/, `ACK ${target}`).replace("branch=z9hG4bK-", "branch=z9hG4bK-ack-");
    }
    this.#send(this.#address, PROXY, ack);
  }
}

interface Serving {
  last: string;
  final: boolean;
  acked: boolean;
  stop?: () => void;
}

/** A callee: rings or not, answers at random, and resends what has to be acknowledged. */
export class Callee {
  /** True: receives nothing and sends nothing. */
  dead = false;
  readonly #address: string;
  readonly #clock: Clock;
  readonly #dice: Dice;
  readonly #send: Send;
  readonly #calls = new Map<string, Serving>();

  constructor(address: string, clock: Clock, dice: Dice, send: Send) {
    this.#address = address;
    this.#clock = clock;
    this.#dice = dice;
    this.#send = send;
  }

  request(method: string, text: string): void {
    if (this.dead) return;
    const branch = /;branch=([^;\r]+)/.exec(text)![1]!;
    if (method === "ACK") {
      // The ACK to a 2xx has a branch of its own: the To tag names the call.
      const call = this.#calls.get(branch) ?? this.#calls.get(/;tag=([^;\r]+)/.exec(field(text, "To"))?.[1] ?? "");
      if (call) {
        call.acked = true;
        call.stop?.();
      }
      return;
    }
    if (method === "CANCEL") return this.#canceled(branch, text);
    const known = this.#calls.get(branch);
    if (known) {
      if (known.last !== "") this.#out(known.last);
      return;
    }
    const call: Serving = { last: "", final: false, acked: false };
    this.#calls.set(branch, call);
    this.#calls.set(branch.replaceAll(".", "-"), call);
    this.#clock.after(2 * LONGEST, () => {
      this.#calls.delete(branch);
      this.#calls.delete(branch.replaceAll(".", "-"));
    });
    const dice = this.#dice.next();
    if (method === "OPTIONS") {
      if (dice < 0.9) this.#later(dice * 3000, () => this.#answer(call, text, branch, dice < 0.7 ? 200 : 404));
      return;
    }
    if (dice < 0.05) return;
    if (dice < 0.85) this.#later(this.#dice.next() * 800, () => this.#answer(call, text, branch, 180));
    if (dice < 0.1) return;
    const status = [200, 200, 200, 486, 404, 503, 603, 401][Math.floor(this.#dice.next() * 8)]!;
    this.#later(900 + this.#dice.next() * 9000, () => this.#answer(call, text, branch, status));
  }

  #later(ms: number, then: () => void): void {
    this.#clock.after(ms, () => {
      if (!this.dead) then();
    });
  }

  #canceled(branch: string, text: string): void {
    const call = this.#calls.get(branch);
    this.#out(reply(text, call ? 200 : 481, branch, this.#address));
    if (call && !call.final && call.last !== "") this.#answer(call, invited(text, call.last), branch, 487);
    else if (call && !call.final) this.#answer(call, text.replace(/CSeq: 1 CANCEL/, "CSeq: 1 INVITE"), branch, 487);
  }

  #answer(call: Serving, request: string, branch: string, status: number): void {
    if (call.final) return;
    call.last = reply(request, status, branch, this.#address);
    if (status < 200) return this.#out(call.last);
    call.final = true;
    if (field(request, "CSeq") !== "1 INVITE") return this.#out(call.last);
    call.stop = resend(
      this.#clock,
      false,
      () => {
        if (call.acked) return false;
        if (!this.dead) this.#out(call.last);
        return true;
      },
      () => {},
    );
  }

  #out(text: string): void {
    this.#send(this.#address, PROXY, text);
  }
}

/** A reply as far as `reply` has to read it: Via, From, To, Call-ID and CSeq of the INVITE come from the last one. */
const invited = (_cancel: string, last: string): string => last.replace(/^.*\r\n/, "INVITE x SIP/2.0\r\n");

function reply(request: string, status: number, branch: string, address: string): string {
  const to = field(request, "To");
  const vias = request.match(/^Via: .*\r\n/gm)!.join("");
  const tag = to.includes(";tag=") ? to : `${to};tag=${branch.replaceAll(".", "-")}`;
  return (
    `SIP/2.0 ${status} R${status}\r\n${vias}From: ${field(request, "From")}\r\nTo: ${tag}\r\n` +
    `Call-ID: ${field(request, "Call-ID")}\r\nCSeq: ${field(request, "CSeq")}\r\nContact: <sip:callee@${address}>\r\n` +
    `Content-Length: 0\r\n\r\n`
  );
}
