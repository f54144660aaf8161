/** Simulated time: what is due runs in its order, and between two events everything that only waited for promises has run. */
export class Events {
  /** True time, by which the database goes. */
  nowMs: number;
  #queue: { readonly dueMs: number; readonly turn: number; readonly run: () => void }[] = [];
  #turn = 0;

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  /** Runs it `ms` from now; the answer prevents that. */
  after(ms: number, run: () => void): () => void {
    const event = { dueMs: this.nowMs + ms, turn: this.#turn++, run };
    let at = this.#queue.length;
    while (at > 0 && (this.#queue[at - 1]?.dueMs ?? 0) > event.dueMs) at -= 1;
    this.#queue.splice(at, 0, event);
    return () => {
      const at = this.#queue.indexOf(event);
      if (at >= 0) this.#queue.splice(at, 1);
    };
  }

  /** Time passes, and each event runs when it is due. */
  async advance(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    await settled();
    for (let next = this.#queue[0]; next !== undefined && next.dueMs <= endMs; next = this.#queue[0]) {
      this.#queue.shift();
      this.nowMs = Math.max(this.nowMs, next.dueMs);
      next.run();
      await settled();
    }
    this.nowMs = endMs;
  }

  /** Time passes while nobody runs, as on machines that sleep: all that was due meanwhile is late. */
  async skip(ms: number): Promise<void> {
    this.nowMs += ms;
    await this.advance(0);
  }
}

/** Nothing here waits for anything real, so one turn of the real event loop is all that promises need. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
