/** To whoever gives a command in a shell that lacks what the gateway was started with, or before it was started at all. */
export const NO_GATEWAY_HERE =
  'start the gateway once, or give this command the variables and the directory of the one that runs';

/** A start that is refused because going on would lose something: the message says what was found, and what to do. */
export class RecoveryError extends Error {
  constructor(found: string, ...remedies: readonly string[]) {
    super([found, ...remedies.map((remedy) => `  ${remedy}`)].join('\n'));
    this.name = 'RecoveryError';
  }
}
