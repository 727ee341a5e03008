/** How long a destination takes to answer pings: average, deviation, and an estimate of what it takes now. */

/** After so many the average is a weighted one; about 24 days of a ping each second. */
const MOST = 2_097_152;
const TRAINED = 10_000;

export class Latency {
  average: number;
  deviation = 0;
  estimate: number;
  min: number;
  max: number;
  /** Pings that were not answered. */
  timeouts = 0;
  /** Milliseconds of the host's clock at which the last ping was sent. */
  sentAt: number | undefined = undefined;
  #count: number;
  #squares = 0;

  /** `initial`: milliseconds that it is known to take; 0 when nothing is known. */
  constructor(initial: number) {
    this.average = this.estimate = this.min = this.max = initial;
    this.#count = initial > 0 ? TRAINED : 0;
  }

  /** Milliseconds that an answer took; `alpha` is the weight of the newest one in the estimate. */
  add(latency: number, alpha: number): void {
    if (this.#count < MOST) this.#count++;
    else this.#squares -= this.#squares / this.#count;
    if (this.#count === 1) this.average = this.estimate = this.min = this.max = latency;
    // A stable average of ten pings is as good as a long one.
    if (this.#count > 10 && this.#count < TRAINED && this.deviation < 0.5) this.#count = TRAINED;
    this.min = Math.min(this.min, latency);
    this.max = Math.max(this.max, latency);
    if (this.#count > 1) {
      const before = latency - this.average;
      this.average += before / this.#count;
      this.#squares += before * (latency - this.average);
      this.deviation = Math.sqrt(this.#squares / (this.#count - 1));
    }
    this.estimate = this.#count < 10 ? this.average : latency * alpha + this.estimate * (1 - alpha);
  }
}
