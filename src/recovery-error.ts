/** A start that is refused because going on would lose something: the message says what was found, and what to do. */
export class RecoveryError extends Error {
  constructor(found: string, ...remedies: readonly string[]) {
    super([found, ...remedies.map((remedy) => `  ${remedy}`)].join('\n'));
    this.name = 'RecoveryError';
  }
}
