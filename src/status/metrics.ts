/** Counters, gauges and histograms in Prometheus' text format (version 0.0.4). Small on purpose: the chat path adds numbers, no more. */

type Labels = Readonly<Record<string, string>>;

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  lines(): string[];
}

export class Counter implements Family {
  readonly type = 'counter';
  readonly name: string;
  readonly help: string;
  readonly #sums = new Map<string, { readonly labels: Labels; value: number }>();

  constructor(name: string, help: string) {
    this.name = name;
    this.help = help;
  }

  add(labels: Labels = {}, amount = 1): void {
    this.sumOf(labels).value += amount;
  }

  /** The sum of one set of labels. Who counts on every request keeps it, since finding it makes a text of the labels. */
  sumOf(labels: Labels): { value: number } {
    let key = '';
    for (const name in labels) key += `${name}\0${labels[name]}\0`;
    let sum = this.#sums.get(key);
    if (sum === undefined) {
      sum = { labels, value: 0 };
      this.#sums.set(key, sum);
    }
    return sum;
  }

  lines(): string[] {
    return [...this.#sums.values()].map(({ labels, value }) => `${this.name}${labelText(labels)} ${value}`);
  }
}

/** Read when it is asked for. */
export class Gauge implements Family {
  readonly type: 'gauge' | 'counter';
  readonly name: string;
  readonly help: string;
  readonly #read: () => number;
  readonly #labels: Labels;

  /** `type`: a counter where somebody else does the counting. */
  constructor(
    name: string,
    help: string,
    read: () => number,
    labels: Labels = {},
    type: 'gauge' | 'counter' = 'gauge',
  ) {
    this.name = name;
    this.help = help;
    this.#read = read;
    this.#labels = labels;
    this.type = type;
  }

  lines(): string[] {
    return [`${this.name}${labelText(this.#labels)} ${this.#read()}`];
  }
}

/** Quantiles that somebody else keeps, of the time between two readings: a summary that counts nothing and so has no sum. */
export class Quantiles implements Family {
  readonly type = 'summary';
  readonly name: string;
  readonly help: string;
  readonly #quantiles: readonly number[];
  readonly #read: (quantile: number) => number;
  readonly #onRead: () => void;

  constructor(
    name: string,
    help: string,
    quantiles: readonly number[],
    read: (quantile: number) => number,
    onRead: () => void,
  ) {
    this.name = name;
    this.help = help;
    this.#quantiles = quantiles;
    this.#read = read;
    this.#onRead = onRead;
  }

  lines(): string[] {
    const lines = this.#quantiles.map((quantile) => {
      const labels = labelText({ quantile: String(quantile) });
      return `${this.name}${labels} ${this.#read(quantile)}`;
    });
    this.#onRead();
    return lines;
  }
}

export class Histogram implements Family {
  readonly type = 'histogram';
  readonly name: string;
  readonly help: string;
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  constructor(name: string, help: string, bounds: readonly number[]) {
    this.name = name;
    this.help = help;
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  observe(value: number): void {
    this.#sum += value;
    this.#count += 1;
    const bucket = this.#bounds.findIndex((bound) => value <= bound);
    if (bucket !== -1) this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
  }

  lines(): string[] {
    let cumulative = 0;
    const buckets = this.#bounds.map((bound, at) => {
      cumulative += this.#counts[at] ?? 0;
      return `${this.name}_bucket{le="${bound}"} ${cumulative}`;
    });
    return [
      ...buckets,
      `${this.name}_bucket{le="+Inf"} ${this.#count}`,
      `${this.name}_sum ${this.#sum}`,
      `${this.name}_count ${this.#count}`,
    ];
  }
}

export function renderMetrics(families: readonly Family[]): string {
  const blocks = families.map((family) =>
    [`# HELP ${family.name} ${family.help}`, `# TYPE ${family.name} ${family.type}`, ...family.lines()].join(
      '\n',
    ),
  );
  return `${blocks.join('\n')}\n`;
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`,
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}
