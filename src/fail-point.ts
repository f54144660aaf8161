/**
 * Named points at which a test may kill this process as hard as a power cut does. Without TURNPIKE_FAIL_POINT, which only
 * the crash tests set, a point costs one comparison.
 */

export type FailPoint =
  | 'before-hold'
  | 'after-hold'
  | 'after-dispatch-record'
  | 'after-dispatch'
  | 'mid-stream'
  | 'after-usage'
  | 'after-settle-record'
  | 'before-last-byte'
  | 'after-last-byte'
  | 'during-flush'
  | 'after-flush-commit'
  | 'during-recovery'
  | 'during-trim'
  | 'during-move'
  | 'during-roll-up'
  | 'during-close'
  | 'during-reseal'
  | 'during-drop'
  | 'after-delivery';

/** `name` kills at the first pass, `name:20` at the twentieth. */
const [wanted, passes = '1'] = (process.env['TURNPIKE_FAIL_POINT'] ?? '').split(':');
let passesLeft = Number(passes);

export function failPoint(name: FailPoint): void {
  if (name !== wanted) return;
  passesLeft -= 1;
  if (passesLeft === 0) process.kill(process.pid, 'SIGKILL');
}
