/** Which keys in memory a change of a guardrail touches: what its entry in the log of changes says. */
import { recordChange } from '../storage/changes.ts';
import type { Trx } from '../storage/database.ts';
import type { Policy } from './policy.ts';
import type { KeyPlace } from './store.ts';

/** A key as it is held in memory. */
interface HeldKey extends KeyPlace {
  readonly isDelegated?: boolean;
  readonly policy?: Policy | null;
}

export type Touched =
  /** All keys that it binds. */
  | readonly ['guardrail', id: string]
  | readonly ['workspace', id: string]
  | readonly ['member', userId: string]
  | readonly ['key', hash: string]
  | readonly ['account', id: string];

/** Call it last in the transaction of the change. */
export async function recordGuardrailChange(
  trx: Trx,
  accountId: string,
  [kind, id]: Touched,
  nowMs: number,
): Promise<void> {
  await recordChange(trx, 'guardrail', `${accountId} ${kind} ${id}`, nowMs);
}

/** Whether a key as it is held may be another one by such a change. A key that another one authorised is judged by that one too. */
export function touchedBy(subjectId: string): (key: HeldKey) => boolean {
  const [accountId = '', kind = '', id = ''] = subjectId.split(' ');
  return (key) => {
    if (key.accountId !== accountId) return false;
    if (key.isDelegated === true) return true;
    if (kind === 'guardrail')
      return key.policy?.layers.some(({ guardrailId }) => guardrailId === id) === true;
    if (kind === 'workspace') return key.workspaceId === id;
    if (kind === 'member') return key.creatorUserId === id;
    return kind === 'key' ? key.keyHash === id : true;
  };
}
