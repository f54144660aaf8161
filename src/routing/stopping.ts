/** What has to end when the gateway can wait no longer: every call and stream that runs says here how to end it. */
export class Stopping {
  #hasBegun = false;
  readonly #ends = new Set<() => void>();

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Called once when the stop begins, unless it is deleted before; at once when it has begun. */
  add(end: () => void): void {
    if (this.#hasBegun) end();
    else this.#ends.add(end);
  }

  delete(end: () => void): void {
    this.#ends.delete(end);
  }

  begin(): void {
    this.#hasBegun = true;
    for (const end of this.#ends) end();
    this.#ends.clear();
  }
}
