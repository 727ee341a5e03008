import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../src/simulate/clock.ts";
import { TimerWheel, toTicks, WheelTimer } from "../../src/transaction/wheel.ts";

class Probe extends WheelTimer {
  readonly fired: number[] = [];
  readonly #clock: VirtualClock;
  readonly #again: number[];
  constructor(clock: VirtualClock, again: number[] = []) {
    super();
    this.#clock = clock;
    this.#again = again;
  }
  override fire(): number {
    this.fired.push(this.#clock.now());
    return this.#again.shift() ?? 0;
  }
}

const run = (clock: VirtualClock, until: number): void => {
  while (clock.step(until));
};

describe("the timer wheel", () => {
  test.each([
    // Set at, milliseconds, fires at: tick floor(x / 62.5) + ceil(D / 62.5).
    [0, 300, 312.5],
    [61, 300, 312.5],
    [62.5, 300, 375],
    [10, 62.5, 62.5],
    [10, 63, 125],
    [30, 1, 62.5],
  ])("set at %d ms for %d ms it fires at %d ms", (at, ms, expected) => {
    const clock = new VirtualClock();
    const wheel = new TimerWheel(clock);
    const probe = new Probe(clock);
    clock.after(at, () => wheel.start(probe, toTicks(ms)));
    run(clock, 10_000);
    expect(probe.fired).toEqual([expected]);
    expect(wheel.size).toBe(0);
  });

  test("intervals are rounded up one by one and start at the tick of the one before", () => {
    const clock = new VirtualClock();
    const wheel = new TimerWheel(clock);
    const probe = new Probe(clock, [200, 400].map(toTicks));
    clock.after(20, () => wheel.start(probe, toTicks(100)));
    run(clock, 10_000);
    expect(probe.fired).toEqual([125, 375, 812.5]);
  });

  test("a timer that is due after more than a round of the wheel waits for it", () => {
    const clock = new VirtualClock();
    const wheel = new TimerWheel(clock);
    const late = new Probe(clock);
    const soon = new Probe(clock);
    wheel.start(late, toTicks(300_000));
    wheel.start(soon, toTicks(300_000) - 4096);
    run(clock, 1_000_000);
    expect(late.fired).toEqual([300_000]);
    expect(soon.fired).toEqual([44_000]);
  });

  test("a late timer that is started while another fires does not hold up those that wait", () => {
    const clock = new VirtualClock();
    const wheel = new TimerWheel(clock);
    const late = new Probe(clock);
    const waiting = new Probe(clock);
    class Starter extends WheelTimer {
      override fire(): number {
        wheel.start(late, 16);
        return 0;
      }
    }
    wheel.start(new Starter(), 2);
    wheel.start(waiting, 5);
    run(clock, 10_000);
    expect(waiting.fired).toEqual([5 * 62.5]);
    expect(late.fired).toEqual([18 * 62.5]);
  });

  test("a stopped timer does not fire, though another one of its tick stopped it", () => {
    const clock = new VirtualClock();
    const wheel = new TimerWheel(clock);
    const victim = new Probe(clock);
    class Killer extends WheelTimer {
      override fire(): number {
        wheel.stop(victim);
        return 0;
      }
    }
    wheel.start(new Killer(), 3);
    wheel.start(victim, 3);
    run(clock, 1000);
    expect(victim.fired).toEqual([]);
    expect(wheel.size).toBe(0);
  });

  test("no clock timer is left when nothing runs", () => {
    const clock = new VirtualClock();
    const wheel = new TimerWheel(clock);
    const probe = new Probe(clock);
    wheel.start(probe, 1000);
    wheel.stop(probe);
    expect(clock.next()).toBeUndefined();
  });

  test("a hundred thousand timers cost one clock timer", () => {
    const clock = new VirtualClock();
    const wheel = new TimerWheel(clock);
    const probes = Array.from({ length: 100_000 }, () => new Probe(clock));
    for (const [i, probe] of probes.entries()) wheel.start(probe, 1 + (i % 2000));
    expect(clock.pending).toBe(1);
    run(clock, 200_000);
    expect(probes.every((it) => it.fired.length === 1)).toBe(true);
  });
});
