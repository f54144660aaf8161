// One timer for all streams: what falls due in the same few milliseconds runs together.
const TICK_MS = 4;

export interface Pacer {
  /** Runs `task` at about `dueAt` on the clock of performance.now(). Returns how to call it off. */
  at(dueAt: number, task: () => void): () => void;
  stop(): void;
}

export function createPacer(): Pacer {
  const slots = new Map<number, Set<() => void>>();
  let timer: ReturnType<typeof setInterval> | undefined;
  let lastTick = 0;

  const run = () => {
    const nowTick = Math.floor(performance.now() / TICK_MS);
    for (; lastTick <= nowTick; lastTick += 1) {
      const tasks = slots.get(lastTick);
      if (tasks === undefined) continue;
      slots.delete(lastTick);
      for (const task of tasks) task();
    }
    if (slots.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };

  return {
    at(dueAt, task) {
      const nowTick = Math.floor(performance.now() / TICK_MS);
      if (timer === undefined) {
        lastTick = nowTick;
        timer = setInterval(run, TICK_MS);
      }
      // Always a later slot than the running one, or a task that asks again would spin.
      const tick = Math.max(Math.ceil(dueAt / TICK_MS), nowTick + 1, lastTick + 1);
      const slot = slots.get(tick) ?? new Set();
      slots.set(tick, slot);
      // Wrapped, since the same function may be due twice in one slot.
      const entry = () => task();
      slot.add(entry);
      return () => slot.delete(entry);
    },
    stop() {
      clearInterval(timer);
      slots.clear();
    },
  };
}
