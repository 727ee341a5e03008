/** Metrics that a script defines and changes, and their text for Prometheus. Follows Kamailio's xhttp_prom/prom_metric.c. */

export type MetricKind = "counter" | "gauge" | "histogram";

/** One set of label values of a metric. */
interface Sample {
  readonly labels: readonly string[];
  /** Milliseconds of the clock when it was last changed. */
  used: number;
  value: number;
  /** Of a histogram: how many observations each bucket holds, all of them, and their sum. */
  readonly buckets: number[];
  count: number;
}

export interface Metric {
  readonly kind: MetricKind;
  readonly name: string;
  readonly labels: readonly string[];
  readonly help: string;
  /** Upper bounds of a histogram's buckets, ascending, without +Inf. */
  readonly bounds: readonly number[];
  readonly samples: Map<string, Sample>;
}

const defaultBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const mostLabels = 3;

/** `name=x; label=a:b; help='text'; buckets=1:2.5`. A string is the problem that refuses the script. */
export function parseMetric(kind: MetricKind, text: string): Metric | string {
  const wrong = (problem: string): string => `${kind} "${text}": ${problem}`;
  const given = new Map<string, string>();
  for (const part of text.match(/(?:[^;'"]|'[^']*'|"[^"]*")+/g) ?? []) {
    if (part.trim() === "") continue;
    const match = /^\s*([a-z]+)\s*=\s*(.*?)\s*$/s.exec(part);
    if (!match) return wrong(`expected attribute=value, not "${part.trim()}"`);
    const key = match[1]!;
    if (given.has(key)) return wrong(`${key} is given twice`);
    given.set(key, match[2]!.replace(/^(['"])(.*)\1$/s, "$2"));
  }
  for (const key of given.keys())
    if (!["name", "label", "help"].includes(key) && !(kind === "histogram" && key === "buckets"))
      return wrong(`there is no attribute ${key}`);
  const name = given.get("name");
  if (!name) return wrong("it has no name");
  const labels = given.get("label")?.split(":") ?? [];
  if (labels.length > mostLabels || labels.includes(""))
    return wrong(`at most ${mostLabels} labels, none of them empty`);
  const bounds =
    given
      .get("buckets")
      ?.split(":")
      .map((it) => (it.trim() === "" ? Number.NaN : Number(it))) ?? defaultBounds;
  if (bounds.some((bound, i) => !Number.isFinite(bound) || (i > 0 && bound <= bounds[i - 1]!)))
    return wrong("buckets must be numbers that grow");
  return { kind, name, labels, help: given.get("help") ?? "", bounds, samples: new Map() };
}

/** Text that does not contain NUL stays apart from its neighbours by one. */
const keyOf = (labels: readonly string[]): string => labels.join("\0");

export class Metrics {
  readonly #byName: ReadonlyMap<string, Metric>;
  /** Milliseconds after which a sample that nobody changes is forgotten; 0: never. */
  readonly #lifetime: number;

  constructor(metrics: readonly Metric[], lifetime: number) {
    this.#byName = new Map(metrics.map((it) => [it.name, it]));
    this.#lifetime = lifetime;
  }

  /** Takes over the samples of the metrics that an earlier script defined alike. */
  inherit(from: Metrics): void {
    for (const metric of this.#byName.values()) {
      const before = from.#byName.get(metric.name);
      const same =
        before?.kind === metric.kind &&
        keyOf(before.labels) === keyOf(metric.labels) &&
        before.bounds.join() === metric.bounds.join();
      if (same) for (const [key, sample] of before.samples) metric.samples.set(key, sample);
    }
  }

  /** The sample, made when there is none; undefined when no metric of that kind has this name and so many labels. */
  #sample(kind: MetricKind, name: string, labels: readonly string[], now: number): Sample | undefined {
    const metric = this.#byName.get(name);
    if (metric?.kind !== kind || metric.labels.length !== labels.length) return undefined;
    this.#forget(now);
    const key = keyOf(labels);
    let sample = metric.samples.get(key);
    if (!sample) {
      sample = {
        labels,
        used: now,
        value: 0,
        buckets: kind === "histogram" ? metric.bounds.map(() => 0) : [],
        count: 0,
      };
      metric.samples.set(key, sample);
    }
    sample.used = now;
    return sample;
  }

  #forget(now: number): void {
    if (this.#lifetime === 0) return;
    for (const { samples } of this.#byName.values())
      for (const [key, sample] of samples) if (now - sample.used > this.#lifetime) samples.delete(key);
  }

  /** False when there is no such metric, as below. */
  set(kind: "counter" | "gauge", name: string, labels: readonly string[], now: number, value: number): boolean {
    const sample = this.#sample(kind, name, labels, now);
    if (sample) sample.value = value;
    return sample !== undefined;
  }

  add(kind: "counter" | "gauge", name: string, labels: readonly string[], now: number, value: number): boolean {
    const sample = this.#sample(kind, name, labels, now);
    if (sample) sample.value += value;
    return sample !== undefined;
  }

  observe(name: string, labels: readonly string[], now: number, value: number): boolean {
    const sample = this.#sample("histogram", name, labels, now);
    if (!sample) return false;
    const { bounds } = this.#byName.get(name)!;
    for (let i = 0; i < bounds.length; i++) if (value <= bounds[i]!) sample.buckets[i]!++;
    sample.count++;
    sample.value += value;
    return true;
  }

  /** All samples in the exposition format. `stamp` ends each line; `flags`: 1 adds TYPE lines, 2 HELP lines. */
  text(prefix: string, tags: string, flags: number, stamp: string, now: number): string {
    if (this.#byName.size === 0) return "# NO User defined metrics\n";
    this.#forget(now);
    let out = "# User defined metrics\n";
    for (const metric of this.#byName.values()) {
      const name = prefix + metric.name;
      if ((flags & 2) !== 0 && metric.help) out += `# HELP ${name} ${metric.help}\n`;
      if ((flags & 1) !== 0) out += `# TYPE ${name} ${metric.kind}\n`;
      for (const sample of metric.samples.values()) out += sampleText(metric, sample, name, tags, stamp);
    }
    return out;
  }
}

function sampleText(metric: Metric, sample: Sample, name: string, tags: string, stamp: string): string {
  const pairs = metric.labels.map((label, i) => `${label}="${sample.labels[i]}"`);
  const braces = (more: readonly string[] = []): string => {
    const all = [...pairs, ...more, ...(tags ? [tags] : [])];
    return all.length > 0 ? `{${all.join(", ")}}` : "";
  };
  if (metric.kind === "counter") return `${name}${braces()} ${sample.value}${stamp}\n`;
  if (metric.kind === "gauge") return `${name}${braces()} ${sample.value.toFixed(6)}${stamp}\n`;
  const buckets = metric.bounds.map(
    (bound, i) => `${name}_bucket${braces([`le="${bound.toFixed(6)}"`])} ${sample.buckets[i]}${stamp}\n`,
  );
  return [
    ...buckets,
    `${name}_bucket${braces(['le="+Inf"'])} ${sample.count}${stamp}\n`,
    `${name}_sum${braces()} ${sample.value.toFixed(6)}${stamp}\n`,
    `${name}_count${braces()} ${sample.count}${stamp}\n`,
  ].join("");
}
