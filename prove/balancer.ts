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
  readonly #answered = new Map<string, number>();
  #asked = 0;
  #turn = 0;

  constructor(nodes: readonly GatewayProcess[], { asksEveryMs }: BalancerOptions) {
    this.#nodes = nodes;
    if (asksEveryMs !== null)
      this.#timer = setInterval(() => {
        for (const node of nodes) void this.#ask(node);
      }, asksEveryMs);
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

  /** An answer that comes after one to a later question is old. */
  async #ask(node: GatewayProcess): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    const isReady = await node.isReady();
    if (asked < (this.#answered.get(node.baseUrl) ?? 0)) return;
    this.#answered.set(node.baseUrl, asked);
    this.#avoidedUntilMs.set(node.baseUrl, isReady ? 0 : Number.POSITIVE_INFINITY);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
