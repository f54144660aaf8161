/** What stands between clients and nodes: it passes over a node that took no request a moment ago, or that says it is not ready. */
import type { GatewayProcess } from './gateway.ts';

export interface BalancerOptions {
  /** Null: it learns of a node that goes by trying it, as nginx does. Otherwise how often it asks each node whether it is ready. */
  readonly asksEveryMs: number | null;
}

/** How long a node that took no request is left alone. */
const PAUSE_MS = 200;

export class Balancer implements Disposable {
  readonly #nodes: readonly GatewayProcess[];
  readonly #avoidedUntilMs = new Map<string, number>();
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  #turn = 0;

  constructor(nodes: readonly GatewayProcess[], { asksEveryMs }: BalancerOptions) {
    this.#nodes = nodes;
    if (asksEveryMs !== null) this.#timer = setInterval(() => void this.#ask(), asksEveryMs);
  }

  /** In turn; any node when all are to be avoided. */
  next(): string {
    const nowMs = performance.now();
    const usable = this.#nodes.filter(({ baseUrl }) => (this.#avoidedUntilMs.get(baseUrl) ?? 0) <= nowMs);
    const choices = usable.length > 0 ? usable : this.#nodes;
    this.#turn += 1;
    return choices[this.#turn % choices.length]?.baseUrl ?? '';
  }

  tookNone(baseUrl: string): void {
    const untilMs = performance.now() + PAUSE_MS;
    this.#avoidedUntilMs.set(baseUrl, Math.max(untilMs, this.#avoidedUntilMs.get(baseUrl) ?? 0));
  }

  async #ask(): Promise<void> {
    for (const node of this.#nodes) {
      const isReady = await node.isReady();
      this.#avoidedUntilMs.set(node.baseUrl, isReady ? 0 : Number.POSITIVE_INFINITY);
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
