/** Whether this process may open a socket: Bun tells that it may not as if the other side had refused. */
import { closeSync, openSync } from 'node:fs';

const NO_DESCRIPTOR = new Set(['EMFILE', 'ENFILE']);

/** What the system says when there is no descriptor left; null: there is one. Costs two system calls. */
export function descriptorShortage(): Error | null {
  try {
    closeSync(openSync('/dev/null', 'r'));
    return null;
  } catch (thrown) {
    return thrown instanceof Error && isShortage(thrown) ? thrown : null;
  }
}

export function isShortage(cause: Error): boolean {
  return 'code' in cause && NO_DESCRIPTOR.has(String(cause.code));
}
