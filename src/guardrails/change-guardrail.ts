/** Makes, changes and deletes guardrails: one transaction with its entry in the log of changes, which is heard here before it is answered. */
import { recordAudit } from '../audit/record.ts';
import { invalidField, TurnpikeError } from '../errors.ts';
import { newId } from '../ids.ts';
import { recordGuardrailChange, type Touched } from '../policy/guardrail-change.ts';
import type { Trx } from '../storage/database.ts';
import { columnsOf } from './columns.ts';
import type { GuardrailPatch, NewGuardrail } from './fields.ts';
import { mustFindGuardrail, newGuardrail } from './find-guardrail.ts';
import { auditFacts } from './guardrail-json.ts';
import type { GuardrailServices } from './services.ts';
import {
  countGuardrails,
  type GuardrailRow,
  idsOfWorkspace,
  insertGuardrail,
  lockGuardrail,
  removeGuardrail,
  updateGuardrail,
} from './store.ts';

/** Far more than anybody can keep apart. */
const MAX_GUARDRAILS = 1000;

export async function createGuardrail(
  services: GuardrailServices,
  accountId: string,
  workspaceId: string,
  { workspace_id: _, ...wanted }: NewGuardrail,
): Promise<GuardrailRow> {
  const { database, clock } = services;
  const nowMs = clock.nowMs();
  const blank = newGuardrail({
    ...{ account_id: accountId, id: newId(), workspace_id: workspaceId, applies_to: 'assigned' },
    ...{ name: wanted.name, created_at_ms: nowMs },
  });
  const row = { ...blank, ...(await columnsOf(services, wanted, blank)) };
  await database.transaction(async (trx) => {
    if ((await countGuardrails(trx, accountId)) >= MAX_GUARDRAILS)
      throw invalidField('name', `an account has at most ${MAX_GUARDRAILS} guardrails`);
    await insertGuardrail(trx, row);
    await audited(trx, 'guardrail.created', row, nowMs, { after: row });
  });
  return row;
}

/** Whom a change of it touches. */
function touched(row: GuardrailRow): Touched {
  if (row.applies_to === 'account') return ['account', row.account_id];
  if (row.applies_to === 'workspace' && row.workspace_id !== null) return ['workspace', row.workspace_id];
  return ['guardrail', row.id];
}

/** A default guardrail gets its row with its first change; 409 where two are the first. */
export async function changeGuardrail(
  services: GuardrailServices,
  accountId: string,
  id: string,
  wanted: GuardrailPatch,
): Promise<GuardrailRow> {
  const { database, clock } = services;
  const known = await mustFindGuardrail(database.db, accountId, id);
  mustSuit(known, wanted);
  const nowMs = clock.nowMs();
  const changes = { ...(await columnsOf(services, wanted, known)), updated_at_ms: nowMs };
  const row = await database.transaction(async (trx) => {
    const before = await lockGuardrail(trx, accountId, known.id);
    const after = before === undefined ? { ...known, ...changes } : undefined;
    if (after !== undefined) {
      // One that was assigned has been deleted meanwhile.
      if (known.applies_to === 'assigned') throw new TurnpikeError('not_found');
      if (!(await insertGuardrail(trx, after))) throw new TurnpikeError('conflict');
    }
    const changed = after ?? (await updateGuardrail(trx, accountId, known.id, changes));
    await audited(trx, 'guardrail.changed', changed, nowMs, { before: before ?? known, after: changed });
    await recordGuardrailChange(trx, accountId, touched(changed), nowMs);
    return changed;
  });
  await services.changed();
  return row;
}

function mustSuit({ applies_to, name }: GuardrailRow, wanted: GuardrailPatch): void {
  if (applies_to === 'assigned') return;
  if (wanted.name !== undefined && wanted.name !== name)
    throw invalidField('name', 'of a default guardrail cannot be changed');
  if (applies_to === 'account' && (wanted.limit_usd ?? null) !== null)
    throw invalidField('limit_usd', 'is of workspaces, members and keys; the organisation has none');
}

/** A default one becomes what it was before anybody configured it, and keeps its id. */
export async function deleteGuardrail(
  services: GuardrailServices,
  accountId: string,
  id: string,
): Promise<void> {
  const { database, clock } = services;
  const known = await mustFindGuardrail(database.db, accountId, id);
  const nowMs = clock.nowMs();
  await database.transaction(async (trx) => {
    const before = await lockGuardrail(trx, accountId, known.id);
    if (before === undefined) {
      if (known.applies_to === 'assigned') throw new TurnpikeError('not_found');
      return;
    }
    await remove(trx, before, nowMs);
    await recordGuardrailChange(trx, accountId, touched(before), nowMs);
  });
  await services.changed();
}

async function remove(trx: Trx, row: GuardrailRow, nowMs: number): Promise<void> {
  await removeGuardrail(trx, row.account_id, row.id);
  await audited(trx, 'guardrail.deleted', row, nowMs, { before: row });
}

async function audited(
  trx: Trx,
  action: string,
  { account_id: accountId, id }: GuardrailRow,
  nowMs: number,
  { before, after }: { readonly before?: GuardrailRow; readonly after?: GuardrailRow },
): Promise<void> {
  await recordAudit(trx, {
    ...{ action, target: ['guardrail', id], accountId, nowMs },
    ...(before === undefined ? {} : { before: auditFacts(before) }),
    ...(after === undefined ? {} : { after: auditFacts(after) }),
  });
}

/** What goes with a workspace: call it in the transaction that deletes one, before the workspace itself, and what it gives last. */
export async function deleteGuardrailsOfWorkspace(
  trx: Trx,
  { accountId, id: workspaceId }: { readonly accountId: string; readonly id: string },
  nowMs: number,
): Promise<() => Promise<void>> {
  const removed: GuardrailRow[] = [];
  for (const id of await idsOfWorkspace(trx, accountId, workspaceId)) {
    const row = await lockGuardrail(trx, accountId, id);
    if (row === undefined) continue;
    await remove(trx, row, nowMs);
    removed.push(row);
  }
  return async () => {
    for (const row of removed) await recordGuardrailChange(trx, accountId, touched(row), nowMs);
  };
}
