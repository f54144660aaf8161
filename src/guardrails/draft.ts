/** A guardrail that nobody has stored: one of the account's with changes, or one made of changes alone. */
import { newId } from '../ids.ts';
import type { Db } from '../storage/database.ts';
import { columnsOf } from './columns.ts';
import type { GuardrailPatch } from './fields.ts';
import { mustFindGuardrail, newGuardrail } from './find-guardrail.ts';
import type { GuardrailServices } from './services.ts';
import type { GuardrailRow } from './store.ts';

/** Throws a 404 for a guardrail of nobody, and a 400 for a model or a provider that is none. */
export async function draftRow(
  names: Pick<GuardrailServices, 'catalogue' | 'isProvider'>,
  db: Db,
  accountId: string,
  guardrailId: string | null,
  draft: GuardrailPatch,
): Promise<GuardrailRow> {
  const before =
    guardrailId === null
      ? newGuardrail({
          ...{ account_id: accountId, id: newId(), workspace_id: null, applies_to: 'assigned' },
          ...{ name: 'draft', created_at_ms: 0 },
        })
      : await mustFindGuardrail(db, accountId, guardrailId);
  return { ...before, ...(await columnsOf(names, draft, before)) };
}
