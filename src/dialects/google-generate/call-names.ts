/**
 * Google's calls need no ids: a result belongs to the first call of its name that has none yet. Everybody else goes by ids, so those
 * that are missing are made here.
 */
export class CallNames {
  /** By name, ids of calls without a result, in their order. */
  readonly #open = new Map<string, string[]>();
  readonly #ours = new Set<string>();

  /** The id of a call: its own, or one of ours. */
  called(name: string, ownId: string | null): string {
    const id = ownId === null || ownId === '' ? this.#next() : ownId;
    const open = this.#open.get(name);
    if (open === undefined) this.#open.set(name, [id]);
    else open.push(id);
    return id;
  }

  /** The id of the call that this result belongs to. Of a call that nobody made, a name of its own, as Google would take it. */
  answered(name: string, ownId: string | null): string {
    const open = this.#open.get(name) ?? [];
    const isNamed = ownId !== null && ownId !== '';
    const own = isNamed ? open.indexOf(ownId) : 0;
    // Some name their results though nobody named the calls.
    const at = own === -1 && this.#ours.has(open[0] ?? '') ? 0 : own;
    const [id] = at === -1 ? [] : open.splice(at, 1);
    return id ?? (isNamed ? ownId : this.#next());
  }

  #next(): string {
    const id = `call_${this.#ours.size + 1}`;
    this.#ours.add(id);
    return id;
  }
}
