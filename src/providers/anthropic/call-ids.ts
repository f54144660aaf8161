/** Ids of tool calls as Anthropic takes them: letters, digits, `_` and `-`, each once in a conversation. Others are rewritten. */

export class CallIds {
  readonly #used = new Set<string>();
  /** Of the latest call that had it: some clients count anew in each turn. */
  readonly #byForeign = new Map<string, string>();

  /** For a new call. */
  call(id: string): string {
    const plain = id.replace(/[^a-zA-Z0-9_-]/g, '_') || 'call';
    let own = plain;
    for (let turn = 2; this.#used.has(own); turn++) own = `${plain}_${turn}`;
    this.#used.add(own);
    this.#byForeign.set(id, own);
    return own;
  }

  /** For what a call gave back. */
  result(id: string): string {
    return this.#byForeign.get(id) ?? this.call(id);
  }
}
