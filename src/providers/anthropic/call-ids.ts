/** Ids of tool calls as Anthropic takes them: letters, digits, `_` and `-`, each once in a conversation. Others are rewritten. */

export class CallIds {
  readonly #used = new Set<string>();
  /** Of the latest call that had it: some clients count anew in each turn. */
  readonly #latest = new Map<string, string>();
  /** Of the calls of this turn, in their order, until each is answered: some give one id to all of them. */
  readonly #open = new Map<string, string[]>();
  #hasAnswers = false;

  /** For a new call. */
  call(id: string): string {
    if (this.#hasAnswers) this.#open.clear();
    this.#hasAnswers = false;
    const plain = id.replace(/[^a-zA-Z0-9_-]/g, '_') || 'call';
    let own = plain;
    for (let turn = 2; this.#used.has(own); turn++) own = `${plain}_${turn}`;
    this.#used.add(own);
    this.#latest.set(id, own);
    const open = this.#open.get(id);
    if (open === undefined) this.#open.set(id, [own]);
    else open.push(own);
    return own;
  }

  /** For what a call gave back. */
  result(id: string): string {
    this.#hasAnswers = true;
    return this.#open.get(id)?.shift() ?? this.#latest.get(id) ?? this.#unknown(id);
  }

  /** A result of no call: the vendor says what is wrong with it. */
  #unknown(id: string): string {
    const own = this.call(id);
    this.#hasAnswers = true;
    return own;
  }
}
