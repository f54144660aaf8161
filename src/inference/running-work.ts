/** Counts the requests that run, also for clients that have left, so that stopping can wait for them. */
export class RunningWork {
  #count = 0;

  get count(): number {
    return this.#count;
  }

  async during<T>(work: Promise<T>): Promise<T> {
    this.#count += 1;
    try {
      return await work;
    } finally {
      this.#count -= 1;
    }
  }
}
